"""The ways of training the cells of a task, each as a command from start to end, and what each took."""

import json
import math
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from experiments.bench.process import Watched, watch
from experiments.bench.task import ACTIVATIONS, OPTIMIZERS, Task
from experiments.ledger import LEDGER, Ledger

Accuracies = dict[tuple[str, str, int], float]
"""(activation, optimizer, seed) -> test accuracy of the last weights."""


@dataclass
class Took:
    """One way in one round.

    Attributes:
        timed, all_runs: runs that were trained, and runs of the task.
        seconds: for all runs, from the command to its end; extrapolated where not all were trained.
        marginal: seconds by model-epoch, validation included, over all that trains at once.
        first: seconds until the first run was there.
        peak_bytes: of memory.
        accuracies: of the runs.
        busy: seconds that workers spent within epochs (ours alone).
        compile: seconds that they spent tracing and compiling (ours alone).
        machine: what it was made on (ours alone).
    """

    timed: int
    all_runs: int
    seconds: float
    marginal: float
    first: float
    peak_bytes: int
    accuracies: Accuracies
    busy: float = 0.0
    compile: float = 0.0
    machine: dict[str, Any] | None = None


def sweep(task: Task, data_dir: str | None, _: list[dict[str, Any]]) -> Took:
    """`make sweep` as a user gives it, all runs of the task, the report left out."""
    with tempfile.TemporaryDirectory(prefix="gradlab-bench-") as name:
        folder = Path(name)
        (folder / "bench.toml").write_text(
            f'name = "bench"\nseeds = {task.seeds}\n[[block]]\ndataset = "{task.dataset}"\nmodel = "{task.model}"\n'
            f"epochs = {task.epochs}\nbatch_size = {task.batch_size}\n"
            f"activations = {json.dumps(ACTIVATIONS)}\noptimizers = {json.dumps(OPTIMIZERS)}\n"
        )
        command = [sys.executable, "-m", "experiments", "sweep", str(folder / "bench.toml"), "--out",
                   str(folder / "out"), "--no-report"]  # fmt: skip
        seen = watch(command + (["--data-dir", data_dir] if data_dir else []), {})
        with Ledger.read(folder / "out" / LEDGER, quick=True) as ledger:
            workers = int(ledger.facts()["workers"])
            outcomes = {(run.activation, run.optimizer, run.seed): outcome for _, run, outcome in ledger.records()}
            first = (ledger.first_finished() or math.nan) - seen.started
    trained = list(outcomes.values())
    return Took(
        timed=len(trained), all_runs=task.runs, seconds=seen.seconds, first=first, peak_bytes=seen.peak_bytes,
        marginal=sum(each.seconds for each in trained) / workers / (len(trained) * task.epochs),
        accuracies={key: each.last_test_metric or 0.0 for key, each in outcomes.items()},
        busy=sum(epoch.seconds for each in trained for epoch in each.curve),
        compile=sum(each.compile_seconds for each in trained), machine=trained[0].machine,
    )  # fmt: skip


def rival(script: str, *options: str, environment: dict[str, str] | None = None, at_once: int = 1) -> Callable:
    """A way that is a script under ``rivals``.

    Args:
        script: its module.
        options: behind the task.
        environment: variables set for it.
        at_once: runs that it trains at the same time.
    """

    def way(task: Task, data_dir: str | None, runs: list[dict[str, Any]]) -> Took:
        with tempfile.TemporaryDirectory(prefix="gradlab-bench-") as folder:
            path = Path(folder) / "task.json"
            path.write_text(json.dumps(task.given(data_dir, runs)))
            module = f"experiments.bench.rivals.{script}"
            quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": os.getcwd()}
            seen = watch([sys.executable, "-m", module, str(path), *options], quiet | (environment or {}))
        return _took(task, seen, at_once)

    return way


def _took(task: Task, seen: Watched, at_once: int) -> Took:
    """What a rival's lines say. Its start is paid once, the rest by run: so it is extrapolated."""
    ready, *lines = seen.lines
    each = (seen.seconds - ready["at"]) / len(lines)
    later = [line["epochs"][1:] or line["epochs"] for line in lines]  # the first epoch has the tracing in it
    return Took(
        timed=len(lines), all_runs=task.runs, seconds=ready["at"] + each * task.runs,
        marginal=mean(map(mean, later)) / at_once, first=lines[0]["at"], peak_bytes=seen.peak_bytes,
        accuracies={(r["activation"], r["optimizer"], r["seed"]): line["accuracy"]
                    for line in lines for r in [line["run"]]},
    )  # fmt: skip


def ways(cores: int) -> dict[str, Callable[[Task, str | None, list[dict[str, Any]]], Took]]:
    """Name -> how it is done, ours first."""
    return {
        "sweep": sweep,
        "model.fit loop, as is": rival("fit_loop"),
        "model.fit loop, best flags": rival("fit_loop", "fast", environment={"TF_ENABLE_ONEDNN_OPTS": "1"}),
        "KerasTuner GridSearch": rival("keras_tuner_grid"),
        "Ray Tune, one trial a core": rival("ray_tune_grid", at_once=cores),
    }
