"""``feeder digest …``: looking at digests, trying them, and what may be done to those that were cut."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from feeder.cli.mailing import count
from feeder.cli.options import HELP, in_directory, note, now, say, settings_in
from feeder.cli.terminal import clean

if TYPE_CHECKING:
    from feeder.config import Settings
    from feeder.upkeep.digests import Preview

NOT_SENT = 69
"""The exit code of ``digest test`` when the mail did not leave."""


@click.group(context_settings=HELP)
def digest() -> None:
    """Look at digests, send them, and change what becomes of them."""


@digest.command(context_settings=HELP)
@click.argument("name", metavar="LIST")
@click.option("--text", "form", flag_value="text", help="Print the text part.")
@click.option("--source", "form", flag_value="source", help="Print the whole message, as it would leave.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where the HTML goes.")
@in_directory
def preview(name: str, form: str | None, output: Path | None, directory: Path) -> int:
    """Show what the next digest of a list would be.

    Writes its HTML into a file, for a browser, and prints the file's path. Nothing is cut or sent.
    """
    from feeder.upkeep import digests

    settings = settings_in(directory)
    made = digests.preview(settings, now(), name)
    _headline(made)
    if form == "text":
        say(_unfilled(made.rendered.text).rstrip("\n"))
    elif form == "source":
        say(made.message.data.decode("ascii", "replace").replace("\r\n", "\n").rstrip("\n"))
    else:
        file = output or settings.root / ".feeder" / f"preview-{name}.html"
        file.write_text(_unfilled(made.rendered.html), "utf-8")
        say(str(file))
    return 0


def _headline(made: Preview) -> None:
    edition = made.edition
    parts = [count(len(edition.entries), "entry", "entries")]
    parts += [count(len(edition.corrections), "correction", "corrections")] if edition.corrections else []
    what = "a sample, since nothing is due: the latest " if made.sample else ""
    note(f"{clean(made.rendered.subject)}  ({what}{' and '.join(parts)}, {len(made.message.data):,} bytes)")


def _unfilled(text: str) -> str:
    """A frozen text for the eye: links that are each person's own lead nowhere, and names are left out."""
    from feeder.mail.values import HOLE

    for hole, shown in (("unsubscribe", "#"), ("preferences", "#"), ("name", ""), ("address", "reader@example.org")):
        text = text.replace(HOLE.format(hole), shown)
    return text


@digest.command(context_settings=HELP)
@click.argument("name", metavar="LIST")
@click.argument("address", metavar="ADDRESS")
@in_directory
def test(name: str, address: str, directory: Path) -> int:
    """Send what `preview` shows to one address.

    By the transport that is set. It is in no ledger: nobody is taken for served.
    """
    from feeder.cli import posting
    from feeder.upkeep import digests

    settings = settings_in(directory)
    with posting.post() as post:
        outcome = digests.test(settings, now(), name, address, post)
    way = settings.mail.transport
    if outcome.state == "sent":
        where = f"{settings.mail.path}/" if way in ("maildir", "eml") else way
        say(f"sent by {where}{': ' + clean(outcome.reply) if outcome.reply else ''}")
        return 0
    note(f"not sent: {clean(outcome.reply) or outcome.state}")
    return NOT_SENT


@digest.command(context_settings=HELP)
@click.argument("name", metavar="LIST")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]),
    metavar="DATE",
    help="Send again what was released since then, also to those who had it.",
)
@in_directory
def send(name: str, since: datetime | None, directory: Path) -> int:
    """Cut and send now what is due up to now.

    For all active subscriptions of the list, whatever their schedule. What changed is published first, as `publish`
    does, so that no mail leads to a page that is not there.
    """
    from feeder.cli import publish
    from feeder.cli.arguments import Arguments
    from feeder.errors import UsageError
    from feeder.mail import lists, notes

    settings = settings_in(directory)
    lists.find(settings, name)
    if notes.is_broken(settings, name):
        raise UsageError(
            f"{notes.FOLDER}/{name}.md cannot be read", hint="mend it or delete it; `feeder check` says more"
        )
    if since is not None:
        _turn_back(settings, name, since)
    return publish.run(Arguments(directory=directory, at_once=name))


def _turn_back(settings: Settings, name: str, since: datetime) -> None:
    from feeder.mail import cutting, lists
    from feeder.upkeep import digests

    zone = ZoneInfo(lists.zone_of(settings, lists.find(settings, name)))
    with digests.mail(settings, now()) as database:
        many = cutting.turn_back(database, settings, name, since.replace(tzinfo=zone))
    who = count(many, "subscriber gets", "subscribers get")
    note(f"{name}: {who} again what was released since {since:%Y-%m-%d %H:%M}")


@digest.command(context_settings=HELP)
@click.argument("number", type=int, metavar="DIGEST")
@in_directory
def amend(number: int, directory: Path) -> int:
    """Give the unsent rest of a digest its entries' present text.

    A withdrawal does so by itself. Those who were sent it keep what they have: `correction:` reaches them.
    """
    from feeder.upkeep import digests

    for one in digests.amend(settings_in(directory), now(), number):
        out = f", {count(one.left_out, 'entry', 'entries')} left out" if one.left_out else ""
        say(f"digest {one.digest}: {count(one.unsent, 'delivery gets', 'deliveries get')} the present text{out}")
        if one.skipped:
            say(f"digest {one.digest}: nothing is left of it; {one.skipped:,} skipped")
    return 0


@digest.command(context_settings=HELP)
@click.argument("number", type=int, required=False, metavar="[DIGEST]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@in_directory
def status(number: int | None, as_json: bool, directory: Path) -> int:
    """Tell how digests stand.

    With the number of one, also which of its deliveries are held because nobody knows whether they arrived.
    """
    from feeder.cli import standing
    from feeder.upkeep import digests

    settings, moment = settings_in(directory), now()
    found = digests.standing(settings, moment)
    chosen = [one for one in found.digests if number in (None, one.digest)]
    held = digests.kept_back(settings, moment, number) if number is not None else []
    if as_json:
        say(standing.machine(chosen, held))
        return 0
    for line in standing.lines(found, settings, number):
        say(line)
    for one in held:
        say(f"  held  {clean(one.address) or 'somebody forgotten'}  {clean(one.message_id)}  {clean(one.why)}")
    if not chosen:
        say("no digest was cut yet" if number is None else f"digest {number} has nothing to send")
    return 0


@digest.command(context_settings=HELP)
@click.argument("number", type=int, metavar="DIGEST")
@click.option("--arrived", is_flag=True, help="Take those held for arrived instead, and send them nothing.")
@in_directory
def restart(number: int, arrived: bool, directory: Path) -> int:
    """Queue again what failed or is held.

    Of those held, the server may have taken some: they get a second copy.
    """
    from feeder.mail import cutting
    from feeder.upkeep import digests

    if arrived:
        many = digests.release(settings_in(directory), now(), number)
        say(f"digest {number}: {count(many, 'delivery', 'deliveries')} taken for arrived")
        return 0
    with digests.mail(settings_in(directory), now()) as database:
        many = cutting.restart(database, number, now())
    say(f"digest {number}: {count(many, 'delivery', 'deliveries')} queued again; the next publish sends them")
    return 0


@digest.command(context_settings=HELP)
@click.argument("number", type=int, metavar="DIGEST")
@in_directory
def pause(number: int, directory: Path) -> int:
    """Stop sending a digest, until `resume`."""
    from feeder.mail import cutting
    from feeder.upkeep import digests

    with digests.mail(settings_in(directory), now()) as database:
        done = cutting.pause(database, number)
    say(f"digest {number}: {'paused' if done else 'was not going out; nothing changed'}")
    return 0


@digest.command(context_settings=HELP)
@click.argument("number", type=int, metavar="DIGEST")
@in_directory
def resume(number: int, directory: Path) -> int:
    """Go on sending a paused digest."""
    from feeder.mail import cutting
    from feeder.upkeep import digests

    with digests.mail(settings_in(directory), now()) as database:
        done = cutting.resume(database, number)
    say(f"digest {number}: {'goes on with the next publish' if done else 'was not paused; nothing changed'}")
    return 0


@digest.command(context_settings=HELP)
@click.argument("number", type=int, metavar="DIGEST")
@in_directory
def cancel(number: int, directory: Path) -> int:
    """Give a digest up.

    Those who were not sent it yet never get it, and its entries count as served.
    """
    from feeder.mail import cutting
    from feeder.upkeep import digests

    with digests.mail(settings_in(directory), now()) as database:
        many = cutting.cancel(database, number, now())
    say(f"digest {number}: cancelled; {count(many, 'delivery', 'deliveries')} given up")
    return 0
