"""``sweep --plugin`` as a user types it: what goes wrong is one line, and what goes right is trained and reported."""

import sys

import pytest

from experiments.commands.parser import recorded
from experiments.ledger import Ledger
from tests.experiments.plugins.modules import GOOD
from tests.experiments.processes import REAL, call

PLAN = """
name = "small"
seeds = 1
[[block]]
dataset = "digits-200"
activations = ["relu", "plugin:swoosh"]
optimizers = ["adam"]
epochs = 2
[[block]]
dataset = "digits-200"
model = "plugin:net"
activations = ["plugin:swoosh"]
optimizers = ["plugin:signs"]
epochs = 2
"""


def keys(out) -> dict[str, set[str]]:
    with Ledger.read(out / "ledger.sqlite") as ledger:
        found = [(run.activation, run.key) for _, run, outcome in ledger.records() if outcome.status == "done"]
    return {name: {key for each, key in found if each == name} for name, _ in found}


def test_the_record_tells_the_module_and_not_where_it_is(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["x", "sweep", "smoke", "--plugin", "../private/my_parts.py"])
    assert recorded().endswith("sweep smoke --plugin my_parts.py")


def test_a_part_that_does_not_work_is_told_before_the_sweep(tmp_path):
    (tmp_path / "my_parts.py").write_text(GOOD.replace("ops.sigmoid", "ops.sigmoidd"))
    plugin = tmp_path / "my_parts.py"
    code, out, error = call("sweep", "smoke", "--plugin", plugin, "--only", "activation=plugin:swoosh", "--out",
                            tmp_path / "out", module=REAL)  # fmt: skip
    assert code == 2
    assert error.startswith("error: plugin:swoosh does not work: AttributeError: ")
    assert error.endswith("(my_parts.py:7)\n")
    assert "plugin my_parts.py" in out
    assert not (tmp_path / "out").exists()


def test_a_plan_that_names_nothing_of_it_is_told_how_to(tmp_path):
    (tmp_path / "my_parts.py").write_text(GOOD)
    plugin, out = tmp_path / "my_parts.py", tmp_path / "out"
    code, _, error = call("sweep", "smoke", "--plugin", plugin, "--dry-run", "--out", out, module=REAL)
    assert code == 0
    assert "names no part of my_parts.py" in error


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["compiled", "stacked"])
def test_a_changed_plugin_is_trained_anew_and_all_else_is_kept(tmp_path, engine):
    plugin, plan, out = tmp_path / "my_parts.py", tmp_path / "small.toml", tmp_path / "out"
    plan.write_text(PLAN)
    plugin.write_text(GOOD)
    sweep = ("sweep", plan, "--plugin", plugin, "--engine", engine, "--out", out)
    code, _, error = call(*sweep, "--no-report", module=REAL)
    assert code == 0, error
    before = keys(out)
    _, told, _ = call(*sweep, "--dry-run", module=REAL)
    assert "3 runs there already, 0 known to be missing" in told
    plugin.write_text(GOOD.replace("1.5 * x", "1.4 * x"))
    _, told, _ = call(*sweep, "--dry-run", module=REAL)
    assert "1 runs there already, 2 known to be missing" in told
    code, _, error = call(*sweep, "--no-report", module=REAL)
    assert code == 0, error
    after = keys(out)
    assert after["relu"] == before["relu"]
    assert not after["plugin:swoosh"] & before["plugin:swoosh"]
    one = next(iter(after["plugin:swoosh"]))
    assert call("verify", one, "--plugin", plugin, "--out", out, module=REAL)[0] == 0
    old = next(iter(before["plugin:swoosh"]))
    assert call("verify", old, "--plugin", plugin, "--out", out, module=REAL)[0] == 2
