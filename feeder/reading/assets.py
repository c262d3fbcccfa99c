"""Files that entries use: where they are, and what of them goes out.

What had to be read and worked on is kept in ``.feeder/assets/`` by the source's stamp, so that a second run
needs neither the bytes nor Pillow. That folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
import stat
from dataclasses import asdict, dataclass
from functools import lru_cache

from feeder.links import decode, slugify
from feeder.model import Asset, Enclosure, Image
from feeder.reading import media
from feeder.reading.files import STATE
from feeder.reading.pictures import PictureError

VERSION = 1
"""Bump when the same source gives other bytes."""
FOLDERS = ("static", "source", "public")
"""Folders of the publication, beside the entries, whose files entries may use."""
KEPT = ".feeder/assets"
ENTRY_FILES = ("md", "markdown")
NEW_KINDS = (".webp", ".avif")
MAIL_ENDING = ".jpg"
"""What follows a picture's address where mail shows it: ``card.3f2a91c0.webp.jpg``."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}-")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known of an asset; with ``message`` set it cannot be published."""

    asset: Asset
    media_type: str = ""
    length: int = 0
    """Bytes of what goes out."""
    width: int = 0
    height: int = 0
    message: str = ""
    hint: str = ""

    @property
    def url(self) -> str:
        """Its private address."""
        from feeder.links import ASSET, encode

        return ASSET + encode(self.asset.path)


def candidates(path: str, reference: str) -> list[str]:
    """Where a reference of an entry file may be, in order: paths from the publication's root, never outside.

    The entry's folder, a folder named as the entry (Hexo), ``static/``, ``source/``, ``public/``, the publication.
    """
    name = decode(reference.partition("#")[0].partition("?")[0]).replace("\\", "/")
    if not name or "\0" in name or name.endswith("/"):
        return []
    folder = posixpath.dirname(path)
    inside = posixpath.normpath("/" + name)[1:]
    while inside.startswith("/"):
        inside = inside[1:]
    bare = name.lstrip("/")
    while bare.startswith("../"):
        bare = bare[3:]
    bare = posixpath.normpath(bare)
    found = []
    if not name.startswith("/"):
        found = [posixpath.normpath(posixpath.join(folder, name))]
        found.append(posixpath.normpath(posixpath.join(posixpath.splitext(path)[0], name)))
    found += [f"{root}/{bare}" for root in FOLDERS]
    found.append(bare)
    return [place for place in dict.fromkeys(found) if _allowed(place)]


def _allowed(place: str) -> bool:
    return media.ending(place) in media.TYPES and not any(part.startswith(".") for part in place.split("/"))


def _may_be_public(real: str) -> bool:
    return media.ending(real) in media.TYPES and not real.startswith(f"{STATE}/")


def find(root: str, path: str, reference: str) -> str | None:
    """The file a reference of the entry file ``path`` means, from the publication's root; None for none."""
    top = ""
    for place in candidates(path, reference):
        full = f"{root}/{place}"
        try:
            if not stat.S_ISREG(os.stat(full).st_mode):
                continue
        except (OSError, ValueError):
            continue
        top = top or os.path.realpath(root)
        # A link may lead neither out of the publication nor to what is no asset: settings, keys, subscribers.
        real = os.path.realpath(full)
        if real.startswith(top + os.sep) and _may_be_public(real[len(top) + 1 :]):
            return place
    return None


def in_other_case(root: str, path: str, reference: str) -> str:
    """A file that differs from what a reference means by upper and lower case alone; empty for none.

    It is found on a Mac and on Windows, and on no server.
    """
    for place in candidates(path, reference):
        folder, name = posixpath.split(place)
        full = f"{root}/{folder}"
        try:
            like = _in_lower_case(full, os.stat(full).st_mtime_ns).get(name.lower(), name)
        except (OSError, ValueError):
            continue
        if like != name:
            return posixpath.join(folder, like)
    return ""


@lru_cache(64)
def _in_lower_case(folder: str, _changed: int) -> dict[str, str]:
    """The names in a folder by what they are in lower case; one listing serves thousands of missing files."""
    return {name.lower(): name for name in sorted(os.listdir(folder), reverse=True)}


def stamp(path: str) -> tuple[int, int, int]:
    """``(mtime_ns, size, inode)``; zeros for a file that is not there."""
    try:
        info = os.stat(path)
    except (OSError, ValueError):
        return (0, 0, 0)
    return (info.st_mtime_ns, info.st_size, info.st_ino)


class AssetStore:
    """The assets of one publication; remembers what it has seen for the length of a run.

    With ``keep=False`` nothing is written (dry runs).
    """

    def __init__(self, root: str, *, keep: bool = True) -> None:
        self.root = root
        self.keep = keep
        self.code: dict[tuple[str, str], str] = {}
        """Code that need not be coloured again: ``(language, code)`` -> its HTML."""
        self._known: dict[str, Prepared] = {}
        self._names: dict[str, str] | None = None
        self._found: dict[tuple[str, str], str | None] = {}

    def find(self, path: str, reference: str) -> str | None:
        """See ``find``."""
        key = (path if not reference.startswith("/") else "", reference)
        if key not in self._found:
            self._found[key] = find(self.root, path, reference)
        return self._found[key]

    def prepare(self, source: str) -> Prepared:
        """Make an asset fit to publish, or say why it cannot be; reads the file only when it has changed."""
        known = self._known.get(source)
        if known is None:
            known = self._known[source] = prepare(self.root, source, keep=self.keep)
        return known

    def entry_named(self, entries: str, name: str) -> str:
        """The entry file that a name without folder, date or ending means: the first in path order; or empty."""
        if self._names is None:
            self._names = _entry_names(self.root, entries)
        return self._names.get(posixpath.basename(name).lower().removesuffix(".md"), "")


def _entry_names(root: str, entries: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for folder, folders, files in os.walk(f"{root}/{entries}"):
        folders.sort()
        for file in sorted(files):
            stem, ending = posixpath.splitext(file)
            if ending[1:].lower() in ENTRY_FILES:
                place = posixpath.relpath(posixpath.join(folder, file), root)
                stem = posixpath.basename(folder) if stem == "index" else stem
                names.setdefault(stem.lower(), place)
                names.setdefault(_DATE.sub("", stem.lower(), count=1), place)
    return names


def _note(root: str, source: str) -> str:
    return f"{root}/{KEPT}/{hashlib.sha256(source.encode('utf-8', 'replace')).hexdigest()[:32]}.json"


def prepare(root: str, source: str, *, keep: bool = True) -> Prepared:
    """Make an asset fit to publish: ``source`` is a path from ``root``; never raises for a bad file."""
    mark = stamp(f"{root}/{source}")
    note = _note(root, source)
    known = _recall(note, source, mark)
    if known is not None:
        return known
    try:
        prepared, body = _work(root, source, mark)
    except PictureError as error:
        prepared, body = Prepared(Asset(source, "", mark), message=error.message, hint=error.hint), None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Prepared(Asset(source, "", mark), message=f"cannot be read: {reason}", hint="check its permissions")
    if keep:
        if body is not None:
            _write(f"{root}/{KEPT}/{posixpath.basename(prepared.asset.path)}", body)
        _write(note, json.dumps([VERSION, asdict(prepared)], ensure_ascii=False).encode())
    return prepared


def _recall(note: str, source: str, mark: tuple[int, int, int]) -> Prepared | None:
    try:
        with open(note, encoding="utf-8") as file:
            version, kept = json.load(file)
        asset = Asset(kept["asset"]["source"], kept["asset"]["path"], tuple(kept["asset"]["stamp"]))
        if version != VERSION or asset.source != source or asset.stamp != mark:
            return None
        return Prepared(**{**kept, "asset": asset})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _work(root: str, source: str, mark: tuple[int, int, int]) -> tuple[Prepared, bytes | None]:
    """The bytes are None where the source itself goes out."""
    kind = media.media_type(source)
    full = f"{root}/{source}"
    if not kind.startswith("image/"):
        with open(full, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        path = _out_path(source, digest, media.ending(source))
        return Prepared(Asset(source, path, mark), kind, mark[1]), None
    from feeder.reading import pictures

    if mark[1] > pictures.MAX_BYTES:
        raise PictureError("the picture is larger than 60 MB", "make it smaller")
    with open(full, "rb") as file:
        body = file.read()
    picture = pictures.prepare(source, body)
    path = _out_path(source, hashlib.sha256(picture.body).hexdigest(), picture.ending)
    prepared = Prepared(
        Asset(source, path, mark), media.TYPES[picture.ending], len(picture.body), picture.width, picture.height
    )
    return prepared, None if picture.body == body else picture.body


def _out_path(source: str, digest: str, ending: str) -> str:
    name = slugify(posixpath.splitext(posixpath.basename(source))[0]) or "file"
    return f"assets/{name}.{digest[:8]}.{'jpg' if ending == 'jpeg' else ending}"


def _write(path: str, body: bytes) -> None:
    """What cannot be kept is made again next time."""
    temporary = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(body)
        os.replace(temporary, path)
    except OSError:
        return


def for_mail(asset: Asset) -> Asset | None:
    """The JPEG beside a picture that not every mail program shows (WebP, AVIF); None beside any other file."""
    if not asset.path.endswith(NEW_KINDS):
        return None
    return Asset(asset.source, asset.path + MAIL_ENDING, asset.stamp)


def produce(root: str, asset: Asset) -> str:
    """The file whose bytes go to ``asset.path`` in ``out/``; made again when it is missing.

    Raises OSError when the source has vanished or the file cannot be written.
    """
    kept = f"{root}/{KEPT}/{posixpath.basename(asset.path)}"
    if os.path.isfile(kept):
        return kept
    source = f"{root}/{asset.source}"
    kind = media.media_type(asset.source)
    if not kind.startswith("image/"):
        return source
    with open(source, "rb") as file:
        body = file.read()
    if asset.path.removesuffix(MAIL_ENDING).endswith(NEW_KINDS) and asset.path.endswith(MAIL_ENDING):
        return _as_jpeg(body, asset, kept)
    if hashlib.sha256(body).hexdigest()[:8] in asset.path.rpartition("/")[2].split("."):
        return source  # it goes out as it is
    from feeder.reading import pictures

    try:
        picture = pictures.prepare(asset.source, body)
    except PictureError as error:
        raise OSError(f"{asset.source}: {error.message}") from error
    if picture.body == body:
        return source
    _write(kept, picture.body)
    if not os.path.isfile(kept):
        raise OSError(f"cannot write {kept}")
    return kept


def _as_jpeg(body: bytes, asset: Asset, kept: str) -> str:
    from feeder.reading import pictures

    try:
        _write(kept, pictures.as_jpeg(body))
    except PictureError as error:
        raise OSError(f"{asset.source}: {error.message}") from error
    if not os.path.isfile(kept):
        raise OSError(f"cannot write {kept}")
    return kept


def image(store: AssetStore, path: str, reference: str, alt: str = "") -> tuple[Image | None, Prepared | None]:
    """A picture that front matter names; ``(None, None)`` when there is no such file.

    With a ``message`` in the second value it was found and cannot be published.
    """
    source = store.find(path, reference)
    if source is None:
        return None, None
    prepared = store.prepare(source)
    if prepared.message:
        return None, prepared
    return Image(prepared.url, alt, prepared.media_type, prepared.width, prepared.height), prepared


def enclosure(store: AssetStore, path: str, reference: str) -> tuple[Enclosure | None, Prepared | None]:
    """A file that front matter encloses, with its true length; as ``image``."""
    source = store.find(path, reference)
    if source is None:
        return None, None
    prepared = store.prepare(source)
    if prepared.message:
        return None, prepared
    return Enclosure(prepared.url, prepared.media_type, prepared.length), prepared
