"""What filters and servers say of a digest of this repository's own news, in Chinese and in English."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from mail.servers import HOST, dns, dns_text, on_a_free_port, program, running, wait_for, wait_until_it_answers
from mail.signing_keys import ed25519_pem, judge, records, rsa_pem
from support import CHECKOUT, NOW, Publication

from feeder.mail.lint import lint
from feeder.mail.message import dkim
from feeder.mail.values import Message
from feeder.upkeep import digests

pytestmark = pytest.mark.server

LISTS = ("weekly", "english")
ADDRESS = "上海市浦东新区世纪大道 1 号"
SETTINGS = f"""\
[mail]
from = "芯闻台编辑部 <news@news.example.org>"
bounce = "bounce@news.example.org"
unsubscribe = "unsubscribe@news.example.org"
postal_address = "{ADDRESS}"
[mail.dkim]
domain = "example.org"
selector = "s1"
key_file = "rsa.pem"
ed25519_selector = "s2"
ed25519_key_file = "ed25519.pem"
[web]
url = "https://subscribe.example.org/"
[[lists]]
name = "weekly"
title = "芯闻周报"
[[lists]]
name = "english"
title = "Chip Weekly"
language = "en"
languages = ["en"]
"""


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """This repository's news, published just now, with keys."""
    made = Publication(tmp_path_factory.mktemp("press"))
    made.configure(SETTINGS)
    shutil.copytree(CHECKOUT / "entries", made.root / "entries")
    for name, pem in (("rsa.pem", rsa_pem()), ("ed25519.pem", ed25519_pem())):
        made.write(name, pem).chmod(0o600)
    made.run()
    return made


@pytest.fixture(scope="module")
def signer(press: Publication) -> dkim.Signer:
    made = dkim.signer(press.settings)
    assert made
    return made


def letter(press: Publication, name: str) -> Message:
    """The list's next digest as a subscriber gets it."""
    return digests.preview(press.settings, NOW, name, "reader@example.net").message


@pytest.mark.parametrize("name", LISTS)
def test_our_own_lint(press: Publication, name: str) -> None:
    data = letter(press, name).data
    assert len(data) > 5_000
    assert lint(data, now=NOW, postal_address=ADDRESS, signed=True) == []


@pytest.mark.parametrize("name", LISTS)
def test_spamassassin(press: Publication, name: str, tmp_path: Path) -> None:
    argv = [program("spamassassin"), "--local", "--prefspath=/dev/null"]
    done = subprocess.run(
        argv, input=letter(press, name).data, capture_output=True, check=False, timeout=300,
        env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    head = done.stdout.decode("utf-8", "replace").partition("\n\n")[0].replace("\n\t", " ")
    found = re.search(r"^X-Spam-Status: .*?score=(-?[0-9.]+)(.*)", head, flags=re.MULTILINE)
    assert found, done.stderr.decode()[-2000:]
    assert float(found[1]) <= 1.0, found[2]


def rspamd(folder: Path, dns_port: int) -> AbstractContextManager[int]:
    """rspamd with its stock rules; it asks nobody but this name server. Gives its port."""
    return on_a_free_port(lambda port: _rspamd(folder, dns_port, port))


@contextmanager
def _rspamd(folder: Path, dns_port: int, port: int) -> Iterator[int]:
    stock = Path("/etc/rspamd/rspamd.conf")
    if not stock.is_file():
        pytest.skip("rspamd has no stock configuration here")
    for name in ("local.d", "override.d", "run", "db", "log"):
        (folder / name).mkdir(exist_ok=True)
    # Of all endings of domains it would make a table for half a minute.
    folder.joinpath("tlds").write_text("org\nnet\ncom\ncn\n")
    own = folder / "local.d"
    own.joinpath("options.inc").write_text(
        f'url_tld = "{folder}/tlds";\ndns {{ nameserver = ["{HOST}:{dns_port}"]; timeout = 1s; retransmits = 1; }}\n'
    )
    own.joinpath("logging.inc").write_text('level = "warning"; type = "console";\n')
    own.joinpath("worker-normal.inc").write_text(f'bind_socket = "{HOST}:{port}"; count = 1;\n')
    for name in ("controller", "proxy", "fuzzy"):
        folder.joinpath("override.d", f"worker-{name}.inc").write_text("enabled = false; count = 0;\n")
    variables = {"LOCAL_CONFDIR": folder, "RUNDIR": folder / "run", "DBDIR": folder / "db", "LOGDIR": folder / "log"}
    argv = [
        program("rspamd"),
        "-f",
        "-i",
        *[f"--var={name}={path}" for name, path in variables.items()],
        "-c",
        str(stock),
    ]
    with running(argv, folder / "rspamd.log", patience=1) as process:
        wait_until_it_answers(process, folder / "rspamd.log", port)
        yield port


def test_rspamd(press: Publication, signer: dkim.Signer, tmp_path: Path) -> None:
    """SPF, DKIM and DMARC pass, and the score stays low."""
    lines = [
        "txt-record=news.example.org,v=spf1 ip4:192.0.2.1 -all", "txt-record=_dmarc.example.org,v=DMARC1; p=reject",
        "mx-host=news.example.org,mx.example.org", "host-record=mx.example.org,192.0.2.1",
        "ptr-record=1.2.0.192.in-addr.arpa,mx.example.org",
        *[dns_text(name, text) for name, text in records(signer).items()],
    ]  # fmt: skip
    scores = {}
    with dns(tmp_path, *lines) as dns_port, rspamd(tmp_path, dns_port) as port:
        for name in LISTS:
            made = letter(press, name)
            file = tmp_path / f"{name}.eml"
            file.write_bytes(made.data)
            argv = [
                program("rspamc"), "-h", f"{HOST}:{port}", "--ip=192.0.2.1", f"--from={made.sender}",
                "--helo=mx.example.org", "--hostname=mx.example.org", f"--rcpt={made.recipient}", str(file),
            ]  # fmt: skip
            said = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60).stdout
            found = re.search(r"^Score: (-?[0-9.]+) ", said, flags=re.MULTILINE)
            assert found, said
            scores[name] = float(found[1])
            assert scores[name] <= 1.5, said
            for symbol in ("R_SPF_ALLOW", "R_DKIM_ALLOW", "DMARC_POLICY_ALLOW", "HAS_LIST_UNSUB"):
                assert f"Symbol: {symbol} " in said
    assert set(scores) == set(LISTS)


def opendkim(folder: Path, signer: dkim.Signer) -> AbstractContextManager[int]:
    """opendkim as a filter that verifies; gives its port."""
    return on_a_free_port(lambda port: _opendkim(folder, signer, port))


@contextmanager
def _opendkim(folder: Path, signer: dkim.Signer, port: int) -> Iterator[int]:
    keys = [f"{name} {text}" for name, text in records(signer).items()]
    folder.joinpath("keys").write_text("\n".join(keys) + "\n")
    lines = [
        "Mode v", "Syslog no", f"Socket inet:{port}@{HOST}", f"TestPublicKeys {folder}/keys", "Background no",
        "AuthservID judge.example.net", "AlwaysAddARHeader yes", "RequireSafeKeys no",
    ]  # fmt: skip
    folder.joinpath("opendkim.conf").write_text("\n".join(lines) + "\n")
    argv, log = [program("opendkim"), "-f", "-x", f"{folder}/opendkim.conf"], folder / "opendkim.log"
    with running(argv, log) as process:
        wait_until_it_answers(process, log, port)
        yield port


MASTER = """\
{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
"""


def postfix(milter: int) -> AbstractContextManager[tuple[int, Path]]:
    """A Postfix of its own that takes mail for example.net into a Maildir; gives its port and that folder."""
    return on_a_free_port(lambda port: _postfix(milter, port))


@contextmanager
def _postfix(milter: int, port: int) -> Iterator[tuple[int, Path]]:
    start = program("postfix")
    try:
        owner, nobody = pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
    except KeyError:
        pytest.skip("Postfix has no user on this machine")
    if os.geteuid() != 0:
        pytest.skip("Postfix is started by root only")
    # Its daemons run as other users, who may not enter pytest's folders.
    folder = Path(tempfile.mkdtemp(prefix="feeder-postfix-"))
    try:
        folder.chmod(0o755)
        for name in ("etc", "queue", "data", "mail"):
            (folder / name).mkdir()
        os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
        os.chown(folder / "mail", nobody.pw_uid, nobody.pw_gid)
        folder.joinpath("etc/master.cf").write_text(MASTER.format(port=f"{HOST}:{port}"))
        folder.joinpath("etc/main.cf").write_text("\n".join([
            "compatibility_level = 3.6", f"queue_directory = {folder}/queue", f"data_directory = {folder}/data",
            "myhostname = judge.example.net", "mydestination =", "inet_interfaces = loopback-only",
            "inet_protocols = ipv4", "mynetworks = 127.0.0.0/8", f"maillog_file = {folder}/log",
            f"maillog_file_prefixes = {folder}", "virtual_mailbox_domains = example.net",
            f"virtual_mailbox_base = {folder}/mail", "virtual_mailbox_maps = static:reader/",
            f"virtual_uid_maps = static:{nobody.pw_uid}", f"virtual_gid_maps = static:{nobody.pw_gid}",
            f"smtpd_milters = inet:{HOST}:{milter}", "milter_default_action = tempfail",
            "smtpd_recipient_restrictions = permit_mynetworks, reject", "smtp_dns_support_level = disabled",
        ]) + "\n")  # fmt: skip
        with running([start, "-c", f"{folder}/etc", "start-fg"], folder / "start.log") as process:
            try:
                wait_until_it_answers(process, folder / "start.log", port)
                yield port, folder / "mail/reader/new"
            finally:
                subprocess.run([start, "-c", f"{folder}/etc", "stop"], capture_output=True, check=False, timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_signatures_survive_a_server(press: Publication, signer: dkim.Signer, tmp_path: Path) -> None:
    """A real Postfix takes the mail; opendkim, and then dkimpy on what was delivered, find it unchanged and in line."""
    with opendkim(tmp_path, signer) as milter, postfix(milter) as (port, folder):
        with smtplib.SMTP(HOST, port, timeout=60) as client:
            for name in LISTS:
                made = letter(press, name)
                client.sendmail(made.sender, [made.recipient], made.data)
        wait_for(lambda: folder.is_dir() and len(list(folder.iterdir())) == len(LISTS), "delivery")
        arrived = [file.read_bytes().replace(b"\n", b"\r\n") for file in folder.iterdir()]
    for data in arrived:
        assert judge(signer)(data) == [True, True]
        head = re.sub(r"\n[ \t]+", " ", data.partition(b"\r\n\r\n")[0].decode("ascii").replace("\r\n", "\n"))
        results = "\n".join(re.findall(r"^Authentication-Results: judge\.example\.net;.*", head, flags=re.MULTILINE))
        passed = re.findall(r"dkim=pass .*?header\.d=([a-z.]+)", results)
        assert passed, results
        # DMARC (RFC 7489 section 3.1.1): the signing domain and that of From have one organisational domain.
        assert all("news.example.org".endswith(domain) for domain in passed)
        assert re.search(r"^Return-Path: <bounce\+0-0-[0-9a-f]{10}@news\.example\.org>", head, flags=re.MULTILINE)
