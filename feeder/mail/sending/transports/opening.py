"""Opening an SMTP connection: smtplib connects, greets, encrypts and logs in; then we take the socket over."""

from __future__ import annotations

import smtplib
import socket
import ssl

from feeder.config.settings import Smtp
from feeder.mail.sending.transports import TransportDown
from feeder.mail.sending.transports.dialogue import Features

_HINTS = {
    smtplib.SMTPAuthenticationError: "check [mail.smtp] user and the secret smtp_password",
    ssl.SSLCertVerificationError: "set [mail.smtp] host to the name that stands in the server's certificate",
    ssl.SSLError: "check [mail.smtp] security and port: 587 is starttls, 465 is tls",
    ConnectionRefusedError: "check [mail.smtp] host and port, and whether the server runs",
    socket.gaierror: "check [mail.smtp] host",
    TimeoutError: "check [mail.smtp] host and port, and whether a firewall lets port 25 out",
}


def opened(settings: Smtp, password: str, name: str) -> tuple[socket.socket, Features]:
    """A connection on which the server waits for MAIL, not blocking any more, and what the server offers.

    Args:
        settings: of the server.
        password: for AUTH, or the access token.
        name: this machine's, for EHLO.

    Raises:
        TransportDown: it cannot be had; the password is not in the message.
    """
    if settings.user and not password:
        # Nothing is what no server takes, and some shut out whoever tries it again and again.
        raise TransportDown(
            f"{settings.host}:{settings.port}: no password for {settings.user}",
            hint="give the secret smtp_password, as FEEDER_SMTP_PASSWORD for one",
        )
    client: smtplib.SMTP | None = None
    try:
        client = _connected(settings, name)
        _log_in(client, settings, password)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        if client is not None:
            client.close()
        raise _down(settings, error) from None
    return _taken_over(client)


def _connected(settings: Smtp, name: str) -> smtplib.SMTP:
    if settings.security == "tls":
        client: smtplib.SMTP = smtplib.SMTP_SSL(
            local_hostname=name, timeout=settings.timeout, context=ssl.create_default_context()
        )
    else:
        client = smtplib.SMTP(local_hostname=name, timeout=settings.timeout)
    # SMTP_SSL checks the certificate against the host given to the constructor, which would connect at once
    # and leave the socket open where the greeting is bad.
    client._host = settings.host  # type: ignore[attr-defined]
    try:
        _require_greeting(*client.connect(settings.host, settings.port))
        client.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            client.starttls(context=ssl.create_default_context())
            client.ehlo_or_helo_if_needed()
    except BaseException:
        client.close()
        raise
    return client


def _require_greeting(code: int, said: bytes) -> None:
    if code != 220:
        raise smtplib.SMTPConnectError(code, said)


def _log_in(client: smtplib.SMTP, settings: Smtp, password: str) -> None:
    if not settings.user:
        return
    if settings.auth == "password":
        client.login(settings.user, password)
        return
    token = f"user={settings.user}\x01auth=Bearer {password}\x01\x01"

    def answer(challenge: bytes | None = None) -> str:
        # A challenge to XOAUTH2 says what is wrong; an empty answer asks for the refusal itself.
        return token if challenge is None else ""

    client.auth("XOAUTH2", answer)


def _taken_over(client: smtplib.SMTP) -> tuple[socket.socket, Features]:
    offered = client.esmtp_features
    size = offered.get("size", "").split(" ")[0]
    features = Features(
        pipelining="pipelining" in offered,
        eight_bit="8bitmime" in offered,
        utf8="smtputf8" in offered,
        size=int(size) if size.isdecimal() else 0,
    )
    connection, client.sock = client.sock, None
    assert connection is not None
    if client.file is not None:
        client.file.close()
        client.file = None
    connection.setblocking(False)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection, features


def _down(settings: Smtp, error: Exception) -> TransportDown:
    hint = next((text for kind, text in _HINTS.items() if isinstance(error, kind)), "")
    return TransportDown(f"{settings.host}:{settings.port}: {_words(error)}", hint=hint)


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return " ".join(f"{error.smtp_code} {said}".split())
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not believed: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__
