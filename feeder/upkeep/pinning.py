"""Writing published ids into the entry files, so that they hold even if the history is lost."""

from __future__ import annotations

from collections.abc import Sequence

from feeder import history as histories
from feeder.config import Settings
from feeder.errors import DataError, Problem
from feeder.history import History
from feeder.model import Entry
from feeder.reading import files, read_text
from feeder.upkeep import editing


def pin(settings: Settings, paths: Sequence[str] = ()) -> list[str]:
    """Write the id of every public entry into its file, or into those of ``paths``; the files that changed.

    Raises ``DataError`` where a named file has nothing public.
    """
    root = str(settings.root)
    with histories.open_history(root, writing=False) as history:
        known = history.paths()
        for path in paths:
            if path not in known:
                raise DataError(f"{path} has no public entry", hint="`publish` gives it an id first")
        return [path for path in sorted(paths or known) if _pin_file(settings, root, path, history)]


def _pin_file(settings: Settings, root: str, path: str, history: History) -> bool:
    data = files.load(root, path)
    if isinstance(data, Problem):
        return False
    ids = {record.anchor: record.id for record in history.at_path(path) if record.public}
    entries = [e for e in read_text(path, data, settings).entries if not e.id and e.anchor in ids]
    if not entries:
        return False
    content = editing.read(root, path)
    editing.write(root, path, _pinned(path, content, entries, ids))
    return True


def _pinned(path: str, content: str, entries: Sequence[Entry], ids: dict[str, str]) -> str:
    if entries[0].anchor:
        return editing.with_comments(content, {entry.line: ids[entry.anchor] for entry in entries})
    return editing.with_keys(path, content, {"id": ids[""]})
