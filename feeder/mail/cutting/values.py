"""What cutting tells those who asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from feeder.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One digest that was cut and queued."""

    digest: int
    """Its number."""
    list: str
    until: datetime
    """The due instant it serves up to."""
    language: str
    frequency: str
    """Of most of those it is for; empty: sent on request."""
    entries: int
    corrections: int
    """How many corrections of entries sent earlier it tells."""
    queued: int
    """Deliveries made for it by this cut."""
    page: str = ""
    """Path of its public page in ``out/``; empty: none."""
    send_at: datetime
    """Not sent before: later than ``until`` while the editor looks at a proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Subscriptions that a transport serves for the first time."""

    list: str
    transport: str
    subscriptions: int
    since: datetime
    """Entries released up to here are not theirs by this transport (the earliest, where their schedules differ)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaken:
    """Subscriptions that later digests had served, of which the mail database knows nothing: it is an older one."""

    list: str
    until: datetime
    """Of the latest of those digests."""
    subscriptions: int
    """Active ones that are taken as served."""
    held: int
    """Deliveries of earlier digests that waited in it, of all lists, and are held now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """All that one cut did."""

    cuts: tuple[Cut, ...] = ()
    """In the order of the lists; the regular digest of a due instant first."""
    started: tuple[Started, ...] = ()
    problems: tuple[Problem, ...] = ()
    """What is wrong with notes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """What ``amend`` made of one digest."""

    digest: int
    list: str
    revision: int
    """Of the snapshot that the unsent rest gets."""
    left_out: int
    """Entries and corrections that were withdrawn since it was cut."""
    unsent: int
    """Deliveries that get the amended digest."""
    skipped: int
    """Deliveries given up, since nothing was left to tell."""
    page: str = ""
    """Its public page, which must be made anew; empty: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a list is about to send."""

    list: str
    title: str
    frequency: str
    at: datetime | None
    """When the digest of its own schedule is due; None: some time after something is released (instant)."""
    zone: str
    """IANA name of the list's zone."""
    entries: int
    """Entries that would be in it if nothing more came."""
    subscribers: int
    """Active subscriptions that this digest is for."""
    others: int = 0
    """Those that chose a schedule of their own."""
