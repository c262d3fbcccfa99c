"""From errors to exit codes: whatever happens, one clear line and the right number."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from types import TracebackType

from feeder.cli import terminal
from feeder.cli.exits import INTERRUPTED
from feeder.errors import CannotCreate, CannotWrite, FeederError, SettingsError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EROFS}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM}


def guarded(name: str, run: Callable[[], int], *, verbose: bool = False) -> int:
    """Run a command; its exit code, or that of the error that ended it, which is told on stderr."""
    terminal.lenient()
    if not verbose:
        sys.excepthook = _brief(name)
    try:
        return run()
    except FeederError as error:
        tell(name, error)
        return error.exit_code
    except KeyboardInterrupt:
        terminal.say(f"{name}: interrupted; what was public stays public", sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        terminal.hush(sys.stdout)
        return 0
    except OSError as error:
        known = of_system(error)
        if known is None:
            raise
        tell(name, known)
        return known.exit_code


def tell(name: str, error: FeederError) -> None:
    """The error on stderr: its problems like any others, else one line and the hint."""
    from feeder.cli import problems

    paint = terminal.Paint(on=terminal.coloured(sys.stderr))
    found = error.problems if isinstance(error, SettingsError) else ()
    for line in problems.told(found, whole=terminal.is_terminal(sys.stderr), paint=paint):
        terminal.say(line, sys.stderr)
    if not found:
        hint = f" ({terminal.clean(error.hint)})" if error.hint else ""
        message = "\n".join(terminal.clean(line) for line in str(error).splitlines())
        terminal.say(f"{name}: {paint('red', message)}{hint}", sys.stderr)


def of_system(error: OSError) -> FeederError | None:
    """A full disk or a missing permission as an error of ours; ``None`` for what is our own fault."""
    what = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    if error.errno in _NO_ROOM:
        return CannotWrite(what, hint="make room; the next run completes this one")
    if error.errno in _NOT_ALLOWED:
        return CannotCreate(what, hint="mend the permissions; the next run completes this one")
    return None


def _brief(name: str) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """An excepthook for what nobody foresaw: Python exits with 1 after it."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        where = ""
        while trace is not None:
            code = trace.tb_frame.f_code
            where = f" at {code.co_filename.rpartition('feeder/')[2]}:{trace.tb_lineno}"
            trace = trace.tb_next
        terminal.say(
            f"{name}: a fault of feeder's own: {kind.__name__}: {terminal.clean(str(error))}{where}"
            " (what was public stays public; please report it with what `-v` shows)",
            sys.stderr,
        )

    return hook
