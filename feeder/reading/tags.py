"""What the tags of other site generators mean: each becomes Markdown, or a line of HTML."""

from __future__ import annotations

import re
from collections.abc import Callable

from feeder.links import encode
from feeder.reading.addresses import Addresses
from feeder.reading.html import escape

_WORD = re.compile(r"""(?:([\w\-]+)\s*[=:]\s*)?("[^"]*"|'[^']*'|`[^`]*`|[^\s"'`]+)""")
_QUOTE = re.compile(
    r"(?:note|notice|admonition|callout|alert|hint|tip|info|warning|danger|important|caution|aside"
    r"|quote|blockquote|pullquote|centerquote|cq)\Z"
)
_FOLD = re.compile(r"(?:details|fold|folding|spoiler|collapse|expand|hidetoggle|hideblock)\Z")
_LOOK = re.compile(
    r"(?:note|tip|info|warning|danger|caution|important|hint|success|error|question|example|abstract|quote|bug|failure"
    r"|default|primary|secondary|no-icon|icon|simple|modern|flat|disabled|true|false|open|close"
    r"|(?:fa[sbrld]? ?)?(?:fa-[\w-]+ ?)*|#[0-9a-f]{3,8}"
    r"|blue|red|green|yellow|orange|purple|gray|grey|cyan|pink|white|black)\Z"
)
"""Words that say how a box looks."""
_ADDRESS = re.compile(r"https?://[^\s<>\"',]+")
_SOURCES = ("src", "url", "path", "image_path", "image", "img", "file", "filename")
_IS_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|avif)\Z", re.IGNORECASE)
_SHOWS_PICTURE = re.compile(r"fig|image|img|picture|photo")
PLAYERS = {
    "youtube": "https://www.youtube.com/watch?v={}",
    "vimeo": "https://vimeo.com/{}",
    "bilibili": "https://www.bilibili.com/video/{}/",
    "instagram": "https://www.instagram.com/p/{}/",
    "gist": "https://gist.github.com/{}",
    "asciinema": "https://asciinema.org/a/{}",
}


class Words:
    """The words of a tag: named ones, and the others in their order."""

    def __init__(self, text: str) -> None:
        self.named: dict[str, str] = {}
        self.rest: list[str] = []
        self.all: list[str] = []
        for key, word in _WORD.findall(text):
            quoted = len(word) > 1 and word[0] in "\"'`" and word[-1] == word[0]
            value = word[1:-1] if quoted else word
            self.all.append(f"{key}:{value}" if key and value.startswith("//") else value)
            if key and not value.startswith("//"):
                self.named[key.lower()] = value
            else:
                self.rest.append(f"{key}:{value}" if key else value)

    def get(self, *keys: str, at: int = -1) -> str:
        """The first named word there is, else the one at a place; empty for none."""
        for key in keys:
            if key in self.named:
                return self.named[key]
        return self.rest[at] if 0 <= at < len(self.rest) else ""


def _figure(words: Words, _: Addresses) -> str:
    source = words.get("src", "link", at=0)
    caption = words.get("caption", "title", "description", at=1)
    alt = words.get("alt") or caption
    image = f'<img src="{escape(source)}" alt="{escape(alt)}">'
    if "link" in words.named and words.named.get("src"):
        image = f'<a href="{escape(words.named["link"])}">{image}</a>'
    # HTML that begins with a comment ends with its line: what follows is Markdown again.
    return f"<!----><figure>{image}{f'<figcaption>{escape(caption)}</figcaption>' if caption else ''}</figure>"


def _image(words: Words, addresses: Addresses) -> str:
    """``{% asset_img [class] name [width] [height] [title [alt]] %}``."""
    if "src" in words.named:
        return _figure(words, addresses)
    at = next((at for at, word in enumerate(words.rest) if "." in word or "/" in word), None)
    if at is None:
        return ""
    rest = [word for word in words.rest[at + 1 :] if not re.fullmatch(r"\d+%?|[\d.]+px", word)]
    title = (rest[0] if len(rest) == 1 else rest[-1]).strip("'\"") if rest else ""
    return f"![{_label(title)}](<{words.rest[at]}>)"


def _label(text: str) -> str:
    return re.sub(r"([\\\[\]])", r"\\\1", text)


def _address(name: str, addresses: Addresses) -> str:
    """Where an entry is, as a link below the entries' folder."""
    place, mark, fragment = name.partition("#")
    place = place.removeprefix("/").removeprefix(f"{addresses.entries}/")
    found = addresses.place(place) if place else addresses.path
    if found:
        place = found.removeprefix(f"{addresses.entries}/")
    elif "." not in place.rpartition("/")[2]:
        place += ".md"
    return f"/{encode(place)}{mark}{fragment}"


def _post_link(words: Words, addresses: Addresses) -> str:
    name = words.get(at=0)
    title = " ".join(word for word in words.rest[1:] if word not in ("true", "false")) or name
    return f"[{_label(title)}]({_address(name, addresses)})"


def is_box(name: str) -> bool:
    """Whether a tag encloses a note, a quotation or a fold."""
    return _QUOTE.match(name) is not None or _FOLD.match(name) is not None


def box(name: str, words: Words) -> str:
    """The beginning of a box. HTML that begins with a comment ends with its line: what follows is Markdown again."""
    text = escape(_title(words))
    if _FOLD.match(name):
        return f"<!----><details><summary>{text or '…'}</summary>"
    return "<!----><blockquote>" + (f"<p><strong>{text}</strong></p>" if text else "")


def box_end(name: str) -> str:
    """Its end."""
    return "<!----></details>" if _FOLD.match(name) else "<!----></blockquote>"


def title(words: Words) -> str:
    """The title of a box, in bold; two blanks keep it a line of its own."""
    text = _title(words)
    return f"**{_label(text)}**  " if text else ""


def _title(words: Words) -> str:
    named = words.get("title", "summary", "name", "header")
    return named.strip() or _without_look(" ".join(word for word in words.rest if not _LOOK.match(word)))


def _without_look(text: str) -> str:
    """``title, cyan, white`` without what is said of its looks."""
    parts = [part.strip() for part in text.split(",")]
    while len(parts) > 1 and (_LOOK.match(parts[-1]) or parts[-1] in ("bg", "color", "display")):
        parts.pop()
    return ", ".join(parts).strip()


def anywhere(word: str) -> str:
    """The address that a word of an unknown tag holds (a player's, a document's), as a link."""
    match = _ADDRESS.search(word)
    return f"<{match[0]}>" if match else ""


def spoken(name: str, words: Words) -> str:
    """``{% label primary @text %}``, ``{% span red, text %}``, ``{% kbd Ctrl %}``."""
    text = " ".join(words.rest)
    if "@" in text:
        return text.rpartition("@")[2].strip()
    parts = [part.strip() for part in text.split(",") if part.strip() and not _LOOK.match(part.strip())]
    shown = (parts[0] if name == "hideinline" else parts[-1]) if parts else ""
    return " ".join(word for word in shown.split() if not _LOOK.match(word)) or shown


def _link(words: Words, addresses: Addresses) -> str:
    """Jekyll's and Hugo's link to an entry; themes' link to anywhere: ``{% link title, https://…, more %}``."""
    parts = [part.strip() for part in " ".join(words.rest).split(",")]
    url = words.get("href", "url", "link") or next((part for part in parts if "://" in part), "")
    if not url:
        return _reference(words, addresses)
    text = words.get("content", "text", "title") or next((part for part in parts if part and "://" not in part), url)
    return f"[{_label(text)}](<{url}>)"


def _button(words: Words, addresses: Addresses) -> str | None:
    """``{% btn https://…, text %}``; of Hugo's the text is inside."""
    return _link(words, addresses) if any("://" in word for word in words.rest) else None


def _include(words: Words, addresses: Addresses) -> str | None:
    """Jekyll's ``{% include figure.html src=… %}``, under the names that themes give it; None for others."""
    template = words.get(at=0).lower()
    source = next((words.named[key] for key in _SOURCES if key in words.named), "")
    if source and (_IS_PICTURE.search(source) or _SHOWS_PICTURE.search(template)):
        words.named = {key: value for key, value in words.named.items() if key != "link"} | {"src": source}
        return _figure(words, addresses)
    player = next((name for name in PLAYERS if name in template or name == words.get("provider")), "")
    if player and (ident := words.get("id", "videoid", "video")):
        return f"<{PLAYERS[player].format(encode(ident))}>"
    return "" if "toc" in template else None


def _video(words: Words, _: Addresses) -> str | None:
    kind, ident = words.get("type", "provider", "platform").lower(), words.get("id")
    player = next((name for name in PLAYERS if kind and name.startswith(kind)), "")
    return f"<{PLAYERS[player].format(encode(ident))}>" if player and ident else None


def _reference(words: Words, addresses: Addresses) -> str:
    return _address(words.get("path", at=0), addresses)


def _asset_link(words: Words, _: Addresses) -> str:
    name = words.get(at=0)
    return f"[{_label(' '.join(words.rest[1:]) or name)}](<{name}>)"


def _tweet(words: Words, _: Addresses) -> str:
    user, ident = words.get("user", at=0), words.get("id", at=1)
    return f"<https://x.com/{encode(user)}/status/{encode(ident)}>" if ident else ""


MEANINGS: dict[str, Callable[[Words, Addresses], str | None]] = {
    "include": _include,
    "video": _video,
    "btn": _button,
    "button": _button,
    "figure": _figure,
    "image": _image,
    "img": _image,
    "asset_img": _image,
    "asset_path": lambda words, _: words.get(at=0),
    "asset_link": _asset_link,
    "ref": _reference,
    "relref": _reference,
    "post_url": _reference,
    "post_path": _reference,
    "link": _link,
    "post_link": _post_link,
    "tweet": _tweet,
    "twitter": _tweet,
    "x": _tweet,
}
