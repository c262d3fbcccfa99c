"""The ways out: one file each, and the table of them. They do not know each other.

A transport asks a *desk* for messages and tells it what became of them; the desk (``feeder.mail.sending.desk``) knows
the ledger, the order and the limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from feeder.config.settings import Settings, TransportName
from feeder.errors import FeederError
from feeder.mail.values import Message, Outcome

if TYPE_CHECKING:
    from feeder.mail.sending.ledger import Row


class TransportDown(FeederError):
    """Nothing can be sent now: the server cannot be reached, or does not let us in."""

    exit_code = 69


@dataclass(frozen=True, slots=True, eq=False)
class Parcel:
    """A message, and whose it is."""

    message: Message
    row: Row
    revision: int = 0
    """The frozen text it was made from; 0: a system mail."""


class Desk(Protocol):
    """Where a transport gets its messages."""

    def reserve(self) -> Parcel | None:
        """The next message; it must not leave before it is granted. None: none at this moment."""

    def give_back(self, parcel: Parcel) -> None:
        """A reserved message that was not asked to be granted; another connection takes it."""

    def exchange(self, settled: Sequence[tuple[Parcel, Outcome]], wanted: Sequence[Parcel]) -> Sequence[bool]:
        """Write down what became of messages, and ask which of the wanted ones may leave now, in one transaction."""

    def wait(self) -> float | None:
        """Seconds after which there may be a message again; None: there will be none."""

    def rest(self, seconds: float) -> None:
        """Let the time pass."""

    def seconds(self) -> float:
        """A clock that is never set back."""

    def stopping(self) -> bool:
        """Whether to finish what is under way, and nothing more."""


class Transport(Protocol):
    """A way out."""

    def carry(self, desk: Desk) -> None:
        """Take messages from the desk until there are none.

        Raises:
            TransportDown: nothing can be sent now; what was under way has been told to the desk.
        """


def one_by_one(desk: Desk, send: Callable[[Message], Outcome]) -> None:
    """How a transport carries that is done with a message when ``send`` returns."""
    settled: list[tuple[Parcel, Outcome]] = []
    while True:
        parcel = None if desk.stopping() else desk.reserve()
        granted = desk.exchange(settled, [parcel] if parcel else [])
        settled = []
        if parcel:
            if granted[0]:
                settled = [(parcel, _sent(desk, parcel, send))]
        elif (wait := desk.wait()) is None or desk.stopping():
            return
        else:
            desk.rest(wait)


def _sent(desk: Desk, parcel: Parcel, send: Callable[[Message], Outcome]) -> Outcome:
    since = desk.seconds()
    try:
        outcome = send(parcel.message)
        return replace(outcome, seconds=desk.seconds() - since)
    except FeederError:
        desk.exchange([(parcel, Outcome(state="unsent"))], [])
        raise


def file_name(message: Message) -> str:
    """A name for a message's file: that of the same message, so that a second copy takes the place of the first."""
    local = message.message_id.strip("<>").rpartition("@")[0]
    return "".join([char if char.isascii() and (char.isalnum() or char in ".-_") else "_" for char in local])[:200]


_MODULES: Final[Mapping[TransportName, str]] = MappingProxyType(
    {"maildir": "maildir", "smtp": "smtp", "eml": "eml", "sendmail": "sendmail"}
)
"""Name in the settings -> module with ``make(settings, password)``; a new transport is one file and one line here."""


def make(settings: Settings, password: str = "") -> Transport:
    """The transport that the settings name.

    Args:
        settings: the publication's.
        password: for AUTH, where the transport has it.
    """
    module = import_module(f"{__name__}.{_MODULES[settings.mail.transport]}")
    transport: Transport = module.make(settings, password)
    return transport
