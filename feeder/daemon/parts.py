"""What the house is made of that somebody may want otherwise: the command line gives the real ones, tests others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from feeder.config import Settings
from feeder.config.secrets import Secrets
from feeder.daemon.values import Voice
from feeder.index import Index
from feeder.mail.sending.clocks import Clock
from feeder.web.values import Office

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class Watching(Protocol):
    """Notices changes; see ``feeder.daemon.watching``."""

    how: str

    def start(self) -> None:
        """Watch from now on."""

    def stop(self) -> None:
        """Watch no more."""

    def look(self) -> Index | None:
        """How the inputs look, where it has looked already."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Given once, at the start."""

    load: Callable[[], Settings]
    """Reads the settings; raises ``SettingsError``."""
    clock: Callable[[threading.Event], Clock]
    """A clock whose sleep ends when the event is set."""
    secrets: Secrets
    environ: Mapping[str, str]
    voice: Voice
    watch: Callable[[Settings, Callable[[], None], Callable[[str], None]], Watching]
    pages: Callable[[Settings, Office], ASGIApp]
