"""Whose export a CSV file is, which of its columns mean what, and what its states are worth.

A file says of each row whether the person *left*, *bounced* or *complained*; such rows never become active. Contact
tags of other programs are labels for people, not choices of theirs, and are not taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, NamedTuple


class Cells(NamedTuple):
    """The fields of a record that mean something here; empty where a file has none."""

    email: str
    name: str
    last_name: str
    frequency: str
    hour: str
    tags: str
    timezone: str
    language: str
    confirmed_at: str
    confirmed_from: str
    """Where a confirmation came from: an IP address."""
    origin: str
    list: str
    state: str
    consent: str
    left_at: str
    bounced_at: str
    deleted_at: str


FORMULA: Final = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
"""How a cell begins that a spreadsheet would calculate, or one of these that was defused."""

_GUARDED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")

Fate = Literal["", "pending", "paused", "ended", "bounce", "complaint"]
"""What the file says of a row: nothing against it, unconfirmed, paused, unsubscribed, undeliverable, complained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One program's export."""

    name: str
    """What people call it."""
    marks: tuple[frozenset[str], ...]
    """Sets of columns, any of which tells the format."""
    columns: Mapping[str, tuple[str, ...]]
    """Field of `Cells` -> the names that its column has had."""
    states: Mapping[str, Fate] = field(default_factory=dict)
    """What stands in the column ``state``, in small letters -> what it means; anything else counts as pending."""
    proof: Literal["confirmed_at", "confirmed_from"] = "confirmed_at"
    """The field without which a time of confirmation is not the person's own."""


OURS = Format(
    name="CSV",
    marks=(),
    columns={
        "email": ("email", "e_mail", "mail", "email_address", "邮箱", "邮箱地址", "邮件地址", "电子邮件", "电子邮箱"),
        "name": ("name", "姓名", "名字", "称呼"),
        "frequency": ("frequency", "频率"),
        "hour": ("hour",),
        "tags": ("tags", "tag", "标签"),
        "timezone": ("timezone", "time_zone", "zone", "时区"),
        "language": ("language", "lang", "语言"),
        "confirmed_at": ("confirmed_at", "确认时间"),
        "origin": ("origin", "来源"),
        "list": ("list",),
        "state": ("state",),
        "consent": ("consent",),
    },
    states={"": "", "active": "", "pending": "pending", "paused": "paused", "ended": "ended"},
)  # fmt: skip

LISTMONK = Format(
    name="listmonk",
    marks=(frozenset({"uuid", "email", "attributes", "status"}), frozenset({"uuid", "email", "attribs", "status"})),
    columns={"email": ("email",), "name": ("name",), "state": ("status",)},
    states={"enabled": "", "disabled": "ended", "blocklisted": "complaint", "blacklisted": "complaint"},
)

MAILCHIMP = Format(
    name="Mailchimp",
    marks=(
        frozenset({"email_address", "leid"}),
        frozenset({"email_address", "member_rating"}),
        frozenset({"email_address", "optin_time"}),
        frozenset({"email_address", "unsub_time"}),
        frozenset({"email_address", "clean_time"}),
    ),
    columns={
        "email": ("email_address",),
        "name": ("first_name", "fname"),
        "last_name": ("last_name", "lname"),
        "confirmed_at": ("confirm_time",),
        "confirmed_from": ("confirm_ip",),
        "left_at": ("unsub_time",),
        "bounced_at": ("clean_time",),
    },
    # Mailchimp writes a CONFIRM_TIME for contacts that the owner typed in, too; only a click leaves an address.
    proof="confirmed_from",
)

BUTTONDOWN = Format(
    name="Buttondown",
    marks=(
        frozenset({"subscriber_type", "creation_date"}),
        frozenset({"email_address", "type", "creation_date"}),
        frozenset({"email", "type", "creation_date"}),
    ),
    columns={
        "email": ("email", "email_address"),
        "state": ("subscriber_type", "type"),
        "left_at": ("unsubscription_date",),
        "bounced_at": ("undeliverability_date",),
    },
    states={
        **dict.fromkeys(
            ("regular", "premium", "paid", "gifted", "trialed", "churning", "churned", "past_due", "unpaid"), ""
        ),
        "unactivated": "pending",
        "paused": "paused",
        **dict.fromkeys(("unsubscribed", "removed"), "ended"),
        **dict.fromkeys(("complained", "spammy", "blocked"), "complaint"),
        "undeliverable": "bounce",
    },
)

SUBSTACK = Format(
    name="Substack",
    marks=(
        frozenset({"email", "active_subscription", "created_at"}),
        frozenset({"email", "email_disabled", "created_at"}),
    ),
    columns={
        "email": ("email",),
        "name": ("name",),
        "state": ("email_disabled",),
    },
    states={"": "", "false": "", "no": "", "0": "", "true": "ended", "yes": "ended", "1": "ended"},
)

GHOST = Format(
    name="Ghost",
    marks=(
        frozenset({"email", "subscribed_to_emails", "complimentary_plan"}),
        frozenset({"email", "subscribed_to_emails", "created_at"}),
        frozenset({"email", "subscribed_to_emails", "labels"}),
    ),
    columns={
        "email": ("email",),
        "name": ("name",),
        "state": ("subscribed_to_emails",),
        "deleted_at": ("deleted_at",),
    },
    states={"true": "", "yes": "", "1": "", "false": "ended", "no": "ended", "0": "ended", "": "ended"},
)

UNKNOWN_STATES = frozenset(
    {
        "status",
        "subscription_status",
        "email_status",
        "subscribed",
        "unsubscribed",
        "unsubscribed_at",
        "unsubscribe_date",
    }
    | {"opt_out", "optout", "opted_out", "bounced", "bounced_at", "blocklisted", "blacklisted", "blocked", "complained"}
)
"""Columns of programs unknown here that tell who left; to read over them would mail people who do not want it."""

FORMATS = (LISTMONK, MAILCHIMP, BUTTONDOWN, SUBSTACK, GHOST)
"""The programs whose exports are known by their columns; any other file is read as ours."""


def undefused(cell: str) -> str:
    """The cell without the apostrophe that kept a spreadsheet from calculating it (`exporting.defused`)."""
    return cell[1:] if _GUARDED.match(cell) else cell


def recognised(header: Sequence[str]) -> Format:
    """Whose export has these columns."""
    names = frozenset(header)
    return next((one for one in FORMATS if any(marks <= names for marks in one.marks)), OURS)


def places(known: Format, header: Sequence[str]) -> Mapping[str, int]:
    """Field of `Cells` -> the number of its column, for those that are in the file."""
    found: dict[str, int] = {}
    for wanted, names in known.columns.items():
        number = next((header.index(name) for name in names if name in header), None)
        if number is not None:
            found[wanted] = number
    return MappingProxyType(found)


def fate(known: Format, cells: Cells) -> Fate:
    """What the other program says of a row."""
    told = known.states.get(cells.state.strip().lower(), "pending") if known.states else ""
    if told == "complaint":
        return "complaint"
    if told == "bounce" or cells.bounced_at.strip():
        return "bounce"
    if told == "ended" or cells.left_at.strip() or cells.deleted_at.strip():
        return "ended"
    return told
