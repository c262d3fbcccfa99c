"""``feeder config``: the settings as they are, and their JSON Schema."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeder.cli.options import HELP, in_directory, say, settings_in, tell_problems

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from feeder.config import Settings


@click.group(context_settings=HELP)
def config() -> None:
    """Show the settings, or their JSON Schema."""


@config.command(context_settings=HELP)
def schema() -> int:
    """Print the JSON Schema of feeder.toml."""
    from feeder.config import json_schema

    say(json.dumps(json_schema(), ensure_ascii=False, indent=2))
    return 0


@config.command(context_settings=HELP)
@in_directory
def show(directory: Path) -> int:
    """Print every setting, also those left out."""
    settings = settings_in(directory)
    say(as_toml(settings).rstrip("\n"))
    tell_problems(settings.problems)
    return 0


def as_toml(settings: Settings) -> str:
    """All settings, as ``feeder.toml`` would write them."""
    from feeder.config import rules
    from feeder.config.settings import toml_key

    tables: list[tuple[str, DataclassInstance]] = []
    for name in rules.TABLES:
        found = attrgetter(name)(settings)
        tables += [(rules.shown(name), one) for one in (found if name in rules.REPEATED else [found])]
    return "\n".join(
        f"{head}\n"
        + "".join(
            f"{toml_key(field.name)} = {toml_value(value)}\n"
            for field in fields(table)
            if not is_dataclass(value := getattr(table, field.name))
        )
        for head, table in tables
    )


def toml_value(value: object) -> str:
    """A string, number, truth value or list of strings; JSON writes these as TOML does."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
