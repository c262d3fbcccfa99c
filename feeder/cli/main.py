"""``feeder …``: the table of commands; each is imported when it is called."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from feeder.cli import guard

COMMANDS = {
    "publish": "feeder.cli.verb:publish",
    "preview": "feeder.cli.preview:preview",
    "init": "feeder.cli.init:init",
    "new": "feeder.cli.new:new",
    "check": "feeder.cli.check:check",
    "run": "feeder.cli.run:run",
    "status": "feeder.cli.status:status",
    "lists": "feeder.cli.lists:lists",
    "subscribers": "feeder.cli.subscribers:subscribers",
    "digest": "feeder.cli.digest:digest",
    "mailbox": "feeder.cli.mailbox:mailbox",
    "backup": "feeder.cli.backup:backup",
    "restore": "feeder.cli.backup:restore",
    "clean": "feeder.cli.clean:clean",
    "pin": "feeder.cli.identity:pin",
    "withdraw": "feeder.cli.identity:withdraw",
    "move": "feeder.cli.identity:move",
    "recover": "feeder.cli.identity:recover",
    "rollback": "feeder.cli.identity:rollback",
    "config": "feeder.cli.settings:config",
    "convert": "feeder.cli.convert:convert",
    "stats": "feeder.cli.stats:stats",
    "install-units": "feeder.cli.units:install_units",
    "completion": "feeder.cli.completion:completion",
}
"""Name -> where its click command stands, in the order ``--help`` shows them."""


class Lazy(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click calls it so)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from feeder import __version__

        click.echo(f"feeder {__version__}")
        ctx.exit()


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-C", "directory", type=click.Path(path_type=Path), metavar="DIR", help="The publication's folder.")
@click.option("--version", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Tell the version.")
@click.pass_context
def feeder(ctx: click.Context, directory: Path | None) -> None:
    """Turn a folder of dated news entries into feeds, pages and an archive."""
    ctx.obj = directory


def main(argv: list[str], *, name: str = "feeder") -> int:
    """``feeder ARGV``; ``name`` is what the person typed, for help and errors."""
    return guard.guarded(name, lambda: _run(argv, name), verbose="-v" in argv or "--verbose" in argv)


def _run(argv: list[str], name: str) -> int:
    try:
        if name == "feeder":
            result = feeder.main(argv, prog_name=name, standalone_mode=False, complete_var="_FEEDER_COMPLETE")
        else:
            command = feeder.get_command(click.Context(feeder), argv[0])
            assert command is not None
            result = command.main(argv[1:], prog_name=name, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as help_wanted:
        help_wanted.show()
        return 2
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    return result if isinstance(result, int) else 0
