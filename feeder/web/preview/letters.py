"""Each list's next digest, as a mail program would show it and as it would leave."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from threading import Lock

from feeder.mail.values import HOLE
from feeder.model import PublicEntry
from feeder.upkeep import digests
from feeder.web.preview.studio import Studio


@dataclass(frozen=True, slots=True)
class Letter:
    """One digest."""

    subject: str
    html: str
    text: str
    source: str
    """The whole message, decoded no further."""
    size: int
    """Bytes of it."""
    sample: bool
    """Nothing was released since the last one: the latest entries are shown."""
    preface: str
    entries: tuple[PublicEntry, ...]


class Letters:
    """Makes digests, each once for every state of the preview."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._lock = Lock()
        self._number = -1
        self._made: dict[str, Letter] = {}

    def of(self, name: str) -> Letter:
        """The next digest of a list.

        Raises:
            UsageError: there is no such list, or no entry to show.
            SettingsError: a template is wrong.
        """
        with self._lock:
            if self._number != self._studio.state.number:
                self._number, self._made = self._studio.state.number, {}
            if name not in self._made:
                self._made[name] = self._make(name)
            return self._made[name]

    def _make(self, name: str) -> Letter:
        made = digests.preview(self._studio.shadow.settings, self._studio.now(), name)
        data = made.message.data
        return Letter(
            subject=made.rendered.subject,
            html=filled(made.rendered.html),
            text=filled(made.rendered.text),
            source=data.decode("utf-8", "backslashreplace").replace("\r\n", "\n"),
            size=len(data),
            sample=made.sample,
            preface=made.edition.preface,
            entries=made.edition.entries,
        )


def filled(text: str) -> str:
    """A frozen text for the eye: links that are each person's own lead nowhere, and names are left out."""
    for hole, shown in (("unsubscribe", "#"), ("preferences", "#"), ("name", ""), ("address", "reader@example.org")):
        text = text.replace(HOLE.format(hole), shown)
    return text


def together(letter: Letter, words_more: str) -> str:
    """A digest as one text for a public account: its preface, then every entry under its title."""
    parts = [letter.preface]
    for entry in letter.entries:
        parts.append(f"<h2>{escape(entry.title)}</h2>{entry.html}")
        parts.append(f'<p><a href="{escape(entry.url)}">{escape(words_more)}</a></p>')
    return "\n".join(parts)
