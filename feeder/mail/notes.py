"""``notes/LIST.md``: the subject and the preface of a list's next digest.

Read as entries are: front matter, Markdown, only harmless HTML, addresses absolute. Nothing is remembered here; which
note was used is told by its hash.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from feeder import links
from feeder.config import Settings
from feeder.config.checks import near
from feeder.errors import Problem
from feeder.mail import lists
from feeder.model import Asset
from feeder.reading import files, frontmatter, markdown, text
from feeder.reading.assets import AssetStore
from feeder.reading.frontmatter import FrontMatter, at_line

FOLDER: Final = "notes"
LONGEST_SUBJECT: Final = 200
"""Characters; longer ones are cut off by every mail program anyway."""

EntryUrl = Callable[[str], str | None]
"""The public address of an entry file, or ``FILE#ITEM``; None where it is not public."""

_ENDING = ".md"
_LOOKS_LIKE_KEY = re.compile(r"\s*(subject|主题|标题)[ \t]*[:：]", re.IGNORECASE)
_PICTURE = re.compile(r"<img [^>]*?src=\"feeder:/asset/[^>]*>")
_ALT = re.compile(r" alt=\"([^\"]*)\"")
_LINK_TO_FILE = re.compile(r" href=\"feeder:/asset/[^\"]*\"")
_EMPTY_PARAGRAPH = re.compile(r"<p>\s*</p>\n?")


@dataclass(frozen=True, slots=True)
class Note:
    """What the editor wrote for the next digest of a list."""

    subject: str
    """One line; empty: made by the list's pattern."""
    preface_html: str
    """Safe HTML with absolute addresses; may be empty."""
    hash: str
    """Of the file: a note is used once, until it changes."""


def _nowhere(_: str) -> None:
    return None


def read_note(settings: Settings, name: str, entry_url: EntryUrl | None = None) -> Note | None:
    """The note of the list ``name``; None where there is none, or none that can be used (``problems`` says why)."""
    return _read(settings, f"{FOLDER}/{name}{_ENDING}", entry_url)[0]


def is_broken(settings: Settings, name: str) -> bool:
    """Whether there is a note of the list ``name`` that cannot be read."""
    note, found = _read(settings, f"{FOLDER}/{name}{_ENDING}", None)
    return note is None and any(problem.rejects for problem in found)


def problems(settings: Settings, entry_url: EntryUrl | None = None) -> list[Problem]:
    """What is wrong with the notes, in order of their names: also those of lists that are not there.

    Links to entries are looked at where ``entry_url`` is given.
    """
    found: list[Problem] = []
    known = {one.name for one in settings.lists}
    for file in _files(settings):
        path, stem = f"{FOLDER}/{file}", file.removesuffix(_ENDING)
        if stem in known and file.endswith(_ENDING):
            found += _read(settings, path, entry_url)[1]
        elif file.endswith(_ENDING):
            found.append(Problem(path, "no list of that name", lists.meant(settings, stem), rejects=True))
        elif (bare := os.path.splitext(file)[0]) in known and files.is_entry_file(file):
            found.append(Problem(path, "a note ends in .md", f"call it {FOLDER}/{bare}{_ENDING}", rejects=True))
    return found


def _files(settings: Settings) -> Iterator[str]:
    try:
        names = sorted(os.listdir(settings.root / FOLDER))
    except OSError:
        return
    yield from (name for name in names if files.is_entry_file(name) and name.lower() != "readme.md")


def _read(settings: Settings, path: str, entry_url: EntryUrl | None) -> tuple[Note | None, list[Problem]]:
    if not os.path.lexists(settings.root / path):
        return None, []
    data = files.load(str(settings.root), path)
    if isinstance(data, Problem):
        return None, [data]
    whole, found = text.decode(path, data)
    if any(problem.rejects for problem in found):
        return None, found
    front = frontmatter.read(path, whole)
    front.problems[:0] = found
    if front.broken:
        return None, front.problems
    subject = _subject(front)
    preface = _preface(settings, front, entry_url)
    if not subject and not preface:
        return None, front.problems
    return Note(subject, preface, blake2b(data, digest_size=16).hexdigest()), front.problems


def _subject(front: FrontMatter) -> str:
    subject = ""
    for key, value in front.values.items():
        if key.casefold() != "subject":
            guess = "subject" if key == "title" or near(key, ["subject", "title"]) else ""
            hint = f"did you mean `{guess}`?" if guess else "a note has only `subject`, and its text"
            front.tell(key, f"unknown key `{front.written.get(key, key)}`", hint, mark=front.written.get(key, key))
        elif isinstance(value, str):
            subject = " ".join(value.split())
        elif value is not None:
            front.tell(key, "`subject` is text", 'write subject: "…"', mark=front.written.get(key, key))
    if not front.form and _LOOKS_LIKE_KEY.match(front.text):
        message = "this line is text: the front matter stands between two lines of ---"
        front.problems.append(at_line(front, 1, message, "write ---, subject: …, --- on three lines"))
    if len(subject) > LONGEST_SUBJECT:
        message = f"the subject has {len(subject)} characters; {LONGEST_SUBJECT} are kept"
        front.tell("subject", message, "write a shorter one", mark="subject")
    return subject[:LONGEST_SUBJECT]


def _preface(settings: Settings, front: FrontMatter, entry_url: EntryUrl | None) -> str:
    rendered = markdown.render(
        front.text[front.body :],
        path=front.path,
        line=front.body_line,
        root=str(settings.root),
        hashes=AssetStore(str(settings.root), keep=False),
        entries=settings.entries.path,
    )
    front.problems += rendered.problems
    html = rendered.html
    if rendered.assets:
        html = _without_files(front, html, rendered.assets)
    for source in rendered.refs:
        # What stands behind the # may be an item of a news page, or a heading of the entry.
        places = (source, source.partition("#")[0])
        if entry_url is not None and all(entry_url(place) is None for place in places):
            hint = "the text of the link stays; link to a public entry"
            front.problems.append(Problem(front.path, f"a link to {source}, which is not public", hint))
    return links.absolute(html, settings.site.url, entry_url or _nowhere).strip()


def _without_files(front: FrontMatter, html: str, assets: tuple[Asset, ...]) -> str:
    """Files are made public with the entry that uses them; a note makes nothing public."""
    for asset in assets:
        hint = "put it into an entry, and write the address it has there"
        front.problems.append(Problem(front.path, f"{asset.source} is left out: a note publishes no files", hint))
    html = _LINK_TO_FILE.sub("", _PICTURE.sub(_alt, html))
    return _EMPTY_PARAGRAPH.sub("", html)


def _alt(picture: re.Match[str]) -> str:
    found = _ALT.search(picture[0])
    return found[1] if found else ""
