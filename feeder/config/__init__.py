"""The settings: ``feeder.toml`` read into typed values, every mistake named at once.

``settings`` holds the types, ``loading`` reads the file and ``walk`` fills them; ``checks`` and ``mailchecks`` know
what a value may be, ``rules`` which of these belongs to which key, ``together`` what no single key shows; ``places``
says where in the file a key stands, ``schema`` describes them all for editors. ``secrets`` never stand in the file.
"""

from __future__ import annotations

from feeder.config.loading import load
from feeder.config.schema import json_schema
from feeder.config.settings import (
    Dkim,
    Entries,
    Feeds,
    Follow,
    Frequency,
    Imap,
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
from feeder.config.walk import FILE

__all__ = [
    "FILE",
    "Dkim",
    "Entries",
    "Feeds",
    "Follow",
    "Frequency",
    "Imap",
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
