"""The deploy command: moving ``out/`` elsewhere after a change.

It runs through ``/bin/sh -c`` from the publication's root, with

* ``FEEDER_CHANGED``: a file that names every changed path, one a line, UTF-8, relative to the folder that is
  served, in the order in which they must be uploaded: assets, pages, indexes, feeds, and last the deletions.
  A path that is not in that folder any more is a deletion, also one of a compressed copy.
* ``FEEDER_DELETED``: a file that names the deletions alone, in the same form; often empty.
* ``FEEDER_OUT``: the folder that is served (``out``, or the generation behind ``out/current``), absolute.

So one call of rsync does all of it; docs/how-to/deploy.md has it.

What is owed to the command is written down before the first file goes live, and struck off when the
command has succeeded: a failed or killed run's paths are in the next run's list.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from feeder.errors import DeployFailed
from feeder.output.refusal import writing

if TYPE_CHECKING:
    from subprocess import Popen

_OWED = ".feeder/owed"
_CHANGED = ".feeder/changed"
_DELETED = ".feeder/deleted"
_LINES = 5
"""How many of the last lines of the command's stderr a failure shows."""
_TAIL = 4096
_GRACE = 5.0
"""Seconds to end by itself when asked to."""
_under_way: dict[Popen[bytes], bool] = {}
"""Commands that run now, and whether each has a process group of its own."""


def owe(root: Path, paths: Iterable[str]) -> None:
    """Write down that ``paths``, in upload order, must be deployed, beside those still owed."""
    known = owed(root)
    new = dict.fromkeys(paths)
    # What was owed before and changes again goes where the new order has it.
    _write(root, _OWED, [*(path for path in known if path not in new), *new])


def owed(root: Path) -> tuple[str, ...]:
    """The paths that were published and not deployed yet, in upload order."""
    try:
        text = (root / _OWED).read_bytes()
    except FileNotFoundError:
        return ()
    return tuple(text.decode(errors="surrogateescape").split("\n")[:-1])


def settle(root: Path) -> None:
    """Strike off what was owed."""
    with writing(str(root / _OWED), str(root)):
        (root / _OWED).unlink(missing_ok=True)


def run(
    command: str, changed: Sequence[str], root: Path, out: Path | None = None, *, patience: float | None = None
) -> None:
    """Run ``command`` for ``changed`` and everything owed from earlier runs.

    Args:
        command: for ``/bin/sh``.
        changed: paths in upload order, deletions last (``Written.changed``).
        root: the publication.
        out: the folder that is served (``output.served(settings)``); default ``root/out``.
        patience: seconds after which it is ended, with all that it has started; None: it may take for ever.

    Raises:
        DeployFailed: it ended with another code than 0, or had to be ended; the message ends with the last lines of
            its stderr.
    """
    out = out or root / "out"
    owe(root, changed)
    paths = owed(root)
    deleted = [path for path in paths if not os.path.lexists(out / path)]
    gone = set(deleted)
    _write(root, _CHANGED, [*(path for path in paths if path not in gone), *deleted])
    _write(root, _DELETED, deleted)
    # env(1) adds to the environment, which nothing here reads.
    variables = [
        f"FEEDER_CHANGED={(root / _CHANGED).absolute()}",
        f"FEEDER_DELETED={(root / _DELETED).absolute()}",
        f"FEEDER_OUT={out.absolute()}",
    ]
    _run(["/usr/bin/env", *variables, "/bin/sh", "-c", command], root, patience)
    settle(root)


def _run(command: list[str], root: Path, patience: float | None) -> None:
    import tempfile

    # A file and not a pipe: a child left in the background must not keep the run waiting.
    with tempfile.TemporaryFile() as errors:
        try:
            how = _ended(command, root, errors.fileno(), patience)
        except OSError as error:
            raise DeployFailed(f"the deploy command could not be started: {error.strerror}") from error
        if not how:
            return
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - _TAIL))
        said = errors.read().decode(errors="replace").strip().splitlines()[-_LINES:]
    raise DeployFailed(
        "\n".join([f"the deploy command {how}", *(f"  {line}" for line in said)]),
        hint="nothing is lost: everything is in the output and deployed again at the next run",
    )


def _ended(command: list[str], root: Path, errors: int, patience: float | None) -> str:
    """Run it to its end; how it failed, or nothing."""
    import subprocess

    # At a terminal it stays where it can ask for a passphrase; elsewhere all that it starts can be ended with it.
    apart = not _at_terminal()
    process = subprocess.Popen(  # noqa: S603  (the command is the publisher's own)
        command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=apart
    )
    _under_way[process] = apart
    try:
        code = process.wait(patience)
    except subprocess.TimeoutExpired:
        _end(process, apart=apart)
        return f"took longer than {patience:,.0f} seconds and was ended (`deploy_timeout` in [output] gives it more)"
    except BaseException:
        _end(process, apart=apart)
        raise
    finally:
        _under_way.pop(process, None)
    if code == 0:
        return ""
    return f"ended with exit code {code}" if code > 0 else f"was killed by signal {-code}"


def break_off() -> None:
    """End the command that another thread of this process waits for, with all that it has started; it stays owed."""
    for process, apart in list(_under_way.items()):
        _end(process, apart=apart)


def _at_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


def _end(process: Popen[bytes], *, apart: bool) -> None:
    """End it, politely at first."""
    import subprocess

    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            (os.killpg if apart else os.kill)(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
            if not apart:
                return


def _write(root: Path, name: str, paths: Iterable[str]) -> None:
    path = str(root / name)
    with writing(path, str(root)):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "wb") as file:
            file.write("".join(f"{line}\n" for line in paths).encode(errors="surrogateescape"))
            file.flush()
            os.fsync(file.fileno())
        os.rename(path + ".new", path)
