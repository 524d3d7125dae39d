"""From a plan and its data to cells."""

from dataclasses import replace

import pytest

from experiments import names, plan
from experiments.errors import PlanError
from experiments.grid import DataFacts, cells
from experiments.initialisers import initialiser_for
from experiments.plan import parse

DIGITS = DataFacts("digits", "d" * 64, "classes", 10, (8, 8, 1), 1150)
CANCER = DataFacts("breast_cancer", "b" * 64, "binary", 1, (30,), 400)
DIABETES = DataFacts("diabetes", "a" * 64, "regression", 1, (10,), 300)
KEYS = ["50791be55e842143", "092275fbf0588161"]
FACTS = {
    "digits": DIGITS,
    "mnist": DIGITS,
    "breast_cancer": CANCER,
    "diabetes": DIABETES,
    "cifar10-5k": DIGITS,
}


def templates(*blocks, **top):
    return [cell.template for cell in cells(parse({"block": list(blocks), **top}), FACTS)]


def test_the_whole_grid_has_every_activation_with_every_optimizer_in_the_order_of_the_plan():
    runs = templates({"dataset": "digits", "epochs": 7, "batch_size": 16})
    pairs = [(activation, optimizer) for activation in names.ACTIVATIONS[:8] for optimizer in names.OPTIMIZERS]
    assert [(run.activation, run.optimizer) for run in runs] == pairs
    assert len({run.key for run in runs}) == len(runs) == 72
    for run in runs:
        assert (run.dataset, run.fingerprint, run.model, run.epochs) == ("digits", "d" * 64, "mlp", 7)
        assert run.batch_size == (0 if run.optimizer == "batch_gd" else 16)
        assert run.learning_rate == names.DEFAULT_RATES[run.optimizer]
        assert run.initialiser == initialiser_for(run.activation)
        assert (run.head, run.loss) == ("softmax", "sparse_categorical_crossentropy")
        assert (run.seed, run.tuning, run.engine) == (0, False, "compiled")


def test_what_a_block_sets_reaches_its_runs():
    (run,) = templates(
        {
            "dataset": "digits",
            "activations": ["elu"],
            "optimizers": ["adam"],
            "model_args": {"width": 32, "depth": 1},
            "optimizer_args": {"adam": {"epsilon": 1, "beta_1": 0.5}},
            "learning_rates": {"adam": 2},
            "initialiser": "he",
            "loss": "mean_squared_error",
            "head": "tanh",
        },
        engine="reference",
    )
    assert run.model_args == (("depth", 1), ("width", 32))
    assert run.optimizer_args == (("beta_1", 0.5), ("epsilon", 1.0))
    assert (run.learning_rate, run.initialiser, run.loss, run.head) == (
        2.0,
        "he",
        "mean_squared_error",
        "tanh",
    )
    assert run.engine == "reference"


@pytest.mark.parametrize(
    ("dataset", "pair"),
    [("breast_cancer", ("sigmoid", "binary_crossentropy")), ("diabetes", ("linear", "mean_squared_error"))],
)
def test_head_and_loss_follow_the_task(dataset, pair):
    assert {(run.head, run.loss) for run in templates({"dataset": dataset})} == {pair}


def test_losses_are_compared_cell_by_cell_with_the_seeds_and_the_tuning_of_each_other():
    table = {"dataset": "breast_cancer", "losses": ["binary_crossentropy", "hinge", "hinge on tanh"]}
    table |= {"activations": ["relu", "tanh"], "optimizers": ["adam"]}
    found = cells(parse({"block": [table], "seeds": 2, "tuning": {"strategy": "grid"}}), FACTS)
    pairs = [("binary_crossentropy", "sigmoid"), ("hinge", "linear"), ("hinge", "tanh")]
    assert [(cell.template.loss, cell.template.head, cell.template.activation) for cell in found] == [
        (*pair, activation) for pair in pairs for activation in ("relu", "tanh")
    ]
    assert len({cell.key for cell in found}) == 6, "each is tuned by itself, and named by loss and head"
    assert {cell.seeds for cell in found} == {2}
    same = [replace(cell.template, loss="", head="", activation="", initialiser="") for cell in found]
    assert len(set(same)) == 1, "nothing else differs: a seed draws the same weights and the same order"


def test_a_loss_without_a_head_takes_that_of_the_block():
    runs = templates({"dataset": "breast_cancer", "losses": ["hinge", "hinge on linear"], "head": "tanh",
                      "activations": ["relu"], "optimizers": ["adam"]})  # fmt: skip
    assert [(run.loss, run.head) for run in runs] == [("hinge", "tanh"), ("hinge", "linear")]


def test_a_plan_without_losses_has_the_keys_that_it_had():
    """Written down before there were losses: ledgers of then go on."""
    small = {"dataset": "digits", "activations": ["relu"], "optimizers": ["adam"]}
    runs = templates(small, {**small, "model": "cnn-slim"})
    assert [run.key for run in runs] == KEYS


def test_muon_is_told_which_layer_is_the_last():
    muon, adamw = templates({"dataset": "digits", "activations": ["relu"], "optimizers": ["keras:Muon", "keras:AdamW"],
                             "optimizer_args": {"keras:Muon": {"momentum": 0.9}}})  # fmt: skip
    assert muon.optimizer_args == (("exclude_layers", "output"), ("momentum", 0.9))
    assert adamw.optimizer_args == ()


def test_a_data_set_that_is_replaced_goes_by_the_name_of_what_stands_in():
    runs = templates({"dataset": "mnist", "activations": ["relu"], "optimizers": ["adam"]})
    assert [run.dataset for run in runs] == ["digits"]


def test_cells_that_come_twice_are_trained_once():
    small = {"activations": ["relu", "tanh"], "optimizers": ["adam"]}
    assert len(templates({"dataset": "mnist", **small}, {"dataset": "digits", **small})) == 2
    # Another model, or another budget, is another cell.
    assert len(templates({"dataset": "mnist", **small}, {"dataset": "cifar10-5k", "model": "cnn-slim", **small})) == 4
    assert len(templates({"dataset": "digits", **small}, {"dataset": "digits", "epochs": 6, **small})) == 4


def test_seeds_and_tuning_of_the_plan_are_those_of_each_cell():
    table = {
        "block": [{"dataset": "digits", "optimizers": ["adam"]}],
        "seeds": 3,
        "tuning": {"strategy": "grid", "seeds": 2},
    }
    for cell in cells(parse(table), FACTS):
        assert (cell.seeds, cell.tuning.strategy, cell.tuning.seeds) == (3, "grid", 2)


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"dataset": "diabetes", "model": "cnn"}, "needs images, diabetes has inputs of shape"),
        (
            {"dataset": "diabetes", "losses": ["huber", "hinge"]},
            "diabetes: loss 'hinge' does not fit a task of regression: choose one",
        ),
        ({"dataset": "digits", "losses": ["categorical_crossentropy on tanh"]}, "needs probabilities, head 'tanh'"),
        ({"dataset": "diabetes", "loss": "hinge"}, "does not fit a task of regression"),
        ({"dataset": "digits", "head": "linear"}, "needs probabilities"),
        ({"dataset": "breast_cancer", "head": "softmax"}, "always 1: use head sigmoid"),
    ],
)
def test_what_does_not_fit_the_data_is_refused(block, words):
    with pytest.raises(PlanError, match=words):
        templates(block)


@pytest.mark.parametrize("name", plan.available())
def test_every_shipped_plan_becomes_cells_with_distinct_runs(name):
    chosen = plan.load(name)
    facts = {
        block.dataset: DataFacts(block.dataset, "f" * 64, "classes", 10, (32, 32, 3), 1000) for block in chosen.blocks
    }
    found = cells(chosen, facts)
    assert len({cell.key for cell in found}) == len(found) >= 2
