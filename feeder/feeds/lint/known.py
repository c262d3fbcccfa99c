"""Entries that were parsed before and found well-formed: most entries of a feed are in others too.

A feed is cut where its entries begin, as ``feeder.feeds.mended`` lays them out. Without the entries known to be well
it is still a feed, and is parsed as such: so each entry is parsed at least once, below a root of the same namespaces,
and what stands around them every time. Where anything is not as it should be, the whole feed is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

MOST = 512
"""Entries remembered, of all formats."""
LARGEST = 64 * 1024
"""Bytes; a longer entry is parsed every time, or five hundred of them would fill the memory of a process that stays."""
_LAYOUTS = ((b"\n  <entry", b"\n</feed>\n"), (b"\n    <item", b"\n  </channel>\n</rss>\n"))
_ROOT = re.compile(rb"<(?:feed|rss)\b[^>]*>")
_well: dict[tuple[bytes, bytes], str] = {}
"""Root and entry -> the entry's id; only of feeds that were parsed."""


def ids(body: bytes, parse: Callable[[bytes], Sequence[str]]) -> Sequence[str]:
    """The ids of all entries of a feed; ``parse`` gives those of what it is handed, and raises what is wrong."""
    root = _ROOT.search(body)
    for opening, closing in _LAYOUTS:
        head, *entries = body.removesuffix(closing).split(opening)
        if root and entries and body.endswith(closing):
            fresh = [entry for entry in entries if (root[0], entry) not in _well]
            found = parse(opening.join([head, *fresh]) + closing)
            if len(found) == len(fresh):
                return _told(root[0], entries, dict(zip(fresh, found, strict=True)))
    return parse(body)


def _told(root: bytes, entries: Sequence[bytes], fresh: dict[bytes, str]) -> list[str]:
    told = [fresh[entry] if entry in fresh else _well[root, entry] for entry in entries]
    for entry, found in zip(entries, told, strict=True):
        _well.pop((root, entry), None)  # the latest come last
        if len(entry) <= LARGEST:
            _well[root, entry] = found
    while len(_well) > MOST:
        del _well[next(iter(_well))]
    return told
