"""Feed readers as people use them, each driven headless: subscribe once, fetch, tell what is there."""

from __future__ import annotations

import mailbox
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from email.header import decode_header, make_header
from pathlib import Path

from loopback import Server


class Client(ABC):
    """A feed reader with one subscription; everything it keeps is under ``home``."""

    programs: tuple[str, ...] = ()
    edits = True
    """It shows a later version of an entry it already has."""

    def __init__(self, home: Path, server: Server, feed: str) -> None:
        self.home, self.server, self.feed = home, server, feed
        home.mkdir(parents=True)
        self.subscribe()

    @classmethod
    def missing(cls) -> str:
        """What would have to be installed; empty where it can run."""
        return ", ".join(program for program in cls.programs if shutil.which(program) is None)

    @abstractmethod
    def subscribe(self) -> None:
        """Make ``feed`` the only subscription."""

    @abstractmethod
    def fetch(self) -> None:
        """Ask the server once and keep what is new."""

    @abstractmethod
    def titles(self) -> list[str]:
        """The title of every copy it holds, sorted."""

    def run(self, *argv: str, env: Mapping[str, str] | None = None, stdin: str = "") -> str:
        done = subprocess.run(
            argv, env={**clean_environment(), "HOME": str(self.home), **(env or {})}, input=stdin,
            capture_output=True, text=True, timeout=120, cwd=self.home,
        )  # fmt: skip
        assert done.returncode == 0, (argv, done.stdout, done.stderr)
        return done.stdout


class Newsboat(Client):
    programs = ("newsboat",)

    def subscribe(self) -> None:
        (self.home / "urls").write_text(self.feed + "\n")
        (self.home / "config").write_text("cleanup-on-quit no\ndownload-retries 1\n")

    def fetch(self) -> None:
        files = ("-u", "urls", "-c", "cache.db", "-C", "config")
        self.run("newsboat", *files, "-x", "reload")

    def titles(self) -> list[str]:
        return sorted(title for (title,) in rows(self.home / "cache.db", "select title from rss_item"))


class Rss2email(Client):
    """Sends a mail per new entry; an edited one is sent again only where asked for, and is not by default."""

    programs = ("r2e",)
    edits = False

    def subscribe(self) -> None:
        (self.home / "config").write_text(
            "[DEFAULT]\nfrom = feeder@example.org\nto = reader@example.org\nemail-protocol = maildir\n"
            f"maildir-path = {self.home}/mail\nmaildir-mailbox = news\nforce-from = True\n"
        )
        (self.home / "mail").mkdir()
        self.r2e("add", "news", self.feed)

    def fetch(self) -> None:
        self.r2e("run")

    def r2e(self, *argv: str) -> None:
        # Debian's r2e calls feedparser, which warns; only its exit code counts here.
        self.run("r2e", "-c", "config", "-d", "data.json", *argv)

    def titles(self) -> list[str]:
        folders = [path.parent for path in (self.home / "mail").rglob("new")]
        mails = [mail for folder in folders for mail in mailbox.Maildir(folder, create=False)]
        return sorted(str(make_header(decode_header(mail["Subject"]))) for mail in mails)


# A hidden window asks for nothing by itself; the call is what the menu's "Update all" does.
_LIFEREA = """
liferea --mainwindow-state=hidden & reader=$!
until dbus-send --session --print-reply --dest=org.gnome.feed.Reader /org/gnome/feed/Reader \\
    org.gnome.feed.Reader.Refresh; do sleep 0.2; done
read line
kill $reader
wait $reader
"""


class Liferea(Client):
    """A desktop reader under a virtual display; it asks all subscriptions when it is told to.

    Version 1.14 keeps the first text of an item for good, whatever ``updated`` says.
    """

    edits = False
    programs = ("liferea", "Xvfb", "dbus-run-session", "dbus-send")

    def subscribe(self) -> None:
        # With a list of its own it never loads the default one, which names servers out in the world.
        config = self.home / "config/liferea"
        config.mkdir(parents=True)
        (config / "feedlist.opml").write_text(
            '<?xml version="1.0"?>\n<opml version="1.0"><head><title>Liferea Feed List Export</title></head><body>'
            f'<outline title="news" text="news" type="rss" id="newsfeed" xmlUrl="{self.feed}"/></body></opml>\n'
        )

    def fetch(self) -> None:
        self.server.take()
        env = {
            "XDG_CONFIG_HOME": f"{self.home}/config", "XDG_DATA_HOME": f"{self.home}/data",
            "XDG_CACHE_HOME": f"{self.home}/cache", "XDG_RUNTIME_DIR": f"{self.home}/run",
            "GSETTINGS_BACKEND": "memory", "NO_AT_BRIDGE": "1", "LIBGL_ALWAYS_SOFTWARE": "1",
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1", "GDK_BACKEND": "x11",
        }  # fmt: skip
        (self.home / "run").mkdir(mode=0o700, exist_ok=True)
        with Display() as display:
            process = subprocess.Popen(
                ["dbus-run-session", "--", "sh", "-c", _LIFEREA],
                env={**clean_environment(), "HOME": str(self.home), "DISPLAY": display, **env},
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            try:
                self._settle()
                process.communicate(b"enough\n", timeout=30)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait(20)

    def _settle(self) -> None:
        """Wait until it has asked for the feed and what it keeps stays the same for a second."""
        asked = urlpath(self.feed)
        until = time.monotonic() + 60
        while time.monotonic() < until and not any(path == asked and code != 301 for path, code in self.server.hits):
            time.sleep(0.1)
        last: object = None
        since = time.monotonic()
        while time.monotonic() < until and time.monotonic() - since < 2:
            now = rows(self.home / "data/liferea/liferea.db", "select item_id, title, description, date from items")
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.1)

    def titles(self) -> list[str]:
        return sorted(t for (t,) in rows(self.home / "data/liferea/liferea.db", "select title from items"))


class Display:
    """Xvfb on a display of its own choosing."""

    def __enter__(self) -> str:
        read, write = os.pipe()
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp"],
            pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        return f":{number}"

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)


def clean_environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "LC_", "DBUS_", "PYTHON"))}
    return {**kept, "LC_ALL": "C.UTF-8"}


def urlpath(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def rows(database: Path, query: str) -> list[tuple[str, ...]]:
    """What a reader's database holds; nothing where it has none yet."""
    if not database.exists():
        return []
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()
