"""What `feeder run` leaves for others to see: a small file, disposable, written whole or not at all."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from feeder.output import lock

FILE: Final = ".feeder/daemon.json"
LOCK: Final = "run"
"""Name of its lock, ``.feeder/run.lock``: held for as long as it lives, however it ends."""

_WAKE: Final = ".feeder/wake"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that does not work, and is tried again."""

    where: str
    """``publish``, ``settings``, ``deploy``, ``digests``, ``sending``, ``limits``, ``web``, ``pages``, ``facts``,
    ``program``, ``process``."""
    words: str
    """What is wrong and how to mend it, in one line."""
    since: datetime
    times: int = 1
    """Tries that failed so."""
    mailed: bool = False
    """Whether the operator was told by mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """How the process is, or was when it was last heard of."""

    pid: int
    since: datetime
    address: str = ""
    """Where its pages answer; empty: nowhere."""
    watching: str = ""
    """How changes are noticed: ``inotify``, ``polling``; empty: not yet."""
    last: datetime | None = None
    exit: int | None = None
    """Exit code of the last run, as of ``publish``."""
    next: datetime | None = None
    why: str = ""
    """What is due then."""
    troubles: tuple[Trouble, ...] = ()
    alive: bool = True
    """Whether it runs still; found out by whoever reads the file."""


def load(root: Path) -> Running | None:
    """How `feeder run` is at ``root``; None where it is not, and ended in good order or never was."""
    try:
        data: dict[str, Any] = json.loads((root / FILE).read_text("utf-8"))
        troubles = tuple(Trouble(**{**one, "since": _instant(one["since"])}) for one in data.pop("troubles"))
        instants = {name: _instant(data[name]) for name in ("since", "last", "next")}
        return Running(**{**data, **instants, "troubles": troubles, "alive": lock.is_held(root, LOCK)})
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None


def save(root: Path, running: Running) -> None:
    """Write it down; a disk that refuses is no reason to stop."""
    data = {key: value for key, value in asdict(running).items() if key != "alive"}
    temporary = root / f"{FILE}.{os.getpid()}"
    try:
        # What is no text in the name of a file is written as JSON writes it.
        text = json.dumps(data, default=datetime.isoformat, ensure_ascii=False)
        temporary.write_text(text, "utf-8", "backslashreplace")
        os.replace(temporary, root / FILE)
    except OSError:
        with suppress(OSError):
            temporary.unlink()


def forget(root: Path) -> None:
    """It ended in good order."""
    with suppress(OSError):
        (root / FILE).unlink()


def wake(root: Path) -> None:
    """Let `feeder run`, where there is one, see at once what another process has changed in the mail database."""
    if (root / FILE).exists():
        with suppress(OSError):
            (root / _WAKE).touch()


def was_woken(root: Path) -> bool:
    """Whether somebody did since this was last asked."""
    try:
        os.unlink(root / _WAKE)
    except OSError:
        return False
    return True


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
