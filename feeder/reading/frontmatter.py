"""The block that opens an entry file, in every form that site generators know.

YAML between ``---``, TOML between ``+++``, JSON in ``{}``, Hexo's YAML that only ends with ``---``,
Pelican's ``Title: x`` lines, or none. Values stay as written: only ``true``, ``false`` and ``null`` (and what
TOML and JSON type themselves) are more than text, so that no date, number or ``no`` is misread.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from feeder.errors import Problem
from feeder.reading import keys
from feeder.reading.headings import Heading
from feeder.reading.text import clean
from feeder.reading.trouble import Trouble

LIMIT = 1 << 16
"""Characters of a front matter."""
DEPTH = 8
"""How deep lists and tables may be nested."""

_BLANK = re.compile(r"(?:[ \t]*\n)*")
_YAML_OPEN = re.compile(r"---[ \t]*(?:\n|\Z)")
_YAML_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
_TOML_OPEN = re.compile(r"\+\+\+[ \t]*(?:\n|\Z)")
_TOML_CLOSE = re.compile(r"^\+\+\+[ \t]*(?:\n|\Z)", re.MULTILINE)
_JSON_OPEN = re.compile(r'\{\s*(?:"|\})')
_KEY_LINE = re.compile(r"""["']?([A-Za-z_\u3400-\u9fff][\w -]*?)["']?[ \t]*:(?:[ \t]|\n|\Z)""")
_HEXO_CLOSE = re.compile(r"^-{3,}[ \t]*(?:\n|\Z)", re.MULTILINE)
_HEXO_LINES = re.compile(r"""(?:(?:["']?[A-Za-z_][\w -]*["']?[ \t]*:(?:[ \t].*)?|[ \t]+.*|-[ \t].*|#.*|[ \t]*)\n)+""")
_PELICAN_LINE = re.compile(r"([A-Za-z][\w-]*)[ \t]*:[ \t]*(.*)(?:\n|\Z)")
_CONTINUED = re.compile(r"(?: {4,}|\t+)(\S.*)(?:\n|\Z)")


@dataclass(slots=True)
class FrontMatter:
    """What an entry file says about itself, and where its body begins."""

    path: str
    text: str
    """The whole file."""
    start: int = 0
    """Where the block's content begins in ``text``."""
    end: int = 0
    """Where it ends."""
    body: int = 0
    """Where the body begins."""
    form: str = ""
    """``yaml``, ``toml``, ``json``, ``hexo``, ``pelican``, or empty."""
    values: dict[str, object] = field(default_factory=dict)
    """By key: known ones as `keys.canonical` spells them, others as written."""
    written: dict[str, str] = field(default_factory=dict)
    """How the author spelled each key."""
    problems: list[Problem] = field(default_factory=list)
    broken: bool = False
    """It could not be read; nothing of the file can be published."""

    @property
    def block(self) -> str:
        """The content of the block."""
        return self.text[self.start : self.end]

    @property
    def body_line(self) -> int:
        """The line of the file on which the body begins."""
        return self.text.count("\n", 0, self.body) + 1

    def line(self, number: int) -> str:
        """A line of the file, counted from 1."""
        lines = self.text.split("\n", number)
        return lines[number - 1] if number <= len(lines) else ""

    def line_of(self, key: str) -> int:
        """The line that holds a key, or the block's first."""
        name = re.escape(self.written.get(key, key))
        form = rf'"{name}"\s*:' if self.form == "json" else rf"^[ \t]*(?:<!--[ \t]*)?[\"']?{name}[\"']?[ \t]*[:=]"
        found = re.compile(form, re.MULTILINE | re.IGNORECASE).search(self.text, self.start, self.end)
        return self.text.count("\n", 0, found.end() if found else self.start) + 1

    def problem(self, key: str, message: str, hint: str = "", *, mark: str = "", rejects: bool = False) -> Problem:
        """A problem of a key, with its line and the part of it that is wrong."""
        number = self.line_of(key)
        return at_line(self, number, message, hint, mark=mark, rejects=rejects)

    def tell(self, key: str, message: str, hint: str = "", *, mark: str = "", rejects: bool = False) -> None:
        """Note a problem of a key."""
        self.problems.append(self.problem(key, message, hint, mark=mark, rejects=rejects))


def at_line(
    front: FrontMatter, number: int, message: str, hint: str = "", *, mark: str = "", rejects: bool = False
) -> Problem:
    """A problem of a line of the file; ``mark`` is what is wrong in it."""
    source = front.line(number)[:500]
    column = source.find(mark) + 1 if mark else 0
    width = len(mark) if column else 1
    return Problem(f"{front.path}:{number}", message, hint, rejects, source.rstrip(), column, width)


def read(path: str, text: str) -> FrontMatter:
    """Find and read the block that opens a file; what is wrong with it is in ``problems``."""
    front = FrontMatter(path, text)
    blank = _BLANK.match(text)
    start = blank.end() if blank else 0
    if _YAML_OPEN.match(text, start):
        _fenced(front, start, "yaml", _YAML_CLOSE)
    elif _TOML_OPEN.match(text, start):
        _fenced(front, start, "toml", _TOML_CLOSE)
    elif _JSON_OPEN.match(text, start):
        _json(front, start)
    elif _known_key_line(text, start):
        _unfenced(front, start)
    if front.values:
        _settle(front)
    return front


def of_item(page: FrontMatter, values: dict[str, str], heading: Heading) -> FrontMatter:
    """The keys that stand under the heading of an item, as a front matter of their own."""
    start = page.body + heading.end
    front = FrontMatter(page.path, page.text, start, len(page.text), page.body, "item", dict(values))
    _settle(front)
    return front


def _fenced(front: FrontMatter, start: int, form: str, close: re.Pattern[str]) -> None:
    text = front.text
    inside = text.find("\n", start) + 1 or len(text)
    closing = close.search(text, inside)
    if not closing:
        first = _BLANK.match(text, inside)
        if form == "yaml" and not _KEY_LINE.match(text, first.end() if first else inside):
            return  # a thematic break, not a front matter
        front.start, front.end, front.form = inside, min(len(text), inside + LIMIT), form
        fence = "---" if form == "yaml" else "+++"
        line = text.count("\n", 0, start) + 1
        _break(front, at_line(front, line, "the front matter has no end", f"put a line {fence} after its last key"))
        return
    front.start, front.end, front.body, front.form = inside, closing.start(), closing.end(), form
    if front.end - front.start > LIMIT:
        _too_long(front)
    elif form == "yaml":
        _yaml(front)
    else:
        _toml(front)


def _yaml(front: FrontMatter) -> None:
    from feeder.reading import yamlblock

    read_block = yamlblock.read(front.block, DEPTH)
    if isinstance(read_block, Trouble):
        _stop(front, read_block)
        return
    if read_block.values is None:
        if tight := yamlblock.unspaced(front.block):
            _stop(front, tight)
        elif _KEY_LINE.match(front.block.lstrip()):
            _break(front, at_line(front, front.body_line, "the front matter holds no keys", "write `title: …` lines"))
        else:  # two thematic breaks with text between them
            front.start = front.end = front.body = 0
            front.form = ""
        return
    front.values = read_block.values
    for key in read_block.twice:
        front.tell(key, f"`{key}` is written twice; the last one counts", "delete one of them", mark=key)


def _toml(front: FrontMatter) -> None:
    from feeder.reading import tomlblock

    given = tomlblock.read(front.block)
    if isinstance(given, Trouble):
        _stop(front, given)
    else:
        front.values = given
        _refuse_depth(front)


def _json(front: FrontMatter, start: int) -> None:
    import json

    front.start, front.form = start, "json"
    try:
        given, front.end = json.JSONDecoder().raw_decode(front.text[: start + LIMIT], start)
    except ValueError as error:
        front.end = min(len(front.text), start + LIMIT)
        if len(front.text) > front.end:
            _too_long(front)
            return
        line = getattr(error, "lineno", 1)
        message = f"the JSON front matter cannot be read: {getattr(error, 'msg', 'a number without end').lower()}"
        _break(front, at_line(front, line, message, "every key and text in double quotes, a comma between keys"))
        return
    except RecursionError:
        front.end = min(len(front.text), start + LIMIT)
        _break(front, _too_deep(front))
        return
    front.values = {clean(key): value for key, value in given.items()}
    end = front.text.find("\n", front.end)
    front.body = len(front.text) if end < 0 or front.text[front.end : end].strip() else end + 1
    if front.body == len(front.text) and end >= 0:
        front.body = front.end
    _refuse_depth(front)


def _known_key_line(text: str, start: int) -> bool:
    match = _KEY_LINE.match(text, start)
    return match is not None and keys.canonical(match[1]) is not None


def _unfenced(front: FrontMatter, start: int) -> None:
    lines = _HEXO_LINES.match(front.text, start, start + LIMIT)
    closing = _HEXO_CLOSE.match(front.text, lines.end()) if lines else None
    if closing:
        front.start, front.end, front.body, front.form = start, closing.start(), closing.end(), "hexo"
        _yaml(front)
    else:
        _pelican(front, start)


def _pelican(front: FrontMatter, start: int) -> None:
    position, values, key = start, dict[str, object](), ""
    while position - start < LIMIT:
        line = _PELICAN_LINE.match(front.text, position)
        match = line or (_CONTINUED.match(front.text, position) if key else None)
        if not match:
            break
        if line:
            key = line[1]
            values[key] = line[2].strip()
        else:
            values[key] = f"{values[key]}\n{match[1].strip()}"
        position = match.end()
    if any(keys.canonical(name) in {"title", "date"} for name in values):
        front.start, front.end, front.body, front.form = start, position, position, "pelican"
        front.values = values


def _settle(front: FrontMatter) -> None:
    """Put known keys under one spelling, and clean what escapes brought in."""
    settled: dict[str, object] = {}
    for key, value in front.values.items():
        name = keys.canonical(key) or clean(key)
        if name in settled:
            front.tell(key, f"`{key}` is written twice; the last one counts", "delete one of them", mark=key)
        front.written[name] = key
        settled[name] = keys.clean_value(value)
        if settled[name] != value:
            front.tell(name, "a character that feeds may not carry is left out", "delete the escape", mark="\\")
    front.values = settled


def _stop(front: FrontMatter, trouble: Trouble) -> None:
    block = front.block
    line = front.text.count("\n", 0, front.start) + 1 + min(trouble.line, block.count("\n"))
    _break(front, at_line(front, line, trouble.message, trouble.hint, mark=trouble.mark))


def _refuse_depth(front: FrontMatter) -> None:
    if keys.deeper_than(front.values, DEPTH):
        _break(front, _too_deep(front))


def _too_deep(front: FrontMatter) -> Problem:
    line = front.text.count("\n", 0, front.start) + 1
    return at_line(front, line, f"the front matter is nested more than {DEPTH} deep", "flatten it")


def _too_long(front: FrontMatter) -> None:
    line = front.text.count("\n", 0, front.start) + 1
    _break(front, at_line(front, line, "the front matter is longer than 64 KB", "move text into the body"))


def _break(front: FrontMatter, problem: Problem) -> None:
    front.values = {}
    front.broken = True
    front.problems.append(
        Problem(problem.place, problem.message, problem.hint, True, problem.source, problem.column, problem.width)
    )
