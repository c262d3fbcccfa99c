"""What an address in an entry means: absolute as it is, or a private ``feeder:/`` one.

Everything is decided without looking whether another *entry* is there: an entry that appears or goes must not
make what was read before stale. ``links.absolute`` drops the links that lead nowhere.
"""

from __future__ import annotations

import os
import posixpath
import re

from feeder.links import ENTRY, SCHEMES, SITE, decode, encode, iri
from feeder.reading import media
from feeder.reading.assets import ENTRY_FILES, AssetStore, Prepared, candidates

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_BLANK = re.compile("[\x00-\x20\x7f-\x9f]+")
_PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|avif);base64,[A-Za-z0-9+/=\s]*\Z", re.IGNORECASE)


class RefusedError(ValueError):
    """An address that is never published, such as ``javascript:``."""


class Addresses:
    """Resolves the addresses of one entry; collects what it refers to."""

    def __init__(self, path: str, anchor: str, entries: str, store: AssetStore) -> None:
        self.path = path
        self.anchor = anchor
        self.entries = entries.strip("/")
        self.store = store
        self.assets: dict[str, Prepared] = {}
        self.refs: dict[str, None] = {}
        self.missing: dict[str, None] = {}
        own = encode(path) + (f"#{encode(anchor)}" if anchor else "")
        self.own = ENTRY + own

    def link(self, reference: str) -> str:
        """For ``href``; raises ``RefusedError``."""
        text = reference.strip()
        if not text:
            return self.own
        if text[0] == "#":
            return f"{self.own}?{encode(decode(text[1:]))}" if len(text) > 1 else self.own
        absolute = self._absolute(text)
        return absolute if absolute is not None else self._relative(text)

    def file(self, reference: str) -> Prepared | str | None:
        """For ``src``: an asset, or an address elsewhere; None when there is no such file. Raises ``RefusedError``."""
        text = reference.strip()
        if text[:5].lower() == "data:":
            if _PICTURE.match(text):
                return "".join(text.split())
            raise RefusedError(text)
        absolute = self._absolute(text)
        if absolute is not None:
            if absolute.startswith(("http://", "https://")):
                return absolute
            raise RefusedError(text)
        return self._asset(text)

    def _absolute(self, text: str) -> str | None:
        if text.startswith("//"):
            return iri("https:" + text)
        match = _SCHEME.match(text)
        if match is None:
            if _SCHEME.match(_BLANK.sub("", text)) is None:
                return None
            text = _BLANK.sub("", text)
            match = _SCHEME.match(text)
        if match is None or match[1].lower() not in SCHEMES:
            raise RefusedError(text)
        return match[1].lower() + iri(text)[match.end(1) :]

    def _asset(self, text: str) -> Prepared | None:
        source = self.store.find(self.path, text)
        if source is None:
            self.missing.update(dict.fromkeys(candidates(self.path, text)))
            return None
        prepared = self.store.prepare(source)
        self.assets[source] = prepared
        return prepared

    def _relative(self, text: str) -> str:
        path, _, fragment = text.partition("#")
        path, _, query = path.partition("?")
        path = decode(path).replace("\\", "/")
        if media.ending(path) in ENTRY_FILES and (place := self._entry(path)):
            return self.entry(place, decode(fragment))
        if media.ending(path) in media.TYPES:
            prepared = self._asset(text)
            if prepared is not None and not prepared.message:
                return prepared.url
        return self._site(path, query, fragment)

    def _entry(self, path: str) -> str:
        """The entry file a link means, from the publication's root; empty when outside of it."""
        if path.startswith("/"):
            place = posixpath.normpath(f"{self.entries}{path}")
        else:
            place = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), path))
        return "" if place.startswith("..") else place

    def entry(self, place: str, fragment: str = "") -> str:
        """The private address of another entry (or of an item on a news page, or of a heading)."""
        self.refs[f"{place}#{fragment}" if fragment else place] = None
        return f"{ENTRY}{encode(place)}" + (f"#{encode(fragment)}" if fragment else "")

    def _site(self, path: str, query: str, fragment: str) -> str:
        """A page of the site that is not an entry: a path below the entries' folder is one below the site's root."""
        folder = posixpath.dirname(self.path)
        inside = folder.removeprefix(self.entries).strip("/") if folder.startswith(self.entries) else ""
        place = posixpath.normpath("/" + (path if path.startswith("/") else posixpath.join(inside, path))).lstrip("/")
        if place and path.rpartition("/")[2] in ("", ".", ".."):
            place += "/"
        tail = (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")
        return SITE + encode(place) + iri(tail)

    def place(self, name: str) -> str:
        """The entry file that ``post_url``, ``ref`` and their like name; empty when there is none."""
        name = name.strip().strip("/")
        if not name or "\0" in name:
            return ""
        return self._beside(name) or self.store.entry_named(self.entries, name)

    def _beside(self, name: str) -> str:
        stem = posixpath.splitext(name)[0] if media.ending(name) in ENTRY_FILES else name
        for base in (posixpath.dirname(self.path), self.entries):
            for tail in (".md", ".markdown", "/index.md"):
                place = posixpath.normpath(f"{base}/{stem}{tail}")
                if not place.startswith("..") and os.path.isfile(f"{self.store.root}/{place}"):
                    return place
        return ""
