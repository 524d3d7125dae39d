"""Runs are compared only with runs that were made alike."""

import pandas as pd
import pytest

from experiments.reports.blocks import UNVERIFIED

SMALL = {"activations": ("tanh", "relu"), "optimizers": ("sgd", "adam"), "seeds": (0, 1)}


def test_one_block_for_each_data_set_and_model(made, cut_up):
    found = cut_up(
        made(**SMALL, datasets=(("mnist", "MNIST", True), ("digits", "Digits", None)), models=("mlp", "cnn"))
    )
    assert [(block.dataset, block.model) for block in found] == [
        ("mnist", "cnn"), ("mnist", "mlp"), ("digits", "cnn"), ("digits", "mlp"),
    ]  # fmt: skip
    assert len({block.slug for block in found}) == 4


def test_runs_of_another_budget_are_another_block(made, cut_up):
    short, long = made(**SMALL, epochs=2), made(**SMALL, epochs=4)
    long.runs["key"] = "l" + long.runs["key"]
    short.runs = pd.concat([short.runs, long.runs])
    found = cut_up(short)
    assert [block.epochs for block in found] == [2, 4]
    assert [block.qualifier for block in found] == ["epochs 2", "epochs 4"]
    assert len({block.slug for block in found}) == 2


def test_other_data_under_the_same_name_are_another_block(made, cut_up):
    ledger, other = made(**SMALL), made(**SMALL)
    other.runs = other.runs.assign(fingerprint="0" * 64, key="x" + other.runs["key"])
    ledger.runs = pd.concat([ledger.runs, other.runs])
    assert [block.qualifier.split()[0] for block in cut_up(ledger)] == ["fingerprint", "fingerprint"]


def test_two_rates_of_a_pair_are_two_columns(made, cut_up):
    ledger, other = made(**SMALL), made(**SMALL)
    other.runs = other.runs.assign(learning_rate=0.1, key="x" + other.runs["key"])
    ledger.runs = pd.concat([ledger.runs, other.runs])
    (block,) = cut_up(ledger)
    assert block.columns == ["sgd rate 0.01", "sgd rate 0.1", "adam rate 0.001", "adam rate 0.1"]
    assert set(block.cells["seeds"]) == {2}


def test_a_rate_for_each_cell_is_no_reason_to_split(made, cut_up):
    (block,) = cut_up(made(**SMALL, rates=lambda row: 0.1 if row["activation"] == "relu" else 0.3))
    assert block.columns == ["sgd", "adam"]
    assert block.rows == ["tanh", "relu"]


def test_a_name_that_is_both_activation_and_optimizer(made, cut_up):
    (block,) = cut_up(made(activations=("adam", "relu"), optimizers=("relu", "adam"), seeds=(0,)))
    assert (block.rows, block.columns) == (["relu", "adam"], ["adam", "relu"])


@pytest.mark.parametrize(("canonical", "title"), [
    (True, "Data, mlp"), (None, "Data, mlp"), (False, f"Data ({UNVERIFIED}), mlp"),
])  # fmt: skip
def test_unverified_data_are_called_so(made, canonical, title, cut_up):
    (block,) = cut_up(made(**SMALL, datasets=(("data", "Data", canonical),)))
    assert block.name == title


def test_a_title_that_says_it_already_says_it_once(made, cut_up):
    (block,) = cut_up(made(**SMALL, datasets=(("data", f"Data ({UNVERIFIED})", False),)))
    assert block.name.count(UNVERIFIED) == 1


def test_planned_cells_without_a_run_are_there(made, cut_up):
    planned = [("mnist", "mlp", a, o) for a in ("tanh", "relu", "elu") for o in ("sgd", "adam")]
    (block,) = cut_up(made(**SMALL, planned_cells=planned))
    assert block.rows == ["tanh", "relu", "elu"]
    absent = block.cells[block.cells["activation"] == "elu"]
    assert absent[["seeds", "missing"]].to_numpy().tolist() == [[0, 2], [0, 2]]


def test_a_plan_with_holes_misses_nothing_there(made, cut_up):
    planned = [("mnist", "mlp", "tanh", "sgd"), ("mnist", "mlp", "relu", "adam")]
    pairs = {cell[2:] for cell in planned}
    ledger = made(**SMALL, planned_cells=planned, drop=lambda row: (row["activation"], row["optimizer"]) not in pairs)
    (block,) = cut_up(ledger)
    assert block.cells["missing"].sum() == 0
    assert len(block.cells) == 2


def test_the_metric_is_that_of_the_runs_with_a_result(made, cut_up):
    """A failed run does not know its metric."""
    ledger = made(**SMALL, metric="r2", status=lambda row: "failed" if row["activation"] == "tanh" else None)
    ledger.runs.loc[ledger.runs["status"] == "failed", "metric"] = "accuracy"
    (block,) = cut_up(ledger)
    assert block.metric.word == "R²"


def test_the_setting_in_words(made, cut_up):
    (block,) = cut_up(made(activations=("relu",), optimizers=("batch_gd", "adam")))
    assert block.setting == "3 seeds (0 to 2), 5 epochs, batch 128 and whole training part (batch_gd)"


def test_the_main_ranking_is_that_of_tuned_rates(tuned, tuned_block):
    assert (tuned_block.rates, tuned_block.defaults.rates) == ("tuned", "default")
    roles = tuned.runs.set_index("key")["role"]
    assert set(roles[tuned_block.runs["key"]]) == {"tuned", "both"}
    assert set(roles[tuned_block.defaults.runs["key"]]) == {"default", "both"}
    assert tuned_block.setting.endswith("tuned learning rates")
    assert len(tuned_block.cells) == len(tuned_block.defaults.cells) == 72
    assert tuned_block.columns == tuned_block.defaults.columns


def test_a_ledger_without_tuning_has_one_ranking(ledger, cut_up):
    (block,) = cut_up(ledger)
    assert block.rates == "default"  # there are trials, so rates will be tuned
    assert block.defaults is None


def test_without_trials_nobody_speaks_of_tuned_rates(made, cut_up):
    (block,) = cut_up(made(**SMALL))
    assert block.rates == ""
    assert "rates" not in block.setting


def test_deep_runs_and_trials_stand_apart(tuned, tuned_block):
    assert set(tuned_block.deep["constants"]) == {"beta_1=0.8"}
    assert len(tuned_block.deep) == 6
    assert set(tuned_block.trials["role"]) == {"trial"}
    assert not set(tuned_block.deep["key"]) & set(tuned_block.runs["key"])
    assert len(tuned_block.choices) == len(tuned.choices) == 74


def test_constants_of_two_plan_blocks_are_two_columns(made, cut_up):
    ledger, other = made(**SMALL), made(**SMALL)
    other.runs = other.runs.assign(constants="epsilon=0.1", key="x" + other.runs["key"])
    ledger.runs = pd.concat([ledger.runs, other.runs])
    (block,) = cut_up(ledger)
    assert block.columns == ["sgd", "sgd epsilon=0.1", "adam", "adam epsilon=0.1"]


def test_half_tuned_data_sets_are_told_apart(made, cut_up):
    """One data set has no run at a tuned rate yet: it is ranked at defaults, and says so."""
    data = (("mnist", "MNIST", True), ("digits", "Digits", None))
    ledger = made(
        **SMALL,
        tuned=True,
        datasets=data,
        drop=lambda row: row["dataset"] == "digits" and row["role"] == "tuned",
    )
    ledger.runs.loc[ledger.runs["dataset"].eq("digits") & ledger.runs["role"].eq("both"), "role"] = "default"
    assert [(block.dataset, block.rates) for block in cut_up(ledger)] == [
        ("mnist", "tuned"),
        ("digits", "default"),
    ]
