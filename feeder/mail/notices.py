"""System mails: written here, queued as rows of ``notice``, sent like any other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.sqlite import insert as insert_or_update

from feeder.config.settings import MailingList, Settings
from feeder.dates import to_micros
from feeder.mail import lists, message, schema
from feeder.mail.compose import Composer
from feeder.mail.links import Links
from feeder.mail.message.message_ids import notice_message_id
from feeder.mail.subscribers.bounds import NotConfirmable, NoticeKind
from feeder.mail.subscribers.persons import Subscription
from feeder.mail.tokens import MAX_AGE, Tokens
from feeder.mail.values import Rendered

TOLD_EVERY: Final = timedelta(days=1)


class Post:
    """Writes and queues the system mails of one publication."""

    def __init__(
        self, settings: Settings, keys: Sequence[bytes], composer: Composer | None = None, *, list_host: str = ""
    ) -> None:
        """Write for the lists in ``settings``.

        Args:
            settings: the publication's.
            keys: as `MailDatabase.secrets` gives them.
            composer: makes the texts; not given: one is made for the first mail.
            list_host: host of the List-Id; empty: none.
        """
        self._settings = settings
        self._keys = keys
        self._tokens = Tokens(keys)
        self._links = Links(settings, self._tokens)
        self._composer = composer
        self._host = list_host

    def post(
        self, connection: Connection, kind: NoticeKind, to: Subscription, now: datetime, *, queued: bool = True
    ) -> None:
        """Queue the question whether the address is the person's, or the link to her preferences or her data.

        Not ``queued``, it is written all the same and thrown away, so that nobody can tell by the time it takes.

        Raises:
            NotConfirmable: a confirmation would have no link.
        """
        # Her data outlive a list.
        known = kind != "data" or any(one.name == to.list for one in self._settings.lists)
        mailing_list = lists.find(self._settings, to.list) if known else None
        language = to.choice.language or lists.language_of(self._settings, mailing_list)
        url = self._url(kind, to, now)
        given: dict[str, object] = {"url": url, "frequency": to.choice.frequency}
        if kind == "confirm":
            days = MAX_AGE["confirm"]
            given["days"] = days.days if days is not None else ""
        rendered = self._texts.notice(kind, mailing_list, language, **given)
        self.queue(
            connection, kind, to.address, rendered, now, language=language, mailing_list=mailing_list, queued=queued
        )

    def queue(
        self,
        connection: Connection,
        kind: str,
        address: str,
        rendered: Rendered,
        now: datetime,
        *,
        language: str,
        mailing_list: MailingList | None = None,
        queued: bool = True,
    ) -> None:
        """Queue any system mail (a proof, an alarm), as the `Composer` wrote it; see `post` for ``queued``.

        Raises:
            BadAddress: no mail can be sent to the address.
        """
        at = to_micros(now)
        domain = lists.sender_of(self._settings, mailing_list)[1].rpartition("@")[2]
        message_id = notice_message_id(self._keys, kind, address, at, domain)
        data = message.notice(
            self._settings, rendered, address, message_id, now,
            language=language, mailing_list=mailing_list, list_host=self._host,
        )  # fmt: skip
        row = {
            "kind": kind,
            "address": address,
            "list": mailing_list.name if mailing_list is not None else "",
            "data": data,
            "message_id": message_id,
            "state": "queued",
            "due_at": at,
            "made_at": at,
            "updated_at": at,
        }
        if queued:
            connection.execute(insert(schema.notice).values(row))

    def _url(self, kind: NoticeKind, to: Subscription, now: datetime) -> str:
        if kind == "confirm":
            return self._confirm(to, now)
        return (self._links.data if kind == "data" else self._links.preferences)(to.subscriber, now, to.list)

    def _confirm(self, to: Subscription, now: datetime) -> str:
        link = self._links.confirm(to.subscriber, to.list, now)
        mailbox = self._settings.mail.unsubscribe
        if not link and mailbox:
            token = self._tokens.make("confirm", to.subscriber, to.list, now)
            link = f"mailto:{quote(mailbox, safe='@+')}?subject=confirm%20{token}"
        if not link:
            raise NotConfirmable(
                "a confirmation needs an address to lead to",
                hint="set [web] url, or [mail] unsubscribe with `feeder mailbox` reading it; "
                "or say where the person's consent is kept, with --confirmed-by",
            )
        return link

    @property
    def _texts(self) -> Composer:
        if self._composer is None:
            self._composer = Composer(self._settings)
        return self._composer


def is_news(connection: Connection, key: str, now: datetime) -> bool:
    """Whether the editor was not told of something within the last day; then it counts as told from now on.

    Args:
        connection: inside a transaction.
        key: of what there is to tell; a key of the table ``meta``.
        now: the time.
    """
    table = schema.meta
    told = connection.execute(select(table.c.value).where(table.c.key == key)).scalar()
    # A clock that was set back must not keep it silent for ever.
    if told is not None and to_micros(now - TOLD_EVERY) < int(told) <= to_micros(now):
        return False
    value = str(to_micros(now))
    statement = insert_or_update(table).values(key=key, value=value)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))
    return True
