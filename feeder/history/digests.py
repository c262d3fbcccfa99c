"""The digests that have public pages. The mail database made them; pages need nothing but what is kept here."""

from __future__ import annotations

from collections.abc import Iterable

from feeder.history.records import DigestRecord
from feeder.history.tables import Tables

_COLUMNS = "number, list, path, until, subject, preface, language, made"

_STANDING = "digest_entry JOIN entry ON entry.id = digest_entry.entry"


class Digests(Tables):
    """Which entries stood in which digest."""

    def put_digests(self, digests: Iterable[DigestRecord]) -> None:
        """Add digests, or replace those of the same number or page; what is known already changes nothing."""
        for digest in digests:
            self._drop("number = ?1 OR path = ?2", digest.number, digest.path)
            self._db.execute(
                f"INSERT INTO digest ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (digest.number, digest.list, digest.path, digest.until,
                 digest.subject, digest.preface, digest.language, digest.made),
            )  # fmt: skip
            kinds = [(entry, "entry") for entry in digest.entries]
            kinds += [(entry, "correction") for entry in digest.corrections]
            self._db.executemany(
                "INSERT INTO digest_entry VALUES (?, ?, ?, ?)",
                ((digest.number, position, entry, kind) for position, (entry, kind) in enumerate(kinds)),
            )

    def _drop(self, where: str, *args: object) -> None:
        self._db.execute(f"DELETE FROM digest_entry WHERE number IN (SELECT number FROM digest WHERE {where})", args)
        self._db.execute(f"DELETE FROM digest WHERE {where}", args)

    def last_digest(self) -> int:
        """The highest number of a digest so far; 0 before the first."""
        return self._number("SELECT coalesce(max(number), 0) FROM digest")

    def digest(self, number: int) -> DigestRecord | None:
        """The digest with this number."""
        return next(iter(self._digests("WHERE number = ?", number)), None)

    def digests(self, name: str, most: int = -1) -> list[DigestRecord]:
        """The digests of a list, the newest first; ``most`` of them, or all."""
        return self._digests("WHERE list = ? ORDER BY until DESC, number DESC LIMIT ?", name, most)

    def digests_beside(self, digest: DigestRecord) -> tuple[DigestRecord | None, DigestRecord | None]:
        """The digests of the same list right before and after one."""
        place = (digest.list, digest.until, digest.number)
        before = "WHERE list = ? AND (until, number) < (?, ?) ORDER BY until DESC, number DESC LIMIT 1"
        after = "WHERE list = ? AND (until, number) > (?, ?) ORDER BY until, number LIMIT 1"
        found = (self._digests(where, *place) for where in (before, after))
        older, newer = (next(iter(one), None) for one in found)
        return older, newer

    def digests_with(self, entries: Iterable[str]) -> list[DigestRecord]:
        """The digests in which any entry with one of these ids stands, or is corrected, by number."""
        found: set[int] = set()
        for entry in entries if self.last_digest() else ():
            found.update(n for (n,) in self._db.execute("SELECT number FROM digest_entry WHERE entry = ?", (entry,)))
        return [digest for number in sorted(found) for digest in self._digests("WHERE number = ?", number)]

    def first_digest_with(self, entry: str) -> int | None:
        """Up to when the first digest served in which the entry with this id stood; None where there was none."""
        query = (
            "SELECT min(digest.until) FROM digest_entry JOIN digest ON digest.number = digest_entry.number "
            "WHERE digest_entry.entry = ? AND kind = 'entry'"
        )
        row = self._db.execute(query, (entry,)).fetchone()
        return int(row[0]) if row[0] is not None else None

    def withdrawn_from(self, number: int) -> list[str]:
        """Titles of the entries of a digest that are withdrawn now."""
        query = f"SELECT entry.title FROM {_STANDING} WHERE digest_entry.number = ? AND entry.withdrawn IS NOT NULL"
        return [title for (title,) in self._db.execute(query, (number,))]

    def touched_in(self, number: int) -> int:
        """The newest ``updated`` of the entries of a digest; 0 where it has none."""
        query = f"SELECT coalesce(max(entry.updated), 0) FROM {_STANDING} WHERE digest_entry.number = ?"
        return self._number(query, number)

    def digest_lists(self) -> list[tuple[str, int]]:
        """Names of the lists that have digests, and how many."""
        return list(self._db.execute("SELECT list, count(*) FROM digest GROUP BY list ORDER BY list"))

    def _digests(self, where: str, *args: object) -> list[DigestRecord]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM digest {where}", args).fetchall()
        return [self._digest(row) for row in rows]

    def _digest(self, row: tuple[object, ...]) -> DigestRecord:
        query = "SELECT entry FROM digest_entry WHERE number = ? AND kind = ? ORDER BY position"
        entries, corrections = (
            tuple(entry for (entry,) in self._db.execute(query, (row[0], kind))) for kind in ("entry", "correction")
        )
        named = dict(zip(_COLUMNS.split(", "), row, strict=True))
        return DigestRecord(**named, entries=entries, corrections=corrections)  # type: ignore[arg-type]
