"""Only harmless HTML goes out: an allow-list (nh3), after which all that is left is well-formed too."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from feeder.links import SCHEMES

if TYPE_CHECKING:
    import nh3

_INLINE = (
    "a abbr b bdi bdo br cite code data del dfn em i ins kbd mark q rb rp rt rtc ruby s samp small span strong sub sup "
    "time tt u var wbr"
)
_BLOCK = (
    "article aside address blockquote center dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr "
    "li main nav ol p pre section summary ul"
)
_TABLE = "caption col colgroup table tbody td tfoot th thead tr"
_MEDIA = "audio img picture source video"
TAGS = frozenset(f"{_INLINE} {_BLOCK} {_TABLE} {_MEDIA}".split())

_OTHERS = (
    "acronym applet area base basefont big blink body button canvas datalist dialog dir embed fieldset font form frame "
    "frameset head hgroup html input keygen label legend link map marquee menu menuitem meta meter nobr noframes "
    "noscript object optgroup option output param plaintext progress search slot strike track xmp"
)
OBSOLETE = frozenset(_OTHERS.split())
"""Elements of HTML whose tags go and whose text stays."""

_WHOLE = "script style iframe noembed noframes template svg math select textarea object applet title"
DROPPED = frozenset(_WHOLE.split())
"""Elements that go with all they hold."""

_ATTRIBUTES = {
    "*": {"id", "lang", "dir", "title"},
    "a": {"href"},
    "audio": {"src", "controls", "preload", "loop", "muted"},
    "bdo": {"dir"},
    "code": {"class"},
    "col": {"span"},
    "colgroup": {"span"},
    "data": {"value"},
    "details": {"open"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height", "loading", "referrerpolicy"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "source": {"src", "srcset", "sizes", "type", "media", "width", "height"},
    "table": {"align"},
    "td": {"align", "colspan", "rowspan", "headers"},
    "th": {"align", "colspan", "rowspan", "headers", "scope"},
    "tr": {"align"},
    "time": {"datetime"},
    "video": {"src", "poster", "controls", "preload", "width", "height", "loop", "muted", "playsinline"},
}
_CLASSES = {
    "pre": {"highlight"},
    "sup": {"footnote-ref"},
    "hr": {"footnotes-sep"},
    "section": {"footnotes"},
    "ol": {"footnotes-list", "contains-task-list"},
    "ul": {"contains-task-list"},
    "li": {"footnote-item", "task-list-item"},
    "a": {"footnote-backref"},
}
_SCHEMES = SCHEMES | {"data", "feeder"}
_ACTIVE = re.compile(
    r"<\s*(script|style|iframe|object|embed|applet|form|input|button|select|textarea|svg|math|link|meta|base|frame|"
    r"frameset|template|noembed|noframes)\b|\s(on[a-z]{3,})\s*=|(javascript):",
    re.IGNORECASE,
)
_FRAME = re.compile(r"<(?:iframe|embed)\b([^>]*)>(?:[^<]*</iframe\s*>)?", re.IGNORECASE)
_FRAME_SOURCE = re.compile(r"""\ssrc\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9\-]*)")
_READINGS = 8
_COMMENT = re.compile(r"\s*(?:<!--(?:(?!-->).)*-->\s*)+\Z", re.DOTALL)


@cache
def _cleaner(coloured: bool) -> nh3.Cleaner:
    import nh3

    classes = dict(_CLASSES)
    if coloured:
        from feeder.reading.highlight import classes as colours

        classes["span"] = set(colours())
    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags=set(DROPPED),
        attributes=_ATTRIBUTES,
        allowed_classes=classes,
        url_schemes=set(_SCHEMES),
        link_rel=None,
        strip_comments=True,
    )


def sanitise(html: str, *, coloured: bool, raw: bool = True) -> str:
    """Well-formed HTML of harmless elements; ``coloured`` keeps the class names of highlighted code.

    Where an author wrote HTML (``raw``), taking an element out can leave a heading in a heading or a paragraph in a
    paragraph, which no parser reads back as it stands: then it is read again, until it does.
    """
    cleaner = _cleaner(coloured)
    made = cleaner.clean(html)
    for _ in range(_READINGS if raw else 0):
        again = cleaner.clean(made)
        if again == made:
            break
        made = again
    return made


def active(html: str) -> list[str]:
    """What of some raw HTML will be taken out: ``<script>``, ``onclick=``, ``javascript:``."""
    found = [
        f"<{tag.lower()}>" if tag else f"{handler.lower()}=" if handler else "javascript:"
        for tag, handler, _ in _ACTIVE.findall(html)
    ]
    return list(dict.fromkeys(found))


def frames_to_links(html: str) -> str:
    """Embedded players become links to them, so that nothing is lost."""
    if "iframe" not in html.lower() and "embed" not in html.lower():
        return html
    return _FRAME.sub(_frame_link, html)


def _frame_link(match: re.Match[str]) -> str:
    source = _FRAME_SOURCE.search(match[1])
    if source is None:
        return ""
    address = (source[1] or source[2] or source[3] or "").strip()
    if address.startswith("//"):
        address = "https:" + address
    if not address.lower().startswith("https://"):
        return ""
    address = address.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<a href="{address}">{address.partition("://")[2].partition("?")[0]}</a>'


def is_element(name: str) -> bool:
    """Whether a tag's name means something in HTML: ``<b>`` does, ``<iostream>`` is a word."""
    name = name.lower()
    return name in TAGS or name in DROPPED or name in OBSOLETE or "-" in name


def words_to_text(html: str) -> str:
    """Tags that HTML does not know become text: an author who writes ``<T>`` means those three characters."""
    return _NAME.sub(lambda match: match[0] if is_element(match[1]) else "&lt;" + match[0][1:], html)


def is_comment(html: str) -> bool:
    """Whether raw HTML is nothing but comments."""
    return html.lstrip().startswith("<!--") and _COMMENT.match(html) is not None
