"""``feeder subscribers …``: who gets what, one person at a time; whole files are in ``subscriberfiles``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from feeder.cli import subscriberfiles
from feeder.cli.options import HELP, in_directory, note, say, settings_in
from feeder.cli.subscriberfiles import LIST, Desk, desk, meant
from feeder.cli.terminal import clean, pad
from feeder.errors import DataError, UsageError

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.mail.subscribers.persons import Person, Subscription

Change = Callable[..., bool]
"""A method of ``Subscribers`` that changes one subscription, and says whether it did."""

STATES = ("pending", "active", "paused", "ended")


@click.group(context_settings=HELP)
def subscribers() -> None:
    """Say who gets what: add, import, pause, remove, forget."""


@subscribers.command(context_settings=HELP)
@click.argument("address")
@LIST
@click.option("--name", default="", metavar="NAME", help="What the person is called.")
@click.option("--frequency", default="", metavar="F", help="instant, daily, weekly or monthly, as the list offers.")
@click.option("--hour", default="", metavar="H", help="Hour of the day, 0 to 23, in the zone.")
@click.option("--timezone", default="", metavar="ZONE", help="IANA name, as Europe/Berlin.")
@click.option("--tags", default="", metavar="A,B", help="Only entries with one of these tags.")
@click.option("--language", default="", metavar="L", help="Language of the words around the entries.")
@click.option("--confirmed-by", "kept", default="", metavar="WHERE", help="Where the person's consent is kept.")
@in_directory
def add(address: str, list_name: str, name: str, kept: str, directory: Path, **wanted: str) -> int:
    """Ask a person to confirm, or add her with proof of consent.

    The address gets a mail with a link, and is subscribed when that is clicked. With --confirmed-by it is subscribed at
    once, and what you say there is kept as the proof.
    """
    settings = settings_in(directory)
    mailing_list = meant(settings, list_name)
    with desk(settings, afresh=True) as at:
        from feeder.mail.addresses import normal
        from feeder.mail.subscribers import persons
        from feeder.mail.subscribers.choices import choice

        chosen, kept = choice(mailing_list, **wanted), kept.strip()
        told_as, key = normal(address)
        with at.database.begin() as connection:
            person = persons.find(connection, key)
            before = person.on(mailing_list.name) if person is not None else None
            if kept:
                became: str = at.book.add(
                    connection, mailing_list, address, at.now, kept=kept, choice=chosen, name=name
                )
            else:
                became = at.book.subscribe(
                    connection, mailing_list, address, at.now, choice=chosen, name=name, origin="editor"
                )
    if became == "suppressed":
        raise DataError(
            f"{told_as} gets no mail any more, and was not added",
            hint=f"`feeder subscribers show {told_as}` says why; only the person herself can lift it, by asking anew",
        )
    there = before is not None and before.state in ("active", "paused")
    say(f"{told_as}: {_THERE[bool(kept) or became == 'waiting'] if there else _BECAME[became]}")
    return 0


_BECAME = {
    "active": "subscribed",
    "asked": "pending; the next `publish` sends the confirmation",
    "waiting": "pending; a confirmation was sent within a day, or three were never answered, so no other is",
}
_THERE = {
    False: "subscribed already, nothing was changed; the next `publish` sends the link to the preferences",
    True: "subscribed already, nothing was changed",
}


@subscribers.command(context_settings=HELP)
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="All of it as one JSON object, for the person.")
@in_directory
def show(address: str, as_json: bool, directory: Path) -> int:
    """Tell everything that is known about a person."""
    settings = settings_in(directory)
    with desk(settings, writing=False) as at:
        from feeder.mail.addresses import normal
        from feeder.mail.subscribers.dossier import dossier

        key = normal(address)[1]
        with at.database.read() as connection:
            found = dossier(connection, at.book.suppressions, key)
    if found is None:
        raise _unknown(address)
    if as_json:
        say(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for line in told(found, settings):
            say(clean(line))
    return 0


@subscribers.command(context_settings=HELP)
@click.argument("address")
@LIST
@in_directory
def pause(address: str, list_name: str, directory: Path) -> int:
    """Send a person nothing until `resume`."""
    return _each(directory, address, list_name, "paused", lambda at: at.book.pause)


@subscribers.command(context_settings=HELP)
@click.argument("address")
@LIST
@in_directory
def resume(address: str, list_name: str, directory: Path) -> int:
    """Send to a paused person again, from now on."""
    return _each(directory, address, list_name, "resumed", lambda at: at.book.resume)


@subscribers.command(context_settings=HELP)
@click.argument("address")
@LIST
@in_directory
def remove(address: str, list_name: str, directory: Path) -> int:
    """Unsubscribe a person.

    From one list or all. The record stays, so that no import brings her back; `forget` erases it.
    """
    return _each(directory, address, list_name, "unsubscribed", lambda at: at.book.end)


@subscribers.command(context_settings=HELP)
@click.argument("address")
@in_directory
def forget(address: str, directory: Path) -> int:
    """Erase a person.

    What is left is a hash, which keeps imports from bringing her back, and the counts of the digests she got.
    """
    with desk(settings_in(directory), making=True) as at:
        from feeder.mail.addresses import normal

        told, key = normal(address)
        with at.database.begin() as connection:
            known = at.book.forget(connection, key, at.now)
        at.database.scrub()
    say(f"{told}: erased" if known else f"{told}: was not known; no import will bring it in")
    note("backups and exports made before still hold what was erased")
    return 0


@subscribers.command("list", context_settings=HELP)
@LIST
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@in_directory
def list_(list_name: str, state: str | None, directory: Path) -> int:
    """List subscribers: address, list, state, frequency, name."""
    settings = settings_in(directory)
    name = meant(settings, list_name).name if list_name else ""
    number = 0
    with desk(settings, writing=False) as at, at.database.read() as connection:
        from feeder.mail.subscribers import persons

        for one in persons.every(connection, list=name, state=state or ""):
            cells = (pad(one.address, 40), pad(one.list, 12), pad(one.state, 8), pad(one.choice.frequency, 8), one.name)
            say(clean(" ".join(cells).rstrip()))
            number += 1
    note("nobody" if not number else "1 subscription" if number == 1 else f"{number:,} subscriptions")
    return 0


def told(found: dict[str, Any], settings: Settings) -> Iterator[str]:
    """What is known about a person, for the editor."""
    yield found["address"] + (f"  {found['name']}" if found.get("name") else "")
    for one in found.get("subscriptions", ()):
        chosen = [
            one["frequency"],
            *(str(one[key]) for key in ("hour", "timezone", "language") if one[key] not in (None, "")),
        ]
        chosen += [f"tags {', '.join(one['tags'])}"] if one["tags"] else []
        yield f"{one['list']}: {one['state']} since {_local(one['since'], settings)}; {', '.join(chosen)}"
        for happened in one["consent"]:
            more = [f"{key}: {happened[key]}" for key in ("how", "page", "kept", "text") if key in happened]
            how = f"  ({'; '.join(more)})" if more else ""
            yield f"    {_local(happened['at'], settings)}  {happened['what']}{how}"
    counts: dict[str, int] = {}
    for one in found.get("digests", ()):
        counts[one["state"]] = counts.get(one["state"], 0) + 1
    if counts:
        yield "digests: " + ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    for one in found.get("bounces", ()):
        yield f"bounce: {_local(one['at'], settings)}  {one['kind']} {one['status']} {one['detail']}".rstrip()
    if found["suppressed"]:
        one = found["suppressed"]
        yield f"suppressed: {one['reason']} since {_local(one['since'], settings)} {one['detail']}".rstrip()


def _local(instant: str, settings: Settings) -> str:
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(settings.site.timezone)).strftime("%Y-%m-%d %H:%M")


def _each(directory: Path, address: str, list_name: str, done: str, how: Callable[[Desk], Change]) -> int:
    """Do it to the person's subscriptions, or to that on the list that is named."""
    settings = settings_in(directory)
    with desk(settings) as at:
        from feeder.mail.addresses import normal
        from feeder.mail.subscribers import persons

        told_as, key = normal(address)
        with at.database.begin() as connection:
            person = persons.find(connection, key)
            if person is None:
                raise _unknown(told_as)
            mine = _on(settings, person, list_name)
            changed = [one.list for one in mine if how(at)(connection, one, at.now, how="editor")]
    for one in mine:
        say(f"{told_as}: {one.list} " + (done if one.list in changed else f"is {one.state}, as it was"))
    return 0


def _on(settings: Settings, person: Person, list_name: str) -> tuple[Subscription, ...]:
    if not list_name:
        return person.subscriptions
    # A list that is no longer in the settings still has people who may want to leave it.
    known = person.on(list_name) or person.on(meant(settings, list_name).name)
    if known is None:
        raise UsageError(f"{person.address} is not on the list {list_name}")
    return (known,)


def _unknown(address: str) -> DataError:
    return DataError(
        f"nobody here has the address {clean(address)}", hint="`feeder subscribers list` tells who there is"
    )


for _command in (subscriberfiles.import_, subscriberfiles.invite, subscriberfiles.export):
    subscribers.add_command(_command)
