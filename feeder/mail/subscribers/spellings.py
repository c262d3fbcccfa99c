"""One mailbox under many addresses: ``ana+1@``, ``ana+2@`` and, at Gmail, ``a.n.a@`` all reach ``ana@``.

Subscriptions keep such addresses apart, since their owners may mean to. What a stranger can set off counts them as one.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from sqlalchemy import Connection, func, select

from feeder.mail.providers import provider_of
from feeder.mail.schema import subscriber

MOST: Final = 500
"""Addresses that are looked at; with fewer, a bound is reached long since."""


def mailbox(key: str) -> str:
    """What the addresses of one mailbox have in common; ``key`` as `addresses.normal` gives it."""
    local, _, domain = key.rpartition("@")
    base = local.partition("+")[0] or local
    if provider_of(key) != "gmail":
        return f"{base}@{domain}"
    return f"{base.replace('.', '')}@gmail.com"


def of_one_mailbox(connection: Connection, key: str) -> list[str]:
    """Addresses on record, as mail is sent to them, that reach the mailbox of this one; itself among them."""
    wanted = mailbox(key)
    base, _, domain = wanted.rpartition("@")
    column = subscriber.c.key
    tagged = column.between(f"{base}+", f"{base},")
    near = tagged | (column == f"{base}@{domain}")
    if provider_of(key) == "gmail":
        # Dots may stand anywhere but in front.
        without_dots = func.replace(column, ".", "").startswith(base, autoescape=True)
        near = column.between(base[:1], f"{base[:1]}\N{DELETE}") & without_dots
    rows = connection.execute(select(column, subscriber.c.address).where(near))
    found = (row.address for row in rows if mailbox(row.key) == wanted)
    return list(islice(found, MOST))
