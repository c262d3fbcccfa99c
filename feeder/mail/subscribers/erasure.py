"""Taking a person out of the database, so that digests keep their counts and nothing else of her is left."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, update

from feeder.dates import to_micros
from feeder.mail.schema import bounce, delivery, notice, served, subscriber, subscription
from feeder.mail.subscribers.bounds import ANSWERED
from feeder.mail.subscribers.persons import Person

_UNSENT = ("queued", "deferred", "held")


def erase(connection: Connection, person: Person, stand_in: str, now: datetime) -> None:
    """Remove a person's rows; deliveries stay under a number that nobody will have again.

    Args:
        connection: inside a transaction.
        person: whom.
        stand_in: what stands for the address in the system mails she got, which are counted (``bounds.py``).
        now: the time.
    """
    # Else the name and address would stay readable in the file's unused pages.
    connection.exec_driver_sql("PRAGMA secure_delete = ON")
    _deliveries(connection, person, now)
    _notices(connection, person, stand_in, now)
    mine = [known.id for known in person.subscriptions]
    if mine:  # looked for without an index: 80 ms among a million
        connection.execute(delete(served).where(served.c.subscription.in_(mine)))
    connection.execute(delete(subscription).where(subscription.c.subscriber == person.id))
    connection.execute(delete(bounce).where(bounce.c.subscriber == person.id))
    connection.execute(delete(subscriber).where(subscriber.c.id == person.id))


def _deliveries(connection: Connection, person: Person, now: datetime) -> None:
    theirs = delivery.c.subscriber == person.id
    unsent = update(delivery).where(theirs, delivery.c.state.in_(_UNSENT))
    connection.execute(unsent.values(state="skipped", updated_at=to_micros(now)))
    settled = update(delivery).where(theirs, delivery.c.state != "sending")
    # A server's words repeat the address, and a domain of one's own is a provider of one's own.
    connection.execute(settled.values(message_id="", reply="", provider=""))


def _notices(connection: Connection, person: Person, stand_in: str, now: datetime) -> None:
    theirs = notice.c.address == person.address
    answered = max((known.confirmed_at for known in person.subscriptions if known.confirmed_at), default=None)
    if answered is not None:
        asked = theirs & (notice.c.kind == "confirm") & (notice.c.made_at <= to_micros(answered))
        connection.execute(update(notice).where(asked).values(kind=ANSWERED))
    unsent = update(notice).where(theirs, notice.c.state.in_(_UNSENT))
    connection.execute(unsent.values(state="skipped", updated_at=to_micros(now)))
    gone = {"address": stand_in, "data": b"", "message_id": "", "reply": ""}
    connection.execute(update(notice).where(theirs, notice.c.state != "sending").values(gone))
