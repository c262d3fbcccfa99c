"""Secrets: where they come from, and that nothing shows them."""

from __future__ import annotations

import copy
import json
import pickle
import sys
import traceback
from pathlib import Path
from types import ModuleType

import pytest

from feeder.config.secrets import Secret, Secrets, secret
from feeder.errors import SettingsError

WORD = "hunter2-密码"


def test_the_environment_comes_first_then_a_file_then_the_credential(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("of the file\n", "utf-8")
    (tmp_path / "smtp_password").write_text("of systemd\r\n", "utf-8")
    environ = {
        "FEEDER_SMTP_PASSWORD": "of the environment",
        "FEEDER_SMTP_PASSWORD_FILE": str(tmp_path / "file"),
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }
    found = []
    for name in list(environ):
        one = secret("smtp_password", environ)
        assert one is not None
        found.append(one.reveal())
        del environ[name]
    assert found == ["of the environment", "of the file", "of systemd"]
    assert secret("smtp_password", environ) is None


def test_names_do_not_mix(tmp_path: Path) -> None:
    secrets = Secrets({"FEEDER_SMTP_PASSWORD": "a", "FEEDER_SECRET_FILE": "", "FEEDER_IMAP_PASSWORD": ""})
    assert secrets.get("imap_password") is None
    assert secrets.get("secret") is None
    assert secrets.get("smtp_password") == Secret("a")


def test_a_credential_that_is_not_there_and_a_relative_folder_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert secret("smtp_password", {"CREDENTIALS_DIRECTORY": str(tmp_path)}) is None
    (tmp_path / "smtp_password").write_text("x")
    monkeypatch.chdir(tmp_path)
    assert secret("smtp_password", {}) is None
    assert secret("smtp_password", {"CREDENTIALS_DIRECTORY": "."}) is None


def test_only_one_line_end_is_taken_off(tmp_path: Path) -> None:
    for data, made in [(b"a b ", "a b "), (b" a\n", " a"), (b"\xef\xbb\xbfa\r\n", "a")]:
        (tmp_path / "x").write_bytes(data)
        assert secret("smtp_password", {"FEEDER_SMTP_PASSWORD_FILE": str(tmp_path / "x")}) == Secret(made)


@pytest.mark.parametrize(
    ("data", "part"),
    [(b"", "empty"), (b" \n", "empty"), (b"\xff\xfe\x00", "no text"), (b"a\nb", "line end in its midst"),
     (b"a\n\n", "line end"), (b"a\x00", "control"), (b"x" * 70000, "64 KiB")],
)  # fmt: skip
def test_what_cannot_be_a_password_is_refused_without_showing_it(tmp_path: Path, data: bytes, part: str) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(SettingsError) as caught:
        secret("smtp_password", {"FEEDER_SMTP_PASSWORD_FILE": str(tmp_path / "x")})
    assert part in str(caught.value)
    assert "FEEDER_SMTP_PASSWORD_FILE" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("path", ["/nonexistent/file", "/", "a\x00b"])
def test_a_file_that_is_named_has_to_be_there(path: str) -> None:
    with pytest.raises(SettingsError) as caught:
        secret("smtp_password", {"FEEDER_SMTP_PASSWORD_FILE": path})
    assert caught.value.exit_code == 78


def test_nothing_shows_a_secret() -> None:
    one = Secret(WORD)
    secrets = Secrets({"FEEDER_SMTP_PASSWORD": WORD})
    shown = [repr(one), str(one), f"{one}", f"{one!r}", "%s" % one, repr([one]), repr({"a": one}), repr(secrets)]  # noqa: UP031
    shown += [str(vars(type(one)).get("__dict__")), str(getattr(one, "__dict__", ""))]
    assert not [text for text in shown if WORD in text or "hunter" in text]
    for refused in (lambda: json.dumps(one), lambda: pickle.dumps(one), lambda: hash(one), lambda: copy.copy(one)):
        with pytest.raises(TypeError) as caught:
            refused()
        assert WORD not in "".join(traceback.format_exception(caught.value))


def test_a_message_of_ours_and_a_traceback_with_locals_show_no_secret() -> None:
    with pytest.raises(SettingsError) as caught:
        Secrets({"FEEDER_SMTP_PASSWORD": f"{WORD}\nx"}).get("smtp_password")
    assert WORD not in str(caught.value) + caught.value.hint

    def fail(made: Secret | None) -> None:
        raise ValueError(made)

    with pytest.raises(ValueError, match="Secret") as failed:
        fail(Secret(WORD))
    lines = traceback.TracebackException.from_exception(failed.value, capture_locals=True).format()
    shown = [line for line in lines if "in fail" in line]
    assert "made = Secret(…)" in shown[0]
    assert WORD not in shown[0]


def test_equal_secrets_are_equal() -> None:
    assert Secret(WORD) == Secret(WORD)
    assert Secret(WORD) != Secret("x")
    assert Secret("x") != "x"


def test_keys_of_tokens() -> None:
    new, old = "n" * 64, "o" * 32
    assert Secrets({"FEEDER_SECRET": f"{new}\n {old}\n"}).keys() == [new.encode(), old.encode()]
    assert Secrets({}).keys() == []
    for short in ("short", f"{new} short"):
        with pytest.raises(SettingsError) as caught:
            Secrets({"FEEDER_SECRET": short}).keys()
        assert "short" not in str(caught.value)
        assert "openssl" in caught.value.hint


class Keyring(ModuleType):
    def __init__(self, answer: str | Exception | None) -> None:
        super().__init__("keyring")
        from importlib.machinery import ModuleSpec

        self.__spec__ = ModuleSpec("keyring", None)
        self.answer = answer
        self.asked: list[tuple[str, str]] = []

    def get_password(self, service: str, name: str) -> str | None:
        self.asked.append((service, name))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "made"), [("x", Secret("x")), (None, None), ("", None), (RuntimeError("no session"), None)]
)
def test_the_keyring_comes_last_and_may_fail(
    monkeypatch: pytest.MonkeyPatch, answer: str | Exception | None, made: Secret | None
) -> None:
    keyring = Keyring(answer)
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert secret("imap_password", {}) == made
    assert keyring.asked == [("feeder", "imap_password")]
    assert secret("imap_password", {"FEEDER_IMAP_PASSWORD": "y"}) == Secret("y")
    assert len(keyring.asked) == 1
