"""Deciding which documents differ from what is public, and writing those to the staging folder."""

from __future__ import annotations

import os

from feeder.model import Document, Stage
from feeder.output import precompress
from feeder.output.refusal import writing
from feeder.output.staging import Staged, Staging
from feeder.output.tree import Look, Tree, checked


class Stager:
    """Compares with ``tree`` and writes to ``staging``; works in forked workers too."""

    def __init__(self, tree: Tree, staging: Staging, endings: tuple[str, ...]) -> None:
        self.tree = tree
        self.staging = staging
        self.endings = endings

    def stage(self, document: Document) -> Staged | None:
        """Write ``document`` to the staging folder; ``None`` when the same bytes are public already."""
        path, body = checked(document.path), document.body
        with writing(self.tree.full(path), self.tree.root):
            look = self.tree.look(path, body)
            endings = precompress.wanted(path, len(body), self.endings)
            if look != "same":
                return self._staged(path, document.stage, look, self.staging.write(body), body, endings)
            return self._copies_only(path, document.stage, body, endings) if endings else None

    def stage_file(self, source: str, path: str) -> Staged | None:
        """The same for the bytes of the file ``source``, as an asset.

        Raises:
            OSError: ``source`` cannot be read (gone since it was found); what cannot be written is a ``FeederError``.
        """
        os.stat(source)
        if self.endings and precompress.is_text(path):
            with open(source, "rb") as data:
                return self.stage(Document(path, "", data.read(), Stage.ASSET))
        with writing(self.tree.full(checked(path)), self.tree.root):
            look = self.tree.look_file(path, source)
            if look == "same":
                return None
            return self._staged(path, Stage.ASSET, look, self.staging.copy(source), b"", ())

    def _staged(
        self, path: str, stage: Stage, look: Look, temporary: str, body: bytes, endings: tuple[str, ...]
    ) -> Staged:
        mtime = os.stat(temporary).st_mtime_ns if endings else 0
        moves = [self._copy(path, body, ending, mtime) for ending in endings]
        return Staged(path, stage, (*moves, (path, temporary)), new=look == "new", clash=look == "clash")

    def _copies_only(self, path: str, stage: Stage, body: bytes, endings: tuple[str, ...]) -> Staged | None:
        """Copies that are missing or belong to an older state of a file that is itself right."""
        mtime = self.tree.mtime(path)
        stale = [ending for ending in endings if self.tree.mtime(f"{path}.{ending}") != mtime]
        moves = tuple(self._copy(path, body, ending, mtime) for ending in stale)
        return Staged(path, stage, moves) if moves else None

    def _copy(self, path: str, body: bytes, ending: str, mtime: int) -> tuple[str, str]:
        temporary = self.staging.write(precompress.compress(body, ending))
        os.utime(temporary, ns=(mtime, mtime))
        return f"{path}.{ending}", temporary
