"""The suite checks itself on real training: what is alike is called alike, what differs is found.

Slow. ``python -m pytest tests/experiments/test_selfchecks.py -m slow -s`` prints the rates.
"""

import random
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from scipy import stats

from experiments import datasets
from experiments.errors import MissingLedger
from experiments.ledger import LEDGER, Ledger
from experiments.records import Run
from experiments.statistics import cell_comparisons, paired_comparisons, power_of_difference, seeds_needed
from experiments.training import engines, loop
from experiments.training.loop import train
from experiments.training.setup import prepare
from tests.experiments import processes
from tests.experiments.training.toy import a_run
from tests.experiments.tuning.sweeps import assert_alike, tables

pytestmark = pytest.mark.slow

ALPHA = 0.05
RATE, LOWER = 0.01, 0.008  # the planted difference: the same net, trained a little slower


# A/A and power, on real training


@pytest.fixture(scope="module")
def data() -> datasets.Dataset:
    return datasets.load("digits-500")


@pytest.fixture(scope="module")
def trainer(data):
    return engines.make("compiled", prepare(small_run(data), data))


def small_run(data: datasets.Dataset, **changes) -> Run:
    return replace(a_run(data, {"width": 16}, optimizer="adam", learning_rate=RATE, batch_size=32, epochs=2), **changes)


@pytest.fixture(scope="module")
def scores(data, trainer) -> dict[float, np.ndarray]:
    """Test accuracy by seed: 2,000 seeds of one cell, and 1,000 of them at a lower rate."""
    patch = pytest.MonkeyPatch()
    patch.setattr(loop.Diagnostics, "measure", lambda *_: [])  # they change nothing, and take most of the time
    run = small_run(data)
    found = {}
    for rate, count in ((RATE, 2000), (LOWER, 1000)):
        outcomes = [train(trainer, replace(run, seed=seed, learning_rate=rate)) for seed in range(count)]
        assert {outcome.status for outcome in outcomes} == {"done"}
        found[rate] = np.array([outcome.test_metric for outcome in outcomes])
    patch.undo()
    assert 0.3 < found[RATE].mean() < 0.95, "something is learned, and not all of it"
    return found


def frame(arms: dict[str, np.ndarray], activations: int = 1) -> pd.DataFrame:
    """A score frame from arm -> ``[case, seed]``: each case a data set, arms as optimizers or cells."""
    rows = []
    for place, (name, values) in enumerate(arms.items()):
        case, seed = np.indices(values.shape).reshape(2, -1)
        rows.append(
            pd.DataFrame(
                {
                    "dataset": [f"case {number:04d}" for number in case],
                    "model": "mlp",
                    "activation": f"a{place % activations}",
                    "optimizer": name if activations == 1 else f"o{place // activations}",
                    "seed": seed,
                    "score": values.ravel(),
                    "status": "done",
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def say(what: str, hits: int, cases: int, nominal: float) -> None:
    low, high = stats.binomtest(hits, cases).proportion_ci(0.95)
    print(f"\n{what}: {hits} of {cases} = {hits / cases:.3f}", end=" ")
    print(f"(95 % interval {low:.3f} to {high:.3f}), stated {nominal:.3f}", end="")


def at_most(share: float, cases: int) -> int:
    """As many hits as a true share of this size gives but once in a thousand times."""
    return int(stats.binom.ppf(0.999, cases, share))


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_the_same_cell_under_two_names_is_not_called_different(scores, seeds):
    """A/A: both arms are the same cell, on disjoint blocks of seeds."""
    blocks = scores[RATE][: 2000 - 2000 % (2 * seeds)].reshape(-1, 2, seeds)
    found = paired_comparisons(frame({"one": blocks[:, 0], "two": blocks[:, 1]}), "optimizer", alpha=ALPHA)
    called = int(found["outcome"].isin(["a", "b"]).sum())
    say(f"A/A with {seeds} seeds: pairs called different", called, len(found), ALPHA)
    assert len(found) == len(blocks)
    assert called <= at_most(ALPHA, len(found))


def test_the_best_of_four_cells_that_are_the_same_is_not_called_better(scores):
    blocks = scores[RATE].reshape(-1, 4, 5)
    found = cell_comparisons(frame({f"arm {n}": blocks[:, n] for n in range(4)}, activations=2), alpha=ALPHA)
    called = found["outcome"].isin(["a", "b"]).groupby(found["dataset"]).any()
    say("A/A, best of four cells: grids with any cell called worse", int(called.sum()), len(called), ALPHA)
    assert len(called) == 100
    assert called.sum() <= at_most(ALPHA, len(called))


def test_a_planted_difference_is_found_as_often_as_stated(scores):
    """A lower rate, paired by seed as in a sweep: the power of the t test follows from mean and spread."""
    differences = scores[RATE][:1000] - scores[LOWER]
    mean, spread = differences.mean(), differences.std(ddof=1)
    enough = int(seeds_needed(mean, spread, ALPHA, 0.8))
    print(
        f"\nplanted: rate {LOWER} in place of {RATE}, difference {mean:.4f}, spread {spread:.4f} by seed; "
        f"{enough} seeds for a power of 80 %",
        end="",
    )
    assert 3 <= enough <= 40, "neither trivial nor hopeless"
    for seeds in (5, enough):
        cases = 1000 // seeds
        arms = {
            name: scores[rate][: cases * seeds].reshape(cases, seeds) for name, rate in (("high", RATE), ("low", LOWER))
        }
        found = paired_comparisons(frame(arms), "optimizer", alpha=ALPHA)
        winner = np.where(found["outcome"] == "a", found["a"], np.where(found["outcome"] == "b", found["b"], ""))
        hits = int((winner == ("high" if mean > 0 else "low")).sum())
        stated = float(power_of_difference(mean, spread, seeds, ALPHA))
        say(f"planted difference with {seeds} seeds: found", hits, cases, stated)
        low, high = stats.binom.ppf([0.0005, 0.9995], cases, stated)
        # Accuracies are not quite normal: some hundredths beside what chance allows.
        assert low - 0.05 * cases <= hits <= high + 0.05 * cases


# Memory


def test_the_trainer_of_a_worker_does_not_grow(data, trainer):
    """200 scoring runs, diagnostics and all, with one trainer."""
    process = psutil.Process()
    run = small_run(data, epochs=1)
    for seed in range(20):
        train(trainer, replace(run, seed=seed))
    before = process.memory_info().rss
    for seed in range(200):
        train(trainer, replace(run, seed=seed, learning_rate=0.001 * (1 + seed % 5)))
    grown = (process.memory_info().rss - before) / 1e6
    print(f"\nmemory: {grown:+.1f} MB over 200 runs", end="")
    assert grown < 8


# Ten kills

PLAN = """
name = "killed"
seeds = 2
[tuning]
strategy = "grid"
points = 3
extensions = 1
[[block]]
dataset = "digits-100"
activations = ["relu", "tanh"]
optimizers = ["sgd", "adam"]
epochs = 2
batch_size = 25
model_args = { depth = 1, width = 8 }
"""
KILLS = 10


def command(plan: Path, out: Path, workers: int) -> list[object]:
    return ["sweep", plan, "--out", out, "--workers", workers, "--no-report"]


def finish(plan: Path, out: Path) -> None:
    code, _, errors = processes.call(*command(plan, out, 2), module=processes.REAL)
    assert code == 0, errors[-2000:]


def known(out: Path) -> tuple[int, int]:
    """How many runs, and how many choices, are in the ledger by now."""
    try:
        with Ledger.read(out / LEDGER) as ledger:
            return len(ledger.results()), len(ledger.choices())
    except MissingLedger:  # not there yet, or just begun
        return 0, 0


def test_ten_kills_while_tuning_change_no_number(tmp_path):
    """SIGKILL to the whole process group, at random moments, while rates are still being chosen."""
    rng = random.Random(20240229)
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    finish(plan, tmp_path / "plain")
    killed = tmp_path / "killed"
    while_tuning = 0
    for _ in range(KILLS):
        before, wanted = known(killed)[0], rng.randint(0, 2)
        with processes.started(*command(plan, killed, 1), module=processes.REAL) as process:
            processes.until(lambda: (killed / LEDGER).exists(), process)
            processes.until(lambda least=before + wanted: known(killed)[0] >= least, process)
            time.sleep(rng.uniform(0, 0.3))
        # Leaving the block kills the whole process group.
        while_tuning += process.returncode == -signal.SIGKILL and known(killed)[1] < 4
    print(f"\nkills while tuning: {while_tuning} of {KILLS}", end="")
    assert while_tuning >= KILLS - 2, "the sweep was through before it was killed: a larger plan, please"
    finish(plan, killed)
    assert len(tables(killed).choices) == 4
    assert_alike(tables(killed), tables(tmp_path / "plain"))
