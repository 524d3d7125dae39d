"""A sweep whose training is trivial: real plan, processes, pipes and ledger, without the hours. Run as its own process.

    python -m experiments.bench.made_up PLAN.toml OUT WORKERS

The outcomes follow from a formula and have what a real one has: a curve, diagnostics, a machine. Prints what was
measured as one JSON line.
"""

import json
import math
import os
import platform
import random
import resource
import sys
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from experiments import names
from experiments.records import Epoch, Outcome, Run
from experiments.scheduling import trainers, worker

MACHINE = {
    "python": platform.python_version(), "system": platform.system(), "processor": platform.machine(),
    "cores": os.cpu_count(), "backend": "none", "onednn": "", "commit": "",
    "versions": {"keras": "made up", "tensorflow": "made up", "numpy": "made up", "keras-tuner": "made up"},
}  # fmt: skip
CHANCE = 0.1


def train(_trainers: Any, run: Run, send: trainers.Send) -> Outcome:
    """In place of `trainers._train`: best half a decade above the default rate, diverged a whole one above it."""
    draw = random.Random(run.key)
    off = math.log10(run.learning_rate / names.DEFAULT_RATES[run.optimizer]) - 0.5
    if off > 0.4:
        return Outcome(status="diverged", chance=CHANCE, step=1 + draw.randrange(400), machine=MACHINE)
    top = 0.97 - 0.01 * names.ACTIVATIONS.index(run.activation) - 0.1 * off**2 + draw.gauss(0, 0.004)
    curve = []
    for number in range(1, run.epochs + 1):
        value = top - (top - CHANCE) * math.exp(-1.3 * number)
        curve.append(Epoch(epoch=number, train_loss=1.1 - value, train_metric=value + 0.004, seconds=draw.random(),
                           validation_loss=1.12 - value, validation_metric=value))  # fmt: skip
        send(("epoch", run, curve[-1]))
    last = curve[-1]
    scored: dict[str, Any] = {}
    if not run.tuning:
        scored = {"test_loss": last.validation_loss, "test_metric": top, "last_test_loss": last.validation_loss,
                  "last_test_metric": top, "diagnostics": _diagnostics(draw)}  # fmt: skip
    return Outcome(status="done", chance=CHANCE, curve=tuple(curve), best_epoch=run.epochs, parameters=109_386,
                   validation_metric=last.validation_metric, state_bytes=437_544, seconds=draw.random(),
                   peak_bytes=600 << 20, machine=MACHINE, **scored)  # fmt: skip


def _diagnostics(draw: random.Random) -> tuple[dict[str, Any], ...]:
    """Three moments of two hidden layers, the output and the optimizer, as `experiments.diagnostics` gives them."""
    rows: list[dict[str, Any]] = []
    for when in ("start", "middle", "end"):
        for depth, layer in enumerate(("hidden_1", "hidden_2", "output"), 1):
            row = {"when": when, "layer": layer, "depth": depth} | {
                name: draw.random() for name in ("weight_norm", "gradient_norm", "update_ratio")
            }
            hidden = {name: draw.random() for name in ("dead", "saturated", "mean", "spread")}
            rows.append(row | (hidden if layer != "output" else {}))
        rows.append({"when": when, "layer": "optimizer", "rate_median": draw.random(), "rate_low": draw.random(),
                     "rate_high": draw.random()})  # fmt: skip
    return tuple(rows)


def propose(**question: Any) -> list[dict[str, Any]]:
    """In place of `oracles.propose`: a grid of rates is taken in one round; KerasTuner would bring TensorFlow up."""
    rates = question["space"]["learning_rate"]["choices"]
    return [] if question["told"] else [{"learning_rate": rate} for rate in rates]


def main(pipe: Connection, parent: int, data_dir: str | None, log: str, engine: str, number: int) -> None:
    """`worker.main` with the above in place of training."""
    worker.Trainers = lambda *_: None  # type: ignore
    trainers._train, trainers.propose = train, propose  # type: ignore
    worker.main(pipe, parent, data_dir, log, engine, number)


def sweep_of(path: Path, out: Path, workers: int) -> dict[str, float]:
    """What `sweep` does with a plan, measured."""
    from experiments import plan, sweep
    from experiments.bench import made_up  # by its name, which a worker finds; here it is __main__
    from experiments.campaign import Campaign
    from experiments.progress import Progress
    from experiments.scheduling.pool import Event, Pool
    from experiments.work import prepare

    sweep.Pool = partial(Pool, target=made_up.main)  # type: ignore[assignment, misc]
    planned = began = used = 0.0
    started = time.perf_counter()
    work = prepare(plan.load(str(path)), None)

    def watch(campaign: Campaign) -> Any:
        nonlocal planned, used
        used = time.process_time()
        planned = time.perf_counter() - started
        progress = Progress(sys.stderr, campaign, workers)

        def tell(event: Event) -> None:
            nonlocal began
            began = began or time.perf_counter()  # from the first sign of a worker: its start is a fixed cost
            progress(event)

        return tell

    failed = sweep.run(work, out, None, workers, "bench growth", watch)
    ended, used = time.perf_counter(), time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    if failed:
        raise SystemExit(f"{failed} runs failed: see {out / sweep.LOG}")
    return {"cells": len(work.cells), "planning": planned, "sweep": ended - began, "cpu": used, "memory": peak}


if __name__ == "__main__":
    print(json.dumps(sweep_of(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
