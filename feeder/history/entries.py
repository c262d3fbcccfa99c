"""The entries that are or were public."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from feeder.history.records import SELECT, UPSERT, Record, record_of, row_of
from feeder.history.tables import Tables


class Entries(Tables):
    """Who an entry is, where it stands, and since when."""

    def by_id(self, entry_id: str) -> Record | None:
        """The entry with this id, public or withdrawn."""
        return self._one("WHERE id = ?", entry_id)

    def has_permalink(self, permalink: str, but: int) -> bool:
        """Whether an entry other than number ``but``, or a page of items, has this permalink in any case of letters."""
        query = "SELECT 1 FROM entry WHERE permalink = ? COLLATE NOCASE AND seq != ? LIMIT 1"
        at = self._db.execute(query, (permalink, but)).fetchone() is not None
        return at or bool(self.on_page(permalink))

    def on_page(self, permalink: str) -> list[Record]:
        """The entries that stand on one page, public or withdrawn, by release; none where it is a single entry's."""
        return self._all("WHERE permalink > ?1 || '#' AND permalink < ?1 || '$' ORDER BY seq", permalink)

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

    def find(self, words: str, most: int) -> list[Record]:
        """The newest public entries whose title or file holds these words, in upper or lower case."""
        wanted = words.lower()
        where = "(instr(lower(title), ?) OR instr(lower(page_title), ?) OR instr(lower(path), ?))"
        order = "ORDER BY published DESC, seq DESC LIMIT ?"
        return self._all(f"WHERE withdrawn IS NULL AND {where} {order}", wanted, wanted, wanted, most)

    def since(self, seq: int, most: int) -> list[Record]:
        """The newest public entries whose release number is above ``seq``."""
        return self._all("WHERE withdrawn IS NULL AND seq > ? ORDER BY published DESC, seq DESC LIMIT ?", seq, most)

    def at_permalink(self, permalink: str) -> Record | None:
        """The entry, public or withdrawn, with this very permalink."""
        return self._one("WHERE permalink = ?", permalink)

    def window(self, size: int, burst: int, most: int, *, kind: str = "", slug: str = "") -> list[Record]:
        """What belongs into a feed, of all entries or of one label, the newest first.

        The last ``size`` public entries by release, the last ``size`` by notable event, those released within
        ``burst`` microseconds before the newest of them (``most`` in all), and what is shown as withdrawn.
        """
        seqs = self.window_seqs(size, burst, most, kind=kind, slug=slug)
        records = self._query(f"{SELECT}WHERE seq IN ({','.join('?' * len(seqs))})", *seqs)
        return sorted(records, key=lambda r: (r.published, r.seq), reverse=True)

    def window_seqs(self, size: int, burst: int, most: int, *, kind: str = "", slug: str = "") -> set[int]:
        """The numbers of the entries that ``window`` gives."""
        # Both tables know seq and touched, so that each order is an index's own, however many entries there are.
        table, of = ("label JOIN entry ON entry.seq = label.seq", "label") if kind else ("entry", "entry")
        where, args = ("label.kind = ? AND label.slug = ? AND ", (kind, slug)) if kind else ("", ())
        alive = f"SELECT entry.seq, released FROM {table} WHERE {where}entry.withdrawn IS NULL ORDER BY {of}."
        released = self._db.execute(f"{alive}seq DESC LIMIT ?", (*args, most)).fetchall()
        newest = max((at for _, at in released), default=0)
        since = max(newest - burst, int(self.meta("first_run") or 0))
        touched = self._db.execute(f"{alive}touched DESC LIMIT ?", (*args, size))
        chosen = {seq for n, (seq, at) in enumerate(released) if n < size or at > since} | {seq for seq, _ in touched}
        graves = self._db.execute("SELECT seq FROM entry WHERE tombstone IS NOT NULL").fetchall()
        return chosen | {seq for (seq,) in graves if not kind or (kind, slug) in self.labels_of(seq)}

    def everything(self) -> Iterator[Record]:
        """All records in release order."""
        for row in self._db.execute(SELECT + "ORDER BY seq"):
            yield record_of(row)

    def addresses(self) -> Iterator[tuple[str, int]]:
        """Address and ``updated`` of the pages of all public entries in release order, for the sitemap."""
        page = "iif(instr(permalink, '#'), substr(permalink, 1, instr(permalink, '#') - 1), permalink)"
        query = (
            f"SELECT {page} AS page, max(updated) FROM entry WHERE withdrawn IS NULL GROUP BY page ORDER BY min(seq)"
        )
        yield from self._db.execute(query)

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

    def last_corrected(self) -> int:
        """The latest ``corrected`` so far."""
        return self._number("SELECT coalesce(max(corrected), 0) FROM entry WHERE corrected")

    def released_between(self, after: int, until: int) -> list[Record]:
        """Public entries first put out after one instant and not after another, in the order of release."""
        return self._all("WHERE released > ? AND released <= ? AND withdrawn IS NULL ORDER BY seq", after, until)

    def corrected_between(self, after: int, until: int) -> list[Record]:
        """Public entries whose correction was told after one instant and not after another, in that order."""
        return self._all(
            "WHERE corrected AND corrected > ? AND corrected <= ? AND withdrawn IS NULL ORDER BY corrected, seq",
            after, until,
        )  # fmt: skip

    def last_touched(self) -> int:
        """The highest number of a notable event so far."""
        return self._number("SELECT coalesce(max(touched), 0) FROM entry")

    def last_document(self) -> tuple[int, int]:
        """Number of the last archive document, and how many entries it holds."""
        number = self._number("SELECT coalesce(max(document), 0) FROM entry")
        return number, self._number("SELECT count(*) FROM entry WHERE document = ?", number)

    def tombstones_over(self, now: int) -> list[Record]:
        """Withdrawn entries whose time in the feeds is over."""
        return self._all("WHERE tombstone IS NOT NULL AND tombstone <= ? ORDER BY seq", now)

    def put(self, records: Iterable[Record]) -> None:
        """Add or replace records, and nothing else of them."""
        self._db.executemany(UPSERT, map(row_of, records))
