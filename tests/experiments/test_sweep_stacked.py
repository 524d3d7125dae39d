"""A sweep with the stacked engine, from the command line, on a machine that has no TensorFlow."""

import os
import subprocess
import sys

import pytest

from experiments.ledger import LEDGER, Ledger
from tests.experiments.processes import ROOT

HIDE = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ImportError("this machine has no TensorFlow")

sys.meta_path.insert(0, Hidden())
"""

PLAN = """
name = "small"
seeds = 2
engine = "stacked"

[tuning]
strategy = "grid"
points = 3
seeds = 1
confirm = 1

[[block]]
dataset = "digits"
activations = ["relu"]
optimizers = ["momentum"]
epochs = 2
"""


@pytest.mark.slow
def test_it_is_tuned_trained_and_resumed_without_tensorflow(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(HIDE)
    (tmp_path / "small.toml").write_text(PLAN)
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "GRADLAB_STACK": "4"}
    command = [sys.executable, "-m", "experiments", "sweep", str(tmp_path / "small.toml"), "--out", str(tmp_path),
               "--no-report", "--workers", "1"]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr + (tmp_path / "workers.log").read_text()
    with Ledger.read(tmp_path / LEDGER) as ledger:
        records = [(run, outcome) for _, run, outcome in ledger.records()]
    assert {run.engine for run, _ in records} == {"stacked"}
    assert {outcome.status for _, outcome in records} == {"done"}
    assert {outcome.machine["backend"] for _, outcome in records} == {"jax"}
    scored = [outcome for run, outcome in records if not run.tuning]
    assert len(scored) >= 2
    assert all(outcome.test_metric > 0.2 and outcome.diagnostics for outcome in scored)
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert f"{len(records)} runs there already, 0 known to be missing" in again.stdout
