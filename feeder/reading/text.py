"""Bytes of an entry file as text: UTF-8 only, without the characters that no feed may carry."""

from __future__ import annotations

import re

from feeder.errors import Problem

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
"""What XML 1.0 section 2.2 forbids, and DEL and C1, which it discourages."""

SIZE_LIMIT = 1 << 20
"""Bytes of an entry file."""

_GUESSED = 1 << 16
_BOMS = ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
_NAMES = {0x00: "NUL", 0x07: "BEL", 0x08: "BACKSPACE", 0x0B: "VERTICAL TAB", 0x0C: "FORM FEED", 0x1B: "ESCAPE"}


def decode(path: str, data: bytes) -> tuple[str, list[Problem]]:
    """The text of a file, line ends as ``\\n``, and what is wrong with it.

    When the last problem rejects, there is no text.
    """
    if len(data) > SIZE_LIMIT:
        return "", [too_large(path, len(data))]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _not_strict(path, data, error.start)
    if b"\0" in data and (looks_like := _utf16(data)):
        return "", [_not_utf8(path, data.index(b"\0"), _LABELS[looks_like.lower()])]
    return _without_forbidden(path, _with_plain_line_ends(text))


def too_large(path: str, size: int) -> Problem:
    """The problem of a file above `SIZE_LIMIT`."""
    return Problem(path, f"too large: {size / SIZE_LIMIT:.1f} MiB", "an entry file has at most 1 MiB; split it", True)


def guess(data: bytes) -> str:
    """The encoding that bytes which are no UTF-8 most likely have, as Python spells it; empty for no idea."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name.lower()
    wide = _utf16(data)
    if wide:
        return wide.lower()
    sample = data[:_GUESSED]
    scores = {name: _share_of_common(sample, name) for name in ("gb18030", "big5")}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] >= 0.5:
        return best
    return "cp1252" if _share_of_pairs(sample) < 0.2 and _decodes(sample, "cp1252") else ""


def clean(text: str) -> str:
    """The text without what XML 1.0 forbids."""
    return FORBIDDEN.sub("", text) if FORBIDDEN.search(text) else text


def show(line: str) -> str:
    """A line as it can be put on a terminal: every forbidden character as U+FFFD."""
    return FORBIDDEN.sub("\ufffd", line)


def _with_plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _not_strict(path: str, data: bytes, start: int) -> tuple[str, list[Problem]]:
    try:
        # Lone surrogates, or pairs as CESU-8 writes them: the rest is sound, so only they are lost.
        text = data.decode("utf-8", "surrogatepass").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return "", [_not_utf8(path, start, _LABELS.get(guess(data), ""))]
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return _without_forbidden(path, _with_plain_line_ends(joined))


_LABELS = {
    "gb18030": "GB18030",
    "big5": "Big5",
    "cp1252": "Windows-1252",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
}


def _not_utf8(path: str, start: int, looks_like: str) -> Problem:
    if looks_like:
        hint = f"`feeder convert {path}` rewrites it"
        return Problem(path, f"not UTF-8 at byte {start} (looks like {looks_like})", hint, True)
    return Problem(path, f"not UTF-8 at byte {start}", "save the file as UTF-8", True)


def _utf16(data: bytes) -> str:
    sample = data[:1024]
    half = len(sample) // 2
    if half < 2 or sample.count(0) * 5 < len(sample):
        return ""
    if sample[1::2].count(0) > half * 0.3 and sample[::2].count(0) <= half * 0.05:
        return "UTF-16-LE"
    return "UTF-16-BE" if sample[::2].count(0) > half * 0.3 and sample[1::2].count(0) <= half * 0.05 else ""


def _share_of_common(data: bytes, encoding: str) -> float:
    """How many of the double bytes are the everyday characters of an encoding, from 0 to 1."""
    pairs = re.findall(rb"[\x81-\xfe][\x30-\x39\x40-\xfe]", data)
    if not pairs or not _decodes(data, encoding):
        return 0.0
    if encoding == "big5":
        common = [p for p in pairs if 0xA4 <= p[0] <= 0xC6 or p[0] in (0xA1, 0xA2)]
    else:
        common = [p for p in pairs if (0xB0 <= p[0] <= 0xD7 or p[0] in (0xA1, 0xA3)) and p[1] >= 0xA1]
    return len(common) / len(pairs)


def _share_of_pairs(data: bytes) -> float:
    high = len(re.findall(rb"[\x80-\xff]", data))
    return len(re.findall(rb"[\x80-\xff]{2}", data)) * 2 / high if high else 0.0


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        # The sample may end amid a character.
        return len(data) == _GUESSED and error.start >= len(data) - 4
    return True


def _without_forbidden(path: str, text: str) -> tuple[str, list[Problem]]:
    first = FORBIDDEN.search(text)
    if not first:
        return text, []
    kept, count = FORBIDDEN.subn("", text)
    start = text.rfind("\n", 0, first.start()) + 1
    end = text.find("\n", first.start())
    return kept, [
        Problem(
            place=f"{path}:{text.count(chr(10), 0, first.start()) + 1}",
            message=f"{_name(first[0])} is not allowed in feeds; it is left out{_others(count - 1)}",
            hint="delete it",
            source=show(text[start : end if end >= 0 else len(text)][:500]),
            column=first.start() - start + 1,
        )
    ]


def _name(char: str) -> str:
    code = ord(char)
    name = _NAMES.get(code) or ("lone surrogate" if 0xD800 <= code <= 0xDFFF else "")
    return f"U+{code:04X} ({name})" if name else f"U+{code:04X}"


def _others(count: int) -> str:
    return f", and {count} more in this file" if count else ""
