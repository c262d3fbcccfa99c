"""A real IMAP server (Dovecot) with one mailbox, for as long as a block lasts."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mail.servers import HOST, free_port, on_a_free_port, program, running, wait_until_it_answers

USER = "bounce@example.org"
PASSWORD = 's3cret ü"\\密码'


@dataclass
class Dovecot:
    """A running server."""

    folder: Path
    port: int
    """Without TLS; STARTTLS is offered."""
    tls_port: int

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def context(self) -> ssl.SSLContext:
        """Believes this server's certificate."""
        return ssl.create_default_context(cafile=self.certificate)

    def deliver(self, *messages: bytes, folder: str = "") -> None:
        """Put messages into the mailbox, in this order."""
        place = self.folder / "mail" / (f".{folder}" if folder else "")
        for name in ("new", "cur", "tmp"):
            (place / name).mkdir(parents=True, exist_ok=True)
        for message in messages:
            number = sum(1 for _ in place.glob("???/*"))
            (place / "new" / f"1700000000.M{number:06d}.test").write_bytes(message)
        _give(self.folder / "mail")

    def flags(self, folder: str = "") -> list[str]:
        """Flags of each message as they stand in the names of its files, in order."""
        place = self.folder / "mail" / (f".{folder}" if folder else "")
        files = sorted(place.glob("new/*")) + sorted(place.glob("cur/*"))
        return [file.name.partition(":2,")[2] for file in sorted(files, key=lambda file: file.name)]


def dovecot() -> AbstractContextManager[Dovecot]:
    """Skips the test where Dovecot is not installed."""
    return on_a_free_port(_dovecot)


@contextmanager
def _dovecot(port: int) -> Iterator[Dovecot]:
    argv = [program("dovecot"), "-F", "-c"]
    folder = Path(tempfile.mkdtemp(prefix="feeder-dovecot-"))
    try:
        folder.chmod(0o755)
        server = Dovecot(folder, port, free_port())
        _certificate(folder)
        server.deliver()
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}::::::\n", encoding="utf-8")
        (folder / "dovecot.conf").write_text(_configuration(server), encoding="utf-8")
        _give(folder / "users")
        with running([*argv, str(folder / "dovecot.conf")], folder / "log") as process:
            wait_until_it_answers(process, folder / "log", server.port, server.tls_port)
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> str:
    # Dovecot gives nobody mail as root.
    return "nobody" if os.geteuid() == 0 else getpass.getuser()


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        owner = pwd.getpwnam(_owner())
        for one in (path, *path.rglob("*")):
            os.chown(one, owner.pw_uid, owner.pw_gid)


def _configuration(server: Dovecot) -> str:
    folder, owner = server.folder, pwd.getpwnam(_owner())
    mine = (
        ""
        if os.geteuid() == 0
        else f"""
default_login_user = {owner.pw_name}
default_internal_user = {owner.pw_name}
default_internal_group = {owner.pw_gid}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
}}
"""
    )
    return f"""
protocols = imap
listen = {HOST}
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={owner.pw_uid} gid={owner.pw_gid} home={folder}/mail
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  inet_listener imap {{
    port = {server.port}
  }}
  inet_listener imaps {{
    port = {server.tls_port}
    ssl = yes
  }}
}}
{mine}
"""


def _certificate(folder: Path) -> None:
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", f"subjectAltName=DNS:localhost,IP:{HOST}", "-keyout", folder / "key.pem",
         "-out", folder / "certificate.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
