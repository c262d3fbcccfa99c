"""Which entries become whose digest, exactly once.

A subscription is served up to an instant, ``through``. At its due instant T it is owed what was released in
``(through, T]``; subscriptions that are owed the same get the same digest, and are served through T from then on.
"""

from __future__ import annotations

from feeder.mail.cutting.amending import amend, cancel, pause, require, restart, resume
from feeder.mail.cutting.drafting import draft
from feeder.mail.cutting.making import cut
from feeder.mail.cutting.outlook import next_due, outlook
from feeder.mail.cutting.published import public, records
from feeder.mail.cutting.reckoning import keep, reckon, turn_back
from feeder.mail.cutting.values import Amended, Cut, Cuts, Outlook, Overtaken, Started

__all__ = [
    "Amended",
    "Cut",
    "Cuts",
    "Outlook",
    "Overtaken",
    "Started",
    "amend",
    "cancel",
    "cut",
    "draft",
    "keep",
    "next_due",
    "outlook",
    "pause",
    "public",
    "reckon",
    "records",
    "require",
    "restart",
    "resume",
    "turn_back",
]
