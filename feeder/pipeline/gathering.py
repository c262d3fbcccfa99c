"""Step 1: what the entry files hold now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from feeder import cache as caching
from feeder import inputs
from feeder.errors import DataError
from feeder.inputs import Inputs
from feeder.model import Entry
from feeder.pipeline.run import NOTES, Run
from feeder.plan import Arrived
from feeder.reading.listnames import problems_of


def add_what_is_due(run: Run, looked: Inputs) -> None:
    """Files whose release or expiry has come, and those refused before: what stood in their way may be gone."""
    due = {*run.history.due(run.micros), *run.history.rejected_paths()}
    others = [run.settings.entries.path, NOTES]  # problems stand under their names, and they are no entry files
    looked.paths = sorted({*looked.paths, *due.difference(looked.gone, others)})


def gather(run: Run, looked: Inputs) -> list[Arrived]:
    """All entries of the files to look at; of a file that turned bad, those that are public, as they are."""
    arrived: list[Arrived] = []
    run.cache.commit()
    packed = []
    undated = run.now if run.options.ahead is not None else None
    for one in inputs.read(run.settings, looked, run.options.progress, undated):
        if one.packed is not None:
            packed.append(one.packed)
        if one.source is not None:
            _keep_source(run, one, one.source)
        arrived += [Arrived(_as_wanted(run, entry), one.key) for entry in one.reading.entries]
        if one.reading.bad:
            arrived += _last_good(run, looked, one)
        run.tell(one.path, problems_of(run.settings, one.reading))
        if len(packed) >= 500:
            _cache(run, packed)
            packed = []
    _cache(run, packed)
    for path in looked.gone:
        run.tell(path, ())
    return arrived


def _as_wanted(run: Run, entry: Entry) -> Entry:
    """The entry as it is to be planned: in a preview, nothing is held back by its author or its date."""
    if run.options.ahead is None:
        return entry
    later = entry.date.due > run.now
    date = replace(entry.date, due=run.now, date_only=False) if later else entry.date
    return replace(entry, draft=False, date=date)


def _cache(run: Run, packed: Sequence[caching.Packed]) -> None:
    if run.options.dry_run:
        for one in packed:  # the history forgets what a trial run read, so that the next run must see it as new
            run.cache.keep(one)
    else:
        run.cache.put(packed)


def _keep_source(run: Run, one: inputs.Read, source: bytes) -> None:
    if one.reading.bad:
        used = (record.key for record in run.history.at_path(one.path) if record.public)
        run.history.put_part(one.path, one.key, source, used)
    elif run.history.has_other_source(one.path, source):
        # The plan may still ask what the entries were like.
        run.sources.append((one.path, source))
    else:
        run.history.put_source(one.path, source)


def _last_good(run: Run, looked: Inputs, bad: inputs.Read) -> Iterator[Arrived]:
    """Of a file that turned bad, the entries that are public, in the version that is."""
    standing = {entry.anchor for entry in bad.reading.entries}
    for record in run.history.at_path(bad.path):
        wanted = record.anchor in bad.reading.bad or "" in bad.reading.bad
        if not record.public or record.anchor in standing or not wanted:
            continue
        good = inputs.last_good(run.settings, run.history, run.cache, record, looked.context)
        if good is not None:
            yield Arrived(good[1], good[0])
        elif not record.key:
            raise DataError(
                f"{record.place} cannot be read now, and the recovered history has no older text of it",
                hint=f"mend {bad.path} first: `feeder check` says what is wrong",
            )
