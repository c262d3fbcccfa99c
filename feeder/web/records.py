"""The mail database behind the pages: opened once for all requests, and anew when its file was replaced.

What writes waits in one line, in this process: SQLite lets one write at a time anyhow, and a line is fair where its own
waiting is not. Nobody waits for ever: a request that was not served in time is told to come again.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from feeder import history as histories
from feeder.config.settings import Settings
from feeder.errors import FeederError, MailDamaged, MailUnreachable
from feeder.mail import database
from feeder.mail.links import Links
from feeder.mail.tokens import Tokens

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from feeder.mail.database import MailDatabase
    from feeder.mail.notices import Post
    from feeder.mail.subscribers import Subscribers
    from feeder.mail.subscribers.askings import Askings

LONGEST: Final = 20.0
"""Seconds a request waits altogether: for those before it, and for the database."""
PATIENCE: Final = 18.0
"""Seconds of these that the database is waited for while another process writes."""
LINE: Final = 2000
"""Requests that may wait at once."""
_READERS: Final = 4

_T = TypeVar("_T")


class Busy(FeederError):
    """Too much is going on; it can be tried again at once."""

    exit_code = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The open database, and what reads and writes in it."""

    database: MailDatabase
    tokens: Tokens
    links: Links
    subscribers: Subscribers
    askings: Askings
    post: Post
    file: tuple[int, int]
    """Device and inode."""


class Records:
    """The mail database of one publication; its methods may be called by any request."""

    def __init__(self, settings: Settings, keys: Sequence[bytes], now: Callable[[], datetime]) -> None:
        """Nothing is opened yet.

        Args:
            settings: the publication's.
            keys: those from outside (``Secrets.keys``).
            now: the time.
        """
        self._settings, self._keys, self._now = settings, list(keys), now
        self._path = database.path_of(settings)
        self._opening = threading.Lock()
        self._book: Book | None = None
        self._waiting = 0
        self._line = ThreadPoolExecutor(1, thread_name_prefix="web-writes")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="web-reads")

    def close(self) -> None:
        """Finish what is under way and close the database."""
        self._line.shutdown()
        self._readers.shutdown()
        self._drop()

    async def book(self) -> Book:
        """The open database; raises as ``write`` does."""
        known = self._book
        return known if known is not None and self._is_current(known) else await self._run(self._readers, self._opened)

    async def write(self, work: Callable[[Connection, Book], _T]) -> _T:
        """What ``work`` returns, done in a transaction of its own.

        Raises:
            Busy: it was not its turn in time; then nothing was done, or is done later.
            MailUnreachable: the file is not there.
            MailDamaged: it cannot be read.
            Locked, CannotWrite: another process writes for long, or the disk is full.
        """
        return await self._run(self._line, lambda: self._begun(work))

    async def read(self, work: Callable[[Connection, Book], _T]) -> _T:
        """What ``work`` returns, which only reads; raises as ``write`` does."""
        return await self._run(self._readers, lambda: self._seen(work))

    async def settle(self) -> None:
        """Leave nothing of what was erased in the file (``MailDatabase.scrub``)."""
        await self._run(self._line, self._scrub)

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
        if self._waiting >= LINE:
            raise Busy
        self._waiting += 1
        try:
            async with asyncio.timeout(LONGEST):
                return await asyncio.get_running_loop().run_in_executor(threads, work)
        except TimeoutError:
            raise Busy from None
        finally:
            self._waiting -= 1

    def _scrub(self) -> None:
        self._opened().database.scrub()

    def _begun(self, work: Callable[[Connection, Book], _T]) -> _T:
        book = self._opened()
        with self._guarded(), book.database.begin() as connection:
            return work(connection, book)

    def _seen(self, work: Callable[[Connection, Book], _T]) -> _T:
        book = self._opened()
        with self._guarded(), book.database.read() as connection:
            return work(connection, book)

    def _guarded(self) -> _Guard:
        return _Guard(self._drop)

    def _is_current(self, book: Book) -> bool:
        return _identity(self._path) == book.file

    def _opened(self) -> Book:
        """The database as it is now. It is never made here: one that has vanished is a disk that is not mounted."""
        with self._opening:
            found = _identity(self._path)
            if found is None:
                self._forget()
                raise MailUnreachable(f"the mail database is not there: {self._path}", hint="restore or mount it")
            if self._book is None or self._book.file != found:
                self._forget()
                self._book = self._open(found)
            return self._book

    def _open(self, file: tuple[int, int]) -> Book:
        from feeder.mail.notices import Post
        from feeder.mail.subscribers import Subscribers
        from feeder.mail.subscribers.askings import Askings

        settings = self._settings
        opened = database.open_mail(settings, self._now(), keys=self._keys, patience=PATIENCE)
        keys = opened.secrets()
        tokens = Tokens(keys)
        post = Post(settings, keys, list_host=_list_host(settings))
        return Book(
            database=opened,
            tokens=tokens,
            links=Links(settings, tokens),
            subscribers=Subscribers(settings, keys, post, alike=True),
            askings=Askings(settings.web.limits, keys),
            post=post,
            file=file,
        )

    def _drop(self) -> None:
        with self._opening:
            self._forget()

    def _forget(self) -> None:
        if self._book is not None:
            self._book.database.close()
            self._book = None


class _Guard:
    """Closes a database that turned out to be damaged, so that the next request looks whether it was mended."""

    def __init__(self, drop: Callable[[], None]) -> None:
        self._drop = drop

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, MailDamaged):
            self._drop()


def prepare(settings: Settings, now: datetime) -> None:
    """Make the mail database of a publication that never had one, so that the first subscriber finds it.

    Where digests are on record it must have been there: that one is missing, and making another would hide it.
    """
    if not settings.lists or not settings.web.url or database.exists(settings):
        return
    try:
        database.open_mail(settings, now).close()
    except FeederError:
        return  # the pages say so, and the next run names it


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _list_host(settings: Settings) -> str:
    """Host of the List-Ids, as sending has it."""
    import sqlite3

    from feeder.pipeline.mailing import list_host

    root = str(settings.root)
    if not os.path.exists(os.path.join(root, histories.FILE)):
        return ""
    try:
        with histories.read_history(root) as history:
            return list_host(settings, history)
    except sqlite3.DatabaseError:
        return ""
