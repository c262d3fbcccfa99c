"""Holding publishing after a rollback, until an input changes: ``.feeder/hold``."""

from __future__ import annotations

import os

from feeder.config import Settings
from feeder.output.refusal import writing


def hold(settings: Settings, fingerprint: str) -> None:
    """Hold publishing as long as the inputs' fingerprint is ``fingerprint``."""
    path = _path(settings)
    with writing(path, str(settings.root)):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(fingerprint)
            file.flush()
            os.fsync(file.fileno())
        os.rename(path + ".new", path)


def held(settings: Settings) -> str | None:
    """The fingerprint for which publishing is held; ``None`` when it is not."""
    try:
        with open(_path(settings), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def release(settings: Settings) -> None:
    """Publish again."""
    path = _path(settings)
    with writing(path, str(settings.root)):
        try:
            os.unlink(path)
        except FileNotFoundError:
            return


def _path(settings: Settings) -> str:
    return os.path.join(settings.root, ".feeder", "hold")
