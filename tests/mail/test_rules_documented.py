"""docs/reference/mail-messages.md describes every rule of the lint, and no other."""

from __future__ import annotations

import re

from support import CHECKOUT

from feeder.mail.lint import RULES


def test_every_rule_is_described() -> None:
    text = CHECKOUT.joinpath("docs/reference/mail-messages.md").read_text("utf-8")
    described = re.findall(r"^\| `([a-z-]+)` \| .+ \|$", text.partition("## Rules")[2], flags=re.MULTILINE)
    assert described == list(RULES)
