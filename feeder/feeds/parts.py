"""What every format says of a feed and of an entry, before it is put in a format's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from unicodedata import normalize

from feeder import links
from feeder.feeds import moments, text
from feeder.feeds.html import body_of
from feeder.model import Enclosure, Feed, PublicEntry

GENERATOR = "feeder"
"""Without a version: an upgrade must not rewrite every feed."""

_FRAGMENT = re.compile(r'(<a\b[^>]*?\shref=")#')
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_HTTP = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d+)?(?:/|$)", re.IGNORECASE)
_IPV6 = re.compile(r"[a-z]+://\[[0-9a-f:.]+\][^\[\]]*", re.IGNORECASE)
_PODCASTS = "ead4c236-bf58-58c6-a2c6-a6b28d128cb6"
_TAG_AUTHORITY = re.compile(r"[a-z0-9.-]+")
_ID_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")
_NOT_IN_IRI = re.compile(r"[\s<>\"{}|\\^`\[\]]|%(?![0-9A-Fa-f]{2})|#[^#]*#")
_TAG_URI = re.compile(
    r"tag:(?:[a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(?:-\d{2}(?:-\d{2})?)?:[\w;/?:@&=+$.\-~*'()%,!#]*", re.ASCII
)
_URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{1,31}:(?:[a-z0-9()+,.:=@;$_!*'-]|%[0-9a-f]{2})+", re.ASCII | re.IGNORECASE)
_BROKEN_UUID = re.compile(r"urn:uuid:(?![0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z)", re.IGNORECASE)
_STRICT = {"tag": _TAG_URI, "urn": _URN}
_WEB = re.compile(r"(?:https?|ftp):(?!//[^/])", re.IGNORECASE)


def address(feed: Feed, path: str, suffix: str) -> str:
    """The absolute address of a feed document, from its path without ending."""
    return links.url(feed.site_url, f"{path}.{suffix}")


def web(url: str) -> str:
    """An address as feeds may carry it: percent-encoded, and with no bracket but those of an IPv6 host."""
    made = links.iri(url)
    if ("[" in made or "]" in made) and not _IPV6.fullmatch(made):
        return made.replace("[", "%5B").replace("]", "%5D")
    return made


def own_language(feed: Feed, entry: PublicEntry, form: Callable[[str], str]) -> str:
    """The language of an entry where it is not that of its feed, as ``form`` (of ``languages``) writes it."""
    if entry.language == feed.language:
        return ""
    tag = form(entry.language)
    return "" if tag == form(feed.language) else tag


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
    body = body_of(entry.html)
    if not body.strip():
        body = f"<p>{text.escape(title(entry))}</p>"
    elif 'href="#' in body:
        body = _FRAGMENT.sub(lambda found: f"{found[1]}{text.escape(entry.url)}#", body)
    return mark(entry) + body


def mark(entry: PublicEntry) -> str:
    """The visible mark of a correction, as HTML; empty without one."""
    if not entry.correction or entry.withdrawn:
        return ""
    note = text.escape(text.one_line(entry.correction))
    chinese = entry.language.lower().startswith("zh") or not entry.language
    label, colon = ("更正", "：") if chinese else ("Correction", ": ")
    return f"<p><strong>{label}{colon}</strong>{note}</p>\n"


def summary(entry: PublicEntry) -> str:
    """The summary of an entry, plain text on one line; empty when it was withdrawn."""
    return "" if entry.withdrawn else text.one_line(entry.summary)


def media_type(enclosure: Enclosure) -> str:
    """The media type of an enclosure, which RSS demands even where it is not known."""
    return enclosure.media_type if is_media_type(enclosure.media_type) else "application/octet-stream"


def is_enclosable(enclosure: Enclosure) -> bool:
    """Whether RSS may have it as ``enclosure``, which wants http or https and a plain host."""
    return _HTTP.match(links.iri(enclosure.url)) is not None


def is_media_type(value: str) -> bool:
    """Whether it is a media type without parameters."""
    return _MEDIA_TYPE.fullmatch(value) is not None


def is_audio(enclosure: Enclosure) -> bool:
    """Whether a podcast client would play it."""
    return enclosure.media_type.startswith("audio/")


def has_audio(feed: Feed) -> bool:
    """Whether any entry has audio, which makes the feed a podcast."""
    return any(is_audio(enclosure) for entry in feed.entries for enclosure in entry.enclosures)


def podcast_guid(feed: Feed) -> str:
    """The guid of Podcasting 2.0, which a new domain does not change: it is made from the feed's id."""
    import uuid

    return str(uuid.uuid5(uuid.UUID(_PODCASTS), feed.id))


def is_iri(value: str) -> bool:
    """Whether an id can stand in Atom as it is (RFC 4287 section 4.2.6: an absolute IRI)."""
    if not _ID_SCHEME.match(value) or _NOT_IN_IRI.search(value) or value != text.clean(value):
        return False
    scheme = value.partition(":")[0].lower()
    if scheme in _STRICT:
        return _STRICT[scheme].fullmatch(value) is not None and not _BROKEN_UUID.match(value)
    return not _WEB.match(value)


def atom_id(feed: Feed, entry: PublicEntry) -> str:
    """The id of an entry as Atom wants it; what is no IRI becomes a tag URI (RFC 4151), always the same one."""
    if is_iri(entry.id):
        return entry.id
    host = links.iri(feed.site_url).partition("//")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
    authority = host if _TAG_AUTHORITY.fullmatch(host) else "feeder.invalid"
    return f"tag:{authority},2005:id/{links.encode(normalize('NFC', text.verbatim(entry.id)))}"
