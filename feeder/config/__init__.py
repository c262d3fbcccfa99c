"""The settings: ``feeder.toml`` read into typed values, every mistake named at once.

``settings`` holds the types, ``loading`` fills them, ``checks`` knows what a value may be, ``places``
where in the file it stands, ``schema`` describes them for editors.
"""

from __future__ import annotations

from feeder.config.loading import FILE, load
from feeder.config.schema import json_schema
from feeder.config.settings import (
    Dkim,
    Entries,
    Feeds,
    Follow,
    Frequency,
    Limits,
    Mail,
    MailingList,
    Output,
    Settings,
    Site,
    Smtp,
    TransportName,
    Web,
)

__all__ = [
    "FILE",
    "Dkim",
    "Entries",
    "Feeds",
    "Follow",
    "Frequency",
    "Limits",
    "Mail",
    "MailingList",
    "Output",
    "Settings",
    "Site",
    "Smtp",
    "TransportName",
    "Web",
    "json_schema",
    "load",
]
