"""The layout ``files``: every changed file is renamed into place, all others are left alone.

What a power cut or ``kill -9`` leaves at any instant: every file whole (its bytes were on the disk before
it got its name), and no feed that names a page which is not there (the pages' names were on the disk
before the first feed got its own). What is left half done, the next run finds different and does again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from feeder.config import Settings
from feeder.model import Document
from feeder.output import deploy, durable, golive, precompress
from feeder.output.golive import Work, Written
from feeder.output.refusal import writing
from feeder.output.stager import Stager
from feeder.output.staging import Staged, Staging
from feeder.output.tree import Tree


class Folder:
    """``out/`` as a plain folder. The caller holds the publish lock."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        out = os.path.join(settings.root, settings.output.path)
        self._tree = Tree(out, str(settings.root))
        self._staging = Staging(out)
        self._staging.clear_dead()
        self._stager = Stager(self._tree, self._staging, precompress.check(settings.output.compress))

    def stage(self, document: Document) -> Staged | None:
        """See ``Output.stage``."""
        return self._stager.stage(document)

    def stage_file(self, source: str, path: str) -> Staged | None:
        """See ``Output.stage_file``."""
        return self._stager.stage_file(source, path)

    def publish(self, staged: Iterable[Staged], delete: Iterable[str] = ()) -> Written:
        """See ``Output.publish``."""
        try:
            self._tree.forget()
            work = golive.prepare(self._tree, staged, delete, folds=self._staging.folds)
            return self._publish(work) if work.staged or work.deletions else Written(clashes=work.clashes)
        finally:
            self.discard()

    def discard(self) -> None:
        """See ``Output.discard``."""
        self._staging.clear()
        self._tree.forget()

    def _publish(self, work: Work) -> Written:
        top = self._tree.top
        with writing(top, self._tree.root):
            durable.bytes_of(work.temporaries, top)
        if self._settings.output.deploy:
            deploy.owe(self._settings.root, (*work.paths, *work.deletions, *golive.copies_that_go(self._tree, work)))
        gone = golive.make_way(self._tree, work)
        made = self._tree.make_folders(work.paths)
        before, feeds = golive.split(work.staged)
        try:
            golive.move(self._tree, before)
            if feeds:
                self._settle([path for item in before for path, _ in item.moves], made)
                golive.move(self._tree, feeds)
        except BaseException:
            self._tree.remove_empty(made)
            raise
        gone += [path for path in work.deletions if path not in work.early and golive.delete(self._tree, path)]
        self._tree.remove_empty({path.rpartition("/")[0] for path in work.deletions})
        rest = [path for item in (feeds or before) for path, _ in item.moves]
        self._settle([*rest, *work.deletions], () if feeds else made)
        return Written(tuple(work.paths), tuple(gone), work.clashes)

    def _settle(self, paths: Iterable[str], made: Iterable[str]) -> None:
        """Wait until the names of ``paths`` are on the disk."""
        folders = [self._tree.full(folder) for folder in golive.folders_of(paths, made)]
        with writing(self._tree.top, self._tree.root):
            durable.names_in([folder.rstrip("/") for folder in folders], self._tree.top)
