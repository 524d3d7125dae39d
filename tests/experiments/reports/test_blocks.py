"""Runs are compared only with runs that were made alike."""

import pandas as pd
import pytest

from experiments.reports import frames
from experiments.reports.blocks import UNVERIFIED, blocks


def cut(ledger):
    runs = frames.sorted_runs(ledger.runs)
    return blocks(
        runs,
        frames.sorted_curves(ledger.curves, runs),
        frames.sorted_timings(ledger.timings, runs),
        ledger.facts,
        frames.sorted_diagnostics(ledger.diagnostics, runs),
        frames.sorted_choices(ledger.choices),
    )


SMALL = {"activations": ("tanh", "relu"), "optimizers": ("sgd", "adam"), "seeds": (0, 1)}


def test_one_block_for_each_data_set_and_model(made):
    found = cut(
        made(**SMALL, datasets=(("mnist", "MNIST", True), ("digits", "Digits", None)), models=("mlp", "cnn"))
    )
    assert [(block.dataset, block.model) for block in found] == [
        ("mnist", "cnn"), ("mnist", "mlp"), ("digits", "cnn"), ("digits", "mlp"),
    ]  # fmt: skip
    assert len({block.slug for block in found}) == 4


def test_runs_of_another_budget_are_another_block(made):
    short, long = made(**SMALL, epochs=2), made(**SMALL, epochs=4)
    long.runs["key"] = "l" + long.runs["key"]
    short.runs = pd.concat([short.runs, long.runs])
    found = cut(short)
    assert [block.epochs for block in found] == [2, 4]
    assert [block.qualifier for block in found] == ["epochs 2", "epochs 4"]
    assert len({block.slug for block in found}) == 2


def test_other_data_under_the_same_name_are_another_block(made):
    ledger, other = made(**SMALL), made(**SMALL)
    other.runs = other.runs.assign(fingerprint="0" * 64, key="x" + other.runs["key"])
    ledger.runs = pd.concat([ledger.runs, other.runs])
    assert [block.qualifier.split()[0] for block in cut(ledger)] == ["fingerprint", "fingerprint"]


def test_two_rates_of_a_pair_are_two_columns(made):
    ledger, other = made(**SMALL), made(**SMALL)
    other.runs = other.runs.assign(learning_rate=0.1, key="x" + other.runs["key"])
    ledger.runs = pd.concat([ledger.runs, other.runs])
    (block,) = cut(ledger)
    assert block.columns == ["sgd rate 0.01", "sgd rate 0.1", "adam rate 0.001", "adam rate 0.1"]
    assert set(block.cells["seeds"]) == {2}


def test_a_rate_for_each_cell_is_no_reason_to_split(made):
    (block,) = cut(made(**SMALL, rates=lambda row: 0.1 if row["activation"] == "relu" else 0.3))
    assert block.columns == ["sgd", "adam"]
    assert block.rows == ["tanh", "relu"]


def test_a_name_that_is_both_activation_and_optimizer(made):
    (block,) = cut(made(activations=("adam", "relu"), optimizers=("relu", "adam"), seeds=(0,)))
    assert (block.rows, block.columns) == (["relu", "adam"], ["adam", "relu"])


@pytest.mark.parametrize(("canonical", "title"), [
    (True, "Data, mlp"), (None, "Data, mlp"), (False, f"Data ({UNVERIFIED}), mlp"),
])  # fmt: skip
def test_unverified_data_are_called_so(made, canonical, title):
    (block,) = cut(made(**SMALL, datasets=(("data", "Data", canonical),)))
    assert block.name == title


def test_a_title_that_says_it_already_says_it_once(made):
    (block,) = cut(made(**SMALL, datasets=(("data", f"Data ({UNVERIFIED})", False),)))
    assert block.name.count(UNVERIFIED) == 1


def test_planned_cells_without_a_run_are_there(made):
    planned = [("mnist", "mlp", a, o) for a in ("tanh", "relu", "elu") for o in ("sgd", "adam")]
    (block,) = cut(made(**SMALL, planned_cells=planned))
    assert block.rows == ["tanh", "relu", "elu"]
    absent = block.cells[block.cells["activation"] == "elu"]
    assert absent[["seeds", "missing"]].to_numpy().tolist() == [[0, 2], [0, 2]]


def test_a_plan_with_holes_misses_nothing_there(made):
    planned = [("mnist", "mlp", "tanh", "sgd"), ("mnist", "mlp", "relu", "adam")]
    pairs = {cell[2:] for cell in planned}
    ledger = made(
        **SMALL, planned_cells=planned, drop=lambda row: (row["activation"], row["optimizer"]) not in pairs
    )
    (block,) = cut(ledger)
    assert block.cells["missing"].sum() == 0
    assert len(block.cells) == 2


def test_the_metric_is_that_of_the_runs_with_a_result(made):
    """A failed run does not know its metric."""
    ledger = made(**SMALL, metric="r2", status=lambda row: "failed" if row["activation"] == "tanh" else None)
    ledger.runs.loc[ledger.runs["status"] == "failed", "metric"] = "accuracy"
    (block,) = cut(ledger)
    assert block.metric.word == "R²"


def test_the_setting_in_words(made):
    (block,) = cut(made(activations=("relu",), optimizers=("batch_gd", "adam")))
    assert block.setting == "3 seeds (0 to 2), 5 epochs, batch 128 and whole training part (batch_gd)"
