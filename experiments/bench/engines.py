"""Whether the engine shows in the results: one plan, trained by each, and compared by the product's own statistics."""

import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.bench.process import watch
from experiments.bench.task import Task, task
from experiments.ledger import LEDGER, Ledger
from experiments.reports.files import write_text
from experiments.reports.layout import table
from experiments.statistics.paired import holm, paired_test

REFERENCE = "reference"
ENGINES = (REFERENCE, "compiled", "stacked", "ray")
"""The plain Keras loop first: the others are held to it. Ray trains as `compiled` does, elsewhere."""
MARGIN = 0.01
"""A difference of test accuracy that would matter: one point."""
LEVEL = 0.05
ROUNDING = 1e-6
"""Of a mean over examples in float32: far less than one example."""

Scores = dict[tuple[str, str], dict[int, float]]
"""Activation and optimizer -> seed -> test accuracy; a diverged run has that of chance."""


@dataclass(frozen=True)
class Agreement:
    """An engine against the reference, over all cells of a task.

    Attributes:
        runs: that both trained.
        identical: those with as many right answers.
        largest: the largest difference of a cell's means, in absolute value.
        different: cells whose paired difference is not zero, Holm-corrected over the cells.
        equivalent: cells whose difference is shown to be below `MARGIN`, at the same level.
        noise: standard deviation over seeds within a cell of the reference, root mean square over cells.
        gap: mean difference over all runs, the engine's minus the reference's.
    """

    runs: int
    identical: int
    largest: float
    different: int
    equivalent: int
    noise: float
    gap: float


def run(out: Path, data_dir: str | None, names: Sequence[str], epochs: int | None, seeds: int | None,
        engines: Sequence[str] = ENGINES) -> Iterator[str]:  # fmt: skip
    """Train the same cells by every engine and write ``engines.md`` and ``engines.json``; resumes, as its sweeps do.

    Args:
        out: folder of the tables, and of a ledger an engine and task.
        data_dir: where the data is.
        names: of tasks.
        epochs: of each run (3 for mlp, 2 for cnn).
        seeds: of each cell (5 for mlp, 3 for cnn).
        engines: the reference first.
    """
    result: dict[str, Any] = {}
    parts = ["# Engine against engine", ""]
    for name in names:
        wanted = task(name, epochs or (3 if name == "mlp" else 2), seeds or (5 if name == "mlp" else 3))
        yield f"{wanted.title}: {len(wanted.cells)} cells x {wanted.seeds} seeds x {wanted.epochs} epochs"
        found: dict[str, Scores] = {}
        for engine in engines:
            folder = out / f"{name}-{engine}"
            seconds = _sweep(wanted, engine, folder, data_dir)
            title, found[engine] = _scores(folder)
            yield f"  {engine}: {sum(map(len, found[engine].values()))} runs, {seconds:.0f} s"
        told = {engine: compare(found[engine], found[REFERENCE]) for engine in engines if engine != REFERENCE}
        result[name] = {"data": title, "task": asdict(wanted), "engines": {key: asdict(a) for key, a in told.items()}}
        parts += _page(wanted, title, told)
        for engine, agreement in told.items():
            yield f"  {engine}: {verdict(agreement, len(wanted.cells))}"
    write_text(out / "engines.json", json.dumps(result, indent=1) + "\n")
    write_text(out / "engines.md", "\n".join(parts))
    yield f"table: {out / 'engines.md'}"


def compare(scores: Scores, reference: Scores) -> Agreement:
    """Paired by seed, cell by cell.

    >>> agreement = compare({("relu", "sgd"): {0: 0.91, 1: 0.9}}, {("relu", "sgd"): {0: 0.9, 1: 0.9}})
    >>> agreement.runs, agreement.identical, agreement.different, round(agreement.largest, 3)
    (2, 1, 0, 0.005)
    """
    cells = sorted(scores.keys() & reference.keys())
    seeds = sorted({seed for cell in cells for seed in scores[cell].keys() & reference[cell].keys()})
    ours, theirs = (np.array([[of[cell].get(seed, math.nan) for seed in seeds] for cell in cells])
                    for of in (scores, reference))  # fmt: skip
    differences = ours - theirs
    tested = paired_test(differences, margin=MARGIN)
    return Agreement(
        runs=int(np.isfinite(differences).sum()),
        identical=int((np.abs(differences) < ROUNDING).sum()),
        largest=float(np.nanmax(np.abs(np.nanmean(differences, axis=1)))),
        different=int((holm(tested["p"].to_numpy()) < LEVEL).sum()),
        equivalent=int((tested["p_equivalent"] < LEVEL).sum()),
        noise=float(np.sqrt(np.nanmean(np.nanvar(theirs, axis=1, ddof=1)))) if len(seeds) > 1 else math.nan,
        gap=float(np.nanmean(differences)),
    )


def verdict(agreement: Agreement, cells: int) -> str:
    """In one sentence."""
    if agreement.identical == agreement.runs:
        return f"the same accuracy as {REFERENCE} in each of {agreement.runs} runs"
    shown = (
        f"{agreement.different} of {cells} cells differ from {REFERENCE}"
        if agreement.different
        else f"no cell of {cells} differs from {REFERENCE}"
    )
    return (f"{shown}, {agreement.equivalent} are shown to be within {MARGIN:.0%}; largest difference of a cell "
            f"{100 * agreement.largest:.2f} points, seeds spread by {100 * agreement.noise:.2f}")  # fmt: skip


def _sweep(wanted: Task, engine: str, folder: Path, data_dir: str | None) -> float:
    folder.mkdir(parents=True, exist_ok=True)
    plan = folder / "plan.toml"
    write_text(plan, _plan(wanted))
    data = ["--data-dir", data_dir] if data_dir else []
    command = [sys.executable, "-m", "experiments", "sweep", str(plan), "--engine", engine, "--out", str(folder)]
    return watch([*command, "--no-report", *data], {"GRADLAB_STACK": os.environ.get("GRADLAB_STACK", "4")}).seconds


def _plan(wanted: Task) -> str:
    cells = {factor: list(dict.fromkeys(cell[factor] for cell in wanted.cells)) for factor in wanted.cells[0]}
    lines = [
        'name = "engines"', f"seeds = {wanted.seeds}", "[tuning]", 'strategy = "none"', "[[block]]",
        f'dataset = "{wanted.dataset}"', f'model = "{wanted.model}"', f"epochs = {wanted.epochs}",
        f"batch_size = {wanted.batch_size}", f"activations = {json.dumps(cells['activation'])}",
        f"optimizers = {json.dumps(cells['optimizer'])}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _scores(folder: Path) -> tuple[str, Scores]:
    """The title of the data set that was used, and what every run scored."""
    found: Scores = {}
    with Ledger.read(folder / LEDGER) as ledger:
        title = ledger.facts()["datasets"][0]["title"]
        for _, run, outcome in ledger.records():
            if outcome is not None and outcome.status in ("done", "diverged"):
                value = outcome.test_metric if outcome.status == "done" else outcome.chance
                found.setdefault((run.activation, run.optimizer), {})[run.seed] = float(value or 0.0)
    return title, found


def _page(wanted: Task, title: str, told: dict[str, Agreement]) -> list[str]:
    some = next(iter(told.values()))
    rows = [
        [engine, f"{a.identical} of {a.runs}", f"{100 * a.gap:+.3f}", f"{100 * a.largest:.3f}",
         f"{a.different} of {len(wanted.cells)}", f"{a.equivalent} of {len(wanted.cells)}"]
        for engine, a in told.items()
    ]  # fmt: skip
    head = ["engine", "runs of equal accuracy", "mean difference, points", "largest of a cell", "cells that differ",
            f"shown to be within {MARGIN:.0%}"]  # fmt: skip
    return [
        f"## {title}, {wanted.model}", "",
        f"{len(wanted.cells)} cells x {wanted.seeds} seeds x {wanted.epochs} epochs at default rates, batch "
        f"{wanted.batch_size}, each against `{REFERENCE}` (`model.fit`), paired by seed: test accuracy, Student's t "
        f"with Holm's correction over the cells, equivalence by two one-sided tests, both at {LEVEL:.0%}. The seeds of "
        f"a cell spread by {100 * some.noise:.2f} points (standard deviation).", "",
        table(head, rows), "",
    ]  # fmt: skip
