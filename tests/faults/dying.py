"""Dies, or is refused by the disk, at the k-th step that changes a file: for tests of promises 1 and 3.

A *step* is any call by which a Python process changes the file system below one folder: opening a file to write,
each write (of ``os.write`` and of file objects), fsync, rename/replace, link, symlink, unlink, mkdir, rmdir, utime,
truncate, sendfile, copy_file_range, and each sqlite commit. Steps are counted across forked workers, from 1.

From a test, for a whole command (``feeder publish`` or any ``python -m``)::

    from tests.faults import dying

    steps = dying.run(["-m", "feeder", "publish", "-q"], under=root, cwd=root).steps       # undisturbed; list of str
    for k in range(1, len(steps) + 1):
        restore(root)
        died = dying.run(["-m", "feeder", "publish", "-q"], under=root, cwd=root, at=k)    # SIGKILL before step k
        assert died.killed, died.stderr
        ...look at the files...
        assert dying.run([...], under=root, cwd=root).code == 0                            # the next run mends it

and for a callable of the test itself (it runs in a forked child)::

    died = dying.call(lambda: work(tmp_path), under=tmp_path, at=3, fault="ENOSPC")

``fault`` is one of

* ``"kill"``: SIGKILL to the process and its workers. At a write, half of the bytes are written first.
* ``"ENOSPC"``, ``"EDQUOT"``, ``"EIO"`` (any errno name): the k-th step that can meet it raises it, once.
* the same with ``+`` at the end: that step and every later one that can meet it (the disk stays full).

The result's ``steps`` are the steps taken, as ``"rename /path"``; the last one is where it died.
``at=0`` (the default) disturbs nothing. ``python tests/faults/dying.py --help`` does the same from a shell.
"""

from __future__ import annotations

import argparse
import builtins
import contextlib
import errno
import functools
import io
import mmap
import os
import runpy
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
FULL = {"ENOSPC", "EDQUOT", "EFBIG"}
NEEDS_NO_SPACE = {"unlink", "remove", "rmdir", "utime"}

_write = os.write
_kill = os.killpg


@dataclass(frozen=True)
class Result:
    """How the child ended."""

    code: int
    """Exit code; negative for a signal, as ``subprocess`` gives it."""
    stdout: str
    stderr: str
    steps: list[str]

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


def run(
    command: Sequence[str],
    *,
    under: Path,
    at: int = 0,
    fault: str = "kill",
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    timeout: float = 120,
) -> Result:
    """Run ``python COMMAND``, as ``["-m", "feeder", …]`` or ``["x.py", …]``, with a fault at a step below ``under``."""
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch, "steps")
        options = ["--at", str(at), "--fault", fault, "--under", str(under), "--log", str(log), "--"]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1", **(env or {})}
        done = subprocess.run(
            [sys.executable, __file__, *options, *command],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            start_new_session=True,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr, _lines(log))


def call(function: Callable[[], object], *, under: Path, at: int = 0, fault: str = "kill") -> Result:
    """Run ``function`` in a forked child with a fault at step ``at``.

    An exception gives its ``exit_code`` (or 1) as code and its text as stderr.
    """
    with tempfile.TemporaryDirectory() as scratch:
        log, errors = Path(scratch, "steps"), Path(scratch, "stderr")
        child = os.fork()
        if child == 0:
            _child(function, Faults(under, at, fault, log), errors)
        _, status = os.waitpid(child, 0)
        text = errors.read_text() if errors.exists() else ""
        return Result(os.waitstatus_to_exitcode(status), "", text, _lines(log))


def _child(function: Callable[[], object], faults: Faults, errors: Path) -> None:
    os.setsid()
    code = 1
    try:
        with errors.open("w") as stderr:
            try:
                faults.install()
                function()
                code = 0
            except Exception as error:  # noqa: BLE001  (whatever it is, the test wants to see it)
                stderr.write(f"{type(error).__name__}: {error}")
                code = getattr(error, "exit_code", 1)
    finally:
        os._exit(code)


def _lines(log: Path) -> list[str]:
    return log.read_text(errors="surrogateescape").splitlines() if log.exists() else []


class Faults:
    """Counts the steps of this process and its forks below one folder, and strikes at one of them."""

    def __init__(self, under: Path, at: int, fault: str, log: Path) -> None:
        self.under = os.path.realpath(under)
        self.at = at
        self.lasting = fault.endswith("+")
        self.fault = fault.rstrip("+")
        self.count = mmap.mmap(-1, 8)
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def install(self) -> None:
        """Replace the functions by which Python changes files; there is no way back."""
        for name in ("replace", "rename", "link", "symlink", "unlink", "remove", "mkdir", "rmdir", "utime", "truncate"):
            self._wrap(name, target=1 if name in {"replace", "rename", "link", "symlink"} else 0)
        for name in ("fsync", "fdatasync", "ftruncate", "sendfile", "copy_file_range"):
            self._wrap(name, target=1 if name == "copy_file_range" else 0)
        self._wrap_write()
        self._wrap_os_open()
        opener = functools.partial(_open, self)
        builtins.open = io.open = opener  # type: ignore[assignment]
        sqlite3.connect = sqlite3.dbapi2.connect = self._connect  # type: ignore[assignment]

    def step(self, kind: str, where: Any, half: Callable[[], object] | None = None) -> None:
        """One step is about to be taken; ``half`` does half of it before a kill."""
        path = self._path(where)
        if path is None or not self._counts(kind):
            return
        number = int.from_bytes(self.count[:8], "little") + 1
        self.count[:8] = number.to_bytes(8, "little")
        _write(self.log, f"{kind} {path}\n".encode(errors="surrogateescape"))
        if not self.at or number < self.at or (number > self.at and not self.lasting):
            return
        if self.fault != "kill":
            self._raise(kind, path)
        if half:
            half()
        _kill(0, signal.SIGKILL)
        signal.pause()

    def _counts(self, kind: str) -> bool:
        return not (self.fault in FULL and kind in NEEDS_NO_SPACE)

    def _raise(self, kind: str, path: str) -> None:
        if kind == "commit":
            raise sqlite3.OperationalError("database or disk is full" if self.fault in FULL else "disk I/O error")
        number = getattr(errno, self.fault)
        raise OSError(number, os.strerror(number), path)

    def _path(self, where: Any) -> str | None:
        if isinstance(where, int):
            try:
                path = os.readlink(f"/proc/self/fd/{where}")
            except OSError:
                return None
        else:
            text = os.fsdecode(where).removeprefix("file:").partition("?")[0]
            path = os.path.join(os.path.realpath(os.path.dirname(text) or "."), os.path.basename(text))
        return path if path == self.under or path.startswith(self.under + "/") else None

    def _wrap(self, name: str, target: int) -> None:
        real = getattr(os, name)

        def wrapper(*args: Any, **options: Any) -> Any:
            where = args[target] if len(args) > target else options.get("dst", options.get("path"))
            folder = options.get("dst_dir_fd", options.get("dir_fd"))
            if folder is not None and not isinstance(where, int):
                where = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), os.fsdecode(where))
            self.step(name, where)
            return real(*args, **options)

        for flag in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
            if real in flag:
                flag.add(wrapper)
        setattr(os, name, wrapper)

    def _wrap_write(self) -> None:
        def write(fd: int, data: Any) -> int:
            self.step("write", fd, lambda: _write(fd, bytes(data)[: len(data) // 2]))
            return _write(fd, data)

        os.write = write

    def _wrap_os_open(self) -> None:
        real = os.open

        def wrapper(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                where = os.path.join(os.readlink(f"/proc/self/fd/{dir_fd}"), os.fsdecode(path)) if dir_fd else path
                self.step("open", where)
            return real(path, flags, mode, dir_fd=dir_fd)

        os.supports_dir_fd.add(wrapper)
        os.open = wrapper

    def _connect(self, *args: Any, **options: Any) -> sqlite3.Connection:
        faults, name = self, args[0] if args else options.get("database", "")

        class Connection(sqlite3.Connection):
            def commit(self) -> None:
                faults.step("commit", name)
                super().commit()

            def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
                if sql.lstrip()[:6].upper() in {"COMMIT", "END", "END;"}:
                    faults.step("commit", name)
                return super().execute(sql, *args)

            def __exit__(self, *args: Any) -> Any:  # noqa: PYI036
                if args[0] is None:
                    faults.step("commit", name)
                return super().__exit__(*args)

        options.setdefault("factory", Connection)
        return _sqlite_connect(*args, **options)


_sqlite_connect = sqlite3.connect
_io_open = io.open


def _open(
    faults: Faults,
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Any = None,
) -> Any:
    """``open`` whose writes are steps."""
    if not set(mode) & set("wax+"):
        return _io_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
    if not isinstance(file, int):
        faults.step("open", file)
    raw = _Raw(file, "".join(c for c in mode if c not in "bt"), closefd, opener)
    raw.faults = faults
    if buffering == 0:
        return raw
    buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
    if "b" in mode:
        return buffered
    text = io.TextIOWrapper(buffered, encoding, errors, newline, line_buffering=buffering == 1)
    text.mode = mode  # type: ignore[misc]
    return text


class _Raw(io.FileIO):
    faults: Faults

    def write(self, data: Any) -> int:
        self.faults.step("write", self.fileno(), lambda: _write(self.fileno(), bytes(data)[: len(data) // 2]))
        return super().write(data)


def _main() -> None:
    parser = argparse.ArgumentParser(description="Run a Python command and die at its k-th change of a file.")
    parser.add_argument("--at", type=int, default=0)
    parser.add_argument("--fault", default="kill")
    parser.add_argument("--under", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    command = [word for i, word in enumerate(options.command) if i or word != "--"]
    sys.dont_write_bytecode = True
    sys.path[0] = os.getcwd()
    if os.getpid() != os.getsid(0):
        # A shell's job is a group of its own, but not always alone in it.
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
    Faults(options.under, options.at, options.fault, options.log).install()
    if command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    _main()
