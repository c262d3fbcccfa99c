"""What a run did, in a few lines for the person who started it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from feeder.cli import hub, mailing
from feeder.cli.terminal import Paint, clean, pad, width

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.pipeline import Change, Due, Report

MOST = 20
"""Changes told in one go; the rest is counted, unless all are asked for."""
_COLOURS = {"new": "green", "restored": "green", "withdrawn": "red", "corrected": "yellow"}
_WIDEST_PATH = 48


def happened(report: Report) -> bool:
    """Whether there is anything to tell at all."""
    mailed = report.mailing.cuts or mailing.any_left(report)
    return bool(report.changes or report.written or report.deleted or report.deployed is not None or mailed)


def summary(report: Report, settings: Settings, paint: Paint, *, dry_run: bool, whole: bool) -> Iterator[str]:
    """The first part, before the problems: how many entries there are and what became of them."""
    if not happened(report):
        yield _nothing(report, settings)
        return
    counts = Counter(change.kind for change in report.changes)
    told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
    entries = f"{report.public:,} {'entry' if report.public == 1 else 'entries'}"
    head = f"{paint('bold', clean(settings.site.title))}  {entries}{': ' + told if told else ''}"
    yield head + (paint("dim", "  (dry run: nothing is written)") if dry_run else "")
    yield from _changes(report.changes, paint, len(report.changes) if whole else MOST)


def ending(report: Report, settings: Settings, *, dry_run: bool) -> Iterator[str]:
    """The last part, behind the problems: files, deploy, what comes next."""
    if not happened(report):
        yield from hub.told(report.hub, settings)
        return
    if report.written or report.deleted or report.unchanged:
        yield _files(report, settings, dry_run=dry_run)
    if report.deployed:
        yield "deploy: done"
    yield from hub.told(report.hub, settings)
    yield from mailing.told(report, settings)
    if report.next is not None and not _is_told(report.next, report):
        yield f"next: {due(report.next, settings)}"


def _is_told(what: Due, report: Report) -> bool:
    """Whether another line says it already."""
    return what.why == "hub" or bool(report.mailing.outlook and what.why.startswith("digest "))


def due(what: Due, settings: Settings) -> str:
    """``entry 2026-12-01 09:00``, in the site's zone."""
    return f"{what.why} {local(what.at, settings)}"


def local(moment: datetime, settings: Settings) -> str:
    """An instant to the minute, in the site's zone."""
    return moment.astimezone(ZoneInfo(settings.site.timezone)).strftime("%Y-%m-%d %H:%M")


def _nothing(report: Report, settings: Settings) -> str:
    return "nothing changed" + (f"; next: {due(report.next, settings)}" if report.next is not None else "")


def _changes(changes: tuple[Change, ...], paint: Paint, most: int) -> Iterator[str]:
    shown = [(change.kind, clean(change.path), clean(change.title)) for change in changes[:most]]
    columns = min(max((width(path) for _, path, _ in shown), default=0), _WIDEST_PATH)
    for kind, path, title in shown:
        label = pad(kind, 9)
        colour = _COLOURS.get(kind)
        yield f"  {paint(colour, label) if colour else label}  {pad(path, columns)}  {title}".rstrip()
    if len(changes) > most:
        yield f"  and {len(changes) - most:,} more"


def _files(report: Report, settings: Settings, *, dry_run: bool) -> str:
    written, deleted = len(report.written), len(report.deleted)
    files = "file" if written == 1 else "files"
    parts = [f"{written:,} {files} {'to write' if dry_run else 'written'}"]
    if deleted:
        parts.append(f"{deleted:,} {'to delete' if dry_run else 'deleted'}")
    if not dry_run:
        parts.append(f"{report.unchanged:,} as they were")
    return f"{clean(settings.output.path)}/: {', '.join(parts)}  ({report.seconds:.1f} s)"
