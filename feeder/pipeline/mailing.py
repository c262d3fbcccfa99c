"""Step 5: digests of what was released, their public pages, and sending them.

Feeds come first: whatever is wrong with mail is told, and keeps no entry from being published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from time import sleep
from typing import TYPE_CHECKING, Final

from feeder import config, index, inputs, scope
from feeder import history as histories
from feeder.catalog import Catalog, authority_of
from feeder.config import Settings
from feeder.errors import FeederError, Locked, Problem
from feeder.history import DigestRecord, History
from feeder.inputs import Inputs, Progress
from feeder.output import Written, publishing
from feeder.pipeline import clock
from feeder.pipeline.making import make
from feeder.pipeline.run import NOTES, Run
from feeder.pipeline.values import Due, Mailing, Post

if TYPE_CHECKING:
    from feeder.mail.cutting import Overtaken
    from feeder.mail.database import MailDatabase
    from feeder.mail.sending.ledger import Tally
    from feeder.mail.subscribers import Subscribers

CUTTING: Final = "cut"
SENDING: Final = "send"
"""Name of the lock: sending may take hours, and feeds must not wait for it."""


LISTS: Final = f"{config.FILE} [[lists]]"
"""Under this name stands what is wrong with lists."""
TROUBLE: Final = ".feeder/trouble-"
"""Files that stand while a step of mail fails."""


def wanted(settings: Settings, at_once: str = "") -> bool:
    """Whether there are lists, and anybody ever subscribed to one; without, mail costs not even an import.

    A mail database that is gone is wanted: whoever opens it says so.
    """
    if not settings.lists:
        return False
    from feeder.mail import database

    return bool(at_once) or database.exists(settings) or database.is_gone(settings)


def mailed(settings: Settings, history: History) -> Callable[[str], int | None]:
    """Of an entry's id: up to when the first digest served that had it; see ``make_plan``.

    After a restore the history may know digests that the mail database does not.
    """
    known: list[Mapping[str, int] | None] = []

    def when(entry_id: str) -> int | None:
        if not settings.lists:
            return 0
        if not known:
            from feeder.mail import glances

            known.append(glances.mailed(settings))
        found = [known[0].get(entry_id) if known[0] is not None else 0, history.first_digest_with(entry_id)]
        return min((until for until in found if until is not None), default=None)

    return when


def cut(run: Run, looked: Inputs) -> Mailing:
    """Cut the digests that are due; their public pages must stand before anything is sent."""
    run.tell(LISTS, unlisted(run.settings))
    if not wanted(run.settings, run.options.at_once):
        run.history.commit()
        return Mailing()
    from feeder.mail import cutting
    from feeder.mail.database import open_mail

    overtaken: Sequence[Overtaken] = ()
    try:
        with open_mail(run.settings, run.now, keys=_keys(run.options.post)) as database:
            overtaken = cutting.reckon(database, run.settings, run.history, run.now)
            made = _cut(run, looked, database)
    except FeederError as error:
        run.history.roll_back()
        remember_trouble(run.settings, CUTTING, error)
        return Mailing(error=error, overtaken=tuple(overtaken))
    remember_trouble(run.settings, CUTTING, None)
    return replace(made, overtaken=tuple(overtaken))


def unlisted(settings: Settings) -> list[Problem]:
    """Lists that people subscribe to, and that ``feeder.toml`` does not name (any more)."""
    from feeder.mail import glances

    return [
        Problem(
            config.FILE,
            f"list `{name}` has subscribers, and is not in it: nothing is sent to them",
            "write its [[lists]] again, or end the subscriptions: feeder subscribers remove",
        )
        for name in glances.unlisted(settings)
    ]


def _cut(run: Run, looked: Inputs, database: MailDatabase) -> Mailing:
    from feeder.mail import cutting
    from feeder.mail.subscribers import Subscribers

    # On record before any digest: what is released from now on is later than each of them, also by a clock set back.
    last = max(run.micros, run.history.last_released(), int(run.history.meta("cut") or 0))
    run.history.set_meta("cut", str(last))
    run.history.commit()
    settings, history = run.settings, run.history
    _tidy(database, Subscribers(settings, database.secrets()), run.now)
    catalog = Catalog(settings, history, inputs.loader(settings, history, run.cache, looked.context))
    made = cutting.cut(
        database,
        settings,
        catalog,
        run.now,
        only=run.options.at_once,
        at_once=bool(run.options.at_once),
        list_host=list_host(settings, history),
    )
    amended = cutting.amend(database, settings, catalog, None, run.now)
    cutting.keep(database, history)
    run.tell(NOTES, made.problems)
    history.commit()
    pages = cutting.public(database, history.last_digest())
    pages += cutting.records(database, (one.digest for one in amended if one.page))
    return Mailing(
        cuts=made.cuts,
        started=made.started,
        outlook=tuple(cutting.outlook(database, settings, history, run.now)),
        pages=tuple(pages),
        next=_next(database, settings, history, run.now),
    )


def _tidy(database: MailDatabase, book: Subscribers, now: datetime) -> None:
    """Drop what was kept for a time; of very many in steps, so that whoever unsubscribes need not wait for all."""
    from feeder.mail.driver import BREATH
    from feeder.mail.subscribers import tidying

    while True:
        with database.begin() as connection:
            dropped = book.tidy(connection, now)
        if dropped < tidying.AT_ONCE:
            return
        sleep(BREATH)


def show(run: Run, looked: Inputs, pages: Sequence[DigestRecord]) -> Written:
    """Put digests on record, and make the pages and feeds that show them.

    A run that is killed in between is finished by the next one, as after ``decide``.
    """
    jobs = scope.add_digests(run.history, run.settings, pages)
    run.history.set_meta("started", run.now.isoformat())
    index.drop(run.root)
    run.history.commit()
    return make(run, looked, jobs)


def list_host(settings: Settings, history: History) -> str:
    """The host of List-Ids, which stay when the site moves: that of the ids."""
    authority = history.meta("authority") or authority_of(settings, "")
    return authority.partition(",")[0].rpartition("@")[2]


def _next(database: MailDatabase, settings: Settings, history: History, now: datetime) -> Due | None:
    from feeder.mail import cutting

    found = cutting.next_due(database, settings, history, now)
    return Due(*found) if found else None


def _keys(post: Post | None) -> Sequence[bytes]:
    return post.secrets.keys() if post else ()


def send(
    settings: Settings, now: datetime, post: Post, progress: Progress | None, *, notices_only: bool = False
) -> Mailing:
    """Send what is queued and due, or system mails alone. Another process that is sending is left alone."""
    from feeder.mail.database import open_mail

    try:
        with publishing(settings.root, now, 0, SENDING), open_mail(settings, now, keys=_keys(post)) as database:
            marker = settings.root / index.UNSENT
            marker.touch()
            tally = _send(database, settings, post, progress, notices_only=notices_only)
            if not (tally.down or post.stop() or notices_only):
                marker.unlink(missing_ok=True)
            waiting = _waiting(database, settings) if post.stop() else 0
    except Locked:
        return Mailing()
    except FeederError as error:
        remember_trouble(settings, SENDING, error)
        return Mailing(error=error)
    remember_trouble(settings, SENDING, None)
    return Mailing(tally=tally, waiting=waiting)


def _waiting(database: MailDatabase, settings: Settings) -> int:
    from feeder.mail import lists
    from feeder.mail.sending import overview

    return overview.waiting(database, lists.ledger_transport(settings))


def remember_trouble(settings: Settings, step: str, error: FeederError | None) -> None:
    """Leave for ``feeder status`` why a step of mail failed, or that it went well."""
    path = settings.root / f"{TROUBLE}{step}"
    with suppress(OSError):
        if error is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(f"{error} ({error.hint})" if error.hint else str(error), "utf-8")


def troubles(settings: Settings) -> list[str]:
    """Why mail could not be made or sent by the last run that tried."""
    if not settings.lists:
        return []
    paths = (settings.root / f"{TROUBLE}{step}" for step in (CUTTING, SENDING))
    return [path.read_text("utf-8") for path in paths if path.exists()]


def _send(
    database: MailDatabase, settings: Settings, post: Post, progress: Progress | None, *, notices_only: bool
) -> Tally:
    from feeder.mail import sending
    from feeder.mail.message import dkim

    with histories.read_history(str(settings.root)) as history:
        clock.require_plausible(history, index.load(str(settings.root)), post.clock.now())
        host = list_host(settings, history)
    password = post.secrets.get("smtp_password")
    return sending.send(
        database,
        settings,
        post.clock,
        list_host=host,
        signer=dkim.signer(settings),
        password=password.reveal() if password else "",
        stop=post.stop,
        progress=progress,
        notices_only=notices_only,
    )
