"""``feeder install-units``: files by which a machine runs a publication by itself."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

import click

from feeder.cli.options import HELP, in_directory, note, say, settings_in
from feeder.cli.units.values import House, house
from feeder.errors import CannotCreate, UsageError

FOLDER = "units"
"""In the publication; where the files go that no other place was named for."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")


@click.command("install-units", context_settings=HELP)
@in_directory
@click.option("--systemd", is_flag=True, help="A service that runs `feeder run`.")
@click.option("--cron", is_flag=True, help="A line that calls `publish` every minute.")
@click.option("--docker", is_flag=True, help="A Dockerfile and a compose.yaml.")
@click.option("--user", "own", is_flag=True, help="For your own account, without root.")
@click.option("--name", default="feeder", show_default=True, metavar="N", help="Name of the service.")
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Where they go.")
@click.option("--force", is_flag=True, help="Overwrite files that are there and differ.")
def install_units(
    directory: Path, own: bool, name: str, folder: Path | None, force: bool, **ways: bool,
) -> int:  # fmt: skip
    """Write units for systemd, cron or Docker.

    By these the machine runs this publication by itself. They go into the folder units/ of the publication, and nothing
    is started: what to do next is told.
    """
    chosen = [way for way, is_chosen in ways.items() if is_chosen]
    if len(chosen) != 1:
        # Two of them would publish side by side.
        raise click.UsageError(f"{'Only one' if chosen else 'One'} of --systemd, --cron and --docker is needed.")
    [way] = chosen
    if own and way == "docker":
        raise click.UsageError("--user and --docker exclude each other.")
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"not a name for a service: {name}", hint="write it in letters, digits, - and _, as feeder-news"
        )
    settings = settings_in(directory)
    place = (folder or settings.root / FOLDER).absolute()
    found = house(settings, name)
    for one in (found.root, str(place), *found.written):
        _require_one_line(one)
    for path in _write(place, _files(found, way, place, own=own), force=force):
        say(path)
    for line in (*_warnings(found, way, own=own), *_next(found, way, place, own=own)):
        note(line)
    return 0


def _require_one_line(path: str) -> None:
    """Neither cron nor systemd could be told of such a folder; raises ``UsageError``."""
    if any(unicodedata.category(sign) == "Cc" for sign in path):
        raise UsageError(
            f"a folder with a line break or another control character in its name: {path!r}", hint="rename it first"
        )


def _files(found: House, way: str, place: Path, *, own: bool) -> dict[str, str]:
    from feeder.cli.units import cron, docker, systemd

    if way == "docker":
        return docker.files(found, place)
    return systemd.files(found, own=own) if way == "systemd" else cron.files(found, own=own)


def _write(place: Path, texts: dict[str, str], *, force: bool) -> Iterator[str]:
    """All or none; the paths, as a person in this folder would write them."""
    for name, text in texts.items():
        path = place / name
        if os.path.lexists(path) and not force and not _holds(path, text):
            raise CannotCreate(f"{_shown(path)} is there and differs", hint="look at it; --force overwrites it")
    place.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (place / name).write_bytes(os.fsencode(text))
        yield _shown(place / name)


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == os.fsencode(text)


def _shown(path: Path) -> str:
    near = os.path.relpath(path)
    return str(path) if near.startswith("..") else near


def _warnings(found: House, way: str, *, own: bool) -> Iterator[str]:
    if found.uid == 0 and not own:
        yield f"note: {found.root} belongs to root, so feeder would run as root: give it a user of its own (chown -R)"
    if way == "systemd" and not own and found.settings.output.deploy:
        yield "note: the deploy command runs within the service's walls; see ReadWritePaths in it"


def _next(found: House, way: str, place: Path, *, own: bool) -> Iterator[str]:
    shown = quote(_shown(place))
    if way == "docker":
        yield f"next: docker compose -f {shown}/compose.yaml up -d --build"
        return
    if way == "cron":
        yield f"next: {_into_cron(found, shown, own=own)}"
        return
    timer = f" {found.name}-mailbox.timer" if found.reads_mailbox else ""
    units = " ".join(f"{shown}/{name}" for name in _files(found, way, place, own=own))
    if own:
        yield f"next: install -D -m 644 -t ~/.config/systemd/user {units}"
        yield f"      systemctl --user daemon-reload && systemctl --user enable --now {found.name}{timer}"
        yield "      loginctl enable-linger  # so that it runs while you are not logged in"
    else:
        yield f"next: sudo install -m 644 -t /etc/systemd/system {units}"
        yield f"      sudo systemctl daemon-reload && sudo systemctl enable --now {found.name}{timer}"


def _into_cron(found: House, shown: str, *, own: bool) -> str:
    file = f"{shown}/{found.name}.cron"
    return f"(crontab -l; cat {file}) | crontab -" if own else f"sudo install -m 644 {file} /etc/cron.d/{found.name}"
