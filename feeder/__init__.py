"""feeder turns a folder of dated news entries into feeds, pages and digests."""

from __future__ import annotations

TYPE_CHECKING = (
    False  # type checkers know this name; importing typing would cost the fast path as much as Python itself
)

if TYPE_CHECKING:
    from feeder.errors import FeederError
    from feeder.model import Entry, Feed
    from feeder.pipeline import publish

__version__ = "0.1.0"
__all__ = ["Entry", "Feed", "FeederError", "__version__", "publish"]

_HOMES = {
    "Entry": "feeder.model",
    "Feed": "feeder.model",
    "FeederError": "feeder.errors",
    "publish": "feeder.pipeline",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is asked for (PEP 562): ``import feeder`` alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
