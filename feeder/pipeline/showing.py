"""The public pages of digests that were just cut; they stand before any of the mail leaves."""

from __future__ import annotations

from collections.abc import Sequence

from feeder import index, scope
from feeder.history import DigestRecord
from feeder.inputs import Inputs
from feeder.output import Written
from feeder.pipeline.making import make
from feeder.pipeline.run import Run


def show(run: Run, looked: Inputs, fresh: Sequence[DigestRecord]) -> Written:
    """Put digests on record, and make the pages and feeds that show them.

    A run that is killed in between is finished by the next one, as after ``decide``.
    """
    jobs = scope.add_digests(run.history, run.settings, fresh)
    if not jobs:
        return Written()
    run.history.set_meta("started", run.now.isoformat())
    index.drop(run.root)
    run.history.commit()
    return make(run, looked, jobs)
