"""Speed, side by side: the sweep against a loop over ``model.fit``, same cells, same epochs, same data, one session."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from math import gcd
from pathlib import Path
from statistics import mean
from typing import Any

from experiments.errors import UserError
from experiments.ledger import LEDGER, Ledger

ACTIVATIONS = ("sigmoid", "tanh", "relu", "elu")
OPTIMIZERS = ("sgd", "rmsprop", "adam")


def run(out: Path, data_dir: str | None, epochs: int, seeds: int, loop_runs: int) -> Iterator[str]:
    """Time both ways and write ``bench.md`` and ``bench.json``; yields what there is to tell.

    Args:
        out: folder of the table.
        data_dir: where mnist.npz is.
        epochs: of each run.
        seeds: of each of the 12 cells.
        loop_runs: time only that many runs of the loop, evenly spread (0: all); the rest is extrapolated, and the
            table says so.
    """
    out.mkdir(parents=True, exist_ok=True)
    cells = len(ACTIVATIONS) * len(OPTIMIZERS)
    yield f"MLP with hidden layers of 128 and 64, {cells} cells x {seeds} seeds x {epochs} epochs, batch 128"
    ours = _sweep(data_dir, epochs, seeds)
    yield f"data: {ours['data']}"
    loop = _loop(ours.pop("dataset"), data_dir, epochs, seeds, loop_runs)
    # Accuracies are compared on the same cells and seeds, whatever part of the loop was timed.
    accuracies = ours.pop("accuracies")
    ours["accuracy"] = mean(accuracies[cell] for cell in loop.pop("chosen"))
    yield _line("sweep", ours)
    yield _line("model.fit loop", loop)
    result = {"sweep": ours, "loop": loop, "ratio_all": loop["seconds"] / ours["seconds"],
              "ratio_marginal": loop["marginal"] / ours["marginal"]}  # fmt: skip
    (out / "bench.json").write_text(json.dumps(result, indent=2) + "\n")
    (out / "bench.md").write_text(_table(result, epochs, seeds))
    yield f"ratio: {result['ratio_all']:.1f} for all, {result['ratio_marginal']:.1f} by model-epoch"
    yield f"table: {out / 'bench.md'}"


def _sweep(data_dir: str | None, epochs: int, seeds: int) -> dict[str, Any]:
    """The command as a user gives it, in a fresh folder, from process start to process end, report left out."""
    folder = Path(tempfile.mkdtemp(prefix="gradlab-bench-"))
    try:
        plan = folder / "bench.toml"
        plan.write_text(
            f'name = "bench"\nseeds = {seeds}\n[[block]]\ndataset = "mnist"\nepochs = {epochs}\n'
            f"activations = {json.dumps(ACTIVATIONS)}\noptimizers = {json.dumps(OPTIMIZERS)}\n"
        )
        command = [
            sys.executable,
            "-m",
            "experiments",
            "sweep",
            str(plan),
            "--out",
            str(folder / "out"),
            "--no-report",
        ]
        started = time.perf_counter()
        subprocess.run(command + (["--data-dir", data_dir] if data_dir else []), check=True, stderr=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        seconds = time.perf_counter() - started
        with Ledger.read(folder / "out" / LEDGER) as ledger:
            facts = ledger.facts()
            records = list(ledger.records())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    outcomes = [outcome for _, _, outcome in records]
    workers = int(facts["workers"])
    trained = sum(outcome.seconds for outcome in outcomes) / workers
    return {
        "dataset": records[0][1].dataset, "data": facts["datasets"][0]["title"],
        "runs": len(outcomes), "seconds": seconds, "workers": workers,
        "fixed": seconds - trained, "marginal": trained / (len(outcomes) * epochs),
        "accuracies": {(run.activation, run.optimizer, run.seed): outcome.last_test_metric or 0.0
                       for _, run, outcome in records}, "extrapolated": False,
        "machine": outcomes[0].machine,
    }  # fmt: skip


def _loop(dataset: str, data_dir: str | None, epochs: int, seeds: int, only: int) -> dict[str, Any]:
    runs = [{"dataset": dataset, "activation": a, "optimizer": o, "seed": s, "epochs": epochs}
            for s in range(seeds) for a in ACTIVATIONS for o in OPTIMIZERS]  # fmt: skip
    # A stride without a common divisor goes through all cells before it comes back to one.
    stride = next(step for step in (7, 5, 11, 1) if gcd(step, len(runs)) == 1)
    chosen = [runs[i * stride % len(runs)] for i in range(only if 0 < only < len(runs) else len(runs))]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(chosen, file)
        file.flush()
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "experiments.bench.loop", file.name, data_dir or ""], text=True,
                              env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, capture_output=True)  # fmt: skip
        seconds = time.perf_counter() - started
    if done.returncode:
        raise UserError(f"the loop over model.fit failed: {done.stderr.strip().splitlines()[-1]}")
    first, *rest = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    marginal = mean(mean(run["epochs"][1:] or run["epochs"]) for run in rest)
    if len(chosen) < len(runs):
        seconds = first["ready"] + mean(run["seconds"] for run in rest) * len(runs)
    return {
        "runs": len(runs), "seconds": seconds, "workers": 1, "fixed": seconds - marginal * len(runs) * epochs,
        "marginal": marginal, "accuracy": mean(run["accuracy"] for run in rest),
        "chosen": [(run["activation"], run["optimizer"], run["seed"]) for run in chosen],
        "extrapolated": len(chosen) < len(runs),
    }  # fmt: skip


def _line(name: str, took: dict[str, Any]) -> str:
    about = " (extrapolated)" if took["extrapolated"] else ""
    return (f"{name}: {took['seconds']:.1f} s for all{about}, fixed {took['fixed']:.1f} s, "
            f"{took['marginal']:.3f} s by model-epoch, mean test accuracy {took['accuracy']:.4f}")  # fmt: skip


def _table(result: dict[str, Any], epochs: int, seeds: int) -> str:
    machine = result["sweep"]["machine"]
    rows = [
        ("`model.fit` loop, as is", result["loop"]),
        (f"sweep, {result['sweep']['workers']} workers", result["sweep"]),
    ]
    lines = [
        f"{result['sweep']['data']}, MLP with hidden layers of 128 and 64, 12 cells x {seeds} seeds x {epochs} epochs, "
        f"batch 128; {machine['cores']} cores, "
        f"Keras {machine['versions'].get('keras')}, TensorFlow {machine['versions'].get('tensorflow')}.", "",
        "| way | seconds for all | fixed | by model-epoch | mean test accuracy |", "|---|---|---|---|---|",
        *(f"| {name}{' (extrapolated)' if r['extrapolated'] else ''} | {r['seconds']:.1f} | {r['fixed']:.1f} | "
          f"{r['marginal']:.3f} | {r['accuracy']:.4f} |" for name, r in rows),
        f"| ratio | {result['ratio_all']:.1f} | | {result['ratio_marginal']:.1f} | |", "",
    ]  # fmt: skip
    return "\n".join(lines)
