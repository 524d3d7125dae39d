"""The stacked engine against the plain Keras loop: the same batches must give the same weights."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.experiments.training import agreement

QUICK = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}  # compiling is most of what these small cases cost
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, tuple[dict, dict]]:
    """Engine -> weights and diagnostics of all cases."""
    folder = tmp_path_factory.mktemp("agreement")
    found = {}
    for engine in ("reference", "stacked"):
        file = folder / f"{engine}.npz"
        done = subprocess.run(
            [sys.executable, "-m", "tests.experiments.training.agreement", engine, str(file)],
            cwd=ROOT, capture_output=True, text=True, env=os.environ | QUICK,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found[engine] = (dict(np.load(file)), json.loads(file.with_suffix(".json").read_text()))
    return found


@pytest.mark.parametrize("name", agreement.CASES)
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
        assert np.quantile(gap, 0.99) <= 2e-6 * max(1.0, np.abs(before).max())
        assert gap.max() <= 4 * run.learning_rate
        moved = max(moved, np.abs(plain[key] - before).max())
    assert moved > 1e-5, "nothing was trained, so agreement means nothing"


@pytest.mark.parametrize("name", agreement.LOOKED_INTO)
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
