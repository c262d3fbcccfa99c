"""What the settings of mail may be. Each check returns the value, put in order, or raises ``Wrong``."""

from __future__ import annotations

import re
from datetime import timedelta

from feeder.config.checks import Wrong, inside, language, line, site_url, text, tokens_of, zone
from feeder.config.durations import duration, guess

SUBJECT_TOKENS = ("list", "date", "title", "count")
"""What a subject may hold, in braces."""

LONGEST_NAME = 40
NAME = rf"[a-z0-9][a-z0-9-]{{0,{LONGEST_NAME - 1}}}"
"""Name of a list: it stands in the List-Id, in addresses and in names of files."""

LONGEST_BASE = 30
"""Characters before the ``@`` of the return path: the token behind them has to fit into the 64 of RFC 5321."""

_MAILBOX = re.compile(
    r"(?P<local>[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)@(?P<domain>[^@\s<>]+)"
)
_SENDER = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_FULL_WIDTH = str.maketrans("＠＜＞．", "@<>.")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*{_LABEL}")
_SELECTOR = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_TEMPLATE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_LONGEST_WAIT = timedelta(days=31)


def parts_of_sender(value: str) -> tuple[str, str]:
    """Name and address of ``新闻编辑部 <news@example.org>``; without brackets, there is no name."""
    match = _SENDER.fullmatch(value.strip())
    if match is None:
        return "", value.strip()
    name = match["name"].strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return " ".join(name.split()), match["address"].strip()


def domain_of(value: str) -> str:
    """The domain of an address or sender; empty where there is none."""
    return parts_of_sender(value)[1].rpartition("@")[2].lower()


def sender(value: str) -> str:
    """``NAME <ADDRESS>`` or an address alone, or nothing."""
    if not line(value):
        return ""
    name, address = parts_of_sender(line(value))
    hint = 'write it as "新闻编辑部 <news@example.org>"'
    if not name:
        return _mailbox(address, value, hint)
    return f"{name} <{_mailbox(address, value, hint)}>"


def address(value: str) -> str:
    """A mail address alone (RFC 5321), its domain in ASCII, or nothing."""
    if not text(value).strip():
        return ""
    name, bare = parts_of_sender(value)
    hint = f'write "{bare}", without a name' if name else "write it as bounce@example.org"
    if name or "<" in value:
        raise Wrong(f"a mail address stands alone here: {value}", hint)
    return _mailbox(bare, value, hint)


def return_path(value: str) -> str:
    """An address with room for a token behind the part before the ``@``."""
    made = address(value)
    local = made.rpartition("@")[0]
    if "+" in local:
        raise Wrong(f"the base of the return path has a + already: {value}", "the token is put behind a + of its own")
    if len(local) > LONGEST_BASE:
        raise Wrong(
            f"{len(local)} characters before the @ leave no room for a token: {value}",
            f"take at most {LONGEST_BASE}, as bounce@{made.rpartition('@')[2]}",
        )
    return made


def _mailbox(address: str, value: str, hint: str) -> str:
    match = _MAILBOX.fullmatch(address)
    if match is None or len(match["local"]) > 64:
        mended = address.translate(_FULL_WIDTH)
        raise Wrong(
            f"not a mail address: {value}",
            f"write {value.translate(_FULL_WIDTH)}" if mended != address and _MAILBOX.search(mended) else hint,
        )
    return f"{match['local']}@{domain(match['domain'])}"


def domain(value: str) -> str:
    """A domain name in ASCII, with at least two labels; ``localhost`` for trying it out."""
    made = _ascii(value)
    if not _HOST.fullmatch(made) or ("." not in made and made != "localhost") or re.fullmatch(r"[\d.]+", made):
        raise Wrong(f"not a domain: {value}", "write it as example.org")
    return made


def optional_domain(value: str) -> str:
    """A domain name, or nothing."""
    return domain(line(value)) if line(value) else ""


def host(value: str) -> str:
    """Name or address of a server, without scheme and port."""
    value = line(value)
    if not value:
        raise Wrong("no host", 'write the server\'s name, as "smtp.example.org"')
    if "://" in value:
        bare = re.split(r"[/:]", value.partition("://")[2])[0]
        raise Wrong(f"a host has no scheme: {value}", f'write "{bare}"')
    found = re.fullmatch(r"([^:]+|\[.*\]):(\d+)", value)
    if found:
        raise Wrong(f"a host has no port: {value}", f'write "{found[1]}", and port = {int(found[2])}')
    if _is_ip(value.strip("[]")):
        return value.strip("[]")
    if not _HOST.fullmatch(_ascii(value)):
        raise Wrong(f"not a host: {value}", 'write a name or an address, as "smtp.example.org" or "127.0.0.1"')
    return _ascii(value)


def optional_host(value: str) -> str:
    """A host, or nothing."""
    return host(value) if line(value) else ""


def _is_ip(value: str) -> bool:
    from ipaddress import ip_address

    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def _ascii(value: str) -> str:
    try:
        return value.lower() if value.isascii() else value.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def web_url(value: str) -> str:
    """Where the subscription pages answer, or nothing."""
    return site_url(value) if line(value) else ""


def wait(value: str) -> str:
    """A length of time, up to 31 days."""
    try:
        found = duration(value)
    except ValueError:
        guessed = guess(value)
        hint = f'did you mean "{guessed}"?' if guessed else 'write minutes, hours or days, as "30m", "2h", "1d"'
        raise Wrong(f"not a length of time: {value}" if value else "no length of time", hint) from None
    if found > _LONGEST_WAIT:
        raise Wrong(f"longer than 31 days: {value}", 'write a length such as "24h"')
    return value


def optional_wait(value: str) -> str:
    """A length of time, or nothing."""
    return wait(line(value)) if line(value) else ""


def list_name(value: str) -> str:
    """The permanent name of a list."""
    if re.fullmatch(NAME, value):
        return value
    if not value:
        raise Wrong("the list has no name", 'write one in small letters, as "weekly"')
    if len(value) > LONGEST_NAME:
        hint = f"{LONGEST_NAME} at most; `title` may be long"
        raise Wrong(f"{len(value)} characters are too many for a list's name: {value}", hint)
    guessed = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-") if value.isascii() else ""
    known = 'small letters, digits and hyphens, as "weekly"; `title` may be 每周新闻'
    raise Wrong(f"not a list's name: {value}", f'did you mean "{guessed}"?' if guessed else known)


def subject(value: str) -> str:
    """A pattern of subjects, or nothing."""
    made = line(value)
    tokens_of(made, SUBJECT_TOKENS, "a subject")
    bare = re.sub(r"\{[^{}]*\}", "", made)
    if "{" in bare or "}" in bare:
        raise Wrong(f"a brace without its other half: {value}", "tokens stand in two braces, as {date}")
    return made


def template(value: str) -> str:
    """The name of templates in ``templates/mail/``, without an ending."""
    if not _TEMPLATE.fullmatch(value):
        bare = value.rpartition("/")[2].partition(".")[0]
        hint = f'write "{bare}"' if _TEMPLATE.fullmatch(bare) else 'write a name, as "digest"'
        raise Wrong(f"not the name of a template: {value}", hint)
    return value


def name_of_something(value: str) -> str:
    """A tag or an author."""
    made = line(value)
    if not made:
        raise Wrong("an empty name", "remove it")
    return made


def optional_zone(value: str) -> str:
    """An IANA zone, or nothing."""
    return zone(value) if value else ""


def optional_language(value: str) -> str:
    """A BCP 47 tag, or nothing."""
    return language(value) if value else ""


def key_file(value: str) -> str:
    """A file in the publication, or nothing."""
    return inside(value) if value else ""


def selector(value: str) -> str:
    """A DKIM selector (RFC 6376 section 3.1), or nothing."""
    if value and not _SELECTOR.fullmatch(value):
        raise Wrong(f"not a selector: {value}", 'write letters and digits, as "s1"; not the whole DNS name')
    return value.lower()


def program(value: str) -> str:
    """A program by its whole path."""
    made = line(value)
    if not made.startswith("/") or made.endswith("/"):
        raise Wrong(f"not the path of a program: {value}", 'write it whole, as "/usr/sbin/sendmail"')
    return made


def folder_of_imap(value: str) -> str:
    """A folder's name."""
    made = line(value)
    if not made:
        raise Wrong("no folder", 'write "INBOX"')
    return made


def database(value: str) -> str:
    """A file, or nothing."""
    made = line(value)
    if re.match(r"postgres\w*:", made, re.IGNORECASE):
        raise Wrong("a database on a server is not in this version", "leave it out: .feeder/mail.db is used")
    if "://" in made or made.startswith("sqlite:"):
        raise Wrong("the database is a file", 'write its path, as ".feeder/mail.db", or leave it out')
    if made.endswith("/"):
        raise Wrong(f"a folder cannot be a database: {made}", f'write "{made}mail.db"')
    if made.startswith(("/", ".feeder/")) and ".." not in made.split("/"):
        return made
    return inside(made) if made else ""


def broker(value: str) -> str:
    """Nothing: workers come later."""
    if line(value):
        raise Wrong("workers on other machines are not in this version", "leave it out: `publish` sends by itself")
    return ""
