"""What could not be written down in time, and will not be asked for again: it is done later all the same."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from feeder.errors import FeederError
from feeder.web.records import LINE, Book, Records

if TYPE_CHECKING:
    from sqlalchemy import Connection

Work = Callable[["Connection", Book], None]

AGAIN: Final = 2.0
"""Seconds between two tries."""


class Debts:
    """Writes that are tried until they are done; what is left when the process ends is lost. Of the event loop alone.

    So nobody may be told that it is done before it is: whoever asked gets the error, and can come again as well.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._works: deque[Work] = deque()
        self._paying: asyncio.Task[None] | None = None

    def add(self, work: Work) -> None:
        """Do it as soon as the mail database can be had; doing it twice must be as doing it once."""
        if len(self._works) < LINE:
            self._works.append(work)
        if self._paying is None or self._paying.done():
            self._paying = asyncio.get_running_loop().create_task(self._pay())

    async def _pay(self) -> None:
        while self._works:
            await asyncio.sleep(AGAIN)
            await self._pay_what_can_be()

    async def _pay_what_can_be(self) -> None:
        while self._works:
            work = self._works.popleft()
            try:
                await self._records.write(work)
            except FeederError:
                self._works.appendleft(work)
                return
