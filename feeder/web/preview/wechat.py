"""An entry as the editor of WeChat public accounts (公众号) takes it from the clipboard.

That editor keeps no stylesheet, class, id or script, and no link but to its own articles; it loses blanks and line
breaks in code, breaks lists inside the items of others, and makes empty items of blanks and paragraphs in lists. So all
of it is written in the elements' own styles, links become numbered notes at the end, code has its blanks and breaks
spelled out, and lists are tight.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

import lxml.etree
import lxml.html
from lxml.html import HtmlElement
from lxml.html.builder import E

from feeder.web.preview import spelled

WELCOME: Final = "mp.weixin.qq.com"
"""The one host that links may lead to."""
UNSUPPORTED: Final = (".svg", ".webp", ".avif", ".heic")
"""Pictures that the editor does not take."""

_KNOWN: Final = (
    "a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i img ins li mark ol p pre s section small span strong sub sup "
    "table tbody td tfoot th thead tr u ul"
)
_OTHERS: Final = "address article aside center details dd div dl dt figcaption figure footer header main nav summary"
_LINES: Final = "blockquote h1 h2 h3 h4 h5 h6 hr li ol p pre section table tr ul"
_KEPT: Final = frozenset(_KNOWN.split())
_SECTIONS: Final = frozenset(_OTHERS.split())
_BREAKING: Final = frozenset(_LINES.split())
_CLASSES: Final = {"figure": "figure", "figcaption": "caption", "center": "center"}
_DROPPED: Final = "script|style|iframe|object|embed|form|button|input|select|textarea|template|noscript|rp|svg|math"
_ATTRIBUTES: Final = {
    "a": ("href",),
    "img": ("src", "alt"),
    "ol": ("start",),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan"),
}
_OWN: Final = frozenset({"feeder", "edge", "notes", "heading", "scroll", "inline", *_CLASSES.values()})
_ICON: Final = 160
"""Pictures narrower than so many pixels stay in the line they stand in."""
_TAG: Final = re.compile(r"<[a-z][a-z0-9]*(?: [a-z-]+=\"[^\"]*\")*>")
_CLASS: Final = re.compile(r" class=\"[^\"]*\"")
_SPACES: Final = re.compile(r"[ \t\r\n]+")
_BREAK: Final = "\f"


@dataclass(frozen=True, slots=True)
class Words:
    """The words that are put in."""

    links: str = "链接"
    audio: str = "音频"
    video: str = "视频"


@dataclass(frozen=True, slots=True)
class Article:
    """What goes to the clipboard, and what its writer should know."""

    html: str
    text: str
    """The same without markup."""
    links: tuple[str, ...]
    """Addresses that stand at the end, by their numbers."""
    pictures: tuple[str, ...]
    """Addresses of all pictures, each once."""
    refused: tuple[str, ...]
    """Those whose kind the editor does not take."""


def article(html: str, css: str, words: Words | None = None) -> Article:
    """Turn an entry's safe HTML, whose addresses are absolute, into what can be pasted; ``css`` is its look."""
    work = _Work(words or Words())
    root = lxml.html.fragment_fromstring(html, create_parent="section")
    work.clean(root)
    if work.notes:
        root.append(_notes(work.notes.values(), work.first, work.words.links))
    text = _text(root)
    pictures = tuple(dict.fromkeys(work.pictures))
    refused = tuple(url for url in pictures if _parts(url).path.lower().endswith(UNSUPPORTED))
    return Article(_inlined(root, css), text, tuple(work.notes), pictures, refused)


class _Work:
    def __init__(self, words: Words) -> None:
        self.words = words
        self.first = 1
        """Number of the first link; the author's own notes come before."""
        self.notes: dict[str, str] = {}
        """Address -> what its note says."""
        self.pictures: list[str] = []

    def clean(self, root: HtmlElement) -> None:
        """Make everything below ``root`` fit."""
        self.first += len(root.xpath(".//*[contains(@class, 'footnote-item')]"))
        _without(root)
        for found in root.xpath(".//rt"):
            found.text = f"({found.text_content()})"
        for found in root.xpath(".//a|.//audio|.//video"):
            (self._link if found.tag == "a" else self._player)(found)
        for picture in root.xpath(".//img"):
            self._picture(picture)
        for code in root.xpath(".//pre"):
            spelled.spell_out(code)
        for element in list(root.iterdescendants()):
            _fit(element)
        _unnest(root)
        for part in root.xpath(".//ul|.//ol|.//li"):
            _tight(part)
        for table in root.xpath(".//table"):
            _wrapped(table)

    def _link(self, link: HtmlElement) -> None:
        url, text = (link.get("href") or "").strip(), link.text_content().strip()
        parts = _parts(url)
        if parts.scheme in ("http", "https") and parts.hostname == WELCOME:
            return
        mail = parts.scheme == "mailto"
        outside = parts.scheme in ("http", "https") or mail
        shown = parts.path if mail else url
        if outside and shown.rstrip("/") != text.rstrip("/"):
            number = self._number(shown, text)
            mark = E.sup(f"[{number}]")
            mark.tail, link.tail = link.tail, None
            link.addnext(mark)
        link.drop_tag()

    def _number(self, url: str, text: str) -> int:
        self.notes.setdefault(url, f"{text}: {url}" if text else url)
        return self.first + list(self.notes).index(url)

    def _player(self, player: HtmlElement) -> None:
        sources = [player.get("src"), *(one.get("src") for one in player.iter("source"))]
        url = next((one for one in sources if one), "")
        name = self.words.video if player.tag == "video" else self.words.audio
        made = E.span(f"［{name}］")
        if url:
            made.append(E.sup(f"[{self._number(url, name)}]"))
        made.tail = player.tail
        player.getparent().replace(player, made)

    def _picture(self, picture: HtmlElement) -> None:
        url = picture.get("src") or ""
        if not url.startswith(("https://", "http://")):
            picture.drop_tree()
            return
        self.pictures.append(url)
        width = picture.get("width") or ""
        if width.isdecimal() and int(width) < _ICON:
            picture.set("class", "inline")


def _parts(url: str) -> SplitResult:
    """An address taken apart; of one that is none, nothing."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _without(root: HtmlElement) -> None:
    """Take out what the editor would refuse, and marks that only lead back."""
    for found in root.xpath(".//comment()|.//processing-instruction()"):
        found.drop_tree()
    back = ".//a[contains(@class, 'footnote-backref') or contains(@class, 'header-anchor')]"
    for found in root.xpath(f"{back}|.//hr[@class='footnotes-sep']"):
        found.drop_tree()
    for name in _DROPPED.split("|"):
        for found in root.xpath(f".//{name}"):
            found.drop_tree()
    for found in root.xpath(".//sup[@class='footnote-ref']/a"):
        found.drop_tag()
    for found in root.xpath(".//section[@class='footnotes']"):
        found.addprevious(E.hr())


def _fit(element: HtmlElement) -> None:
    """An element the editor knows, with attributes it keeps; else its text alone."""
    tag = str(element.tag)
    style = element.get("class") or ""
    aligned = element.get("align") or ""
    kept = {name: element.get(name) for name in _ATTRIBUTES.get(tag, ()) if element.get(name)}
    if tag == "input":
        element.drop_tree()
        return
    if tag in _SECTIONS:
        element.tag = "section"
        style = _CLASSES.get(tag, "")
    elif tag not in _KEPT:
        element.drop_tag()
        return
    inside_code = tag == "span" and any(one.tag == "pre" for one in element.iterancestors())
    names = style.split() if inside_code else [name for name in style.split() if name in _OWN]
    if aligned in ("left", "center", "right"):
        names.append(aligned)
    element.attrib.clear()
    for name, value in kept.items():
        element.set(name, value or "")
    if names:
        element.set("class", " ".join(names))


def _unnest(root: HtmlElement) -> None:
    """A list at the end of an item comes behind it: the editor shows it as an item of the outer one else.

    One in the middle of an item stays, or what follows it would be an item with a number of its own.
    """
    for item in reversed(root.xpath(".//li[ul or ol]")):
        while len(item) and _ends_with_list(item):
            inner = item[-1]
            inner.tail = None
            item.addnext(inner)
        _trim(item)


def _tight(part: HtmlElement) -> None:
    """A list or an item without blanks between its tags, and without paragraphs: phones make items of both."""
    if part.tag == "li" and len(part) and part[0].tag == "p" and not (part.text or "").strip():
        part.text, part[0].tail = None, (part[0].tail or "").strip() or None
        _trim(part[0])
        part[0].drop_tag()
    for inner in part:
        if inner.tag == "p":
            inner.tag = "section"
        if inner.tag in _BREAKING and not (inner.tail or "").strip():
            inner.tail = None
    if not (part.text or "").strip():
        part.text = None


def _ends_with_list(item: HtmlElement) -> bool:
    last = item[-1]
    alone = len(item) == 1 and not (item.text or "").strip()
    return last.tag in ("ul", "ol") and not (last.tail or "").strip() and not alone


def _trim(item: HtmlElement) -> None:
    if len(item):
        item[-1].tail = (item[-1].tail or "").rstrip() or None
    elif item.text:
        item.text = item.text.rstrip()


def _wrapped(table: HtmlElement) -> None:
    made = E.section({"class": "scroll"})
    made.tail, table.tail = table.tail, None
    table.getparent().replace(table, made)
    made.append(table)


def _notes(notes: Iterable[str], first: int, heading: str) -> HtmlElement:
    lines = [E.p(f"[{number}] {note}") for number, note in enumerate(notes, first)]
    return E.section({"class": "notes"}, E.p(heading, {"class": "heading"}), *lines)


def _text(root: HtmlElement) -> str:
    """The words alone, a line for each block."""
    made: list[str] = []
    for event, element in lxml.etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            opens = element.tag in _BREAKING or element.tag == "br"
            made += [_BREAK if opens else "", "- " if element.tag == "li" else "", element.get("alt") or ""]
            made.append(_squeezed(element.text))
        else:
            closing = _BREAK if element.tag in _BREAKING else "\t" if element.tag in ("td", "th") else ""
            made += [closing, _squeezed(element.tail)]
    lines = ("".join(made).replace(spelled.NBSP, " ")).split(_BREAK)
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")
    return re.sub(r"^-\n+", "- ", text, flags=re.MULTILINE)


def _squeezed(text: str | None) -> str:
    return _SPACES.sub(" ", text or "") if (text or "").strip(" \t\r\n") else ""


def _inlined(root: HtmlElement, css: str) -> str:
    import css_inline

    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, minify_css=True)
    root.set("class", "feeder")
    edge = E.p(spelled.NBSP, {"class": "edge"})
    root.insert(0, edge)
    raw = lxml.html.tostring(root, encoding="unicode")
    return _TAG.sub(lambda tag: _CLASS.sub("", tag[0]), inliner.inline_fragment(raw, css))
