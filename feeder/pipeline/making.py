"""Step 3: making documents, letting them go live, moving them elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from feeder import scope
from feeder.config.durations import duration
from feeder.errors import DeployFailed
from feeder.inputs import Inputs
from feeder.model import Stage
from feeder.output import Written, open_output, served
from feeder.output import deploy as deploying
from feeder.pipeline import notifying
from feeder.pipeline.run import Run
from feeder.surroundings import remembered


def make(run: Run, looked: Inputs, jobs: Sequence[str]) -> Written:
    """Render, check and stage what must be made; then let it go live, and remember what came of it."""
    generations = run.settings.output.layout == "generations"
    if not jobs:
        # A killed run may have left a generation that is whole and not flipped to.
        return open_output(run.settings).publish([]) if generations else Written()
    from feeder import press

    output = open_output(run.settings)
    try:
        staged, results = [], []
        for made in press.make(run.settings, looked.context, jobs, output, run.options.progress):
            staged += made.staged
            differing = {one.path for one in made.staged}
            run.same.update(path for path in made.paths if path not in differing)
            results.append((made.job, made.paths, made.feeds))
        # What is about to appear is known to be ours before it does: a run that is killed leaves no orphan.
        if run.history.add_outputs((job, path) for job, paths, _ in results for path in paths):
            run.history.commit()
        stale = _note_results(run, results)
        stale.update(_outdated(run) if looked.everything else ())
        if run.options.ahead is None:
            notifying.owe(run.settings, run.now, [one.path for one in staged if one.stage is Stage.FEED])
        written = output.publish(staged, sorted(path for path in stale if not run.history.is_output(path)))
    except BaseException:
        output.discard()
        raise
    if looked.everything:
        run.cache.prune(run.history.keys())
    run.history.set_meta("started", "")
    run.history.set_meta("finished", run.now.isoformat())
    run.history.set_meta("surroundings", remembered(looked.around))
    run.history.commit()
    return written


def _note_results(run: Run, results: Sequence[tuple[str, Sequence[str], Sequence[tuple[str, int]]]]) -> set[str]:
    """Remember which files came from which job; those that no longer do."""
    stale = set[str]()
    for job, paths, feeds in results:
        stale.update(run.history.set_outputs(job, paths))
        for path, updated in feeds:
            run.history.set_feed_updated(path, updated)
    return stale


def _outdated(run: Run) -> list[str]:
    """Files of jobs that exist no more, after everything was made."""
    outdated: list[str] = []
    for owner in run.history.owners().difference(scope.all_jobs(run.history)):
        outdated += run.history.set_outputs(owner, ())
    return outdated


def deploy(run: Run, written: Written) -> bool | None:
    """Run the deploy command for what changed and what is owed; None when there is nothing to do.

    False: it failed, or is left to the next run.
    """
    command = run.settings.output.deploy
    if not command or not (written.changed or deploying.owed(run.settings.root)):
        return None
    if not run.options.deploy:
        return False
    try:
        patience = duration(run.settings.output.deploy_timeout).total_seconds()
        deploying.run(command, written.changed, run.settings.root, served(run.settings), patience=patience)
    except DeployFailed as error:
        run.deploy_error = str(error)
        return False
    return True
