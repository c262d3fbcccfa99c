"""What an entry's HTML needs to stand on a page of its own.

The HTML is nh3's: well-formed, attributes in double quotes. A ``<`` inside an attribute must never be taken
for a tag: where there may be one, whole tags are matched, which costs more.
"""

from __future__ import annotations

import re

_NAMES = r"<(/?)(h[1-6]|table|pre)\b"
_SIMPLE = re.compile(_NAMES + r"([^>]*)>")
_WHOLE = re.compile(_NAMES + r"([^>\"]*(?:\"[^\"]*\"[^>\"]*)*)>|<[^>\"]*(?:\"[^\"]*\"[^>\"]*)*>")
_NEEDED = re.compile(r"<(?:h[1-6]|table|pre)\b")
_ALIGNED = re.compile(r'<(t[dh]) align="(left|right|center)"')
_IN_ATTRIBUTE = re.compile(r"=\"[^\"<]*<")


class _Fitting:
    """One pass over one entry's tags."""

    def __init__(self, table: str, code: str, top: int) -> None:
        self.top = top
        self.table = table
        self.code = code
        self.open: list[int] = []

    def __call__(self, tag: re.Match[str]) -> str:
        closing, name, rest = tag.groups()
        if name is None:
            return tag[0]
        if name == "table":
            if closing:
                return "</table></div>"
            return f'<div class="scroll" role="group" aria-label="{self.table}" tabindex="0"><table{rest}>'
        if name == "pre":
            return tag[0] if closing else f'<pre role="group" aria-label="{self.code}" tabindex="0"{rest}>'
        if not closing:
            self._descend(int(name[1]))
        return f"<{closing}h{self._level()}{rest}>"

    def _descend(self, level: int) -> None:
        while self.open and self.open[-1] >= level:
            self.open.pop()
        self.open.append(level)

    def _level(self) -> int:
        return min(self.top + len(self.open), 6)


def fit(html: str, url: str, *, table: str, code: str, top: int = 1) -> str:
    """An entry's HTML below a page's heading of level ``top``.

    Headings start one level below and skip none; tables and code scroll, and the keyboard reaches them
    (WCAG 2.1.1). ``table`` and ``code`` are the names a screen reader says. Links to the page itself, by its
    own address ``url``, stay on it. ``align``, which feed readers know, is a class here (HTML 16.2).
    """
    html = html.replace(f' href="{url}#', ' href="#')
    if _NEEDED.search(html) is None:
        return html
    if ' align="' in html:
        html = _ALIGNED.sub(r'<\1 class="\2"', html)
    pattern = _SIMPLE if _IN_ATTRIBUTE.search(html) is None else _WHOLE
    return pattern.sub(_Fitting(table, code, top), html)
