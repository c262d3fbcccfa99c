"""``publish`` and ``feeder`` as commands: options, exit codes, silence."""

from __future__ import annotations

import errno
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CHECKOUT, Publication

import feeder
from feeder import config, pipeline
from feeder.cli import arguments, exits, guard, main, publish
from feeder.cli.completion import script
from feeder.cli.settings import as_toml
from feeder.errors import DataError, FeederError, Locked, SettingsError

Publishing = Callable[..., list[pipeline.Options]]


@pytest.fixture
def publishing(monkeypatch: pytest.MonkeyPatch) -> Publishing:
    """``publishing(outcome)``: the pipeline gives that report, or raises that error; returns the options it gets."""

    def stand_in(outcome: BaseException | None = None, **report: Any) -> list[pipeline.Options]:
        seen: list[pipeline.Options] = []

        def run(settings: config.Settings, now: Any, options: pipeline.Options) -> pipeline.Report:
            seen.append(options)
            if outcome is not None:
                raise outcome
            return pipeline.Report(**{"at": now, "exit_code": 0, "title": settings.site.title, "public": 1} | report)

        monkeypatch.setattr(pipeline, "publish", run)
        return seen

    return stand_in


def test_options_reach_the_pipeline(publication: Publication, publishing: Publishing) -> None:
    seen = publishing()
    where = ["-C", str(publication.root)]
    assert publish.main([*where, "-n", "--force", "--no-mail", "--lock-timeout", "5", "-q"]) == 0
    assert publish.main([*where, "--lock-timeout=2.5"]) == 0
    assert main.main([*where, "publish", "--dry-run"]) == 0
    found = [(one.dry_run, one.force, one.mail, one.lock_timeout) for one in seen]
    assert found == [(True, True, False, 5.0), (False, False, True, 2.5), (True, False, True, 60.0)]


@pytest.mark.parametrize("code", [0, 3, 69])
def test_the_reports_exit_code_is_the_commands(publication: Publication, publishing: Publishing, code: int) -> None:
    publishing(exit_code=code)
    assert publish.main(["-C", str(publication.root)]) == code


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (DataError("no", hint="mend"), 65, "publish: no (mend)\n"),
        (Locked(), 75, "publish: Another publish holds the lock.\n"),
        (KeyboardInterrupt(), 130, "publish: interrupted; what was public stays public\n"),
        (OSError(errno.ENOSPC, "No space left on device", "out/x"), 74, "publish: No space left on device: out/x"),
        (OSError(errno.EACCES, "Permission denied", "out"), 73, "publish: Permission denied: out"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_errors_become_exit_codes(
    publication: Publication, publishing: Publishing, capfd: pytest.CaptureFixture[str],
    error: BaseException, code: int, said: str,
) -> None:  # fmt: skip
    publishing(error)
    assert publish.main(["-C", str(publication.root)]) == code
    assert capfd.readouterr().err.startswith(said)
    assert any(one.code == code for one in exits.EXITS)


def test_every_error_has_its_exit_code_in_the_table() -> None:
    left = [FeederError]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        assert kind.exit_code in {one.code for one in exits.EXITS}, kind


def test_errors_as_json(publication: Publication, publishing: Publishing, capfd: pytest.CaptureFixture[str]) -> None:
    publishing(DataError("no", hint="mend"))
    assert publish.main(["-C", str(publication.root), "--json"]) == 65
    told = json.loads(capfd.readouterr().out)
    assert told == {"version": 1, "exit": 65, "error": {"message": "no", "hint": "mend"}, "problems": []}


def test_wrong_settings_are_78_and_all_named(publication: Publication, capfd: pytest.CaptureFixture[str]) -> None:
    publication.write("feeder.toml", "[site]\ntitel = 'x'\nurl = 'x'\n")
    assert publish.main(["-C", str(publication.root)]) == 78
    assert capfd.readouterr().err == (
        "feeder.toml:2: unknown key `titel` in [site]; did you mean `title`?\n"
        "feeder.toml:3: not an absolute http(s) address: x (write it whole, as https://news.example.org/)\n"
    )


def test_no_settings_are_78_with_a_way_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert publish.main(["-C", str(tmp_path)]) == 78
    assert "`feeder init`" in capfd.readouterr().err


@pytest.mark.parametrize(
    "argv", [["--foo"], ["x"], ["-C"], ["-q", "-v"], ["--lock-timeout", "-1"], ["--lock-timeout", "x"]]
)
def test_usage_is_2(argv: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert publish.main(argv) == 2
    assert "Error: " in capfd.readouterr().err
    assert main.main(["publish", *argv]) == 2


def test_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert publish.main(["--help"]) == 0
    assert main.main(["-h"]) == 0
    assert main.main(["--version"]) == 0
    assert capfd.readouterr().out.endswith(f"feeder {feeder.__version__}\n")
    assert main.main([]) == 2
    assert main.main(["no-such"]) == 2


@given(
    st.lists(st.sampled_from(["-C", "x", "-n", "-q", "-v", "--json", "--lock-timeout", "3", "--help", "--force", ""]))
)
def test_the_light_reader_of_arguments_agrees_with_click(argv: list[str]) -> None:
    light = arguments.parse(argv)
    if light is None:
        return
    from feeder.cli import verb

    context = verb.publish.make_context("publish", list(argv), resilient_parsing=False)
    given_ = {"directory": Path(), **context.params}
    for name in ("dry_run", "quiet", "verbose", "as_json", "force", "no_mail", "lock_timeout"):
        assert getattr(light, name) == given_[name], name
    assert light.directory == (given_["directory"] or Path())


def test_an_unforeseen_error_is_one_line_and_1(publication: Publication) -> None:
    broken = "import sys, feeder.pipeline as p\ndef publish(*a): raise ValueError('odd')\np.publish = publish\n"
    code = broken + "from feeder.cli import publish\nsys.exit(publish.main(sys.argv[1:]))"

    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *argv], cwd=publication.root, env=publication.environment(),
            capture_output=True, text=True, encoding="utf-8", timeout=60,
        )  # fmt: skip

    plain = run()
    assert plain.returncode == 1
    assert plain.stderr.count("\n") == 1
    assert plain.stderr.startswith("publish: a fault of feeder's own: ValueError: odd")
    assert "Traceback" in run("-v").stderr
    assert run("-v").returncode == 1


def test_a_reader_that_went_away_is_no_error(publication: Publication) -> None:
    command = [sys.executable, "-m", "feeder", "config", "schema"]
    with subprocess.Popen(
        command, cwd=publication.root, env=publication.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
    assert (process.returncode, told) == (0, b"")


def test_plain_runs_need_no_click(publication: Publication) -> None:
    code = (
        "import sys, feeder.pipeline as p\n"
        "def publish(settings, now, options): return p.Report(now, 0, '', 0)\n"
        "p.publish = publish\n"
        "from feeder.cli import publish\n"
        "publish.main(['-C', '.', '-q'])\n"
        "heavy = {'click', 'rich', 'argparse', 'msgspec', 'jinja2', 'markdown_it', 'feedgen', 'difflib'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=publication.root, env=publication.environment(),
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert found.stdout == "[]\n"


def test_clean_leaves_what_is_precious(publication: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("index", "cache.db", "cache.db-wal", "assets/a", "templates/x", "history.db", "history.db-wal", "owed",
                 "hold", "follow.json", "converted/a.md", "feeder.schema.json", "mail.db"):  # fmt: skip
        publication.write(f".feeder/{name}", "x")
    assert main.main(["clean", "-C", str(publication.root)]) == 0
    assert capsys.readouterr().out.split() == [
        ".feeder/assets", ".feeder/cache.db", ".feeder/cache.db-wal", ".feeder/index", ".feeder/templates",
    ]  # fmt: skip
    left = {file.name for file in (publication.root / ".feeder").iterdir()} - {"publish.lock"}
    assert left == {"history.db", "history.db-wal", "owed", "hold", "follow.json", "converted", "feeder.schema.json",
                    "mail.db"}  # fmt: skip


def test_config_show_can_be_read_back(publication: Publication, capsys: pytest.CaptureFixture[str]) -> None:
    publication.configure(
        '[feeds]\nalso = ["a.xml", "b.json"]\n[output]\ndeploy = "echo \\"x\\" \\\\ ü"\ncompress = ["gz"]\n'
        '[[follow]]\nfeed = "https://b.example/"\n[mail]\nfrom = "新闻 <a@b.example>"\n[mail.smtp]\nport = 587\n'
        '[[lists]]\nname = "weekly"\nallowed = ["daily"]\n[[lists]]\nname = "monthly"\n'
    )  # fmt: skip
    before = config.load(publication.root)
    assert main.main(["config", "show", "-C", str(publication.root)]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    publication.write("feeder.toml", told.out)
    assert config.load(publication.root) == before
    assert as_toml(config.load(publication.root)) == told.out


def test_config_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "feeder.toml"


def commands(group: click.Group, prefix: str = "") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found += commands(command, f"{prefix}{name} ") if isinstance(command, click.Group) else []
        found.append((prefix + name, command))
    return found


def test_every_command_can_be_imported_and_says_what_it_does() -> None:
    for name, command in commands(main.feeder):
        assert command.help, name
        first = command.help.splitlines()[0]
        assert len(first) <= 60, first
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, (name, parameter.name)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_never_publish(shell: str) -> None:
    text = script(shell)
    assert "_FEEDER_COMPLETE" in text
    assert f"{shell}_complete publish" not in text
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=text, text=True, check=True)


def complete(words: str, number: int) -> str:
    # As the script for `publish` does: COMP_WORDS with "feeder" before it.
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "_FEEDER_COMPLETE": "bash_complete",
           "COMP_WORDS": words, "COMP_CWORD": str(number)}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "feeder", "publish"], env=env, capture_output=True, text=True, timeout=60
    )
    return done.stdout


def test_completion_completes() -> None:
    assert complete("feeder st", 1).split() == ["plain,status", "plain,stats"]
    assert "plain,--dry-run" in complete("feeder publish --d", 2)
    assert "plain,zsh" in complete("feeder completion ", 2)


def test_public_names_are_lazy_and_there() -> None:
    code = "import sys, feeder; assert not [m for m in sys.modules if m.startswith('feeder.')]; print(dir(feeder))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for name in feeder.__all__:
        assert getattr(feeder, name) is not None
    assert feeder.publish is importlib.import_module("feeder.pipeline").publish
    with pytest.raises(AttributeError):
        feeder.nothing  # noqa: B018


def test_the_version_is_the_packages() -> None:
    assert f'\nversion = "{feeder.__version__}"\n' in (CHECKOUT / "pyproject.toml").read_text("utf-8")


def test_settings_errors_without_a_file_line(capfd: pytest.CaptureFixture[str]) -> None:
    guard.tell("feeder", SettingsError("gone", hint="look"))
    assert capfd.readouterr().err == "feeder: gone (look)\n"
