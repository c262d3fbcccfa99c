"""Compressed copies beside the files, for web servers that send them as they are (``gzip_static``).

Deterministic: the same bytes give the same copy, and a copy has the mtime of its file.
That mtime is also how a copy is known as ours: a foreign ``.gz`` is never touched.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from feeder.errors import Problem, SettingsError

ENDINGS = ("br", "gz")
LEAST = 1024
"""Bytes; smaller files fit into one packet anyway."""
_TEXT = (".html", ".xml", ".atom", ".rss", ".json", ".opml", ".css", ".js", ".svg", ".txt", ".xsl", ".webmanifest")


def is_text(path: str) -> bool:
    """Whether a file at ``path`` is of a kind that gets smaller."""
    return path.endswith(_TEXT)


def wanted(path: str, size: int, endings: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the copies ``endings`` (``"gz"``, ``"br"``) a file of ``size`` bytes gets."""
    return endings if size >= LEAST and is_text(path) else ()


def compress(body: bytes, ending: str) -> bytes:
    """``body``, compressed as ``gz`` (RFC 1952, without name and time) or ``br`` (RFC 7932)."""
    if ending == "gz":
        return zlib.compress(body, 9, wbits=31)
    import brotli

    result: bytes = brotli.compress(body, quality=9)
    return result


def check(endings: Iterable[str]) -> tuple[str, ...]:
    """The endings to make, in a fixed order.

    Raises:
        SettingsError: brotli is asked for and not installed.
    """
    asked = set(endings)
    if "br" in asked:
        try:
            import brotli  # noqa: F401  (only whether it is there)
        except ImportError:
            raise SettingsError(
                problems=(
                    Problem(
                        "feeder.toml",
                        'output.compress asks for "br", and brotli is not installed',
                        'install it with: pip install "feeder-press[brotli]", or take "br" out',
                        rejects=True,
                    ),
                )
            ) from None
    return tuple(ending for ending in ENDINGS if ending in asked)
