"""What people ask for by mail: unsubscribe, subscribe, confirm."""

from __future__ import annotations

import re
from dataclasses import dataclass

from feeder.mail.mailbox.parsing import Letter
from feeder.mail.mailbox.reports import first_address, keys
from feeder.mail.mailbox.words import Verb, words

_TOKEN = re.compile(r"\bconfirm(?:%20|\s|/){1,9}([\w-]{1,100}\.[\w-]{20,100})")
# Where a person's own words end: a quotation, or the signature of a program.
_QUOTE = re.compile(
    r"(?:>|(?:on|at) .{1,200} wrote:|--\s*$|-{3,}|_{5,}|.{0,120}写道[:：]|发件人[:：]|from:|sent from |get outlook for "
    r"|发自我的|获取 ?outlook)",
    re.IGNORECASE,
)
_LINES = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """A request by mail."""

    verb: Verb
    sender: str
    """Key of the address in From, where anybody can write anything; empty where there is none."""
    address: str = ""
    """That address as it is written there."""
    name: str = ""
    """Of the list; empty: none was named."""
    token: str = ""


def asked(letter: Letter) -> Asked | None:
    """What the letter asks for, if it does.

    The words stand alone in the subject, or in the first line where the subject is empty; a bare "退订" counts in the
    first line under any subject. "Please do not unsubscribe me" is no request.
    """
    lines = [line.strip() for line in letter.text.split("\n")[:_LINES]]
    first = next((line for line in lines if line), "")
    subject = letter.first("subject").strip()
    pattern = words().request
    found = pattern.fullmatch(subject) or pattern.fullmatch(first)
    if found is None or (found.string is first and subject and not _is_bare_goodbye(found)):
        return _answered(letter, lines)
    verb, what = words().verbs[found["verb"].lower()], found["what"] or ""
    if "." in what:
        return _request(letter, verb, token=what)
    if verb == "confirm":
        return _answered(letter, lines)
    return _request(letter, verb, name=what.lower())


def sender_of(letter: Letter) -> str:
    """Key of the address in From; empty where there is none that mail could go to."""
    return min(keys(first_address(_inside(letter))), default="")


def _is_bare_goodbye(found: re.Match[str]) -> bool:
    return words().verbs[found["verb"].lower()] == "unsubscribe" and not found["what"]


def _answered(letter: Letter, lines: list[str]) -> Asked | None:
    """A reply to our question that says yes, or nothing, above what it quotes; "who are you?" confirms nothing."""
    quoted = next((number for number, line in enumerate(lines) if _QUOTE.match(line)), len(lines))
    own = " ".join(" ".join(lines[:quoted]).split())
    if own.strip(".!。！~ ").lower() in words().yes:
        token = _TOKEN.search("\n".join(lines[quoted:]))
    else:
        token = _TOKEN.fullmatch(own)
    return _request(letter, "confirm", token=token[1]) if token else None


def _request(letter: Letter, verb: Verb, *, name: str = "", token: str = "") -> Asked:
    return Asked(verb, sender_of(letter), first_address(_inside(letter)), name, token)


def _inside(letter: Letter) -> str:
    # The name before the angle bracket may be another address.
    return letter.first("from").rpartition("<")[2]
