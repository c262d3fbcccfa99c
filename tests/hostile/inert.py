"""Is a piece of HTML inert? Finds what a browser or reader could run, load by itself or submit."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

FORBIDDEN = frozenset(
    ("iframe", "object", "embed", "form", "input", "button", "textarea", "select", "base", "applet", "frame", "xmp",
     "portal", "template", "slot", "math", "foreignobject", "animate", "set", "use", "noscript", "plaintext",
     "animatetransform", "animatemotion", "handler", "listener", "isindex", "keygen", "bgsound", "layer", "dialog",
     "frameset")
)  # fmt: skip
ADDRESSES = frozenset(
    (
        "href",
        "src",
        "poster",
        "action",
        "formaction",
        "data",
        "cite",
        "background",
        "xlink:href",
        "longdesc",
        "ping",
        "manifest",
    )
)
SAFE_SCHEMES = ("http:", "https:", "mailto:", "tel:", "#", "/", ".", "?")
STYLE = re.compile(r"\s*(?:text-align\s*:\s*(?:left|right|center)\s*;?\s*)*")


class _Finder(HTMLParser):
    def __init__(self, *, page: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self.found: list[str] = []
        self.data: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name.lower(): value or "" for name, value in attrs}
        if tag in FORBIDDEN or tag.startswith(("svg:", "o:", "v:")):
            self.found.append(f"<{tag}>")
        if tag == "script":
            if not (self.page and held.get("type") == "application/ld+json"):
                self.found.append("<script>")
            self.data = []
        if tag in ("meta", "link", "style", "title", "svg") and not self.page:
            self.found.append(f"<{tag}>")
        if tag == "meta" and held.get("http-equiv", "").lower() == "refresh":
            self._refresh(held.get("content", ""))
        for name, value in held.items():
            self._attribute(tag, name, value)

    def _refresh(self, content: str) -> None:
        if not re.fullmatch(r"0;\s*url=https?://\S+", content, re.IGNORECASE):
            self.found.append(f"refresh {content}")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name in ("srcdoc", "autofocus", "is", "accesskey"):
            self.found.append(f"{tag} {name}={value[:40]}")
        address = re.sub(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\ufeff]", "", value).lower()
        if name in ADDRESSES and address and not address.startswith(SAFE_SCHEMES):
            scheme = re.match(r"[a-z][a-z0-9+.-]*:", address)
            if scheme and not address.startswith("data:image/"):
                self.found.append(f"{tag} {name}={value[:60]}")
        if name == "srcset" and re.search(r"(?i)(javascript|vbscript)\s*:", value):
            self.found.append(f"{tag} srcset={value[:60]}")
        if name == "style" and not self.page and not STYLE.fullmatch(value):
            self.found.append(f"{tag} style={value[:60]}")
        if name == "target" and value.lower() not in ("", "_blank", "_self"):
            self.found.append(f"{tag} target={value}")

    def handle_data(self, data: str) -> None:
        if self.data is not None:
            self.data.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self.data is not None:
            text = "".join(self.data)
            self.data = None
            try:
                json.loads(text)
            except ValueError:
                self.found.append(f"script holds {text[:60]}")
            if re.search(r"(?i)<(?:/?script|!--)", text):
                self.found.append(f"data block can be broken out of: {text[:60]}")


def active(markup: str, *, page: bool = False) -> list[str]:
    """What in ``markup`` is not inert. ``page``: a whole page of ours, whose head and data block are allowed."""
    finder = _Finder(page=page)
    finder.feed(markup)
    finder.close()
    return finder.found
