"""Two processes for what one would be slow at: forked, so that what is loaded is shared and nothing is sent in.

Results come back in the order of the work, a batch at a time.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_HEADER = struct.Struct(">Q")


def cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_parallel(
    work: Sequence[T], do: Callable[[Sequence[T]], R], *, batch: int, fewest: int, processes: int = 0
) -> Iterator[R]:
    """``do(batch)`` for each batch of the work, in order; in this process where there are fewer than ``fewest`` items,
    and in any thread but the first (``feeder run``): the others may hold a lock that a fork would never see released.

    What ``do`` raises in a child is raised here. ``do`` must open its own connections: they do not survive a fork.
    """
    batches = [work[start : start + batch] for start in range(0, len(work), batch)]
    count = min(processes or cores(), len(batches))
    if len(work) < fewest or count < 2 or threading.current_thread() is not threading.main_thread():
        yield from map(do, batches)
        return
    # Objects made so far are left alone by the children's garbage collector, or it would copy every page it visits.
    gc.freeze()
    children = [_Child(batches[number::count], do) for number in range(count)]
    gc.unfreeze()
    try:
        for number in range(len(batches)):
            yield children[number % count].result()
    finally:
        for child in children:
            child.end()


class _Child(Generic[T, R]):
    """A forked process that works through its batches and sends each result as it is done."""

    def __init__(self, batches: Sequence[Sequence[T]], do: Callable[[Sequence[T]], R]) -> None:
        reading, writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(reading)
            _work(batches, do, writing)
        os.close(writing)
        self._pipe = os.fdopen(reading, "rb")

    def result(self) -> R:
        """The next result; what was raised is raised again."""
        header = self._pipe.read(_HEADER.size)
        if len(header) < _HEADER.size:
            raise ChildProcessError("a worker process ended before its work was done (out of memory, or killed)")
        done, value = pickle.loads(self._pipe.read(_HEADER.unpack(header)[0]))  # noqa: S301 - from our own child
        if not done:
            raise value
        return value  # type: ignore[no-any-return]

    def end(self) -> None:
        """Stop the child, whatever it does, and forget it."""
        self._pipe.close()
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


def _work(batches: Sequence[Sequence[Any]], do: Callable[[Sequence[Any]], Any], pipe: int) -> None:
    """The child's whole life; it must never return into the parent's code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends its children
    # A worker's garbage is mostly freed as it goes; looking for circles in it would cost a tenth of its time.
    gc.set_threshold(20_000)
    status = 1
    try:
        with os.fdopen(pipe, "wb") as out:
            for batch in batches:
                out.write(_answer(batch, do))
                out.flush()
        status = 0
    except BrokenPipeError:
        status = 0  # the parent has stopped listening
    finally:
        os._exit(status)


def _answer(batch: Sequence[Any], do: Callable[[Sequence[Any]], Any]) -> bytes:
    try:
        data = pickle.dumps((True, do(batch)), protocol=5)
    except Exception as error:  # noqa: BLE001 - it is raised again in the parent, which knows what to say
        data = pickle.dumps((False, error), protocol=5)
    return _HEADER.pack(len(data)) + data
