"""The entries that are or were public."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from feeder.history.records import QUALIFIED, SELECT, UPSERT, Record, record_of, row_of
from feeder.history.tables import Tables


class Entries(Tables):
    """Who an entry is, where it stands, and since when."""

    def by_id(self, entry_id: str) -> Record | None:
        """The entry with this id, public or withdrawn."""
        return self._one("WHERE id = ?", entry_id)

    def by_permalink(self, permalink: str) -> Record | None:
        """The entry that has this permalink now."""
        return self._one("WHERE permalink = ?", permalink)

    def has_permalink(self, permalink: str, but: int) -> bool:
        """Whether an entry other than number ``but`` has this permalink, in upper or lower case."""
        query = "SELECT 1 FROM entry WHERE permalink = ? COLLATE NOCASE AND seq != ? LIMIT 1"
        return self._db.execute(query, (permalink, but)).fetchone() is not None

    def stands_at(self, permalink: str) -> bool:
        """Whether an entry or a redirect has this address, in upper or lower case."""
        return self._any_address("= ?1 COLLATE NOCASE", permalink)

    def stands_below(self, permalink: str) -> bool:
        """Whether an entry or a redirect has an address for which this one is a folder."""
        return self._any_address(">= ?1 || '/' COLLATE NOCASE AND permalink COLLATE NOCASE < ?1 || '0'", permalink)

    def _any_address(self, where: str, permalink: str) -> bool:
        return any(
            self._db.execute(f"SELECT 1 FROM {table} WHERE permalink COLLATE NOCASE {where} LIMIT 1", (permalink,))
            .fetchone() is not None
            for table in ("entry", "redirect")
        )  # fmt: skip

    def by_seq(self, seq: int) -> Record | None:
        """The entry with this release number."""
        return self._one("WHERE seq = ?", seq)

    def at_path(self, path: str) -> list[Record]:
        """All entries of one file, public or withdrawn."""
        return self._all("WHERE path = ? ORDER BY seq", path)

    def withdrawn_with_body(self, body_hash: str) -> list[Record]:
        """Withdrawn entries with this very body, the latest first: where a moved or restored file is found again."""
        return self._all("WHERE body_hash = ? AND withdrawn IS NOT NULL ORDER BY seq DESC", body_hash)

    def in_document(self, document: int) -> list[Record]:
        """The entries of one archive document, public or withdrawn, in release order."""
        return self._all("WHERE document = ? ORDER BY seq", document)

    def in_month(self, month: str) -> list[Record]:
        """Public entries of a month (``YYYY-MM``) or a year (``YYYY``), newest first."""
        upper = month + "\uffff"
        return self._all(
            "WHERE month >= ? AND month < ? AND withdrawn IS NULL ORDER BY published DESC, seq DESC", month, upper
        )

    def months(self) -> list[tuple[str, int]]:
        """Months with public entries and how many, newest first."""
        query = "SELECT month, count(*) FROM entry WHERE withdrawn IS NULL GROUP BY month ORDER BY month DESC"
        return list(self._db.execute(query))

    def latest(self, count: int) -> list[Record]:
        """The newest public entries, by publication."""
        return self._all("WHERE withdrawn IS NULL ORDER BY published DESC, seq DESC LIMIT ?", count)

    def window(self, size: int, burst: int, most: int, *, kind: str = "", slug: str = "") -> list[Record]:
        """What belongs into a feed, of all entries or of one label.

        The last ``size`` public entries by release, the last ``size`` by notable event, those released within
        ``burst`` microseconds before the newest of them (``most`` in all), and what is shown as withdrawn.
        """
        table, where = ("entry", "")
        if kind:
            table = "label JOIN entry ON entry.seq = label.seq"
            where = "label.kind = ? AND label.slug = ? AND "
        args = (kind, slug) if kind else ()
        base = f"{QUALIFIED} FROM {table} WHERE {where}"
        alive = base + "entry.withdrawn IS NULL "
        released = self._query(alive + "ORDER BY entry.seq DESC LIMIT ?", *args, most)
        newest = max((record.released for record in released), default=0)
        first = int(self.meta("first_run") or 0)
        since = max(newest - burst, first)
        chosen = {r.seq: r for n, r in enumerate(released) if n < size or r.released > since}
        for record in self._query(alive + "ORDER BY entry.touched DESC LIMIT ?", *args, size):
            chosen.setdefault(record.seq, record)
        for record in self._query(base + "entry.tombstone IS NOT NULL", *args):
            chosen.setdefault(record.seq, record)
        return sorted(chosen.values(), key=lambda r: (r.published, r.seq), reverse=True)

    def everything(self) -> Iterator[Record]:
        """All records in release order."""
        for row in self._db.execute(SELECT + "ORDER BY seq"):
            yield record_of(row)

    def addresses(self) -> Iterator[tuple[str, int]]:
        """Permalink and ``updated`` of all public entries in release order, for the sitemap."""
        yield from self._db.execute("SELECT permalink, updated FROM entry WHERE withdrawn IS NULL ORDER BY seq")

    def keys(self) -> Iterator[bytes]:
        """Where the cache keeps what is public."""
        for (key,) in self._db.execute("SELECT key FROM entry WHERE withdrawn IS NULL"):
            yield key

    def paths(self) -> set[str]:
        """The files of all entries that are public."""
        return {path for (path,) in self._db.execute("SELECT DISTINCT path FROM entry WHERE withdrawn IS NULL")}

    def public_count(self) -> int:
        """How many entries can be read now."""
        return self._number("SELECT count(*) FROM entry WHERE withdrawn IS NULL")

    def updated_taken(self, updated: int) -> bool:
        """Whether an entry already has this very instant as its ``updated``."""
        return self._db.execute("SELECT 1 FROM entry WHERE updated = ? LIMIT 1", (updated,)).fetchone() is not None

    def last_seq(self) -> int:
        """The highest release number so far; 0 before the first release."""
        return self._number("SELECT coalesce(max(seq), 0) FROM entry")

    def last_released(self) -> int:
        """The latest ``released`` so far."""
        return self._number("SELECT coalesce(max(released), 0) FROM entry")

    def last_touched(self) -> int:
        """The highest number of a notable event so far."""
        return self._number("SELECT coalesce(max(touched), 0) FROM entry")

    def last_document(self) -> tuple[int, int]:
        """Number of the last archive document, and how many entries it holds."""
        number = self._number("SELECT coalesce(max(document), 0) FROM entry")
        return number, self._number("SELECT count(*) FROM entry WHERE document = ?", number)

    def documents(self) -> list[tuple[int, int]]:
        """Archive documents in order, with how many entries each holds."""
        return list(self._db.execute("SELECT document, count(*) FROM entry GROUP BY document ORDER BY document"))

    def tombstones_over(self, now: int) -> list[Record]:
        """Withdrawn entries whose time in the feeds is over."""
        return self._all("WHERE tombstone IS NOT NULL AND tombstone <= ? ORDER BY seq", now)

    def put(self, records: Iterable[Record]) -> None:
        """Add or replace records, and nothing else of them."""
        self._db.executemany(UPSERT, map(row_of, records))
