"""What no single key shows: settings that are right alone and wrong beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from feeder.config.mailchecks import domain_of
from feeder.config.places import Key
from feeder.config.settings import Dkim, Imap, Mail, Settings, Smtp

DELIVERING = ("smtp", "sendmail")
"""Transports that reach people; the others write files."""

OWN_TEMPLATE = "digest"
"""The templates of digests that come with feeder."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Mistake(NamedTuple):
    """One thing that is wrong, or only worth saying."""

    keys: tuple[Key, ...]
    """Where it may stand in the file: the first that is there is shown."""
    message: str
    hint: str
    stops: bool = True


def mistakes(settings: Settings) -> Iterator[Mistake]:
    """All of them, for settings that passed every check of a single key."""
    yield from _folders(settings)
    yield from _names_of_lists(settings)
    yield from _templates(settings)
    yield from _delivering(settings)
    yield from _signing(settings)
    yield from _server("mail.smtp", settings.mail.smtp, 465)
    yield from _server("mail.imap", settings.mail.imap, 993)


def _folders(settings: Settings) -> Iterator[Mistake]:
    """One folder within the other would publish what was published, or the addresses of subscribers."""
    entries, output, mail = settings.entries.path, settings.output.path, settings.mail
    if _share(entries, output):
        keys: tuple[Key, ...] = (("output", "path"), ("entries", "path"))
        yield Mistake(keys, f"entries and output share a folder: {entries}, {output}", "name two folders apart")
    for name, taken in (("entries", entries), ("output", output)):
        keys = (("mail", "path"), (name, "path"))
        if _share(mail.path, taken):
            yield Mistake(keys, f"mail and {name} share a folder: {mail.path}, {taken}", "name two folders apart")
    for table, key, file in _private_files(mail):
        for taken in (entries, output):
            if file and _within(settings, file, taken):
                where: Key = (*table, key)
                yield Mistake((where,), f"{file} would be published with {taken}", "keep it in a folder of its own")


def _private_files(mail: Mail) -> Iterator[tuple[Key, str, str]]:
    yield ("mail",), "database", mail.database
    yield ("mail", "dkim"), "key_file", mail.dkim.key_file
    yield ("mail", "dkim"), "ed25519_key_file", mail.dkim.ed25519_key_file


def _share(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _within(settings: Settings, file: str, folder: str) -> bool:
    return f"{settings.root / file}".startswith(f"{settings.root / folder}/")


def _names_of_lists(settings: Settings) -> Iterator[Mistake]:
    seen: set[str] = set()
    for number, one in enumerate(settings.lists):
        if one.name in seen:
            yield Mistake((("lists", number, "name"),), f"two lists have the name {one.name}", "give one another name")
        seen.add(one.name)


def _templates(settings: Settings) -> Iterator[Mistake]:
    for number, one in enumerate(settings.lists):
        files = [f"templates/mail/{one.template}.{ending}" for ending in ("html", "txt")]
        if one.template != OWN_TEMPLATE and not any((settings.root / file).is_file() for file in files):
            hint = f'write one or both, or template = "{OWN_TEMPLATE}"'
            yield Mistake((("lists", number, "template"),), f"neither {files[0]} nor .txt is there", hint)


def _delivering(settings: Settings) -> Iterator[Mistake]:
    """Mail to people needs a sender, a postal address and a way to end it."""
    mail, web = settings.mail, settings.web
    if mail.transport not in DELIVERING:
        return
    at: tuple[Key, ...] = (("mail", "transport"),)
    told = f'transport "{mail.transport}" needs'
    if not mail.from_:
        example = settings.site.email or "news@example.org"
        yield Mistake(at, f"{told} a sender", f'write from = "{settings.site.title} <{example}>" in [mail]')
    if not mail.postal_address:
        hint = 'write postal_address = "…" in [mail]: the law of many countries asks for it in every mail'
        yield Mistake(at, f"{told} a postal address", hint)
    if not web.url and not mail.unsubscribe:
        hint = 'write url = "https://…" in [web], or unsubscribe = "…@…" in [mail] if `feeder mailbox` reads it daily'
        yield Mistake(at, f"{told} a way to unsubscribe", hint)
    if web.url.startswith("http:") and not _is_loopback(urlsplit(web.url).hostname or ""):
        hint = f"write {web.url.replace('http:', 'https:', 1)}"
        yield Mistake((("web", "url"),), "mail programs unsubscribe over https only (RFC 8058)", hint)


def _signing(settings: Settings) -> Iterator[Mistake]:
    dkim = settings.mail.dkim
    yield from _whole(dkim)
    senders: list[tuple[Key, str]] = [(("mail", "from"), settings.mail.from_)]
    senders += [(("lists", number, "from"), one.from_) for number, one in enumerate(settings.lists)]
    for key, sender in senders:
        domain = domain_of(sender)
        if dkim.domain and domain and not f".{domain}".endswith(f".{dkim.domain}"):
            message = f"a signature of {dkim.domain} says nothing about a sender at {domain}"
            hint = f'write domain = "{domain}" in [mail.dkim], or another sender'
            yield Mistake((("mail", "dkim", "domain"), key), message, hint)


def _whole(dkim: Dkim) -> Iterator[Mistake]:
    """Domain, selector and key belong together, and both of Ed25519 to them."""
    rsa = {"domain": dkim.domain, "selector": dkim.selector, "key_file": dkim.key_file}
    second = {"ed25519_selector": dkim.ed25519_selector, "ed25519_key_file": dkim.ed25519_key_file}
    wanted = rsa | (second if any(second.values()) else {})
    present = [name for name, value in wanted.items() if value]
    for name, value in wanted.items():
        if present and not value:
            keys: tuple[Key, ...] = (("mail", "dkim", name), ("mail", "dkim", present[0]))
            yield Mistake(keys, f"`{present[0]}` in [mail.dkim] needs `{name}`", f'write {name} = "{_EXAMPLES[name]}"')
    if dkim.selector and dkim.selector == dkim.ed25519_selector:
        keys = (("mail", "dkim", "ed25519_selector"),)
        yield Mistake(keys, f"two keys share the selector {dkim.selector}", 'write another, as "s2"')


_EXAMPLES = {
    "domain": "example.org",
    "selector": "s1",
    "key_file": "secrets/dkim.pem",
    "ed25519_selector": "s2",
    "ed25519_key_file": "secrets/ed25519.pem",
}


def _server(table: str, server: Smtp | Imap, tls_port: int) -> Iterator[Mistake]:
    parent, name = table.split(".")
    if not server.host:
        return
    if server.user and server.security == "none" and not _is_loopback(server.host):
        message = f"the password of {server.user} would go to {server.host} in the clear"
        keys: tuple[Key, ...] = ((parent, name, "security"), (parent, name, "user"))
        yield Mistake(keys, message, 'write security = "starttls" or "tls"')
    if server.port == tls_port and server.security != "tls":
        message = f'port {tls_port} expects TLS from the start; security is "{server.security}"'
        keys = ((parent, name, "security"), (parent, name, "port"))
        yield Mistake(keys, message, 'write security = "tls", or another port', stops=False)


def _is_loopback(host: str) -> bool:
    return host in _LOOPBACK or host.startswith("127.")
