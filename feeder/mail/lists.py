"""What a list is once every default is filled in: its sender, zone, language, title, schedule."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from feeder.config import checks
from feeder.config.durations import duration
from feeder.config.mailchecks import parts_of_sender
from feeder.config.settings import Frequency, MailingList, Settings
from feeder.errors import UsageError
from feeder.mail.calendar import Schedule

__all__ = [
    "allowed",
    "duration",
    "editor_of",
    "find",
    "language_of",
    "ledger_transport",
    "list_id",
    "person_and_address",
    "reply_to_of",
    "schedule_of",
    "sender_of",
    "title_of",
    "zone_of",
]


def find(settings: Settings, name: str) -> MailingList:
    """The list of that name; raises ``UsageError``, which says what was probably meant."""
    for one in settings.lists:
        if one.name == name:
            return one
    raise UsageError(f"no list `{name}`", hint=meant(settings, name))


def meant(settings: Settings, name: str) -> str:
    """A hint for somebody who named a list that is not there."""
    names = [one.name for one in settings.lists]
    if not names:
        return "write [[lists]] with a name into feeder.toml"
    titled = (one.name for one in settings.lists if name and one.title == name)
    guess = checks.near(name, names) or next(titled, "")
    return f"did you mean `{guess}`?" if guess else f"known are {', '.join(names)}"


def title_of(settings: Settings, mailing_list: MailingList | None = None) -> str:
    """What people call the list; of no list, the publication."""
    return (mailing_list.title if mailing_list else "") or settings.site.title


def zone_of(settings: Settings, mailing_list: MailingList | None = None) -> str:
    """The IANA name of the list's zone."""
    return (mailing_list.timezone if mailing_list else "") or settings.site.timezone


def language_of(settings: Settings, mailing_list: MailingList | None = None) -> str:
    """The language of the texts around the entries, BCP 47."""
    return (mailing_list.language if mailing_list else "") or settings.site.language


def sender_of(settings: Settings, mailing_list: MailingList | None = None) -> tuple[str, str]:
    """Name and address of the sender.

    Where there is neither ``from`` nor the site's ``email``, an address at the site's host stands in: no transport that
    reaches people runs without ``from``.
    """
    value = (mailing_list.from_ if mailing_list else "") or settings.mail.from_
    name, address = parts_of_sender(value)
    host = urlsplit(settings.site.url).hostname or "localhost"
    return name or title_of(settings, mailing_list), address or settings.site.email or f"news@{host}"


def reply_to_of(settings: Settings, mailing_list: MailingList | None = None) -> str:
    """Where answers go, as ``NAME <ADDRESS>`` or an address alone; empty: to the sender."""
    return (mailing_list.reply_to if mailing_list else "") or settings.mail.reply_to


def editor_of(settings: Settings) -> tuple[str, str]:
    """Name and address of whoever gets proofs and alarms."""
    return parts_of_sender(settings.mail.editor) if settings.mail.editor else sender_of(settings)


def person_and_address(value: str) -> tuple[str, str]:
    """Name and address of ``NAME <ADDRESS>``; without brackets, there is no name."""
    return parts_of_sender(value)


def allowed(mailing_list: MailingList) -> tuple[Frequency, ...]:
    """The frequencies that subscribers may choose, the list's own first."""
    return tuple(dict.fromkeys((mailing_list.frequency, *mailing_list.allowed)))


def schedule_of(
    settings: Settings,
    mailing_list: MailingList,
    frequency: Frequency | str = "",
    hour: int | None = None,
    timezone: str = "",
) -> Schedule:
    """When digests are due for somebody who chose these; what is empty is the list's.

    A zone that this machine does not know (any more) is the list's too: one subscriber's choice stops nobody.
    """
    zone = timezone if timezone and _is_known(timezone) else zone_of(settings, mailing_list)
    return Schedule(
        frequency=frequency or mailing_list.frequency,  # type: ignore[arg-type]  # the database holds no others
        hour=mailing_list.hour if hour is None else hour,
        weekday=mailing_list.weekday,
        day=mailing_list.day,
        zone=zone,
    )


@lru_cache(maxsize=1024)
def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True


def ledger_transport(settings: Settings) -> str:
    """The name under which the ledger keeps what left: ``smtp`` and ``sendmail`` both reach people, and are one."""
    transport = settings.mail.transport
    return "smtp" if transport == "sendmail" else transport


def list_id(mailing_list: MailingList, host: str) -> str:
    """The list's identifier (RFC 2919), without its angle brackets; ``host`` outlives a move of the site."""
    return f"{mailing_list.name}.{host}"
