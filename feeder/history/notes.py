"""What else must be remembered from run to run: redirects, due files, feeds, good texts, problems, output files."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from feeder.errors import Problem
from feeder.history.records import Waiting, problem_of
from feeder.history.tables import Tables


class Notes(Tables):
    """Facts about files and feeds that the next run needs."""

    def redirects(self) -> list[tuple[str, int]]:
        """Old permalinks and aliases, and the entry each leads to."""
        return list(self._db.execute("SELECT permalink, seq FROM redirect ORDER BY permalink"))

    def redirects_to(self, seq: int) -> list[str]:
        """Old permalinks and aliases of one entry."""
        return [p for (p,) in self._db.execute("SELECT permalink FROM redirect WHERE seq = ? ORDER BY 1", (seq,))]

    def redirect(self, permalink: str) -> int | None:
        """The entry that an old permalink or alias leads to."""
        row = self._db.execute("SELECT seq FROM redirect WHERE permalink = ?", (permalink,)).fetchone()
        return int(row[0]) if row else None

    def put_redirects(self, redirects: Iterable[tuple[str, int]]) -> None:
        """Add redirects: old permalink or alias, and the entry it leads to."""
        self._db.executemany("INSERT OR REPLACE INTO redirect VALUES (?, ?)", redirects)

    def drop_redirects(self, permalinks: Iterable[str]) -> list[int]:
        """An address that an entry has now leads to no other; those that it led to."""
        query = "DELETE FROM redirect WHERE permalink = ? COLLATE NOCASE RETURNING seq"
        return [seq for permalink in permalinks for (seq,) in self._db.execute(query, (permalink,)).fetchall()]

    def set_waiting(self, path: str, waiting: Waiting | None) -> None:
        """Remember when something is due in a file, or that nothing is."""
        self._db.execute("DELETE FROM waiting WHERE path = ?", (path,))
        if waiting:
            self._db.execute("INSERT INTO waiting VALUES (?, ?, ?)", (waiting.path, waiting.at, waiting.why))

    def due(self, now: int) -> list[str]:
        """Files in which something is due."""
        return [path for (path,) in self._db.execute("SELECT path FROM waiting WHERE at <= ? ORDER BY path", (now,))]

    def waiting_paths(self) -> list[str]:
        """Files in which something is due, now or later."""
        return [path for (path,) in self._db.execute("SELECT path FROM waiting")]

    def waiting_at(self, path: str) -> Waiting | None:
        """What is due in a file, and when, as the last run saw it."""
        row = self._db.execute("SELECT path, at, why FROM waiting WHERE path = ?", (path,)).fetchone()
        return Waiting(*row) if row else None

    def next_due(self) -> Waiting | None:
        """What is due next: a release, an expiry, or the end of a withdrawn entry's time in the feeds."""
        row = self._db.execute("SELECT path, at, why FROM waiting ORDER BY at LIMIT 1").fetchone()
        over = self._db.execute("SELECT min(tombstone) FROM entry WHERE tombstone IS NOT NULL").fetchone()[0]
        if over is not None and (row is None or over < row[1]):
            return Waiting("", int(over), "withdrawn entry leaves the feeds")
        return Waiting(*row) if row else None

    def feed_updated(self, path: str) -> int:
        """What a feed's ``updated`` was; 0 for a new feed."""
        row = self._db.execute("SELECT updated FROM feed WHERE path = ?", (path,)).fetchone()
        return int(row[0]) if row else 0

    def set_feed_updated(self, path: str, updated: int) -> None:
        """Remember a feed's ``updated``, which never goes back."""
        self._db.execute(
            "INSERT INTO feed VALUES (?1, ?2) ON CONFLICT (path) DO UPDATE SET updated = max(updated, ?2)",
            (path, updated),
        )

    def sources(self, path: str) -> list[bytes]:
        """The texts of a file that something public comes from: the last good one, then partly good ones."""
        query = "SELECT text FROM source WHERE path = ?1 OR path > ?1 || char(0) AND path < ?1 || char(1) ORDER BY path"
        return [zlib.decompress(text) for (text,) in self._db.execute(query, (path,))]

    def has_other_source(self, path: str, packed: bytes) -> bool:
        """Whether a good text is known of a file, and it is not this one."""
        row = self._db.execute("SELECT text = ? FROM source WHERE path = ?", (packed, path)).fetchone()
        return row is not None and not row[0]

    def put_source(self, path: str, packed: bytes | None) -> None:
        """Remember a good text, as ``pack`` made it; None forgets it."""
        self._db.execute("DELETE FROM source WHERE path = ?1 OR path > ?1 || char(0) AND path < ?1 || char(1)", (path,))
        if packed is not None:
            self._db.execute("INSERT INTO source VALUES (?, ?)", (path, packed))

    def put_part(self, path: str, key: bytes, packed: bytes, used: Iterable[bytes]) -> None:
        """Remember a text that is good in part, beside the last good one; ``used`` are the keys still public."""
        query = "SELECT path FROM source WHERE path > ?1 || char(0) AND path < ?1 || char(1)"
        kept = {f"{path}\0{one.hex()}" for one in used}
        parts = [part for (part,) in self._db.execute(query, (path,)) if part not in kept]
        self._db.executemany("DELETE FROM source WHERE path = ?", ((part,) for part in parts))
        self._db.execute("INSERT OR REPLACE INTO source VALUES (?, ?)", (f"{path}\0{key.hex()}", packed))

    def problems(self) -> list[Problem]:
        """All standing problems, by file."""
        query = "SELECT place, message, hint, rejects, source, mark, width FROM problem ORDER BY path, n"
        return [problem_of(row) for row in self._db.execute(query)]

    def problems_in(self, path: str) -> list[Problem]:
        """The standing problems of one file."""
        query = "SELECT place, message, hint, rejects, source, mark, width FROM problem WHERE path = ? ORDER BY n"
        return [problem_of(row) for row in self._db.execute(query, (path,))]

    def add_problems(self, path: str, problems: Iterable[Problem]) -> None:
        """Add to the problems of one file."""
        self.set_problems(path, [*self.problems_in(path), *problems])

    def rejected_paths(self) -> list[str]:
        """Files of which something is withheld."""
        return [path for (path,) in self._db.execute("SELECT DISTINCT path FROM problem WHERE rejects")]

    def problem_count(self, *, rejecting: bool = False) -> int:
        """How many problems stand."""
        return self._number("SELECT count(*) FROM problem" + (" WHERE rejects" if rejecting else ""))

    def set_problems(self, path: str, problems: Iterable[Problem]) -> None:
        """Replace the problems of one file."""
        self._db.execute("DELETE FROM problem WHERE path = ?", (path,))
        self._db.executemany(
            "INSERT INTO problem VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (path, n, p.place, p.message, p.hint, p.rejects, p.source, p.column, p.width)
                for n, p in enumerate(problems)
            ),
        )

    def outputs(self, owner: str = "") -> list[str]:
        """Paths in ``out/`` that are ours, of one owner or of all."""
        where, args = ("WHERE owner = ?", (owner,)) if owner else ("", ())
        return [path for (path,) in self._db.execute(f"SELECT path FROM output {where} ORDER BY path", args)]

    def owners(self) -> set[str]:
        """The jobs that ever wrote into ``out/``."""
        return {owner for (owner,) in self._db.execute("SELECT DISTINCT owner FROM output")}

    def set_outputs(self, owner: str, paths: Iterable[str]) -> set[str]:
        """Replace what one owner has in ``out/``; what it had and has no more."""
        known, wanted = set(self.outputs(owner)), set(paths)
        self._db.executemany("DELETE FROM output WHERE owner = ? AND path = ?", ((owner, p) for p in known - wanted))
        self._db.executemany("INSERT INTO output VALUES (?, ?)", ((owner, path) for path in wanted - known))
        return known - wanted

    def add_outputs(self, made: Iterable[tuple[str, str]]) -> bool:
        """Add ``(owner, path)`` of what is about to be in ``out/``; whether any was not known."""
        before = self._db.total_changes
        self._db.executemany("INSERT OR IGNORE INTO output VALUES (?, ?)", made)
        return self._db.total_changes != before

    def is_output(self, path: str) -> bool:
        """Whether a path in ``out/`` belongs to any owner."""
        return self._db.execute("SELECT 1 FROM output WHERE path = ?", (path,)).fetchone() is not None


def pack(text: bytes) -> bytes:
    """A good source text as the history keeps it."""
    return zlib.compress(text, 1)
