"""The stacked engine: runs side by side are each what they are alone, whatever becomes of their neighbours."""

import json
import os
import subprocess
import sys

import pytest

from tests.experiments.training.agreement import QUICK, ROOT
from tests.experiments.training.on_jax import CHECKS


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, str]:
    """What each check found, all made by one process with JAX."""
    file = tmp_path_factory.mktemp("on_jax") / "found.json"
    done = subprocess.run([sys.executable, "-m", "tests.experiments.training.on_jax", str(file)], cwd=ROOT,
                          capture_output=True, text=True, env=os.environ | QUICK)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(file.read_text())


@pytest.mark.parametrize("name", [check.__name__ for check in CHECKS])
def test_holds(found, name):
    assert not found[name], found[name]
