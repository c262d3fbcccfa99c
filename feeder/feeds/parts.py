"""What every format says of a feed and of an entry, before it is put in a format's words."""

from __future__ import annotations

import re
from functools import lru_cache

from feeder import links
from feeder.feeds import moments, text
from feeder.model import Enclosure, Feed, PublicEntry

GENERATOR = "feeder"
"""Without a version: an upgrade must not rewrite every feed."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_FRAGMENT = re.compile(r'(<a\b[^>]*?\shref=")#')
_PLAYER = re.compile(r"<(audio|video)\b([^>]*)>(.*?)</\1>", re.DOTALL)
_CONTROLS = re.compile(r'\scontrols(?:="[^"]*")?')
_UNKNOWN = re.compile(r"<(/?)(?:(bdo)|rbc?|rtc)\b([^>]*)>")
_SOURCE = re.compile(r'\ssrc="([^"]+)"')
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_TAG_AUTHORITY = re.compile(r"[a-z0-9.-]+")
_ID_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NOT_IN_IRI = re.compile(r"[\s<>\"{}|\\^`]|%(?![0-9A-Fa-f]{2})")
_TAG_URI = re.compile(
    r"tag:(?:[a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(?:-\d{2}(?:-\d{2})?)?:[\w;/?:@&=+$.\-~*'()%,!#]*", re.ASCII
)
_WEB = re.compile(r"(?:https?|ftp):(?!//[^/])", re.IGNORECASE)


def address(feed: Feed, path: str, suffix: str) -> str:
    """The absolute address of a feed document, from its path without ending."""
    return links.url(feed.site_url, f"{path}.{suffix}")


def language(tag: str) -> str:
    """A language tag (BCP 47) as it may stand in a feed, ``zh-CN`` for ``zh_CN``; empty for what is none."""
    tag = tag.strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else ""


def own_language(feed: Feed, entry: PublicEntry) -> str:
    """The language of an entry where it is not that of its feed."""
    if entry.language == feed.language:
        return ""
    tag = language(entry.language)
    return "" if tag == language(feed.language) else tag


def title(entry: PublicEntry) -> str:
    """The title of an entry; its day where nothing of it is left."""
    return text.one_line(entry.title) or moments.rfc3339(entry.published)[:10]


def feed_title(feed: Feed) -> str:
    """The title of a feed; its address where nothing of it is left."""
    return text.one_line(feed.title) or feed.page_url


def authors(feed: Feed, entry: PublicEntry) -> list[str]:
    """The names an entry is by: its own, else the feed's."""
    return [name for name in map(text.name, entry.authors or (feed.author,)) if name]


def tags(entry: PublicEntry) -> list[str]:
    """The tags of an entry, each once."""
    return list(dict.fromkeys(tag for tag in map(text.one_line, entry.tags) if tag))


def content(entry: PublicEntry) -> str:
    """The full safe HTML of an entry as feeds carry it.

    A correction is marked at its head. What is empty (withdrawn, or a title alone) repeats the title, since
    readers keep the old text of an entry whose content is empty.
    """
    body = _body(entry.html)
    if not body.strip():
        body = f"<p>{text.escape(title(entry))}</p>"
    elif 'href="#' in body:
        body = _FRAGMENT.sub(lambda found: f"{found[1]}{text.escape(entry.url)}#", body)
    return mark(entry) + body


# The same text goes out in three formats and in several feeds.
@lru_cache(maxsize=256)
def _body(html: str) -> str:
    """Without forbidden characters, and without the few harmless elements and attributes that validators warn of."""
    body = text.clean(html)
    if "<ruby" in body or "<bdo" in body:
        body = _UNKNOWN.sub(lambda found: f"<{found[1]}bdi{found[3]}>" if found[2] else "", body)
    if "<audio" in body or "<video" in body:
        body = _PLAYER.sub(_linked, body)
    return body


def mark(entry: PublicEntry) -> str:
    """The visible mark of a correction, as HTML; empty without one."""
    if not entry.correction or entry.withdrawn:
        return ""
    note = text.escape(text.one_line(entry.correction))
    chinese = entry.language.lower().startswith("zh") or not entry.language
    label, colon = ("更正", "：") if chinese else ("Correction", ": ")
    return f"<p><strong>{label}{colon}</strong>{note}</p>\n"


def _linked(player: re.Match[str]) -> str:
    """A player without ``controls``, which validators take for a risk, followed by a plain link to what it plays."""
    kind, attributes, inner = player[1], _CONTROLS.sub("", player[2]), player[3]
    source = _SOURCE.search(attributes) or _SOURCE.search(inner)
    link = f'<br><a href="{source[1]}">{source[1].rpartition("/")[2] or source[1]}</a>' if source else ""
    return f"<{kind}{attributes}>{inner}</{kind}>{link}"


def summary(entry: PublicEntry) -> str:
    """The summary of an entry, plain text on one line; empty when it was withdrawn."""
    return "" if entry.withdrawn else text.one_line(entry.summary)


def media_type(enclosure: Enclosure) -> str:
    """The media type of an enclosure, which RSS demands even where it is not known."""
    return enclosure.media_type if _MEDIA_TYPE.fullmatch(enclosure.media_type) else "application/octet-stream"


def is_audio(enclosure: Enclosure) -> bool:
    """Whether a podcast client would play it."""
    return enclosure.media_type.startswith("audio/")


def has_audio(feed: Feed) -> bool:
    """Whether any entry has audio, which makes the feed a podcast."""
    return any(is_audio(enclosure) for entry in feed.entries for enclosure in entry.enclosures)


def is_iri(value: str) -> bool:
    """Whether an id can stand in Atom as it is (RFC 4287 section 4.2.6: an absolute IRI)."""
    if not _ID_SCHEME.match(value) or _NOT_IN_IRI.search(value) or value != text.clean(value):
        return False
    if value[:4].lower() == "tag:":
        return _TAG_URI.fullmatch(value) is not None
    return not _WEB.match(value)


def atom_id(feed: Feed, entry: PublicEntry) -> str:
    """The id of an entry as Atom wants it; what is no IRI becomes a tag URI (RFC 4151), always the same one."""
    if is_iri(entry.id):
        return entry.id
    host = links.iri(feed.site_url).partition("//")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
    authority = host if _TAG_AUTHORITY.fullmatch(host) else "feeder.invalid"
    return f"tag:{authority},2005:id/{links.encode(text.one_line(entry.id))}"
