"""The HTML of an entry as feeds carry it: what is harmless, yet makes validators warn, is written another way."""

from __future__ import annotations

import re
from functools import lru_cache

from feeder.feeds import text

_RARE = re.compile(r"<(?:audio|bdo|d[dt]|rb|rbc|rp|rt|rtc|video)\b")
_CONTROLS = re.compile(r"(<(?:audio|video)\b[^>]*?)\scontrols(?:=\"[^\"]*\")?(?=[\s>])")
_PLAYER = re.compile(r"<(audio|video)\b([^>]*)>(.*?)</\1>", re.DOTALL)
_SOURCE = re.compile(r'\ssrc="([^"]+)"')
_ANCHOR = re.compile(r"<(/?)a\b")
_BDO = re.compile(r"(</?)bdo\b")
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)\b[^>]*>")
_VOID = frozenset({"br", "col", "hr", "img", "source", "wbr"})
_BASES = frozenset({"rb", "rbc", "rtc"})
_NOTES = frozenset({"rt", "rp"})
_TERMS = frozenset({"dt", "dd"})


# The same text goes out in three formats and in several feeds.
@lru_cache(maxsize=256)
def body_of(html: str) -> str:
    """Without forbidden characters, and without the few harmless elements and attributes that validators warn of."""
    body = text.legible(html)
    if not _RARE.search(body):
        return body
    return _PLAYER.sub(_linked, _CONTROLS.sub(r"\1", _nested(_BDO.sub(r"\1bdi", body))))


def _linked(player: re.Match[str]) -> str:
    """A player, without the ``controls`` that validators take for a risk, and a plain link to what it plays."""
    source = _SOURCE.search(player[2]) or _SOURCE.search(player[3])
    anchors = _ANCHOR.findall(player.string, 0, player.start()) if source else []
    # A link cannot stand in a link.
    if source is None or (anchors and not anchors[-1]):
        return player[0]
    return f'{player[0]}<br><a href="{source[1]}">{source[1].rpartition("/")[2] or source[1]}</a>'


def _nested(body: str) -> str:
    """With the parts of ruby and of lists of terms where HTML has them; elsewhere they become ``span`` and ``div``.

    The HTML was made by a parser, so that every element is closed.
    """
    stack: list[tuple[str, str]] = []
    made: list[str] = []
    done = 0
    for found in _TAG.finditer(body):
        closing, name = found[1], found[2]
        if name in _VOID:
            continue
        if not closing:
            stack.append((name, _placed(name, [outer for outer, _ in stack])))
        elif not stack or stack[-1][0] != name:
            return body
        new = stack.pop()[1] if closing else stack[-1][1]
        if new != name:
            made += body[done : found.start()], f"<{closing}{new}{body[found.end(2) : found.end()]}" if new else ""
            done = found.end()
    return "".join(made) + body[done:]


def _placed(name: str, outer: list[str]) -> str:
    """What an element is called inside the others; empty for one whose tags go."""
    if name in _BASES:
        return "" if outer[-1:] == ["ruby"] else "span"
    if name in _NOTES:
        inside = [one for one in outer if one not in _BASES]
        return name if inside[-1:] == ["ruby"] else "span"
    if name in _TERMS:
        lists = [one for one in outer if one in _TERMS or one == "dl"]
        return "div" if lists[-1:] and lists[-1] in _TERMS else name
    return name
