"""An entry's HTML as mail can carry it: few elements, few attributes, and nothing that a mail program would not show.

What comes in is harmless already (``reading.sanitise``); what goes out is made anew from an allow-list, every text
escaped and every element closed, so that it would be harmless whatever came in.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from typing import Final

from feeder import links
from feeder.feeds.text import clean
from feeder.mail.compose.wording import MailWords
from feeder.pages.rows import is_web
from feeder.reading.assets import MAIL_ENDING, NEW_KINDS
from feeder.reading.media import ending
from feeder.reading.sanitise import DROPPED

WIDEST: Final = 536
"""Pixels that the text of a digest is wide; Outlook knows no ``max-width``, so wider pictures are told theirs."""

UNSHOWN: Final = frozenset({"svg", "avif", "heic", "heif", "tif", "tiff", "bmp", "ico"})
"""Endings of pictures that Gmail, Outlook or both do not show."""

_NAMES = (
    "abbr b bdi bdo blockquote caption cite code dd del dfn dl dt em i ins kbd li mark ol p pre s samp small "
    "strong sub sup table tbody td tfoot th thead tr u ul var"
)
_KEPT = frozenset(_NAMES.split())
_VOID = frozenset(
    {"br", "hr", "img", "wbr", "source", "col", "area", "embed", "input", "link", "meta", "param", "track"}
)
_RENAMED = {
    **dict.fromkeys(
        ("address", "article", "aside", "center", "details", "div", "footer", "header", "main", "nav", "section"), "div"
    ),
    "figcaption": "div",
    "figure": "div",
    "summary": "div",
    "tt": "code",
}
_CLASSES = {"figure": "figure", "figcaption": "caption", "summary": "summary", "center": "center"}
_HIDDEN = DROPPED | {"audio", "head", "rp", "video"}
_ATTRIBUTES = {
    "abbr": ("title",),
    "bdo": ("dir",),
    "li": ("value",),
    "ol": ("start", "reversed", "type"),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan", "scope"),
}
_VALUES = {
    "colspan": re.compile(r"[1-9]\d{0,2}"),
    "dir": re.compile("ltr|rtl"),
    "lang": re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}"),
    "reversed": re.compile(""),
    "rowspan": re.compile(r"[1-9]\d{0,3}"),
    "scope": re.compile("col|row|colgroup|rowgroup"),
    "start": re.compile(r"-?\d{1,9}"),
    "title": re.compile("(?s).{1,300}"),
    "type": re.compile("[1aAiI]"),
    "value": re.compile(r"-?\d{1,9}"),
}
_ALIGNED = frozenset({"left", "center", "right"})
_HEADING = re.compile(r"h([1-6])\Z")
_TERMS = frozenset({"dt", "dd"})
_NUMBER = re.compile(r"[1-9]\d{0,4}")
_ICON = 160
"""Pictures narrower than so many pixels stay in the line they stand in."""


def for_mail(html: str, t: MailWords, site_url: str, *, level: int = 3) -> str:
    """HTML of an entry or a note for a digest; its headings begin at ``level``."""
    writer = _Writer(t, site_url, level)
    writer.feed(clean(html))
    writer.close()
    return writer.finish()


def web_or_mail(address: str) -> str:
    """An address that may stand in a link of a mail; empty for one that may not."""
    address = clean(address).strip()
    if not links.is_absolute(address) or address.partition(":")[0].lower() not in links.SCHEMES:
        return ""
    return links.iri(address)


def picture(address: str, site_url: str) -> str:
    """The address of a picture as mail programs can show it; empty where they cannot.

    Beside those of the site that only new programs know lies a JPEG (``reading.assets.for_mail``).
    """
    address = links.iri(address.strip())
    if not is_web(address):
        return ""
    if address.startswith(f"{site_url}assets/") and address.endswith(NEW_KINDS):
        return address + MAIL_ENDING
    return "" if ending(address.partition("?")[0]) in UNSHOWN else address


class _Writer(HTMLParser):
    def __init__(self, t: MailWords, site_url: str, level: int) -> None:
        super().__init__(convert_charrefs=True)
        self.t = t
        self._site_url = site_url
        self._level = level
        self._made: list[str] = []
        self._open: list[tuple[str, str]] = []
        """Elements that are open: as they came, and what closes them."""
        self._hidden: list[str] = []
        self._headings: list[int] = []
        self._player: tuple[str, str, str] = ("", "", "")

    def finish(self) -> str:
        """All that was written, closed."""
        while self._open:
            self._made.append(self._open.pop()[1])
        return "".join(self._made).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in reversed(attrs)}
        if self._hidden:
            self._inside_hidden(tag, given)
        elif tag in ("audio", "video"):
            self._player = (tag, given.get("src", ""), given.get("poster", ""))
            self._hidden.append(tag)
        elif tag in _HIDDEN or "footnote-backref" in given.get("class", ""):
            if tag not in _VOID:
                self._hidden.append(tag)
        elif tag in _VOID:
            self._void(tag, given)
        else:
            self._begin(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
                if not self._hidden and tag in ("audio", "video"):
                    self._play()
            return
        if not any(name == tag for name, _ in self._open):
            return
        name = ""
        while name != tag:
            name, end = self._open.pop()
            self._made.append(end)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._made.append(escape(data, quote=False))

    def _inside_hidden(self, tag: str, given: dict[str, str]) -> None:
        kind, source, poster = self._player
        if tag == "source" and self._hidden == [kind] and not source:
            self._player = (kind, given.get("src", ""), poster)
        if tag not in _VOID:
            self._hidden.append(tag)

    def _begin(self, tag: str, given: dict[str, str]) -> None:
        if tag == "a":
            self._link(given)
        elif tag == "q":
            self._element(tag, "“", "”")
        elif tag == "rt":
            self._element(tag, "(", ")")
        elif tag == "table":
            # What scrolls is reached by the keyboard, and has a name (WCAG 2.1.1).
            box = f'<div class="scroll" role="group" aria-label="{self.t.table}" tabindex="0">'
            self._element(tag, f"{box}<table{_attributes(tag, given)}>", "</table></div>")
        elif heading := _HEADING.match(tag):
            name = f"h{self._depth(int(heading[1]))}"
            self._element(tag, f"<{name}{_attributes(tag, given)}>", f"</{name}>")
        else:
            self._plain(tag, given)

    def _plain(self, tag: str, given: dict[str, str]) -> None:
        name = _RENAMED.get(tag, tag)
        if tag == "th" and "scope" not in given:
            # Screen readers say the heads of a cell with it (WCAG H63).
            given = {**given, "scope": "col" if any(name == "thead" for name, _ in self._open) else "row"}
        attributes = _attributes(tag, given)
        if tag in _TERMS and not self._in_terms():
            name = "div"
        elif name == "span" and attributes:
            pass
        elif name not in _KEPT and name != "div":
            self._element(tag, "", "")
            return
        self._element(tag, f"<{name}{attributes}>", f"</{name}>")

    def _in_terms(self) -> bool:
        around = [name for name, _ in self._open if name in ("dl", "dt", "dd")]
        return around[-1:] == ["dl"]

    def _element(self, tag: str, start: str, end: str) -> None:
        self._made.append(start)
        self._open.append((tag, end))

    def _depth(self, level: int) -> int:
        while self._headings and self._headings[-1] >= level:
            self._headings.pop()
        self._headings.append(level)
        return min(self._level - 1 + len(self._headings), 6)

    def _in_link(self) -> bool:
        return any(name == "a" and end for name, end in self._open)

    def _link(self, given: dict[str, str]) -> None:
        href = web_or_mail(given.get("href", ""))
        note = any(end == "</sup>" for _, end in self._open) and "#fn" in href
        if not href or note or self._in_link():
            self._element("a", "", "")
        else:
            self._element("a", f'<a href="{escape(href)}">', "</a>")

    def _void(self, tag: str, given: dict[str, str]) -> None:
        if tag == "img":
            self._picture(given.get("src", ""), given.get("alt", ""), given)
        elif tag in ("br", "wbr"):
            self._made.append(f"<{tag}>")
        elif tag == "hr" and "footnotes-sep" not in given.get("class", ""):
            self._made.append("<hr>")

    def _picture(self, source: str, alt: str, given: dict[str, str]) -> None:
        shown = picture(source, self._site_url)
        if not shown:
            self._instead(links.iri(source.strip()), alt)
            return
        width, height = scaled(given.get("width", ""), given.get("height", ""))
        size = f' width="{width}"' if width else ""
        size += f' height="{height}"' if width and height else ""
        kind = "" if 0 < width < _ICON else ' class="wide"'
        self._made.append(f'<img{kind} src="{escape(shown)}" alt="{escape(alt)}"{size}>')

    def _instead(self, source: str, alt: str) -> None:
        words = escape(f"{self.t.picture}{self.t.colon}{alt}" if alt else self.t.picture)
        if is_web(source) and not self._in_link():
            self._made.append(f'<a href="{escape(source)}">{words}</a>')
        elif alt:
            self._made.append(words)

    def _play(self) -> None:
        kind, source, poster = self._player
        source = links.iri(source.strip())
        if not is_web(source) or self._in_link():
            return
        word = self.t.listen if kind == "audio" else self.t.watch
        name = links.decode(source.partition("?")[0].rpartition("/")[2])
        self._made.append(f'<a href="{escape(source)}">')
        if picture(poster, self._site_url):
            self._picture(poster, "", {})
        self._made.append(escape(f"{word}{self.t.colon}{name}" if name else word) + "</a>")


def scaled(width: str, height: str) -> tuple[int, int]:
    """A picture's size as attributes say it, no wider than the text; 0 for what is not known."""
    if not _NUMBER.fullmatch(width):
        return 0, 0
    wide, high = int(width), int(height) if _NUMBER.fullmatch(height) else 0
    if wide > WIDEST:
        wide, high = WIDEST, max(1, round(high * WIDEST / wide)) if high else 0
    return wide, high


def _attributes(tag: str, given: dict[str, str]) -> str:
    found = []
    for name in (*_ATTRIBUTES.get(tag, ()), "lang", *(("dir",) if tag != "bdo" else ())):
        value = given.get(name)
        if value is not None and _VALUES[name].fullmatch(value):
            found.append(f' {name}="{escape(value)}"' if value else f" {name}")
    if tag in ("td", "th", "tr") and given.get("align", "") in _ALIGNED:
        found.append(f' style="text-align:{given["align"]}"')
    name = _CLASSES.get(tag, "") or _noted(tag, given.get("class", ""))
    if name:
        found.append(f' class="{name}"')
    return "".join(found)


def _noted(tag: str, name: str) -> str:
    if tag == "section" and name == "footnotes":
        return "footnotes"
    if tag == "li" and name == "task-list-item":
        return "task"
    return "tasks" if tag in ("ul", "ol") and name == "contains-task-list" else ""
