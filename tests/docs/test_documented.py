"""The reference is whole: a command, option, setting, front-matter key or exit code without its words fails here."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import click
import pytest
from support import CHECKOUT

from feeder import feeds
from feeder.cli import exits, machine
from feeder.cli.main import feeder
from feeder.cli.settings import toml_value
from feeder.config import rules
from feeder.config.schema import descriptions
from feeder.config.settings import toml_key
from feeder.reading import keys

REFERENCE = CHECKOUT / "docs/reference"
TABLES = {rules.shown(name): kind for name, kind in rules.TABLES.items()}


def text(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def sections(name: str) -> dict[str, str]:
    """Heading -> what stands below it."""
    parts = re.split(r"^## (.+)$", text(name), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def commands(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield ("publish" if name == "publish" else prefix + name), command


COMMANDS = dict(commands(feeder, "feeder "))


def test_every_command_has_its_section_and_no_other_has() -> None:
    assert {*COMMANDS, "feeder"} == sections("commands.md").keys()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_option_is_described(name: str) -> None:
    told = sections("commands.md")[name]
    options = [one for one in COMMANDS[name].params if isinstance(one, click.Option) and one.name != "directory"]
    missing = [spelling for one in options for spelling in one.opts if not re.search(rf"`{spelling}[` ]", told)]
    assert missing == []


@pytest.mark.parametrize("table", list(TABLES))
def test_every_setting_is_described_as_its_docstring_says(table: str) -> None:
    kind = TABLES[table]
    rows = sections("settings.md")[f"`{table}`"]
    for field in dataclasses.fields(kind):
        if field.default_factory is not dataclasses.MISSING:
            continue
        key = toml_key(field.name)
        default = "required" if field.default is dataclasses.MISSING else f"`{toml_value(field.default)}`"
        assert f"| `{key}` | {default} | {descriptions()[kind.__name__][key]} |" in rows


def test_every_exit_code_is_described() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", text("exit-codes.md"), flags=re.MULTILINE)
    assert [int(code) for code, _ in rows] == [one.code for one in exits.EXITS]
    for (_, told), one in zip(rows, exits.EXITS, strict=True):
        assert re.split(r"[,;]", told)[0].replace("`", "") == re.split(r"[,;]", one.meaning)[0].replace("`", "")


def test_every_front_matter_key_is_described() -> None:
    rows = re.findall(r"^\| (`.+?) \|", text("front-matter.md"), flags=re.MULTILINE)
    told = {re.sub(r"[_-]", "", key.lower()) for row in rows for key in re.findall(r"`([^`]+)`", row)}
    assert told == {spelling for spellings in keys.GROUPS.values() for spelling in spellings}


def test_every_key_of_the_json_output_is_described() -> None:
    told = set(re.findall(r"^\| `([\w.]+)` \|", text("json-output.md"), flags=re.MULTILINE))
    assert {f"entries.{kind}" for kind in machine.KINDS} < told
    golden = (CHECKOUT / "tests/golden/cli/run.json").read_text("utf-8")
    assert set(re.findall(r'^ "(\w+)":', golden, flags=re.MULTILINE)) - {"entries"} <= told


def test_every_format_is_described() -> None:
    assert feeds.FORMATS.keys() <= sections("formats.md").keys()
