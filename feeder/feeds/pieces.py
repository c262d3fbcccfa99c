"""What an entry is in a feed of one format, kept for the next feed that has it: most entries of a feed are in others
too, and in the same feed the next time.

Nothing of it can be stale: a piece is found by all that it was made from.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from feeder.model import Feed, PublicEntry

MOST = 128
"""Pieces kept of a format: an edit makes five feeds or so, with twenty entries each."""
LARGEST = 64 * 1024
"""Bytes; a longer piece is not kept."""


class Pieces:
    """The pieces of one format, as bytes; the oldest go first."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, bytes] = {}

    def of(self, feed: Feed, beside: Hashable, make: Callable[[Sequence[PublicEntry]], Sequence[bytes]]) -> list[bytes]:
        """The pieces of all entries of ``feed``, in order.

        Args:
            feed: an entry's own language and author are told from those of its feed.
            beside: all else that the format looks at beside the entry itself.
            make: gives the pieces of some entries.
        """
        keys = [_key(feed, beside, entry) for entry in feed.entries]
        pieces = [self._kept.get(key) for key in keys]
        missing = [at for at, piece in enumerate(pieces) if piece is None]
        made = make([feed.entries[at] for at in missing]) if missing else ()
        for at, piece in zip(missing, made, strict=True):
            pieces[at] = piece
            self._keep(keys[at], piece)
        return [piece for piece in pieces if piece is not None]

    def _keep(self, key: Hashable, piece: bytes) -> None:
        if len(piece) > LARGEST:
            return
        while len(self._kept) >= MOST:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[key] = piece


def _key(feed: Feed, beside: Hashable, entry: PublicEntry) -> Hashable:
    # Instants are equal in any zone, and in a doubled hour even where they are not; they are not written alike.
    moments = [entry.published, entry.updated, entry.released, *([entry.corrected] if entry.corrected else [])]
    written = tuple(moment.isoformat() for moment in moments)
    return (feed.site_url, feed.language, feed.author, beside, entry, written)
