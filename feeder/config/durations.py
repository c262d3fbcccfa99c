"""Lengths of time as settings write them: ``30m``, ``2h``, ``1d``."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(r"([1-9]\d{0,5})([mhd])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_UNIT_WORDS = (
    ("m", ("min", "mins", "minute", "minutes", "分", "分钟")),
    ("h", ("hr", "hrs", "hour", "hours", "小时", "时")),
    ("d", ("day", "days", "天", "日")),
)


def duration(text: str) -> timedelta:
    """A whole number of minutes, hours or days; raises ``ValueError``."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"not a length of time: {text}")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def guess(text: str) -> str:
    """What was meant by ``2 hours``, ``24H`` or ``2 小时``; empty where that is unclear."""
    match = re.fullmatch(r"0*([1-9]\d{0,5})\s*([^\W\d]+)", text.strip().casefold())
    if match is None:
        return ""
    for unit, words in _UNIT_WORDS:
        if match[2] == unit or match[2] in words:
            return match[1] + unit
    return ""
