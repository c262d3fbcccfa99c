"""Pictures made fit to publish: at most 1600 pixels wide, without EXIF or GPS, the same bytes each time."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from feeder.reading import media

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_WIDTH = 1600
MAIL_WIDTH = 1072
"""Twice the width that a digest shows a picture in."""
MAX_PIXELS = 100_000_000
"""A picture of more is taken for a decompression bomb: 400 MB of memory."""
MAX_BYTES = 60 * 1024 * 1024

_FORMATS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "GIF": "gif", "WEBP": "webp", "AVIF": "avif"}
_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP sBIT pHYs bKGD acTL fcTL fdAT".split(),
)


class PictureError(ValueError):
    """A picture cannot be published; says why, and how to mend it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Picture:
    """What goes out for a picture."""

    __slots__ = ("body", "ending", "height", "width")

    def __init__(self, body: bytes, ending: str, width: int, height: int) -> None:
        self.body = body
        self.ending = ending
        self.width = width
        self.height = height


def prepare(name: str, body: bytes) -> Picture:
    """Make a picture fit to publish; raises ``PictureError``."""
    kind = media.ending(name)
    if kind == "svg":
        from feeder.reading.drawings import check

        return Picture(body, "svg", *check(body))
    if kind in ("heic", "heif") or body[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1"):
        raise PictureError("HEIC pictures cannot be shown by most readers", "export it as JPEG")
    if len(body) > MAX_BYTES:
        raise PictureError("the picture is larger than 60 MB", "make it smaller")
    return _raster(body)


def _raster(body: bytes) -> Picture:
    from PIL import Image, UnidentifiedImageError

    broken = "save it again with an image editor"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(body)) as image:
                return _convert(image, body)
        except UnidentifiedImageError as error:
            raise PictureError("not a picture that can be read", broken) from error
        except Image.DecompressionBombError as error:
            raise PictureError("the picture has far too many pixels", "make it smaller") from error
        except PictureError:
            raise
        except (OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, OverflowError) as error:
            raise PictureError(f"the picture is damaged ({error})", broken) from error


def _convert(image: Image, body: bytes) -> Picture:
    """Keep the picture's own bytes, less the metadata, where nothing about it must change."""
    if image.width * image.height > MAX_PIXELS:
        raise PictureError(f"the picture has {image.width} × {image.height} pixels", "make it smaller")
    kind = image.format or ""
    ending = _FORMATS.get(kind)
    width, height = image.size
    if ending == "gif" and getattr(image, "is_animated", False):
        image.load()
        return Picture(body, "gif", width, height)
    turned = image.getexif().get(0x0112, 1) not in (0, 1)
    image.load()
    if ending and width <= MAX_WIDTH and not turned:
        stripped = _STRIP[ending](body) if ending in _STRIP else b""
        if stripped:
            return Picture(stripped, ending, width, height)
    if ending == "webp" and getattr(image, "is_animated", False):
        return Picture(body, ending, width, height)
    return _redraw(image, ending)


def _redraw(image: Image, ending: str | None) -> Picture:
    from PIL import ImageOps
    from PIL.Image import Resampling

    profile = image.info.get("icc_profile")
    picture = ImageOps.exif_transpose(image)
    if ending in ("jpg", "webp", "avif"):
        if picture.mode not in ("RGB", "RGBA", "L") or (ending == "jpg" and picture.mode == "RGBA"):
            picture = picture.convert("RGB")
            profile = profile if image.mode == "RGB" else None
    else:
        ending = "png"
        if picture.mode not in ("1", "L", "LA", "RGB", "RGBA", "I", "I;16"):
            picture = picture.convert("RGBA" if "transparency" in image.info or picture.mode == "PA" else "RGB")
            profile = None
    if picture.width > MAX_WIDTH:
        height = max(1, round(picture.height * MAX_WIDTH / picture.width))
        picture = picture.resize((MAX_WIDTH, height), Resampling.LANCZOS)
    out = io.BytesIO()
    if ending == "jpg":
        picture.save(out, "JPEG", quality=85, optimize=True, progressive=True, icc_profile=profile, exif=b"")
    elif ending == "png":
        picture.save(out, "PNG", optimize=True, icc_profile=profile)
    else:
        picture.save(out, ending.upper(), quality=85, icc_profile=profile, exif=b"")
    return Picture(out.getvalue(), ending, picture.width, picture.height)


def as_jpeg(body: bytes) -> bytes:
    """A picture as JPEG, on white where it lets light through: mail programs know no newer kinds.

    Raises ``PictureError``.
    """
    from PIL import Image, ImageOps
    from PIL.Image import Resampling

    try:
        with Image.open(io.BytesIO(body)) as image:
            picture = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureError(f"the picture is damaged ({error})", "save it again with an image editor") from error
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    if paper.width > MAIL_WIDTH:
        height = max(1, round(paper.height * MAIL_WIDTH / paper.width))
        paper = paper.resize((MAIL_WIDTH, height), Resampling.LANCZOS)
    out = io.BytesIO()
    paper.save(out, "JPEG", quality=85, optimize=True, progressive=True)
    return out.getvalue()


def _strip_jpeg(body: bytes) -> bytes:
    """Drop APP1, APP3–APP13, APP15 and comments; keep JFIF, the ICC profile and Adobe's colour mark."""
    out = [body[:2]]
    at = 2
    while at + 4 <= len(body) and body[at] == 0xFF:
        mark = body[at + 1]
        if mark == 0xFF:
            at += 1
            continue
        if mark == 0xDA:
            end = body.rfind(b"\xff\xd9")
            return b"".join([*out, body[at : end + 2 if end > at else len(body)]])
        size = int.from_bytes(body[at + 2 : at + 4], "big")
        part = body[at : at + 2 + size]
        if not (0xE1 <= mark <= 0xEF or mark == 0xFE) or mark == 0xEE or part[4:16] == b"ICC_PROFILE\0":
            out.append(part)
        at += 2 + size
    return b""


def _strip_png(body: bytes) -> bytes:
    """Drop text, time and EXIF chunks, and anything after the end."""
    out = [body[:8]]
    at = 8
    while at + 12 <= len(body):
        size = int.from_bytes(body[at : at + 4], "big")
        kind = body[at + 4 : at + 8]
        if kind in _PNG_KEPT:
            out.append(body[at : at + 12 + size])
        at += 12 + size
        if kind == b"IEND":
            return b"".join(out)
    return b""


def _strip_webp(body: bytes) -> bytes:
    """Drop the EXIF and XMP chunks."""
    out = []
    at = 12
    while at + 8 <= len(body):
        kind, size = body[at : at + 4], int.from_bytes(body[at + 4 : at + 8], "little")
        part = body[at : at + 8 + size + (size & 1)]
        if kind == b"VP8X" and len(part) > 8:
            part = part[:8] + bytes([part[8] & ~0b00001100]) + part[9:]
        if kind not in (b"EXIF", b"XMP "):
            out.append(part)
        at += 8 + size + (size & 1)
    rest = b"WEBP" + b"".join(out)
    return b"RIFF" + len(rest).to_bytes(4, "little") + rest


_STRIP: dict[str, Callable[[bytes], bytes]] = {"jpg": _strip_jpeg, "png": _strip_png, "webp": _strip_webp, "gif": bytes}
