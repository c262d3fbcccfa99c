"""The layout ``generations``: each publish is a whole new folder, and a link is flipped at once.

``out/generations/7/`` holds everything; what did not change since ``6`` is a hard link to the same file.
``out/current`` is a symbolic link to the generation that is served. ``rollback`` flips it back and holds
publishing until an input changes. A generation gets its number only when it is whole.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator

from feeder.config import Settings
from feeder.errors import UsageError
from feeder.model import Document
from feeder.output import deploy, durable, golive, holding, precompress
from feeder.output.golive import Work, Written
from feeder.output.refusal import writing
from feeder.output.stager import Stager
from feeder.output.staging import Staged, Staging
from feeder.output.tree import Tree, checked

KEPT = 5
"""So many of the newest generations stay."""
FOLDER = "generations"
CURRENT = "current"
_NO_LINKS = {errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EXDEV, errno.ENOSYS}


class Generations:
    """``out/`` as generations. The caller holds the publish lock.

    A publish starts from the newest generation, served or not: that is the one history speaks of, also after a
    rollback, and also when the last run was killed between making it and flipping to it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._root = str(settings.root)
        self._out = os.path.join(settings.root, settings.output.path)
        self._staging = Staging(self._out)
        self._staging.clear_dead()
        self._newest = max(numbers(self._out), default=0)
        self._tree = self._generation(self._newest)
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
            there = [path for path in delete if self._tree.has(checked(path))]
            work = golive.prepare(self._tree, staged, there, folds=self._staging.folds)
            if not work.staged and not work.deletions:
                self._flip()
                self._prune()
                return Written(clashes=work.clashes)
            return self._publish(work)
        finally:
            self.discard()

    def discard(self) -> None:
        """See ``Output.discard``."""
        self._staging.clear()
        self._tree.forget()

    def _generation(self, number: int) -> Tree:
        return Tree(os.path.join(self._out, FOLDER, str(number)), self._root)

    def _publish(self, work: Work) -> Written:
        self._staging.make()
        new = Tree(self._staging.name(), self._root)
        folder = os.path.join(self._out, FOLDER)
        with writing(folder, self._root):
            durable.bytes_of(work.temporaries, self._out)
            folders = _link_all(self._tree.top, new.top)
            gone = golive.make_way(new, work)
            new.make_folders(work.paths)
            golive.move(new, work.staged)
            gone += [path for path in work.deletions if path not in work.early and golive.delete(new, path)]
            new.remove_empty({path.rpartition("/")[0] for path in work.deletions})
            durable.names_in([*folders, *(new.full(f) for f in golive.folders_of(work.paths, ()))], self._out)
            if self._settings.output.deploy:
                deploy.owe(
                    self._settings.root, (*work.paths, *work.deletions, *golive.copies_that_go(self._tree, work))
                )
            os.makedirs(folder, 0o755, exist_ok=True)
            os.rename(new.top, os.path.join(folder, str(self._newest + 1)))
        self._newest += 1
        self._flip()
        self._prune()
        self._tree.top = self._generation(self._newest).top
        return Written(tuple(work.paths), tuple(gone), work.clashes)

    def _flip(self) -> None:
        if self._newest and current(self._out) != self._newest:
            self._staging.make()
            flip(self._out, self._newest, self._staging.name(), self._root)

    def _prune(self) -> None:
        for number in sorted(numbers(self._out))[:-KEPT]:
            top = self._generation(number).top
            if number != current(self._out):
                with writing(top, self._root):
                    self._staging.make()
                    # First away from its number, then in pieces: a generation with a number is always whole.
                    os.rename(top, self._staging.name())


def numbers(out: str) -> list[int]:
    """The generations in ``out``, in no order."""
    try:
        return [int(name) for name in os.listdir(os.path.join(out, FOLDER)) if name.isascii() and name.isdigit()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def current(out: str) -> int:
    """The generation that is served; 0 for none."""
    try:
        folder, _, name = os.readlink(os.path.join(out, CURRENT)).rpartition("/")
    except OSError:
        return 0
    return int(name) if folder == FOLDER and name.isascii() and name.isdigit() else 0


def flip(out: str, number: int, temporary: str, root: str) -> None:
    """Serve generation ``number`` from now on; ``temporary`` is a free path on the same file system."""
    link = os.path.join(out, CURRENT)
    with writing(link, root):
        os.symlink(f"{FOLDER}/{number}", temporary)
        os.rename(temporary, link)
        durable.names_in([os.path.join(out, FOLDER), out], out)


def rollback(settings: Settings, fingerprint: str = "") -> int:
    """Serve the generation before the one that is served, and hold publishing; the number now served.

    Args:
        settings: of a publication with ``output.layout = "generations"``.
        fingerprint: of the inputs as they are; publishing is held until it differs (see ``holding``). Empty: no hold.

    The hold is written first: killed in between, a held publication still serves what it served.
    With a deploy command set, what differs is owed to it.

    Raises:
        UsageError: there are no generations, or none before.
    """
    if settings.output.layout != "generations":
        raise UsageError('rollback needs output.layout = "generations"', hint="set it in feeder.toml and publish once")
    out = os.path.join(settings.root, settings.output.path)
    now = current(out)
    target = max((number for number in numbers(out) if number < now), default=0)
    if not target:
        raise UsageError("there is no earlier generation to go back to")
    if fingerprint:
        holding.hold(settings, fingerprint)
    if settings.output.deploy:
        deploy.owe(settings.root, differences(out, now, target))
    staging = Staging(out)
    try:
        staging.make()
        flip(out, target, staging.name(), str(settings.root))
    finally:
        staging.clear()
    return target


def differences(out: str, old: int, new: int) -> list[str]:
    """The paths whose files differ between two generations, in upload order, deletions last."""
    tops = [os.path.join(out, FOLDER, str(number)) for number in (old, new)]
    before, after = (set(_files(top)) for top in tops)
    same = {path for path in before & after if _same(*(os.path.join(top, path) for top in tops))}
    return sorted(after - same, key=lambda path: (_rank(path), path)) + sorted(before - after)


def _rank(path: str) -> int:
    """The stage of a path by its look, where the documents themselves are not at hand."""
    if path.startswith("assets/"):
        return 0
    if path.removesuffix(".gz").removesuffix(".br").endswith((".atom", ".rss", ".json", ".xml", ".opml")):
        return 3
    return 1 if path.count("/") > 2 else 2


def _files(top: str) -> Iterator[str]:
    for folder, _, names in os.walk(top):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), top)


def _same(one: str, other: str) -> bool:
    if os.path.islink(one) or os.path.islink(other):
        return os.path.islink(one) and os.path.islink(other) and os.readlink(one) == os.readlink(other)
    if os.path.samefile(one, other):
        return True
    import filecmp  # for copies, where there are no hard links

    return filecmp.cmp(one, other, shallow=False)


def _link_all(source: str, target: str) -> list[str]:
    """Make ``target`` a copy of the folder ``source`` out of hard links; the folders made."""
    os.mkdir(target, 0o755)
    made = [target]
    try:
        entries = os.scandir(source)
    except FileNotFoundError:
        return made
    with entries:
        for entry in entries:
            path = f"{target}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                made += _link_all(entry.path, path)
            else:
                _link(entry.path, path)
    return made


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        import shutil

        shutil.copy2(source, target, follow_symlinks=False)
