"""What a run did about mail, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from feeder.cli.terminal import clean

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.mail.cutting import Cut, Outlook, Overtaken, Started
    from feeder.pipeline import Report

_SOON: Final = timedelta(days=6)
"""Within these, a day of the week says enough."""


def any_left(report: Report) -> bool:
    """Whether any mail left, or was given up."""
    tally = report.mailing.tally
    return tally is not None and bool(tally.sent or tally.failed or tally.held)


def told(report: Report, settings: Settings) -> Iterator[str]:
    """Digests that were cut, what was sent, and what comes next."""
    mail = report.mailing
    yield from (started(one) for one in mail.started)
    yield from (cut(one, settings) for one in mail.cuts)
    if any_left(report):
        yield f"mail: {tally(report)}"
    yield from (f"{one.list}: {outlook(one, report.at)}" for one in mail.outlook)


def troubles(report: Report) -> Iterator[str]:
    """What keeps mail from leaving, for stderr; told when it begins."""
    mail = report.mailing
    if mail.error is not None:
        hint = f" ({clean(mail.error.hint)})" if mail.error.hint else ""
        yield f"mail: {clean(str(mail.error))}{hint}"
    yield from (overtaken(one) for one in mail.overtaken)
    if mail.waiting:
        yield f"mail: stopped; {count(mail.waiting, 'delivery waits', 'deliveries wait')} for the next `publish`"
    if mail.tally is not None:
        yield from (f"mail: {clean(alarm)}" for alarm in mail.tally.alarms)


def started(one: Started) -> str:
    """A transport that serves a list for the first time."""
    since = one.since.strftime("%Y-%m-%d %H:%M UTC")
    who = "1 subscriber" if one.subscriptions == 1 else f"{one.subscriptions:,} subscribers"
    return f"{one.list}: first time by {one.transport}; {who} will get what is released after {since}"


def overtaken(one: Overtaken) -> str:
    """A list of which later digests are known than the mail database knows."""
    until = one.until.strftime("%Y-%m-%d %H:%M UTC")
    line = (
        f"{one.list}: the mail database is older than the history, which knows digests up to {until}; they are not "
        f"sent again, and {_people(one.subscriptions)} counted as served by them"
    )
    if one.held:
        line += f"; {count(one.held, 'delivery', 'deliveries')} that waited in it are held, see `feeder digest status`"
    return f"{line} (`feeder digest send {one.list} --since DATE` sends again what was missed)"


def cut(one: Cut, settings: Settings) -> str:
    """A digest that was cut."""
    parts = [count(one.entries, "entry", "entries")] if one.entries else []
    parts += [count(one.corrections, "correction", "corrections")] if one.corrections else []
    line = f"{one.list}: digest {one.digest} with {' and '.join(parts)} for {_people(one.queued)}"
    if any(known.approve for known in settings.lists if known.name == one.list):
        zone = ZoneInfo(settings.site.timezone)
        late = one.send_at.astimezone(zone)
        line += f", not before {late:%Y-%m-%d %H:%M}"
    return line


def tally(report: Report) -> str:
    """``128 sent, 2 deferred``; of a run in which something was."""
    found = report.mailing.tally
    names = ("sent", "deferred", "failed", "held", "skipped")
    counted = [(name, getattr(found, name)) for name in names]
    return ", ".join(f"{number:,} {name}" for name, number in counted if number or name == "sent")


def outlook(one: Outlook, now: datetime) -> str:
    """``next digest Monday 08:00 (Asia/Shanghai), 3 entries so far, 128 subscribers``."""
    if not one.subscribers:
        return f"nobody by its own schedule; {_people(one.others)} chose another"
    when = "soon after the next entry"
    if one.at is not None:
        when = "due now" if one.at <= now else f"{_day(one.at, now, one.zone)} ({one.zone})"
    entries = "no entry so far" if not one.entries else f"{count(one.entries, 'entry', 'entries')} so far"
    others = f", and {one.others:,} who chose another schedule" if one.others else ""
    return f"next digest {when}, {entries}, {_people(one.subscribers)}{others}"


def _day(at: datetime, now: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return local.strftime("%A %H:%M" if at - now <= _SOON else "%Y-%m-%d %H:%M")


def _people(number: int) -> str:
    return count(number, "subscriber", "subscribers")


def count(number: int, one: str, many: str) -> str:
    """``1 entry``, ``3 entries``."""
    return f"{number:,} {one if number == 1 else many}"
