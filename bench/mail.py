"""Measures sending beside others and writes the section "Mail" of bench/RESULTS.md.

python bench/mail.py [-n 3000] [--runs 5] [--write bench/RESULTS.md]

A digest of 20 entries, 54 KB on the wire, goes to Postfix's ``smtp-sink``; in each round ours (ledger included),
``smtp-source``, smtplib and nodemailer take turns, so that a busy machine is busy for all. Then with an RSA-2048
signature on every message, beside the bare signing rate; then over one connection through a proxy that makes each
round trip 10 ms long, beside smtplib. What is not installed is left out and named.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

import measure  # noqa: E402

CONNECTIONS = 4
ROUND_TRIP = 0.010
SOURCE, SINK, SMTPLIB, NODEMAILER = "smtp-source", "smtp-sink", "smtplib", "nodemailer"
SENDER, RECIPIENT = "news@example.org", "u{}@example.net"
NODE = """
const nodemailer = require('nodemailer'), fs = require('fs');
const [port, count, connections, file] = process.argv.slice(2);
const raw = fs.readFileSync(file);
const transport = nodemailer.createTransport({host: '127.0.0.1', port: +port, pool: true,
  maxConnections: +connections, maxMessages: 1e9, ignoreTLS: true});
const begun = process.hrtime.bigint();
const all = [];
for (let i = 0; i < +count; i++)
  all.push(transport.sendMail({envelope: {from: 'news@example.org', to: 'u' + i + '@example.net'}, raw}));
Promise.all(all).then(() => {
  const cpu = process.cpuUsage();
  console.log(JSON.stringify([Number(process.hrtime.bigint() - begun) / 1e9, (cpu.user + cpu.system) / 1e6]));
  transport.close();
});
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One sender's turn."""

    count: int
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.count / self.wall

    @property
    def each(self) -> float:
        """Milliseconds of the client's CPU a message."""
        return 1000 * self.cpu / self.count


# Servers


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Sink:
    """A running ``smtp-sink``."""

    port: int
    process: int

    def cpu(self) -> float:
        """Seconds of CPU that it has used."""
        fields = Path(f"/proc/{self.process}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def sink() -> Iterator[Sink]:
    """``smtp-sink`` on a free port."""
    port = free_port()
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    process = subprocess.Popen(
        [program(SINK), *user, "-c", f"127.0.0.1:{port}", "256"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield Sink(port, process.pid)
    finally:
        process.kill()
        process.wait()


@contextmanager
def far_away(port: int) -> Iterator[int]:
    """A proxy in a process of its own behind which a server is ``ROUND_TRIP`` away; its port."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--proxy", str(port)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def proxy(port: int) -> None:
    """Every byte comes out half a round trip after it went in, however many are under way."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        near, _ = listener.accept()
        far = socket.create_connection(("127.0.0.1", port))
        for one, other in ((near, far), (far, near)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            under_way: deque[tuple[float, bytes]] = deque()
            arrived = threading.Semaphore(0)
            threading.Thread(target=take, args=(one, under_way, arrived), daemon=True).start()
            threading.Thread(target=give, args=(other, under_way, arrived), daemon=True).start()


def take(source: socket.socket, under_way: deque[tuple[float, bytes]], arrived: threading.Semaphore) -> None:
    data = b"x"
    while data:
        try:
            data = source.recv(1 << 20)
        except OSError:
            data = b""
        under_way.append((time.perf_counter() + ROUND_TRIP / 2, data))
        arrived.release()


def give(target: socket.socket, under_way: deque[tuple[float, bytes]], arrived: threading.Semaphore) -> None:
    while True:
        arrived.acquire()
        at, data = under_way.popleft()
        if (wait := at - time.perf_counter()) > 0:
            time.sleep(wait)
        try:
            if not data:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(data)
        except OSError:
            return


def program(name: str) -> str:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin") or ""


# The digest


def snapshot() -> tuple[str, str]:
    """HTML and text of 20 entries with the usual holes, about 54 KB once encoded."""
    import corpus

    from feeder.mail.values import HOLE

    entries, texts = [], []
    for number in range(20):
        write = corpus.Writer(number)
        title, body = write.chinese(), "".join(write.paragraph() for _ in range(3))
        style = 'style="margin:0 0 16px;font:16px/1.7 sans-serif;color:#222"'
        entries.append(f"<tr><td {style}><h2 {style}>{title}</h2><p {style}>{body[:560]}</p></td></tr>")
        texts.append(f"{title}\n\n{body[:260]}\n")
    away, choose = HOLE.format("unsubscribe"), HOLE.format("preferences")
    links = f'<p><a href="{away}">退订</a> <a href="{choose}">设置</a></p>'
    html = f'<table role="presentation">{"".join(entries)}</table>{links}'
    return html, "\n".join(texts) + f"\n退订 {away}\n"


def settings_of(root: Path, port: int, connections: int, *, signed: bool) -> object:
    from feeder.config.settings import Dkim, Mail, MailingList, Settings, Site, Smtp, Web

    dkim = Dkim(domain="example.org", selector="s1", key_file="dkim.pem") if signed else Dkim()
    return Settings(
        root=root, site=Site(title="Bench", url="https://news.example.org/"), lists=(MailingList(name="weekly"),),
        mail=Mail(
            from_=f"Bench <{SENDER}>", bounce="bounce@example.org", postal_address="x", transport="smtp", dkim=dkim,
            smtp=Smtp(port=port, connections=connections, messages=100_000),
        ),
        web=Web(url="https://subscribe.example.org/"),
    )  # fmt: skip


def queue(root: Path, count: int) -> int:
    """A mail database with a digest for ``count`` subscribers of five providers; bytes of one message."""
    from feeder.mail.database import open_mail

    (root / ".feeder").mkdir(parents=True)
    html, text = snapshot()
    with open_mail(settings_of(root, 0, 1, signed=False), datetime.now(UTC)) as database:
        raw = database.raw()
        raw.execute("BEGIN")
        people = [(number, RECIPIENT.format(number), f"provider{number % 5}") for number in range(1, count + 1)]
        raw.executemany(
            "INSERT INTO subscriber (id, address, key, provider, created_at) VALUES (?1, ?2, ?2, ?3, 1)", people
        )
        raw.execute("""INSERT INTO subscription
            (id, subscriber, list, state, frequency, created_at, state_at, scheduled_at)
            SELECT id, id, 'weekly', 'active', 'weekly', 1, 1, 1 FROM subscriber""")
        raw.execute("""INSERT INTO digest (id, list, until, entries_hash, language, frequency, state, send_at, made_at,
            revision) VALUES (1, 'weekly', 1, '', 'zh-CN', 'weekly', 'ready', 1, 1, 1)""")
        raw.execute("INSERT INTO snapshot VALUES (1, 1, '每周新闻', ?, ?, 1760000000000000)", (html, text))
        raw.execute("""INSERT INTO delivery (digest, transport, subscriber, subscription, provider, state, due_at,
            updated_at) SELECT 1, 'smtp', id, id, provider, 'queued', 1, 1 FROM subscriber""")
        raw.execute("COMMIT")
        raw.close()
    return len(message(root))


def message(root: Path) -> bytes:
    """One of the messages, unsigned."""
    from feeder.mail.database import open_mail
    from feeder.mail.sending.ledger import Ledger
    from feeder.mail.sending.stencils import Stencils

    settings = settings_of(root, 0, 1, signed=False)
    with open_mail(settings, datetime.now(UTC)) as database:
        ledger = Ledger(database.raw(), "smtp")
        row = ledger.read(1, "provider1", (0, 0), 10, 1)[0]
        stencils = Stencils(settings, ledger, keys=database.secrets(), list_host="news.example.org", signer=None)
        data = stencils.sheet(row).message(row).data
        ledger.close()
    return data


# Senders


def ours(root: Path, port: int, connections: int, count: int, *, signed: bool = False) -> Run:
    """A process of its own that opens the mail database and sends; its start is not counted, as nobody's is."""
    command = [sys.executable, __file__, "--send", str(root), str(port), str(connections), str(int(signed)), str(count)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(ended.stderr)
    sent, wall, cpu = json.loads(ended.stdout)
    if sent != count:
        sys.exit(f"sent {sent} of {count}")
    return Run(count, wall, cpu)


def send(root: Path, port: int, connections: int, *, signed: bool, most: int) -> None:
    from feeder.cli.clock import SystemClock
    from feeder.mail.database import open_mail
    from feeder.mail.message.dkim import signer as signer_of
    from feeder.mail.sending import send as send_all

    settings = settings_of(root, port, connections, signed=signed)
    signer = signer_of(settings) if signed else None
    with open_mail(settings, datetime.now(UTC)) as database:
        wall, cpu = time.perf_counter(), time.process_time()
        tally = send_all(database, settings, SystemClock(), list_host="news.example.org", signer=signer, most=most)
        print(json.dumps([tally.sent, time.perf_counter() - wall, time.process_time() - cpu]))


def smtp_source(port: int, connections: int, count: int, size: int) -> Run:
    command = [program(SOURCE), "-d", "-s", str(connections), "-l", str(size), "-m", str(count), "-f", SENDER]
    started = time.perf_counter()
    process = subprocess.Popen([*command, "-t", RECIPIENT.format(1), f"127.0.0.1:{port}"])
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return Run(count, time.perf_counter() - started, used.ru_utime + used.ru_stime)


def with_smtplib(port: int, connections: int, count: int, data: bytes) -> Run:
    """``sendmail`` of ready bytes over as many threads; no ledger."""

    def work(numbers: range) -> None:
        with smtplib.SMTP("127.0.0.1", port, "bench.example") as client:
            for number in numbers:
                client.sendmail(SENDER, [RECIPIENT.format(number)], data)

    wall, cpu = time.perf_counter(), time.process_time()
    threads = [threading.Thread(target=work, args=(range(at, count, connections),)) for at in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Run(count, time.perf_counter() - wall, time.process_time() - cpu)


def nodemailer(folder: Path, port: int, connections: int, count: int, file: Path) -> Run:
    (folder / "send.js").write_text(NODE, "utf-8")
    command = ["node", "send.js", str(port), str(count), str(connections), str(file)]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    wall, cpu = json.loads(ended.stdout)
    return Run(count, wall, cpu)


def install_nodemailer(folder: Path) -> bool:
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    folder.mkdir()
    command = ["npm", "install", "--silent", "--no-save", "--prefix", str(folder), "nodemailer@7"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def signing(key: Path, seconds: float = 1.5) -> Run:
    """RSA-2048 signatures alone, all cores at it."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    private = serialization.load_pem_private_key(key.read_bytes(), None)
    cpu, counts, end = time.process_time(), [0] * cores(), time.perf_counter() + seconds

    def work(number: int) -> None:
        while time.perf_counter() < end:
            private.sign(b"x" * 1500, padding.PKCS1v15(), hashes.SHA256())  # type: ignore[union-attr,call-arg,arg-type]
            counts[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(counts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Run(sum(counts), seconds, time.process_time() - cpu)


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def make_key(path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    path.chmod(0o600)


# Rounds


class Bench:
    """Collects runs by name."""

    def __init__(self, work: Path, count: int, runs: int) -> None:
        self.work, self.count, self.runs = work, count, runs
        self.found: dict[str, list[Run]] = defaultdict(list)
        self.signing: list[Run] = []
        self.sinking: list[float] = []
        """Milliseconds of the sink's CPU a message."""
        self.size = 0
        self.node = install_nodemailer(work / "node")
        make_key(work / "dkim.pem")

    def note(self, name: str, run: Run) -> None:
        self.found[name].append(run)
        print(f"{name:28} {run.rate:8.0f} messages/s {run.each:7.3f} ms CPU", flush=True)

    def queued(self, count: int) -> Path:
        root = Path(tempfile.mkdtemp(dir=self.work))
        self.size = queue(root, count)
        shutil.copy(self.work / "dkim.pem", root / "dkim.pem")
        return root

    def round(self) -> None:
        with sink() as server:
            port = server.port
            root = self.queued(self.count)
            data = message(root)
            file = self.work / "message.eml"
            file.write_bytes(data)
            used = server.cpu()
            self.note("ours", ours(root, port, CONNECTIONS, self.count))
            self.sinking.append(1000 * (server.cpu() - used) / self.count)
            if program(SOURCE):
                self.note(SOURCE, smtp_source(port, CONNECTIONS, self.count, self.size))
            self.note(SMTPLIB, with_smtplib(port, CONNECTIONS, self.count // 3, data))
            if self.node:
                self.note(NODEMAILER, nodemailer(self.work / "node", port, CONNECTIONS, self.count // 3, file))
            self.signing.append(signing(self.work / "dkim.pem"))
            self.note("ours, signed", ours(self.queued(self.count), port, CONNECTIONS, self.count, signed=True))
            few = max(self.count // 20, 50)
            with far_away(port) as far:
                self.note("ours, far away", ours(self.queued(few), far, 1, few))
                self.note("smtplib, far away", with_smtplib(far, 1, few // 2, data))

    def ceiling(self, number: int) -> float:
        """Signed messages a second of a round, if no core ever waited: each is sent, signed and taken by the sink."""
        each = self.found["ours"][number].each + self.signing[number].each + self.sinking[number]
        return 1000 * cores() / each

    def rate(self, name: str) -> float:
        return statistics.median(run.rate for run in self.found[name])

    def each(self, name: str) -> float:
        return statistics.median(run.each for run in self.found[name])

    def ratio(self, name: str, other: str) -> float:
        """Median of the rounds' own ratios."""
        pairs = zip(self.found[name], self.found[other], strict=True)
        return statistics.median(one.rate / another.rate for one, another in pairs)

    def section(self, machine: list[str]) -> str:
        lines = [
            "## Mail",
            "",
            f"Written by `python bench/mail.py` on {datetime.now(UTC):%Y-%m-%d}. Rounds: {self.runs};",
        ]
        lines += ["medians are told, and of ratios the median of each round's own. A digest of 20 entries,"]
        lines += [
            f"{self.size / 1000:.0f} KB on the wire, to `smtp-sink` on the same machine over {CONNECTIONS} connections;"
        ]
        lines += [
            f"{self.count:,} recipients of five providers. Ours keeps its ledger meanwhile; the others keep none.",
            "",
        ]
        lines += [f"- {fact}" for fact in machine]
        lines += ["", "| what | measured | must | dream | |", "|---|---:|---:|---:|---|", *self.targets(), ""]
        lines += ["| sender | messages/s | client CPU, ms a message |", "|---|---:|---:|"]
        lines += [f"| {name} | {self.rate(name):,.0f} | {self.each(name):.3f} |" for name in self.found]
        bare, spent = (statistics.median(getattr(run, name) for run in self.signing) for name in ("rate", "each"))
        ceiling = statistics.median(self.ceiling(number) for number in range(self.runs))
        lines += [f"| RSA-2048 signatures alone, {cores()} cores | {bare:,.0f} | {spent:.3f} |"]
        lines += [f"| sending, signature and sink together, {cores()} cores | {ceiling:,.0f} | |"]
        lines += ["", "Listmonk sent 347–515 a second on such a machine; it is not part of the run. Signed, sink and"]
        lines += [
            f"sender share the cores with the signatures: the sink takes {statistics.median(self.sinking):.3f} ms a"
        ]
        lines += ["message. The last line is what the cores could do if none of them ever waited."]
        return "\n".join(lines)

    def targets(self) -> Iterator[str]:
        if SOURCE in self.found:
            yield target("unsigned, to `smtp-source`", self.ratio("ours", SOURCE), 0.7, 0.9, " ×")
        yield target("unsigned, messages a second (listmonk 347–515)", self.rate("ours"), 3 * 515, 3 * 515, "")
        yield target("client CPU a message, ledger included", -self.each("ours"), -0.25, -0.25, " ms")
        pairs = zip(self.found["ours, signed"], self.signing, strict=True)
        signed = statistics.median(run.rate / bare.rate for run, bare in pairs)
        yield target("signed, to the bare signing rate of all cores", signed, 0.8, 0.8, " ×")
        share = statistics.median(
            run.rate / self.ceiling(number) for number, run in enumerate(self.found["ours, signed"])
        )
        yield f"| signed, to what the cores can do with sending and sink | {share:.2f} × | | | |"
        yield target(
            "10 ms round trips, one connection, to smtplib",
            self.ratio("ours, far away", "smtplib, far away"),
            2,
            4,
            " ×",
        )


def target(what: str, value: float, must: float, dream: float, unit: str) -> str:
    """A row of the table; negative figures are upper bounds."""
    verdict = "dream" if value >= dream else "reached" if value >= must else "**missed**"
    told = [
        f"{abs(figure):,.0f}" if abs(figure) >= 100 else f"{abs(figure):.2f}{unit}" for figure in (value, must, dream)
    ]
    return f"| {what} | {' | '.join(told)} | {verdict} |"


def write(path: Path, section: str) -> None:
    """Put the section where the old one stood, or at the end."""
    text = path.read_text("utf-8") if path.exists() else "# Results\n"
    before, _, after = re.sub(r"\n*\Z", "\n", text).partition("\n## Mail\n")
    rest = re.search(r"\n## .*", after, re.DOTALL)
    path.write_text(f"{before.rstrip()}\n\n{section}\n{rest[0] if rest else ''}", "utf-8")


def main() -> None:
    if sys.argv[1:2] == ["--proxy"]:
        proxy(int(sys.argv[2]))
        return
    if sys.argv[1:2] == ["--send"]:
        root, port, connections, signed, most = sys.argv[2:]
        send(Path(root), int(port), int(connections), signed=signed == "1", most=int(most))
        return
    parser = argparse.ArgumentParser(description="measure sending beside others")
    parser.add_argument("-n", type=int, default=3000, help="recipients")
    parser.add_argument("--runs", type=int, default=5, help="rounds; medians are told")
    parser.add_argument("--write", type=Path, default=HERE / "RESULTS.md", help="where the results go")
    options = parser.parse_args()
    if not program(SINK):
        sys.exit("smtp-sink is not installed; on Debian it comes with postfix")
    machine = measure.machine()
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(Path(work), options.n, options.runs)
        for _ in range(options.runs):
            bench.round()
        write(options.write, bench.section(machine))
    print(f"written: {options.write.name}")


if __name__ == "__main__":
    main()
