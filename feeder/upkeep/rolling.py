"""Going back to the generation before."""

from __future__ import annotations

from datetime import datetime

from feeder import cache as caching
from feeder import history as histories
from feeder import index, inputs
from feeder.config import Settings
from feeder.output import generations, publishing
from feeder.pipeline import notifying


def rollback(settings: Settings, now: datetime) -> int:
    """Flip ``out/current`` to the generation before; publishing waits until an input changes. Its number.

    Raises ``FeederError`` where there is none.
    """
    root = str(settings.root)
    with (
        publishing(settings.root, now),
        histories.open_history(root) as history,
        caching.open_cache(root) as cache,
    ):
        looked = inputs.survey(settings, history, cache)
        out = str(settings.root / settings.output.path)
        before = generations.current(out)
        number = generations.rollback(settings, inputs.fingerprint(looked))
        if settings.feeds.hub:
            notifying.owe(settings, now, generations.differences(out, before, number))
        index.drop(root)
    return number
