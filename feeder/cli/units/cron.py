"""Lines for cron, for machines on which nothing is to run all the time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from shlex import quote

from feeder.cli.units.values import House


def files(house: House, *, own: bool) -> dict[str, str]:
    """A file for /etc/cron.d, where lines name a user; ``own``: one for crontab(1)."""
    return {f"{house.name}.cron": "".join(f"{line}\n" for line in _lines(house, own=own))}


def _lines(house: House, *, own: bool) -> Iterator[str]:
    yield "# Written by `feeder install-units --cron`; call it again when the publication or Python has moved."
    yield f"# {house.title}"
    yield from _mail_to(house)
    who = "" if own else f"{house.user}  "
    yield f"* * * * *  {who}{_in_folder(house, house.publish)}"
    if house.reads_mailbox:
        yield f"*/10 * * * *  {who}{_in_folder(house, (*house.feeder, 'mailbox'))}"


def _mail_to(house: House) -> Iterator[str]:
    """To whom cron mails what was said: a run that changed nothing says nothing."""
    yield "# Cron mails what a run says; it says nothing when nothing changed. To whom:"
    email = house.settings.site.email
    yield f"MAILTO={email}" if email else f"#MAILTO={house.user}"


def _in_folder(house: House, words: Iterable[str]) -> str:
    """A command; to cron an unescaped ``%`` is the end of the line (crontab(5))."""
    called = " ".join(map(quote, words))
    return f"cd {quote(house.root)} && {called}".replace("%", "\\%")
