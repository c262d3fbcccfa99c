"""What a run did, as one JSON object; docs/reference/json-output.md describes it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from feeder.errors import FeederError, Problem, SettingsError

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.mail.cutting import Cut, Overtaken, Started
    from feeder.pipeline import Report

VERSION = 1
"""Grows when a key changes its meaning or goes; new keys may come at any time."""

TALLIES = ("sent", "deferred", "failed", "held", "skipped", "notices")
"""What is counted of mail; ``notices`` are among those sent."""

KINDS = ("new", "revised", "corrected", "withdrawn", "restored", "moved")


def report(report: Report, settings: Settings) -> str:
    """One run."""
    zone = ZoneInfo(settings.site.timezone)
    entries: dict[str, Any] = {"public": report.public}
    for kind in KINDS:
        entries[kind] = [change.id for change in report.changes if change.kind == kind]
    entries["rejected"] = [problem(one) for one in report.problems if one.rejects]
    coming = {"at": _instant(report.next.at, zone), "why": report.next.why} if report.next is not None else None
    made = {
        "version": VERSION,
        "at": _instant(report.at, zone),
        "exit": report.exit_code,
        "entries": entries,
        "problems": [problem(one) for one in report.problems if not one.rejects],
        "written": list(report.written),
        "deleted": list(report.deleted),
        "unchanged": report.unchanged,
        "deployed": report.deployed,
        "digests": [_digest(one, zone) for one in report.mailing.cuts],
        "hub": _hub(report, zone),
        "mail": _mail(report, zone),
        "next": coming,
        "seconds": round(report.seconds, 3),
    }
    return json.dumps(made, ensure_ascii=False)


def _digest(one: Cut, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "digest": one.digest,
        "list": one.list,
        "until": _instant(one.until, zone),
        "language": one.language,
        "entries": one.entries,
        "corrections": one.corrections,
        "queued": one.queued,
        "page": one.page,
        "send_at": _instant(one.send_at, zone),
    }


def _hub(report: Report, zone: ZoneInfo) -> dict[str, Any] | None:
    found = report.hub
    if found is None:
        return None
    return {
        "url": found.hub,
        "notified": list(found.topics),
        "refused": list(found.refused),
        "given_up": list(found.given_up),
        "owed": found.owed,
        "error": found.error,
        "next": _instant(found.next, zone) if found.next is not None else None,
    }


def _mail(report: Report, zone: ZoneInfo) -> dict[str, Any]:
    mail = report.mailing
    told: dict[str, Any] = {name: getattr(mail.tally, name, 0) for name in TALLIES}
    return told | {
        "waiting": mail.waiting,
        "started": [_started(one, zone) for one in mail.started],
        "overtaken": [_overtaken(one, zone) for one in mail.overtaken],
        "alarms": list(mail.tally.alarms) if mail.tally else [],
        "error": str(mail.error) if mail.error else "",
    }


def _started(one: Started, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "list": one.list,
        "transport": one.transport,
        "subscriptions": one.subscriptions,
        "since": _instant(one.since, zone),
    }


def _overtaken(one: Overtaken, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "list": one.list,
        "until": _instant(one.until, zone),
        "subscriptions": one.subscriptions,
        "held": one.held,
    }


def failure(error: FeederError) -> str:
    """A run that could not go on."""
    problems = error.problems if isinstance(error, SettingsError) else ()
    made = {
        "version": VERSION,
        "exit": error.exit_code,
        "error": {"message": str(error), "hint": error.hint},
        "problems": [problem(one) for one in problems],
    }
    return json.dumps(made, ensure_ascii=False)


def problem(one: Problem) -> dict[str, str]:
    """A problem's words and its place."""
    return {"place": one.place, "message": one.message, "hint": one.hint}


def _instant(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds")
