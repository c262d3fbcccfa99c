"""Rules about the header of a message."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

from feeder.mail.lint.letter import Letter

ALWAYS: Final = ("from", "to", "subject", "date", "message-id", "mime-version", "content-type")
OF_LISTS: Final = ("list-id", "list-unsubscribe", "feedback-id")
ONCE: Final = (
    *ALWAYS, *OF_LISTS, "list-unsubscribe-post", "list-archive", "list-help", "reply-to", "sender",
    "content-language", "content-transfer-encoding", "auto-submitted",
)  # fmt: skip
LINE: Final = 76
LONGEST: Final = 998
WORD: Final = 75
LONGEST_SUBJECT: Final = 200

_WORD = re.compile(r"=\?([^?\s]+)\?([BbQq])\?([^?\s]*)\?=")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+@([A-Za-z0-9.\-]+)>")
_LIST_ID = re.compile(r"(?:.*\s)?<[A-Za-z0-9\-_]+(?:\.[A-Za-z0-9\-_]+)+>", re.DOTALL)
_URLS = re.compile(r"<[^<>\s]+>(?:,\s*<[^<>\s]+>)*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_CRYING = re.compile(r"[!！?？]{2,}|\b[A-Z]{4,}(?:\W+[A-Z]{4,}){2,}\b|[$￥€]{2,}")
_LATER = timedelta(days=1)
_URL_FIELDS = ("list-unsubscribe", "list-archive", "list-help")


def required_headers(letter: Letter) -> Iterator[str]:
    """What every message has (RFC 5322 section 3.6), and what one to a list has besides."""
    names = {name for name, _ in letter.fields}
    for name in ALWAYS if letter.is_notice else (*ALWAYS, *OF_LISTS):
        if name not in names:
            yield f"no {_shown(name)}"


def headers_once(letter: Letter) -> Iterator[str]:
    """A second one is an attack, or looks like one: Gmail refuses it (RFC 5322 section 3.6)."""
    counted = Counter(name for name, _ in letter.fields)
    for name in ONCE:
        if counted[name] > 1:
            yield f"{counted[name]} {_shown(name)}, and only one is allowed"


def header_characters(letter: Letter) -> Iterator[str]:
    """Headers are of printable ASCII; the rest is written as encoded-words."""
    if not letter.head.isascii():
        yield "a header has bytes of eight bits"
    if _CONTROL.search(letter.head):
        yield "a header has a control character"


def line_ends(letter: Letter) -> Iterator[str]:
    """Lines end with CR and LF together; one alone is where messages are smuggled (CVE-2023-51764)."""
    rest = letter.data.replace(b"\r\n", b"")
    if b"\r" in rest or b"\n" in rest:
        yield "a line ends with CR or LF alone"


def line_lengths(letter: Letter) -> Iterator[str]:
    """No line has more than 998 characters (RFC 5322 section 2.1.1), none with an encoded-word more than 76."""
    longest = max(map(len, letter.data.split(b"\r\n")))
    if longest > LONGEST:
        yield f"a line has {longest} characters, more than {LONGEST}"
    for line in letter.head.decode("ascii", "replace").split("\r\n"):
        if _WORD.search(line) and len(line) > LINE:
            yield f"a header line with an encoded-word has {len(line)} characters, more than {LINE}"


def encoded_words(letter: Letter) -> Iterator[str]:
    """An encoded-word has at most 75 characters and whole letters, and stands in no address (RFC 2047)."""
    for name, value in letter.fields:
        for word in _WORD.finditer(value):
            if name in _URL_FIELDS:
                yield f"{_shown(name)} has an encoded-word, so no client finds its address"
            if len(word[0]) > WORD:
                yield f"an encoded-word of {_shown(name)} has {len(word[0])} characters, more than {WORD}"
            if not _is_whole(word[0]):
                yield f"an encoded-word of {_shown(name)} cannot be read alone"


def one_recipient(letter: Letter) -> Iterator[str]:
    """To names one person: who else gets it is nobody's business."""
    people = getaddresses([letter.value("to")])
    if len(people) != 1:
        yield f"To has {len(people)} addresses"
    for name in ("cc", "bcc"):
        if letter.value(name):
            yield f"there is a {_shown(name)}"


def sender(letter: Letter) -> Iterator[str]:
    """From is one address with a domain that can be checked."""
    people = getaddresses([letter.value("from")])
    if len(people) != 1 or "@" not in people[0][1]:
        yield "From is not one address"
    elif "." not in letter.sender_domain:
        yield f"From has no domain that receivers can look up: {letter.sender_domain}"


def date(letter: Letter) -> Iterator[str]:
    """Date can be read, and is neither to come nor long ago."""
    try:
        at = parsedate_to_datetime(letter.value("date"))
    except (TypeError, ValueError, OverflowError):
        yield f"Date cannot be read: {letter.value('date')}"
        return
    if letter.now is not None and at.tzinfo is not None and at > letter.now + _LATER:
        yield f"Date is in the future: {letter.value('date')}"
    if at.replace(tzinfo=at.tzinfo or UTC) < datetime(2020, 1, 1, tzinfo=UTC):
        yield f"Date is long ago: {letter.value('date')}"


def message_id(letter: Letter) -> Iterator[str]:
    """Message-ID is unique in the world by its domain, which is that of From."""
    found = _MESSAGE_ID.fullmatch(letter.value("message-id"))
    if not found:
        yield f"Message-ID is none: {letter.value('message-id')}"
    elif found[1].lower() != letter.sender_domain:
        yield f"Message-ID is of {found[1]} and From of {letter.sender_domain}"


def subject(letter: Letter) -> Iterator[str]:
    """A subject says something, in one breath and without crying."""
    given = _decoded(letter.value("subject"))
    if not given.strip():
        yield "Subject is empty"
    if len(given) > LONGEST_SUBJECT:
        yield f"Subject has {len(given)} characters; readers show 30 to 60"
    if _CRYING.search(given):
        yield f"Subject cries, as advertising does: {given}"


def list_id(letter: Letter) -> Iterator[str]:
    """List-Id is a name that lasts, in angle brackets, and no address (RFC 2919)."""
    given = letter.value("list-id")
    if given and ("://" in given or "@" in given or not _LIST_ID.fullmatch(given)):
        yield f"List-Id is none: {given}"


def list_urls(letter: Letter) -> Iterator[str]:
    """List-Unsubscribe and its like hold addresses in angle brackets, folded behind a comma only (RFC 2369)."""
    for name in _URL_FIELDS:
        given = letter.raw(name)
        if given and not _URLS.fullmatch(given):
            yield f"{_shown(name)} is no list of addresses in angle brackets"
        for url in re.findall(r"<([^<>]*)>", given):
            if not url.startswith(("https://", "mailto:")):
                yield f"{_shown(name)} has an address that is neither https nor mailto: {url}"


def one_click(letter: Letter) -> Iterator[str]:
    """Gmail and Yahoo ask senders of many mails for unsubscribing by one click (RFC 8058)."""
    post = letter.value("list-unsubscribe-post")
    https = any(url.startswith("https://") for url in letter.ways_out)
    if post and not https:
        yield "List-Unsubscribe-Post without an https address in List-Unsubscribe"
    if https and post != "List-Unsubscribe=One-Click":
        yield "List-Unsubscribe has an https address, and List-Unsubscribe-Post does not say List-Unsubscribe=One-Click"


def feedback_id(letter: Letter) -> Iterator[str]:
    """Feedback-ID is CAMPAIGN:LIST:KIND:SENDER with a sender of 5 to 15 characters (Gmail)."""
    given = letter.value("feedback-id")
    parts = given.split(":")
    if given and (len(parts) != 4 or not re.fullmatch(r"[A-Za-z0-9]{5,15}", parts[-1])):
        yield f"Feedback-ID is none: {given}"


def content_language(letter: Letter) -> Iterator[str]:
    """Content-Language names a language (RFC 3282)."""
    given = letter.value("content-language")
    if given and not _LANGUAGE.fullmatch(given):
        yield f"Content-Language is none: {given}"


def no_bulk_marks(letter: Letter) -> Iterator[str]:
    """Precedence and made-up headers help nobody, and tell filters of cheap senders."""
    for name, _ in letter.fields:
        if name in {"precedence", "x-mailer", "x-priority", "x-originating-ip", "return-path", "received"}:
            yield f"there is a header {_shown(name)}"


def auto_submitted(letter: Letter) -> Iterator[str]:
    """A system mail says so, lest machines answer it (RFC 3834); and is no list's mail."""
    given = letter.value("auto-submitted")
    if given and given != "auto-generated":
        yield f"Auto-Submitted is not auto-generated: {given}"
    if given and letter.value("list-unsubscribe"):
        yield "a system mail with List-Unsubscribe"


def signature(letter: Letter) -> Iterator[str]:
    """A signature's domain is that of From, or one above it, so that DMARC passes; From is signed twice over."""
    signatures = [value for name, value in letter.fields if name == "dkim-signature"]
    if letter.must_be_signed and not signatures:
        yield "no DKIM-Signature"
    for value in signatures:
        tags = dict(tag.strip().partition("=")[::2] for tag in re.sub(r"\s+", "", value).split(";") if tag)
        signed = tags.get("h", "").lower().split(":")
        domain = tags.get("d", "").lower()
        if not f".{letter.sender_domain}".endswith(f".{domain}"):
            yield f"signed by {domain}, and From is of {letter.sender_domain}: DMARC fails"
        present = {name for name, _ in letter.fields}
        for name in ("from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post"):
            if name in present and name not in signed:
                yield f"{_shown(name)} is not signed"
        if signed.count("from") < 2:
            yield "From is not signed twice over: another one could be put before it"
        if "l" in tags:
            yield "the signature covers only the beginning of the body (l=)"


def _shown(name: str) -> str:
    special = {"mime-version": "MIME-Version", "message-id": "Message-ID", "feedback-id": "Feedback-ID"}
    return special.get(name, "-".join(part.capitalize() for part in name.split("-")))


def _is_whole(word: str) -> bool:
    try:
        ((data, charset),) = decode_header(word)
        return isinstance(data, bytes) and bool(data.decode(charset or "ascii"))
    except (HeaderParseError, LookupError, ValueError):
        return False


def _decoded(value: str) -> str:
    try:
        parts = decode_header(value)
        return "".join([
            data.decode(charset or "ascii", "replace") if isinstance(data, bytes) else data for data, charset in parts
        ])  # fmt: skip
    except (HeaderParseError, LookupError, ValueError):
        return value  # `encoded_words` tells of it


RULES: Final = (
    required_headers, headers_once, header_characters, line_ends, line_lengths, encoded_words, one_recipient, sender,
    date, message_id, subject, list_id, list_urls, one_click, feedback_id, content_language, no_bulk_marks,
    auto_submitted, signature,
)  # fmt: skip
