"""What a run is asked, and what it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from feeder.config.secrets import Secrets
from feeder.errors import FeederError, Problem
from feeder.history import DigestRecord
from feeder.index import Index
from feeder.inputs import Progress
from feeder.plan import Change

if TYPE_CHECKING:
    from feeder.mail.cutting import Cut, Outlook, Overtaken, Started
    from feeder.mail.sending.clocks import Clock
    from feeder.mail.sending.ledger import Tally
    from feeder.websub import Notified


@dataclass(frozen=True, slots=True)
class Post:
    """What sending needs beside the settings."""

    clock: Clock
    secrets: Secrets
    stop: Callable[[], bool] = lambda: False
    """Whether to finish what is under way, and nothing more."""


@dataclass(frozen=True, slots=True)
class Due:
    """What happens next, without any edit."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Mailing:
    """What became of digests in one run."""

    cuts: tuple[Cut, ...] = ()
    started: tuple[Started, ...] = ()
    """Lists whose transport is a new one."""
    overtaken: tuple[Overtaken, ...] = ()
    """Lists of which later digests are known than the mail database knows: an older one was put back."""
    outlook: tuple[Outlook, ...] = ()
    tally: Tally | None = None
    """None: nothing was to be sent, or another process is sending."""
    waiting: int = 0
    """Deliveries left when sending was asked to stop; the next run goes on with them."""
    error: FeederError | None = None
    """Why there was no mail; entries were published all the same."""
    pages: tuple[DigestRecord, ...] = ()
    """Digests whose public pages are to be made, or made anew, before anything is sent."""
    next: Due | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How to publish."""

    dry_run: bool = False
    force: bool = False
    mail: bool = True
    """Cut the digests that are due."""
    post: Post | None = None
    """How to send them; None: they wait for the next run."""
    notify: bool = True
    """Tell the hub which feeds changed; if not, that waits for `notify` or the next run."""
    deploy: bool = True
    """Run the deploy command; if not, what it has to move is owed, and digests wait with it for the next run."""
    at_once: str = ""
    """A list whose digest is cut now, whatever its schedule; empty: none."""
    progress: Progress | None = None
    lock_timeout: float = 60.0
    """Seconds to wait for another publish."""
    seen: Index | None = None
    """How the inputs look, where the fast path has looked already."""
    every_problem: bool = True
    """Report all standing problems, not only those that are new."""
    ahead: frozenset[str] | None = None
    """For a preview: drafts and what is dated later come out now. The ids of the entries that are public indeed: all \
others may move and go without a trace. None: everything at its time."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did."""

    at: datetime
    exit_code: int
    title: str
    public: int
    """Entries that can be read now."""
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    """All that stand."""
    fresh: tuple[Problem, ...] = ()
    """Those not told before."""
    written: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unchanged: int = 0
    """Files that were made and found to be as they are."""
    deployed: bool | None = None
    """None: nothing to deploy, or no command set."""
    deploy_error: str = ""
    """What the deploy command said when it failed."""
    next: Due | None = None
    mailing: Mailing = field(default_factory=Mailing)
    hub: Notified | None = None
    """What became of telling the hub; None: there is none, or nothing to tell it."""
    seconds: float = 0.0
    """How long it took; measured by the caller, who owns the clock."""
