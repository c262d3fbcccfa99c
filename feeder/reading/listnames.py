"""The lists that entries name, against those there are; apart from reading, so that another list reads nothing anew."""

from __future__ import annotations

import re
from collections.abc import Sequence

from feeder.config import Settings
from feeder.config.checks import near
from feeder.errors import Problem
from feeder.model import Reading
from feeder.reading import files, text

_KEY = re.compile(r"""^[ \t]*(?:<!--[ \t]*)?["']?lists["']?[ \t]*[:=]""", re.MULTILINE | re.IGNORECASE)


def problems_of(settings: Settings, reading: Reading) -> Sequence[Problem]:
    """The problems of a file, in the order of its lines, with those of lists that no setting knows."""
    known = [one.name for one in settings.lists]
    named = dict.fromkeys(name for entry in reading.entries for name in entry.lists)
    unknown = [name for name in named if name not in known] if known else []
    if not unknown:
        return reading.problems
    data = files.load(str(settings.root), reading.path)
    content = "" if isinstance(data, Problem) else text.decode(reading.path, data)[0]
    found = [*reading.problems, *(_problem(reading.path, content, name, known) for name in unknown)]
    return sorted(found, key=lambda problem: int(problem.place.rpartition(":")[2]) if ":" in problem.place else 0)


def _problem(path: str, content: str, name: str, known: Sequence[str]) -> Problem:
    at = min((place for key in _KEY.finditer(content) if (place := content.find(name, key.end())) >= 0), default=0)
    source = content[content.rfind("\n", 0, at) + 1 :].partition("\n")[0]
    guess = near(name, known)
    hint = f"did you mean `{guess}`?" if guess else f"the lists in feeder.toml are {', '.join(known)}"
    line, column = content.count("\n", 0, at) + 1, source.find(name) + 1
    return Problem(f"{path}:{line}", f"no list is named `{name}`", hint, False, source, column, len(name))
