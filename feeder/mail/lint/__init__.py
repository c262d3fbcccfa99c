"""What is wrong with a message in the eyes of receivers: one small function a rule.

The rules read the finished bytes and nothing else, so they judge what leaves whoever made it. Each is described in
docs/reference/mail-messages.md under its name, which is that of its function with hyphens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from feeder.mail.lint import body, head, markup
from feeder.mail.lint.letter import Letter

Rule = Callable[[Letter], Iterable[str]]

RULES: dict[str, Rule] = {rule.__name__.replace("_", "-"): rule for rule in (*head.RULES, *body.RULES, *markup.RULES)}
"""Name -> the function that says what is wrong, a line each."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of a message."""

    rule: str
    message: str


def lint(data: bytes, *, now: datetime | None = None, postal_address: str = "", signed: bool = False) -> list[Finding]:
    """What is wrong with a message; nothing where all is well.

    Args:
        data: the whole message.
        now: the time, to compare its Date with; none: it is not compared.
        postal_address: what must stand in both bodies; empty: nothing.
        signed: it must bear a signature.
    """
    letter = Letter(data, now=now, postal_address=postal_address, must_be_signed=signed)
    return list(_findings(letter))


def _findings(letter: Letter) -> Iterator[Finding]:
    for name, rule in RULES.items():
        for message in rule(letter):
            yield Finding(name, message)
