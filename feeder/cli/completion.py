"""``feeder completion``: scripts by which shells complete ``feeder`` and ``publish``."""

from __future__ import annotations

import click

from feeder.cli.options import HELP, say

# The script for `publish` asks `feeder publish …`: asking `publish` itself would publish.
_AS_FEEDER = {
    "bash": (
        ('COMP_WORDS="${COMP_WORDS[*]}"', 'COMP_WORDS="feeder ${COMP_WORDS[*]}"'),
        ("COMP_CWORD=$COMP_CWORD", "COMP_CWORD=$((COMP_CWORD+1))"),
        ("=bash_complete $1", "=bash_complete feeder"),
    ),
    "zsh": (
        ('COMP_WORDS="${words[*]}"', 'COMP_WORDS="feeder ${words[*]}"'),
        ("COMP_CWORD=$((CURRENT-1))", "COMP_CWORD=$CURRENT"),
        ("=zsh_complete publish", "=zsh_complete feeder"),
        ("commands[publish]", "commands[feeder]"),
    ),
    "fish": (
        ("COMP_WORDS=(commandline -cp)", 'COMP_WORDS="feeder "(commandline -cp)'),
        ("=fish_complete COMP_WORDS", "=fish_complete COMP_WORDS"),
        ("(commandline -t) publish", "(commandline -t) feeder"),
    ),
}


@click.command(context_settings=HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print a completion script for a shell.

    For `feeder` and `publish`; bash, for one, reads it by `eval "$(feeder completion bash)"`.
    """
    say(script(shell))
    return 0


def script(shell: str) -> str:
    """The script, as click writes it, once for each console script."""
    from click.shell_completion import get_completion_class

    from feeder.cli.main import feeder

    kind = get_completion_class(shell)
    assert kind is not None
    own, verb = (
        kind(feeder, {}, name, "_FEEDER_COMPLETE").source_template
        % kind(feeder, {}, name, "_FEEDER_COMPLETE").source_vars()
        for name in ("feeder", "publish")
    )
    for theirs, ours in _AS_FEEDER[shell]:
        verb = verb.replace(theirs, ours)
    return f"{own.strip()}\n\n{verb.strip()}"
