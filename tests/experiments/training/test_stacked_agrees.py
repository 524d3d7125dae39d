"""The stacked engine against the plain Keras loop: the same batches must give the same weights."""

import json
import os
import subprocess
import sys
from itertools import groupby

import numpy as np
import pytest

from experiments.ledger import LEDGER, Ledger
from experiments.statistics.paired import holm, paired_test
from tests.experiments.training import agreement
from tests.experiments.training.agreement import QUICK, ROOT

ACCURACY = """
name = "accuracy"
seeds = 8

[[block]]
dataset = "digits"
activations = ["relu", "tanh"]
optimizers = ["momentum", "adam"]
epochs = 15
batch_size = 32
"""


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in agreement.CASES if name not in agreement.QUICK_ONES]


@pytest.fixture(scope="module")
def made(tmp_path_factory, request) -> dict[str, tuple[dict, dict]]:
    """Engine -> weights and diagnostics of the cases that are asked for in this run of the tests."""
    asked = {item.callspec.params["name"] for item in request.session.items
             if item.path == request.path and hasattr(item, "callspec")}  # fmt: skip
    folder = tmp_path_factory.mktemp("agreement")
    found = {}
    for engine in ("reference", "stacked"):
        file = folder / f"{engine}.npz"
        done = subprocess.run(
            [sys.executable, "-m", "tests.experiments.training.agreement", engine, str(file), *sorted(asked)],
            cwd=ROOT, capture_output=True, text=True, env=os.environ | QUICK,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found[engine] = (dict(np.load(file)), json.loads(file.with_suffix(".json").read_text()))
    return found


@pytest.mark.parametrize("name", [*agreement.QUICK_ONES, *SLOW])
def test_two_updates_give_the_same_weights(made, name):
    plain, stacked = (made[engine][0] for engine in ("reference", "stacked"))
    run, _ = agreement.case(name, "stacked")
    after = [key for key in plain if key.startswith(f"{name}|") and key.endswith("|after")]
    moved = 0.0
    for key in after:
        before = plain[key.replace("|after", "|before")]
        assert np.array_equal(before, stacked[key.replace("|after", "|before")]), "the same initial weights"
        gap = np.abs(plain[key] - stacked[key])
        # Where a gradient is rounding noise around 0, Adam's first steps are +-rate by its sign alone:
        # almost all weights agree to rounding, none by more than the steps that were made.
        assert gap.max() <= 4 * run.learning_rate
        if not plain[key.replace("|after", "|idle")]:
            assert np.quantile(gap, 0.99) <= 2e-6 * max(1.0, np.abs(before).max())
            moved = max(moved, np.abs(plain[key] - before).max())
    assert moved > 1e-5, "nothing was trained, so agreement means nothing"


@pytest.mark.parametrize(
    "name",
    [each for each in [*agreement.QUICK_ONES, *SLOW] if getattr(each, "values", (each,))[0] in agreement.LOOKED_INTO],
)
def test_the_diagnostics_are_those_of_the_other_engines(made, name):
    plain, stacked = (made[engine][1][name] for engine in ("reference", "stacked"))
    assert [(row["when"], row["layer"]) for row in plain] == [(row["when"], row["layer"]) for row in stacked]
    assert {row["when"] for row in plain} == {"start", "end"}
    for one, other in zip(plain, stacked, strict=True):
        assert one.keys() == other.keys()
        for key in one.keys() - {"when", "layer"}:
            where = (one["when"], one["layer"], key)
            if one[key] is None:
                assert other[key] is None, where
            else:
                assert other[key] == pytest.approx(one[key], rel=1e-3, abs=1e-6), where


@pytest.mark.slow
def test_the_same_accuracy_as_the_compiled_engine_within_seed_noise(tmp_path):
    accuracies = []
    for engine in ("compiled", "stacked"):
        out = tmp_path / engine
        out.mkdir()
        plan = out / "plan.toml"
        plan.write_text(ACCURACY)
        subprocess.run(
            [sys.executable, "-m", "experiments", "sweep", str(plan), "--engine", engine, "--out", str(out),
             "--no-report"],
            cwd=ROOT, check=True, capture_output=True, env=os.environ | {"GRADLAB_STACK": "8"},
        )  # fmt: skip
        with Ledger.read(out / LEDGER) as ledger:
            found = {(run.activation, run.optimizer, run.seed): outcome.test_metric
                     for _, run, outcome in ledger.records()}  # fmt: skip
        accuracies.append(np.array([[value for _, value in cell] for _, cell in
                                    groupby(sorted(found.items()), key=lambda item: item[0][:2])]))  # fmt: skip
    compiled, stacked = accuracies
    assert compiled.shape == (4, 8)
    assert compiled.mean() > 0.85
    tested = paired_test(stacked - compiled, margin=0.01)
    assert (holm(tested["p"].to_numpy()) > 0.05).all()
    assert (tested["p_equivalent"] < 0.05).all()
