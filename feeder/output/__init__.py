"""Writing what was made to ``out/``: atomic, changed files only, in an order readers never trip over."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from feeder.config import Settings
from feeder.errors import Problem, SettingsError
from feeder.model import Document
from feeder.output.golive import Written
from feeder.output.holding import held, hold, release
from feeder.output.lock import publishing
from feeder.output.staging import Staged

__all__ = ["Output", "Staged", "Written", "held", "hold", "open_output", "publishing", "release", "served"]


class Output(Protocol):
    """A place to publish to. First ``stage`` everything, in any number of forked workers; then ``publish`` once."""

    def stage(self, document: Document) -> Staged | None:
        """Write ``document`` where nobody sees it yet; ``None`` when the same bytes are public already.

        Raises:
            CannotCreate: its path is none, or cannot be made.
            CannotWrite: the disk is full, or fails.
        """

    def stage_file(self, source: str, path: str) -> Staged | None:
        """The same for the bytes of the file ``source`` (an asset), to go to ``path``.

        Raises:
            OSError: ``source`` cannot be read.
        """

    def publish(self, staged: Iterable[Staged], delete: Iterable[str] = ()) -> Written:
        """Let everything staged go live in ``Stage`` order (in the given order within one), then delete.

        Call it also when nothing is staged: it finishes what a killed run left between two steps.
        What is in ``delete`` must be ours; files not there any more are no error. What was staged and did not
        go live is gone afterwards, also after an error.

        Raises:
            CannotCreate: something foreign stands in the way; nothing was changed.
            CannotWrite: the disk is full, or fails; no feed names a page that is not there.
        """

    def discard(self) -> None:
        """Throw away what was staged and not published."""


def open_output(settings: Settings) -> Output:
    """The output that ``settings`` ask for. The caller holds the lock ``publishing``.

    What a killed run left in the staging folder is removed here; nothing else is touched.

    Raises:
        SettingsError: the output cannot be used as it is set.
    """
    if "://" in settings.output.path:
        raise SettingsError(
            problems=(
                Problem(
                    "feeder.toml",
                    f"output.path = {settings.output.path!r} is an address, and only folders can be written",
                    'set a folder, as "out", and copy it with output.deploy',
                    rejects=True,
                ),
            )
        )
    if settings.output.layout == "generations":
        from feeder.output.generations import Generations

        return Generations(settings)
    from feeder.output.folder import Folder

    return Folder(settings)


def served(settings: Settings) -> Path:
    """The folder that a web server serves: ``out``, or ``out/current`` with generations."""
    out = settings.root / settings.output.path
    return out / "current" if settings.output.layout == "generations" else out
