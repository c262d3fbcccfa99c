"""Dates as people write them, and instants as feeds want them.

Only what stands in the text is read: no clock, no locale, no guess. A moment without a zone is in the
site's zone; a day without a time has its instant at 12:00 UTC and is due from 00:00 in the site's zone.
Instants are whole seconds, since RFC 822 dates know nothing smaller.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from unicodedata import normalize
from zoneinfo import ZoneInfo

from feeder.model import Moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FULL_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_MONTHS = tuple(name[:3] for name in _FULL_MONTHS)
_OLDEST_YEAR = 1000
"""Earlier years are placeholders: Go's zero time is ``0001-01-01T00:00:00Z``."""

_MONTH_NAME = "(?P<name>" + "|".join(f"{m[:3]}(?:{m[3:]})?" for m in _FULL_MONTHS) + r"|Sept)\.?"
_ORDINAL = "(?:st|nd|rd|th)?"
_NUMERAL = "[〇○零一二两三四五六七八九十廿卅]"
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*[,.]?\s+)?"
_NUMERIC = r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?!\d)"
_CHINESE = (
    rf"(?P<year>\d{{4}}|{_NUMERAL}{{4}})\s*年\s*(?P<month>\d{{1,2}}|{_NUMERAL}{{1,3}})\s*月\s*"
    rf"(?P<day>\d{{1,2}}|{_NUMERAL}{{1,3}})\s*[日号號]"
)
_MONTH_FIRST = rf"{_WEEKDAY}{_MONTH_NAME}\s+(?P<day>\d{{1,2}}){_ORDINAL},?\s+(?P<year>\d{{4}})(?!\d)"
_DAY_FIRST = rf"{_WEEKDAY}(?P<day>\d{{1,2}}){_ORDINAL}[\s-]+{_MONTH_NAME},?[\s-]+(?P<year>\d{{4}})(?!\d)"

_CHINESE_WEEKDAY = "(?:\\s*[(（]?(?:星期|周|週|礼拜)[一二三四五六日天][)）]?)?"

_HEADS = tuple(
    re.compile(form + _CHINESE_WEEKDAY, re.IGNORECASE) for form in (_NUMERIC, _CHINESE, _MONTH_FIRST, _DAY_FIRST)
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?)?(?!\d)")
_STAMP = re.compile(r"1\d{9}(?:\d{3})?\Z")  # seconds or milliseconds since 1970, as editors write them
_TIME = re.compile(
    r"""(?:\s*[T,，]?\s*
        (?P<half>上午|下午|凌晨|晚上|中午)?\s*
        (?P<hour>\d{1,2})\s*(?:(?:[:：]|[时時点點](?=\s*\d))\s*(?P<minute>\d{2}|\d(?=\s*分))\s*(?:分(?!钟))?|[时時点點])
        (?:\s*(?:[:：]\s*(?P<second>\d{2})|(?P<spoken>\d{1,2})(?=\s*秒))\s*秒?(?:[.,]\d+)?)?
        (?:\s*(?P<ampm>[ap]\.?m\.?)(?![a-z]))?)""",
    re.VERBOSE | re.IGNORECASE,
)
_ZONE = re.compile(
    r"\s*(?:(?P<utc>Z|UTC|GMT|UT)?\s*(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?:\s*[A-Z]{1,5}|\s*\(.*\))?"
    r"|(?P<name>Z|UTC|GMT|UT|[A-Z]{2,5}|[A-Za-z]+/[A-Za-z_/]+))\Z",
)
_ZONE_AT_HEAD = re.compile(r"\s*(?:(?P<name>Z|UTC|GMT)\b|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})(?!\d))")
_US_ZONES = {"EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
_OPENING = re.compile(r"""(?:[\s*_~`【\[(（〔《「『"“'‘]|\bOn\s)*""")
_BEFORE_IN_HEADING = re.compile(r"[\w.][-/.]?\Z", re.ASCII)
_AFTER = re.compile(r"[A-Za-z0-9]|_+[A-Za-z0-9]|[-/.]\d")
_SHORT_DOTTED = re.compile(r"\d{4}\.(?:\d\.|\d\d\.\d(?!\d))")
_IN_PATH = re.compile(r"(?<!\d)(?P<year>\d{4})([-/])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?=[-_/.\s]|\Z)")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)")
_YEAR_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?\Z")
_DIGITS = {c: i for i, cs in enumerate(("〇○零", "一", "二两", "三", "四", "五", "六", "七", "八", "九")) for c in cs}


class DateError(ValueError):
    """A date that does not exist or cannot be understood."""

    def __init__(self, message: str, hint: str = "", *, mark: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.mark = mark
        """The text that is wrong."""


def parse(text: str, zone: ZoneInfo) -> Moment:
    """Read a whole text as a date with or without a time.

    Raises:
        DateError: the day does not exist, or this is no spelling of a date.
    """
    plain = (text if text.isascii() else normalize("NFKC", text)).strip()
    if _STAMP.match(plain):
        return _moment(_EPOCH + timedelta(seconds=int(plain[:10])), zone)
    if plain[:8].isdecimal() and (compact := _COMPACT.match(plain)):
        plain = _spell_out(compact) + plain[compact.end() :]
    for form in _HEADS:
        match = form.match(plain)
        if match:
            return _whole(match, plain, zone)
    raise _not_understood(plain)


def from_value(value: object, zone: ZoneInfo) -> Moment:
    """Read a value of the front matter: text, a TOML date or date-time, ``20240402``.

    Raises:
        DateError: see `parse`.
    """
    if isinstance(value, str):
        return parse(value, zone)
    if isinstance(value, datetime):
        return _moment(value if value.tzinfo else value.replace(tzinfo=zone), zone)
    if isinstance(value, (date, int)) and not isinstance(value, bool):
        return parse(str(value), zone)
    raise DateError(f"not a date: {_short(str(value))}", "write it as 2024-04-02 or 2024-04-02 09:00", mark=str(value))


def find_at_head(text: str, zone: ZoneInfo) -> tuple[Moment, str] | None:
    """The full date with which a text begins, and how it is written.

    Emphasis, brackets and quotes may stand before it. ``去年 3 月``, ``11 月 22 日`` and ``昨日`` are no dates.

    Raises:
        DateError: the text begins with a date that does not exist.
    """
    plain = text if text.isascii() else normalize("NFKC", text[:200])
    opening = _OPENING.match(plain)
    start = opening.end() if opening else 0
    for form in _HEADS:
        match = form.match(plain, start)
        if match and _ends(match, plain):
            return _part(match, plain, zone)
    return None


def in_heading(text: str, zone: ZoneInfo) -> tuple[Moment, str] | None:
    """The first full date anywhere in a heading, and how it is written: ``[1.2.0] - 2024-04-02``.

    Raises:
        DateError: the date does not exist.
    """
    plain = text if text.isascii() else normalize("NFKC", text[:400])
    each = (next((m for m in form.finditer(plain) if _ends(m, plain) and _begins(m, plain)), None) for form in _HEADS)
    first = min((match for match in each if match), key=lambda match: match.start(), default=None)
    return _part(first, plain, zone) if first else None


def in_path(text: str, zone: ZoneInfo) -> Moment | None:
    """The date in a permalink (``/2024/04/02/x/``) or file name (``2024-04-02-x``)."""
    match = _IN_PATH.search(text)
    with suppress(DateError):
        return _day(_date(match), zone) if match else None
    return None


def at_name(name: str, zone: ZoneInfo) -> tuple[Moment, str] | None:
    """The date with which a file name begins (``2024-04-02-x``), and the rest of the name.

    Raises:
        DateError: the date does not exist.
    """
    match = _IN_PATH.match(name)
    if not match or match[2] != "-":
        return None
    return _day(_date(match), zone), name[match.end() :].lstrip("-_. ")


def to_micros(dt: datetime) -> int:
    """Microseconds since 1970-01-01 UTC."""
    return (dt - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The UTC instant of `to_micros`."""
    return _EPOCH + timedelta(microseconds=micros)


def rfc3339(dt: datetime, zone: ZoneInfo) -> str:
    """``2024-04-02T20:00:00+08:00`` (RFC 3339 section 5.6)."""
    return _writable(dt, zone).isoformat(timespec="seconds")


def rfc822(dt: datetime, zone: ZoneInfo) -> str:
    """``Tue, 02 Apr 2024 20:00:00 +0800`` (RFC 822 section 5 with RFC 2822's year), English under any locale."""
    local = _writable(dt, zone)
    return f"{_DAYS[local.weekday()]}, {local.day:02d} {_MONTHS[local.month - 1]} {local:%Y %H:%M:%S %z}"


def _writable(dt: datetime, zone: ZoneInfo) -> datetime:
    local = dt.astimezone(zone)
    offset = local.utcoffset()
    # Local mean times before 1900 have offsets with seconds (Shanghai: +08:05:43), which neither RFC can write.
    return dt.astimezone(UTC) if offset is None or offset.seconds % 60 else local


def _spell_out(compact: re.Match[str]) -> str:
    year, month, day, hour, minute, second = compact.groups()
    return f"{year}-{month}-{day}" + (f" {hour}:{minute}:{second or '00'}" if hour else "")


def _whole(match: re.Match[str], plain: str, zone: ZoneInfo) -> Moment:
    day = _date(match)
    rest = plain[match.end() :].strip()
    if not rest or rest in {"Z", "z"}:
        return _day(day, zone)
    time = _TIME.match(rest)
    if not time:
        raise _not_understood(plain)
    return _moment(_at(day, time, _zone(rest[time.end() :].strip(), plain, zone), plain), zone)


def _part(match: re.Match[str], plain: str, zone: ZoneInfo) -> tuple[Moment, str]:
    day = _date(match)
    time = _TIME.match(plain, match.end())
    if not time or not time["minute"]:
        return _day(day, zone), match[0]
    given = _ZONE_AT_HEAD.match(plain, time.end())
    where: tzinfo = (UTC if given["name"] else _offset(given)) if given else zone
    try:
        return _moment(_at(day, time, where, plain), zone), match[0]
    except DateError:
        return _day(day, zone), match[0]


def _ends(match: re.Match[str], plain: str) -> bool:
    if _SHORT_DOTTED.match(match[0]):
        return False
    after = _AFTER.match(plain, match.end())
    # A "T" begins a time; any other letter makes it a version or a name.
    return not after or plain[match.end() : match.end() + 1] in {"T", "t"}


def _begins(match: re.Match[str], plain: str) -> bool:
    return not _BEFORE_IN_HEADING.search(plain[max(0, match.start() - 2) : match.start()])


def _date(match: re.Match[str]) -> date:
    groups = match.groupdict()
    name = groups.get("name")
    month = _MONTHS.index(name[:3].title()) + 1 if name else _number(groups["month"])
    year, day = _number(groups["year"]), _number(groups["day"])
    if year < _OLDEST_YEAR:
        raise DateError(f"not a year: {match[0]}", "write the year with four digits, as 2024-04-02", mark=match[0])
    try:
        return date(year, month, day)
    except ValueError:
        raise _no_such_day(year, month, day, match[0]) from None


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    text = text.replace("廿", "二十").replace("卅", "三十")
    if "十" not in text:
        return int("".join(str(_DIGITS[c]) for c in text))
    tens, _, units = text.partition("十")
    if len(tens) > 1 or len(units) > 1:
        return 99
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[units] if units else 0)


def _no_such_day(year: int, month: int, day: int, text: str) -> DateError:
    if not 1 <= month <= 12:
        return DateError(
            f"month {month} does not exist: {text}", "write the month as 01 to 12, after the year", mark=text
        )
    last = 31 if month == 12 else (date(year, month + 1, 1) - timedelta(days=1)).day
    hint = f"write a real day, as {year:04d}-{month:02d}-{last if day else 1:02d}"
    return DateError(f"{day} {_FULL_MONTHS[month - 1]} does not exist: {text}", hint, mark=text)


def _at(day: date, time: re.Match[str], zone: tzinfo, plain: str) -> datetime:
    hour, minute, second = int(time["hour"]), int(time["minute"] or 0), int(time["second"] or time["spoken"] or 0)
    half = (time["ampm"] or "")[:1].lower() or {"下午": "p", "晚上": "p"}.get(time["half"] or "", "")
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or second > 60:
        clock = time[0].strip(" T,，")
        raise DateError(f"the time {clock} does not exist: {_short(plain)}", "write it as 00:00 to 23:59", mark=clock)
    # A leap second (60) is a legal time of day that datetime cannot hold.
    return datetime(day.year, day.month, day.day, hour, minute, min(second, 59), tzinfo=zone)


def _zone(text: str, plain: str, zone: ZoneInfo) -> tzinfo:
    if not text:
        return zone
    match = _ZONE.match(text)
    if not match:
        raise _not_understood(plain)
    if not (name := match["name"]):
        return _offset(match)
    if name in {"Z", "UTC", "GMT", "UT"}:
        return UTC
    if name in _US_ZONES:
        return timezone(timedelta(hours=_US_ZONES[name]))
    if "/" in name:
        with suppress(KeyError, ValueError, OSError):
            return ZoneInfo(name)
    # "CST" is China Standard Time to some and RFC 822's -0600 to others.
    raise DateError(f"unknown zone {name}: {_short(plain)}", "write the zone as an offset, as +08:00", mark=name)


def _offset(match: re.Match[str]) -> timezone:
    delta = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    if delta >= timedelta(hours=24):
        raise DateError(f"not an offset from UTC: {match[0].strip()}", "write it as +08:00", mark=match[0].strip())
    return timezone(-delta if match["sign"] == "-" else delta)


def _moment(dt: datetime, zone: ZoneInfo) -> Moment:
    try:
        instant = dt.replace(microsecond=0).astimezone(UTC)
        local = instant.astimezone(zone)
    except OverflowError:
        raise DateError(f"out of range: {dt.isoformat()}", "write a year from 1000 to 9998") from None
    if local.year < _OLDEST_YEAR:
        raise DateError(f"not a year: {dt.isoformat()}", "write the year with four digits, as 2024-04-02")
    return Moment(instant, instant, f"{local:%Y-%m-%d}")


def _day(day: date, zone: ZoneInfo) -> Moment:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    due = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    return Moment(noon, due, day.isoformat(), date_only=True)


def _not_understood(plain: str) -> DateError:
    shown = _short(plain)
    if last := _YEAR_LAST.match(plain):
        example = f"{last[4]}-{int(last[3]):02d}-{int(last[1]):02d}"
        return DateError(
            f"day and month cannot be told apart: {shown}", f"write the year first, as {example}", mark=plain
        )
    if month := _YEAR_MONTH.match(plain):
        return DateError(
            f"no day in the date: {shown}", f"write it whole, as {month[1]}-{int(month[2]):02d}-01", mark=plain
        )
    return DateError(f"not a date: {shown}", "write it as 2024-04-02 or 2024-04-02 09:00", mark=plain)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"
