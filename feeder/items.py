"""The items of a news page on one page (``[entries] items = "anchors"``): one text with an anchor for each."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Final

from feeder.model import PublicEntry

_ID: Final = re.compile(r' id="([^"]+)"')


def together(items: Sequence[tuple[str, PublicEntry]]) -> str:
    """The HTML of all items (anchor, entry), each a section under its title and day."""
    seen = {anchor for anchor, _ in items}
    return "\n".join(_section(anchor, entry, seen) for anchor, entry in items)


def _section(anchor: str, entry: PublicEntry, seen: set[str]) -> str:
    title, day = html.escape(entry.short_title or entry.title), f"{entry.published:%Y-%m-%d}"
    language = f' lang="{html.escape(entry.language)}"' if entry.language else ""
    return (
        f'<section id="{html.escape(anchor)}"{language}>\n<h2>{title}</h2>\n'
        f'<p><time datetime="{entry.published.isoformat(timespec="seconds")}">{day}</time></p>\n'
        f"{_correction(entry)}{with_own_ids(anchor, entry, seen)}\n</section>"
    )


def _correction(entry: PublicEntry) -> str:
    if not entry.correction:
        return ""
    word = "更正" if entry.language.lower().startswith("zh") else "Correction"
    return f"<p><strong>{word}</strong> {html.escape(entry.correction)}</p>\n"


def with_own_ids(anchor: str, entry: PublicEntry, seen: set[str]) -> str:
    """The entry's HTML; ids that an item above has already (of footnotes, of headings) get this one's in front."""
    text, page = entry.html, html.escape(entry.url.partition("#")[0])
    for name in dict.fromkeys(_ID.findall(text)):
        own = f"{html.escape(anchor)}--{name}" if name in seen else name
        if own != name:
            text = text.replace(f' id="{name}"', f' id="{own}"')
            text = text.replace(f'href="{page}#{name}"', f'href="{page}#{own}"')
        seen.add(own)
    return text
