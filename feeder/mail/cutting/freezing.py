"""Making a digest: its text is composed once and kept, so that a retry is the same byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select

from feeder import dates, links
from feeder.catalog import Catalog
from feeder.config.settings import MailingList, Settings
from feeder.history import Record
from feeder.mail import lists, notes
from feeder.mail.cutting.selection import HOUR, Share
from feeder.mail.notes import Note
from feeder.mail.schema import digest, digest_entry, note, snapshot
from feeder.mail.values import DigestState, Edition, Rendered

SAME_DAY: Final = 20 * HOUR
"""A note is for one due day, whose hour comes to the subscribers' zones one after another."""


class Composing(Protocol):
    """Whoever writes the text of a digest (``compose.Composer``)."""

    def digest(self, mailing_list: MailingList, edition: Edition) -> Rendered:
        """A digest, ready to be frozen."""
        ...

    def proof(self, rendered: Rendered, language: str, *, when: str, count: int, command: str) -> Rendered:
        """A digest for the editor's eyes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A digest that is there."""

    number: int
    state: DigestState
    send_at: int
    page: str
    fresh: bool
    """It was made just now."""
    rendered: Rendered | None = None
    """Its text; only where it was made just now."""


class Freezer:
    """Makes the digests of one list."""

    def __init__(
        self, settings: Settings, mailing_list: MailingList, catalog: Catalog, composer: Composing, now: datetime
    ) -> None:
        self._settings = settings
        self._list = mailing_list
        self._catalog = catalog
        self.composer = composer
        self._now = dates.to_micros(now)

    def freeze(
        self, connection: Connection, share: Share, *, until: int, language: str, frequency: str, regular: bool
    ) -> Frozen:
        """The digest of a share, made where there is none yet.

        ``regular`` gives it a public page, unless another digest of the same due instant has one.
        """
        known = self._known(connection, share, until, language)
        if known is not None:
            return known
        wanted = self._note(connection, until, frequency)
        subject, preface = (wanted.subject, wanted.preface_html) if wanted else ("", "")
        page = self._page(connection, until) if regular and self._list.archive else ""
        rendered = self.composer.digest(
            self._list, self.edition(share.entries, share.corrections, until, language, subject, preface, page)
        )
        send_at = self._now + self._look()
        values = {
            "list": self._list.name,
            "until": until,
            "entries_hash": share.hash,
            "language": language,
            "frequency": frequency,
            "state": "ready",
            "send_at": send_at,
            "made_at": self._now,
            "revision": 1,
            "page": page,
            "note_subject": subject,
            "preface": preface,
        }
        number = int(connection.execute(insert(digest).values(values).returning(digest.c.id)).scalar_one())
        kinds = [(record.id, "entry") for record in share.entries]
        kinds += [(record.id, "correction") for record in share.corrections]
        connection.execute(
            insert(digest_entry),
            [{"digest": number, "position": n, "entry": one, "kind": kind} for n, (one, kind) in enumerate(kinds)],
        )
        keep_snapshot(connection, number, 1, rendered, self._now)
        return Frozen(number=number, state="ready", send_at=send_at, page=page, fresh=True, rendered=rendered)

    def edition(
        self, entries: Sequence[Record], corrections: Sequence[Record], until: int, language: str,
        subject: str, preface: str, page: str,
    ) -> Edition:  # fmt: skip
        """What a digest is composed of, with the entries' present texts."""
        return Edition(
            entries=tuple(self._catalog.entry(record) for record in entries),
            corrections=tuple(self._catalog.entry(record) for record in corrections),
            until=until,
            language=language,
            subject=subject,
            preface=preface,
            page_url=links.url(self._settings.site.url, f"{page}/") if page else "",
        )

    def _known(self, connection: Connection, share: Share, until: int, language: str) -> Frozen | None:
        row = connection.execute(
            select(digest.c.id, digest.c.state, digest.c.send_at, digest.c.page).where(
                digest.c.list == self._list.name,
                digest.c.until == until,
                digest.c.entries_hash == share.hash,
                digest.c.language == language,
            )
        ).first()
        return Frozen(number=row.id, state=row.state, send_at=row.send_at, page=row.page, fresh=False) if row else None

    def _look(self) -> int:
        """How long the editor looks at a proof."""
        if not self._list.approve:
            return 0
        return int(lists.duration(self._list.approve).total_seconds()) * 1_000_000

    def _page(self, connection: Connection, until: int) -> str:
        """The path of the regular digest's page, by its day; empty where this due instant has one already."""
        at = select(digest.c.id).where(digest.c.list == self._list.name, digest.c.until == until, digest.c.page != "")
        if connection.execute(at.limit(1)).first() is not None:
            return ""
        zone = ZoneInfo(lists.zone_of(self._settings, self._list))
        day = f"digests/{self._list.name}/{dates.from_micros(until).astimezone(zone):%Y-%m-%d}"
        taken = select(digest.c.page).where(digest.c.page.startswith(day, autoescape=True))
        pages = set(connection.execute(taken).scalars())
        path, number = day, 2
        while path in pages:
            path, number = f"{day}-{number}", number + 1
        return path

    def _note(self, connection: Connection, until: int, frequency: str) -> Note | None:
        """What the editor wrote for this digest: its due instant's, or a new one, which is then remembered as used."""
        if frequency not in ("", self._list.frequency):
            return None
        before = connection.execute(
            select(digest.c.note_subject, digest.c.preface)
            .where(digest.c.list == self._list.name, digest.c.until == until, digest.c.frequency == frequency)
            .order_by(digest.c.id)
            .limit(1)
        ).first()
        if before is not None:
            return Note(before.note_subject, before.preface, "") if before.note_subject or before.preface else None
        found = notes.read_note(self._settings, self._list.name, self._address)
        if found is None:
            return None
        used = connection.execute(select(note).where(note.c.list == self._list.name)).first()
        if used is not None and used.hash == found.hash:
            same_day = frequency not in ("", "instant") and 0 <= until - used.used_at < SAME_DAY
            return found if same_day else None
        connection.execute(delete(note).where(note.c.list == self._list.name))
        connection.execute(insert(note).values(list=self._list.name, hash=found.hash, used_at=until))
        return found

    def _address(self, target: str) -> str | None:
        path, _, anchor = target.partition("#")
        there = [record for record in self._catalog.history.at_path(path) if record.public]
        found = [record for record in there if record.anchor == anchor] or ([] if anchor else there)
        return self._catalog.headline(found[0]).url if found else None


def keep_snapshot(connection: Connection, number: int, revision: int, rendered: Rendered, now: int) -> None:
    """Keep the text of a digest as its unsent rest will get it."""
    connection.execute(
        insert(snapshot).values(
            digest=number, revision=revision, subject=rendered.subject, html=rendered.html, text=rendered.text,
            made_at=now,
        )
    )  # fmt: skip
