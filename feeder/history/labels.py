"""Tags, authors and languages, and the place of each entry in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from feeder.history.records import QUALIFIED, Label, Record
from feeder.history.tables import Tables

_SHOWN: Final = "(entry.withdrawn IS NULL OR entry.tombstone IS NOT NULL)"


class Labels(Tables):
    """Which entries carry a label. A position is given once, so that older pages never shift."""

    def labels(self, kind: str = "") -> list[Label]:
        """Labels of entries that are public or still shown as withdrawn, by kind and slug."""
        where = "AND label.kind = ? " if kind else ""
        query = (
            "SELECT label.kind, label.slug, min(label.position), count(*) FILTER (WHERE entry.withdrawn IS NULL), "
            f"max(label.position) FROM label CROSS JOIN entry ON entry.seq = label.seq WHERE {_SHOWN} "
            f"{where}GROUP BY label.kind, label.slug ORDER BY label.kind, label.slug"
        )
        rows = self._db.execute(query, (kind,) if kind else ()).fetchall()
        return [Label(kind, slug, self._name(kind, slug, first), *rest) for kind, slug, first, *rest in rows]

    def _name(self, kind: str, slug: str, position: int) -> str:
        """A label is spelled as the oldest entry that carries it spells it."""
        row = self._db.execute(
            "SELECT name FROM label WHERE kind = ? AND slug = ? AND position = ?", (kind, slug, position)
        ).fetchone()
        return str(row[0])

    def label(self, kind: str, slug: str) -> Label | None:
        """One label, without its count; None when no entry in public or still shown as withdrawn carries it."""
        query = (
            "SELECT label.name, label.position FROM label JOIN entry ON entry.seq = label.seq "
            f"WHERE label.kind = ? AND label.slug = ? AND {_SHOWN} ORDER BY label.position"
        )
        first = self._db.execute(f"{query} LIMIT 1", (kind, slug)).fetchone()
        last = self._db.execute(f"{query} DESC LIMIT 1", (kind, slug)).fetchone()
        return Label(kind, slug, first[0], last=last[1]) if first else None

    def has_several(self, kind: str) -> bool:
        """Whether entries that are shown carry at least two labels of a kind; cheap however many entries there are."""
        slug, found = "", 0
        while found < 2:
            row = self._db.execute(
                "SELECT slug FROM label WHERE kind = ? AND slug > ? ORDER BY slug LIMIT 1", (kind, slug)
            ).fetchone()
            if row is None:
                return False
            slug = row[0]
            found += self._is_shown(kind, slug)
        return True

    def _is_shown(self, kind: str, slug: str) -> bool:
        query = (
            "SELECT 1 FROM label JOIN entry ON entry.seq = label.seq "
            f"WHERE label.kind = ? AND label.slug = ? AND {_SHOWN} LIMIT 1"
        )
        return self._db.execute(query, (kind, slug)).fetchone() is not None

    def in_label(self, kind: str, slug: str, low: int, high: int) -> list[Record]:
        """Public entries at positions ``low`` to ``high`` (not included) of a label, newest first."""
        return self._query(
            f"{QUALIFIED} FROM label JOIN entry ON entry.seq = label.seq WHERE label.kind = ? AND label.slug = ? "
            "AND label.position >= ? AND label.position < ? AND entry.withdrawn IS NULL "
            "ORDER BY entry.published DESC, entry.seq DESC",
            kind, slug, low, high,
        )  # fmt: skip

    def places_of(self, seq: int) -> list[tuple[str, str, int]]:
        """``(kind, slug, position)`` of the labels of one entry."""
        return list(self._db.execute("SELECT kind, slug, position FROM label WHERE seq = ?", (seq,)))

    def set_labels(self, seq: int, labels: Iterable[tuple[str, str, str]]) -> None:
        """Give an entry these labels ``(kind, slug, name)``; those it keeps stay at their position."""
        wanted = {(kind, slug): name for kind, slug, name in labels}
        known = set(self.labels_of(seq))
        for gone in known - wanted.keys():
            self._db.execute("DELETE FROM label WHERE kind = ? AND slug = ? AND seq = ?", (*gone, seq))
        for kind, slug in known & wanted.keys():
            self._db.execute(
                "UPDATE label SET name = ?1 WHERE kind = ?2 AND slug = ?3 AND seq = ?4 AND name != ?1",
                (wanted[kind, slug], kind, slug, seq),
            )
        for kind, slug in sorted(wanted.keys() - known):
            self._db.execute(
                "INSERT INTO label (kind, slug, seq, position, name, touched) VALUES (?1, ?2, ?3, "
                "(SELECT coalesce(max(position) + 1, 0) FROM label WHERE kind = ?1 AND slug = ?2), ?4, 0)",
                (kind, slug, seq, wanted[kind, slug]),
            )
        self._db.execute(
            "UPDATE label SET touched = entry.touched FROM entry "
            "WHERE label.seq = ?1 AND entry.seq = ?1 AND label.touched != entry.touched",
            (seq,),
        )
