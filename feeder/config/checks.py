"""What a setting's value may be, beyond its type. Each check returns the value, put in order, or raises ``Wrong``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit, urlunsplit

TOKENS = ("year", "month", "day", "slug", "page")
"""What a permalink pattern may hold, in braces."""

_EMAIL = re.compile(r"[A-Za-z0-9_+.-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9][A-Za-z0-9-]*")
_LANGUAGE = re.compile(
    r"(?P<language>[A-Za-z]{2,3})(?:-(?P<script>[A-Za-z]{4}))?(?:-(?P<region>[A-Za-z]{2}|\d{3}))?"
    r"(?P<rest>(?:-(?:[A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))*(?:-x(?:-[A-Za-z0-9]{1,8})+)?)"
)
_KNOWN_LANGUAGES = {
    "cn": "zh-CN",
    "chinese": "zh-CN",
    "english": "en",
    "german": "de",
    "french": "fr",
    "japanese": "ja",
    "korean": "ko",
    "jp": "ja",
    "kr": "ko",
    "tw": "zh-TW",
    "hk": "zh-HK",
}
_KNOWN_ZONES = {
    "beijing": "Asia/Shanghai",
    "asia/beijing": "Asia/Shanghai",
    "china": "Asia/Shanghai",
    "cst": "Asia/Shanghai",
    "shanghai": "Asia/Shanghai",
    "utc+8": "Asia/Shanghai",
    "+08:00": "Asia/Shanghai",
    "+0800": "Asia/Shanghai",
    "gmt+8": "Asia/Shanghai",
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CALLED = {
    "ssl": "tls",
    "smtps": "tls",
    "imaps": "tls",
    "plain": "password",
    "login": "password",
    "oauth2": "xoauth2",
    "每日": "daily",
    "每天": "daily",
    "每周": "weekly",
    "每月": "monthly",
    "即时": "instant",
    "immediate": "instant",
    "gzip": "gz",
    "brotli": "br",
} | {f"星期{one}": day for one, day in zip("一二三四五六日", _WEEKDAYS, strict=True)}
_AUTHORITY = re.compile(
    r"(?:[\w.+-]+@)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?,\d{4}(?:-(?:0[1-9]|1[0-2])(?:-[0-3]\d)?)?", re.ASCII
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_BRACES = re.compile(r"\{([^{}]*)\}")
_FEED_NAME = re.compile(r"\.(?:xml|rss|atom|json|rdf)$", re.IGNORECASE)
_OWN_FEEDS = ("feed.atom", "feed.rss", "feed.json")
_PRIVATE = (".feeder", ".git", "templates")


class Wrong(ValueError):
    """A value that cannot be; ``hint`` says how to mend it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def near(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or an empty string."""
    from difflib import get_close_matches

    by_fold = {name.casefold(): name for name in known}
    found = get_close_matches(word.casefold(), by_fold, 1, 0.6)
    return by_fold[found[0]] if found else ""


def choice(word: str, known: tuple[str, ...]) -> str:
    """The one of a few words that was meant by another, by its beginning (``Mo``) or by what others call it."""
    folded = word.strip().casefold()
    meant = _CALLED.get(folded, "")
    begun = [one for one in known if folded and one.startswith(folded)]
    return meant if meant in known else begun[0] if len(begun) == 1 else near(word, known)


def text(value: str) -> str:
    """Any text without characters that neither XML nor a line can hold."""
    found = _CONTROL.search(value)
    if found:
        raise Wrong(f"U+{ord(found[0]):04X} cannot stand in a setting", "remove the character")
    return value


def line(value: str) -> str:
    """One line of text."""
    return " ".join(text(value).split())


def title(value: str) -> str:
    """One line that is not empty."""
    value = line(value)
    if not value:
        raise Wrong("the title is empty", 'write the publication\'s name, as title = "天数智芯新闻"')
    return value


def address(value: str) -> str:
    """An absolute http(s) address (RFC 3986), its host in ASCII and its path percent-encoded."""
    hint = "write it whole, as https://news.example.org/"
    try:
        parts = urlsplit(text(value).strip())
        host = (parts.hostname or "").encode("ascii" if (parts.hostname or "").isascii() else "idna").decode()
        port = parts.port
    except (ValueError, UnicodeError):
        raise Wrong(f"not an address: {value}", hint) from None
    if parts.scheme not in ("http", "https"):
        raise Wrong(
            f"not an absolute http(s) address: {value}", f"write https://{value}" if _bare_host(value) else hint
        )
    if not host or re.search(r"[\s<>\"\\^`{|}]", parts.netloc + host):
        raise Wrong(f"no host in the address: {value}", hint)
    if ":" in host:
        host = f"[{host}]"
    netloc = host if port is None else f"{host}:{port}"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    return urlunsplit((parts.scheme, netloc, path, quote(parts.query, safe="/?%:@!$&'()*+,;=~"), parts.fragment))


def site_url(value: str) -> str:
    """The address ``out/`` is served under: absolute, no query, a slash at its end."""
    whole = address(value)
    parts = urlsplit(whole)
    if parts.query or parts.fragment or "?" in value or "#" in value:
        raise Wrong(f"an address with a query or fragment cannot hold a site: {value}", f"write {whole.split('?')[0]}")
    if "@" in urlsplit(value.strip()).netloc:
        raise Wrong("a user name or password in the address would be public", f"write {whole}")
    return whole if whole.endswith("/") else whole + "/"


def optional_address(value: str) -> str:
    """An absolute http(s) address, or nothing."""
    return address(value) if value.strip() else ""


def language(value: str) -> str:
    """A BCP 47 tag (RFC 5646), in the letter case section 2.1.1 recommends."""
    match = _LANGUAGE.fullmatch(value)
    known = _KNOWN_LANGUAGES.get(value.casefold(), "")
    if match is None or known:
        guess = known or guess_language(value)
        raise Wrong(
            f"not a language tag: {value}", f"did you mean `{guess}`?" if guess else "write it as zh-CN, en or de-AT"
        )
    parts = [match["language"].lower(), (match["script"] or "").title(), (match["region"] or "").upper()]
    return "-".join(part for part in parts if part) + match["rest"].lower()


def guess_language(value: str) -> str:
    """A locale's name as a language tag: ``zh_CN.UTF-8`` is ``zh-CN``; empty where it says nothing."""
    bare = re.split(r"[.@]", value.strip(), maxsplit=1)[0].replace("_", "-")
    if bare in ("", "C", "POSIX"):
        return ""
    if bare.casefold() in _KNOWN_LANGUAGES:
        return _KNOWN_LANGUAGES[bare.casefold()]
    return language(bare) if _LANGUAGE.fullmatch(bare) else ""


def zone(value: str) -> str:
    """The IANA name of a time zone this machine knows."""
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        known = _KNOWN_ZONES.get(value.casefold()) or near(value, available_timezones())
        hint = f"did you mean `{known}`?" if known else "write an IANA name, as Asia/Shanghai or Europe/Berlin"
        raise Wrong(f"unknown time zone: {value}", hint) from None
    return value


def authority(value: str) -> str:
    """A taggingEntity of RFC 4151 section 2.1: a host or e-mail address, a comma, a date; or nothing."""
    if value and not _AUTHORITY.fullmatch(value):
        raise Wrong(f"not an authority for ids: {value}", "write a host you own and a year, as news.example.org,2026")
    return value


def tokens_of(value: str, known: tuple[str, ...], what: str) -> list[str]:
    """The tokens of a pattern, in braces; raises ``Wrong`` at one nobody knows."""
    found: list[str] = _BRACES.findall(value)
    for token in found:
        if token not in known:
            guess = near(token, known)
            hint = f"did you mean `{{{guess}}}`?" if guess else "known are " + ", ".join(f"{{{t}}}" for t in known)
            raise Wrong(f"unknown token in {what}: {{{token}}}", hint)
    return found


def permalink(value: str) -> str:
    """A pattern of addresses."""
    tokens_of(text(value), TOKENS, "a permalink")
    rest = _BRACES.sub("x", value)
    if not value.startswith("/") or not value.endswith("/"):
        raise Wrong(f"a permalink begins and ends with a slash: {value}", f"write /{value.strip('/')}/")
    if "{slug}" not in value:
        raise Wrong(f"a permalink without {{slug}} gives many entries one address: {value}", f"write {value}{{slug}}/")
    if re.search(r"[{}\s?#%\\:*\"<>|]|//|/\.", rest):
        raise Wrong(f"not a permalink: {value}", "use names, slashes and tokens only, as /{year}/{month}/{slug}/")
    return value


def inside(value: str) -> str:
    """A folder within the publication."""
    if not value.strip() or posixpath.normpath(value) == ".":
        raise Wrong("the publication's own folder cannot be meant", 'name a folder in it, as "entries"')
    if value.startswith(("/", "~")) or re.match(r"[A-Za-z]:[\\/]", value):
        raise Wrong(f"the path leaves the publication: {value}", "write a path from the folder of feeder.toml")
    return _tidy(text(value))


def output(value: str) -> str:
    """The folder that is served: within the publication, or an absolute path."""
    if value.startswith("s3://"):
        raise Wrong("buckets are not in this version", 'write to a folder, and copy it in "deploy"')
    return _tidy(text(value)) if value.startswith("/") and posixpath.normpath(value).strip("/") else inside(value)


def old_feed(value: str) -> str:
    """A file in ``out/`` that is a feed by its ending."""
    path = inside(value.lstrip("/"))
    if value.endswith("/"):
        raise Wrong(f"a folder cannot be a feed: {value}", f"write {path}/index.xml")
    if path in _OWN_FEEDS:
        raise Wrong(f"{path} is written anyway", "remove it from the list")
    if not _FEED_NAME.search(path):
        raise Wrong(f"no format known by the ending of {value}", "end it in .xml, .rss, .atom or .json")
    return path


def email(value: str) -> str:
    """A plain mail address, or nothing."""
    value = text(value).strip()
    if value and not _EMAIL.fullmatch(value):
        raise Wrong(f"not a mail address: {value}", "write it alone and in ASCII, as news@example.org")
    return value


def icon(value: str) -> str:
    """A file of the publication, an absolute address, or nothing."""
    if not value:
        return ""
    return address(value) if "://" in value else inside(value)


def _tidy(value: str) -> str:
    path = posixpath.normpath(value)
    if ".." in value.replace("\\", "/").split("/"):
        raise Wrong(f"the path leaves the publication: {value}", "write a path without `..`")
    if path.split("/")[0] in _PRIVATE:
        raise Wrong(f"{path} is used for something else", 'name another folder, as "entries" or "out"')
    return path


def _bare_host(value: str) -> bool:
    return bool(re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?(/[^\s]*)?", value))
