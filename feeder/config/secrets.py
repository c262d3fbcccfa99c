"""Passwords and keys: never in ``feeder.toml``, never shown.

A secret called ``smtp_password`` is looked for in the environment (``FEEDER_SMTP_PASSWORD``), in the file that
``FEEDER_SMTP_PASSWORD_FILE`` names, in systemd's ``$CREDENTIALS_DIRECTORY/smtp_password`` (systemd.exec(5)), and in the
system's keyring where the package ``keyring`` is installed: the first that is there counts. Only ``cli`` hands the
environment in.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, Literal, NoReturn

from feeder.errors import SettingsError

SecretName = Literal["smtp_password", "imap_password", "secret", "webhook_secret", "mailgun_key"]
SHORTEST_KEY: Final = 32
"""Characters of a key of tokens: 128 bits, in whatever letters."""
LIMIT: Final = 1 << 16
"""Bytes of a secret."""
SERVICE: Final = "feeder"
"""What the keyring calls us."""


class Secret:
    """A text that shows itself only when asked to: not in logs, tracebacks, JSON or pickles."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        import hmac

        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode("utf-8", "replace"), other._text.encode("utf-8", "replace"))

    __hash__ = None  # type: ignore[assignment]  # a hash in a log would tell two secrets apart

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written down")


class Secrets:
    """Where the secrets of one command come from."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __repr__(self) -> str:
        return "Secrets(…)"

    def get(self, name: SecretName) -> Secret | None:
        """The secret of that name; None where there is none.

        Raises ``SettingsError`` where one is named and cannot be read, or cannot be one.
        """
        return secret(name, self._environ)

    def keys(self) -> list[bytes]:
        """Keys of tokens from ``secret``, newest first; none: those of the mail database count."""
        found = secret("secret", self._environ)
        if found is None:
            return []
        keys = found.reveal().split()
        if any(len(key) < SHORTEST_KEY for key in keys):
            _refuse(_variable("secret"), f"a key has fewer than {SHORTEST_KEY} characters", "`openssl rand -hex 32`")
        return [key.encode() for key in keys]


def secret(name: SecretName, environ: Mapping[str, str]) -> Secret | None:
    """See ``Secrets.get``."""
    variable = _variable(name)
    if given := environ.get(variable):
        return _checked(given, name, variable)
    if path := environ.get(f"{variable}_FILE"):
        return _from_file(path, name, f"{variable}_FILE")
    credential = os.path.join(environ.get("CREDENTIALS_DIRECTORY", ""), name)
    if os.path.isabs(credential) and os.path.exists(credential):
        return _from_file(credential, name, "the systemd credential")
    found = _from_keyring(name)
    return _checked(found, name, "the keyring") if found else None


def _variable(name: str) -> str:
    return f"FEEDER_{name.upper()}"


def _from_file(path: str, name: str, where: str) -> Secret:
    try:
        with open(path, "rb") as file:
            data = file.read(LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no path"
        raise SettingsError(f"{where}: {path}: {reason}", hint="mend the path or its permissions") from None
    if len(data) > LIMIT:
        _refuse(f"{where}: {path}", "larger than 64 KiB", "name the file that holds the secret alone")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if not text.strip():
        _refuse(f"{where}: {path}", "no text" if data.strip() else "empty", "name the file that holds the secret alone")
    return _checked(text.removesuffix("\n").removesuffix("\r"), name, f"{where}: {path}")


def _checked(text: str, name: str, where: str) -> Secret:
    """Several lines may be keys, but never a password: it would break a command to a server in two."""
    if any(char < " " or char == "\x7f" for char in (text if name != "secret" else "".join(text.split()))):
        _refuse(where, "holds a control character or a line end in its midst", "give it on one line")
    return Secret(text)


def _from_keyring(name: str) -> str:
    from importlib import import_module
    from importlib.util import find_spec

    if find_spec("keyring") is None:
        return ""
    try:
        keyring: Any = import_module("keyring")
        return keyring.get_password(SERVICE, name) or ""
    except Exception:  # noqa: BLE001  (without a session, under cron, every backend fails in its own way)
        return ""


def _refuse(where: str, message: str, hint: str) -> NoReturn:
    raise SettingsError(f"{where}: {message}", hint=hint)
