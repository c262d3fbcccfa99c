"""Files become entries: bytes, front matter, news pages, Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from feeder.config import Settings
    from feeder.model import Reading
    from feeder.reading.assets import AssetStore


def read_text(
    path: str, data: bytes, settings: Settings, store: AssetStore | None = None, undated: datetime | None = None
) -> Reading:
    """Read one entry file whose bytes are ``data``; ``path`` is from the publication's root.

    Never raises for anything a file can hold: what is wrong is in ``Reading.problems``. The same bytes, settings
    and images give the same reading. ``store`` spares looking at the same images again within a run. A draft may wait
    for its date, and gives no entry till then; or one of ``undated``, where that is given.
    """
    from feeder.reading import entry

    return entry.read(path, data, settings, store, undated)
