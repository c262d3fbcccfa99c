"""Why a front matter cannot be read."""

from __future__ import annotations

from typing import NamedTuple


class Trouble(NamedTuple):
    """What stopped a parser; the line counts from 0 in the block."""

    line: int
    message: str
    hint: str
    mark: str = ""
    """The part of the line that is wrong."""
