"""For MLflow: an experiment a plan, a run a run, through its client.

A run is known again by its key, kept as a tag. One that is there whole and as it is here is left alone; one that was
begun only, or failed then and has a result now, is deleted and written anew. So exporting again adds what is new.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from experiments.errors import ResultsError
from experiments.exporters.runs import Exported, exported
from experiments.ledger import Ledger

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing is told to anyone
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

KEY, STATUS, WHOLE = "gradlab.key", "gradlab.status", "gradlab.exported"
PAGE, BATCH = 1000, 1000
"""Runs that are asked for at once; metrics that MLflow takes at once."""


def export(ledger: Ledger, to: str) -> Iterator[str]:
    """Write all runs into the store in the folder ``to``, or to the server at that address; yields what was done."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with _explained(to):
        address = to if "://" in to else _store(Path(to))
        client = MlflowClient(tracking_uri=address)
        experiment = _experiment(client, f"gradlab {ledger.facts()['plan']}", to)
        there = _there(client, experiment)
        written = kept = 0
        for each in exported(ledger):
            run, status = there.get(each.run.key, ("", ""))
            if run and status == each.outcome.status:
                kept += 1
                continue
            if run:
                client.delete_run(run)
            _write(client, experiment, each)
            written += 1
    told = "" if "://" in to else f"; to look at them: pip install mlflow, then mlflow ui --backend-store-uri {address}"
    yield f"{written} runs written to {to}, {kept} were there{told}"


def _store(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{(folder / 'mlflow.db').resolve()}"


def _experiment(client: MlflowClient, name: str, to: str) -> str:
    if found := client.get_experiment_by_name(name):
        return found.experiment_id
    artifacts = None if "://" in to else (Path(to) / "artifacts").resolve().as_uri()
    return client.create_experiment(name, artifact_location=artifacts)


def _there(client: MlflowClient, experiment: str) -> dict[str, tuple[str, str]]:
    """Key -> MLflow's id of the run, and its status; empty where it was begun only."""
    found: dict[str, tuple[str, str]] = {}
    token = None
    while True:
        page = client.search_runs([experiment], max_results=PAGE, page_token=token)
        for run in page:
            tags = run.data.tags
            if KEY in tags:
                found[tags[KEY]] = run.info.run_id, tags.get(STATUS, "") if WHOLE in tags else ""
        token = page.token
        if not token:
            return found


def _write(client: MlflowClient, experiment: str, each: Exported) -> None:
    milliseconds = int(1000 * each.finished)
    tags = {KEY: each.run.key, STATUS: each.outcome.status}
    if each.outcome.error:
        tags["gradlab.error"] = each.outcome.error[:5000]
    run = client.create_run(experiment, start_time=milliseconds - int(1000 * each.outcome.seconds), tags=tags,
                            run_name=each.name).info.run_id  # fmt: skip
    metrics = [Metric(name, value, int(1000 * clock), epoch)
               for epoch, clock, values in each.curve() for name, value in values.items()]  # fmt: skip
    metrics += [Metric(name, value, milliseconds, each.outcome.best_epoch) for name, value in each.finals.items()]
    client.log_batch(run, params=[Param(name, str(value)) for name, value in each.parameters.items()])
    for start in range(0, len(metrics), BATCH):
        client.log_batch(run, metrics=metrics[start : start + BATCH])
    client.log_batch(run, tags=[RunTag(WHOLE, "yes")])
    client.set_terminated(run, "FINISHED" if each.has_result else "FAILED", milliseconds)


@contextmanager
def _explained(to: str) -> Iterator[None]:
    try:
        yield
    except (MlflowException, OSError) as error:
        line = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ResultsError(f"MLflow cannot write to {to} ({line}): name another folder or address with --to") from error
