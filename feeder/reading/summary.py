"""Plain text cut where a sentence ends."""

from __future__ import annotations

import re
import unicodedata

LENGTH = 200
"""Characters of a summary, about."""

_END = re.compile(r"[。！？…!?](?:[”’」』）)\"']*)|\.(?:[\"'”’)]*)(?=\s+[^a-z\s])|[；;](?=.)")
_SOFT = re.compile(r"[，、,：:；;]|\s")
_INITIAL = re.compile(r"(?:\b[A-Z]|\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|vs|etc|Inc|Ltd|Co|Corp|e\.g|i\.e))\.\Z")


def cut(text: str, length: int = LENGTH) -> str:
    """At most ``length`` characters of a text: whole sentences where that leaves a third of it, else with ``…``."""
    plain = " ".join(text.split())
    if len(plain) <= length:
        return plain
    head = plain[: length + 1]
    best = 0
    for match in _END.finditer(head):
        if match.end() <= length and not _INITIAL.search(head[: match.end()]) and head[match.start()] not in "；;":
            best = match.end()
    if best >= length // 3:
        return plain[:best].rstrip()
    soft = [match.start() for match in _SOFT.finditer(head[:length]) if match.start() >= length // 2]
    return plain[: soft[-1] if soft else _whole(plain, length - 1)].rstrip(" ，、,：:；;") + "…"


def _whole(text: str, end: int) -> int:
    """The nearest place before ``end`` that does not part a character from its marks (or emoji from its like)."""
    while end > 1 and (unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f" or text[end - 1] == "\u200d"):
        end -= 1
    return end
