"""Small changes in entry files: one key more, and every other character as the author left it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from feeder.errors import DataError, Problem
from feeder.reading import files, frontmatter, text

_BOM = "\ufeff"


def read(root: str, path: str) -> str:
    """The text of an entry file with plain line ends; raises ``DataError`` where it cannot be read."""
    data = files.load(root, path)
    if isinstance(data, Problem):
        raise DataError(str(data))
    content, problems = text.decode(path, data)
    if any(problem.rejects for problem in problems):
        raise DataError(str(problems[0]))
    return content


def write(root: str, path: str, content: str) -> None:
    """Replace the file by ``content``, with the line ends and the byte order mark it had."""
    full = os.path.join(root, path)
    with open(full, "rb") as file:
        before = file.read()
    if b"\r\n" in before:
        content = content.replace("\n", "\r\n")
    if before.startswith(_BOM.encode()):
        content = _BOM + content.removeprefix(_BOM)
    temporary = f"{full}.{os.getpid()}.tmp.md"
    with open(temporary, "wb") as out:
        out.write(content.encode())
        out.flush()
        os.fsync(out.fileno())
    os.chmod(temporary, os.stat(full).st_mode & 0o7777)
    os.replace(temporary, full)


def with_keys(path: str, content: str, keys: Mapping[str, str | bool]) -> str:
    """The file's text with these keys in its front matter, in the form that it has; one is made where there is none."""
    front = frontmatter.read(path, content)
    if front.broken:
        raise DataError(f"{path}: its front matter cannot be read", hint="`feeder check` says what is wrong")
    lines = [_line(front.form, key, value) for key, value in keys.items()]
    if not front.form:
        return "---\n" + "".join(f"{line}\n" for line in lines) + "---\n\n" + content.lstrip("\n")
    if front.form == "json":
        brace = content.index("{", max(0, front.start - 1)) + 1
        comma = "" if content[brace:].lstrip().startswith("}") else ","
        return content[:brace] + "\n  " + ",\n  ".join(lines) + comma + content[brace:]
    return content[: front.start] + "".join(f"{line}\n" for line in lines) + content[front.start :]


def _line(form: str, key: str, value: str | bool) -> str:
    # A JSON string is a string of YAML and of TOML as well.
    written = json.dumps(value, ensure_ascii=False)
    if form == "toml":
        return f"{key} = {written}"
    if form == "json":
        return f"{json.dumps(key)}: {written}"
    if form == "pelican":
        return f"{key.capitalize()}: {value}"
    return f"{key}: {written}"


def with_comments(content: str, ids: Mapping[int, str]) -> str:
    """A news page's text with an id under each heading: line of the heading (from 1) -> id."""
    lines = content.split("\n")
    for number in sorted(ids, reverse=True):
        underlined = number < len(lines) and lines[number].strip() and not lines[number].strip(" -=")
        lines.insert(number + bool(underlined), f"<!-- id: {ids[number]} -->")
    return "\n".join(lines)
