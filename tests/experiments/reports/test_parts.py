"""The smaller parts: trials, layers, budgets, deep tuning, the methods paragraph, more seeds."""

import numpy as np
import pandas as pd
import pytest

from experiments import statistics
from experiments.reports import budgets, deep, layers, tuning
from experiments.reports.evidence import across, evidence, scores
from experiments.reports.methods import paragraph
from experiments.reports.more import seeds_wanted

SMALL = {"activations": ("tanh", "relu"), "optimizers": ("sgd", "adam")}


def told(made, cut_up, **given):
    ledger = made(**given)
    return paragraph([evidence(block) for block in cut_up(ledger)], ledger.runs, ledger.facts)


def test_scores_are_a_score_frame(tuned_block):
    frame = scores(tuned_block)
    assert statistics.cell_summary(frame, np.random.default_rng(0))["n"].eq(3).all()
    diverged = frame[(frame["activation"] == "relu") & (frame["optimizer"] == "adadelta")]
    assert diverged["score"].tolist() == [0.1135] * 3  # chance


def test_runs_that_share_cell_and_seed_count_once(made, cut_up):
    ledger = made(**SMALL)
    twice = ledger.runs.assign(key="x" + ledger.runs["key"], error="another argument")
    ledger.runs = pd.concat([ledger.runs, twice])
    (block,) = cut_up(ledger)
    assert len(scores(block)) == len(block.runs) // 2 == 12


@pytest.mark.parametrize("given", [
    {"status": lambda row: "failed"}, {"seeds": (0,)}, {"activations": ("relu",), "optimizers": ("adam",)},
    {"activations": ("relu",)}, {"status": lambda row: "diverged"},
    {"drop": lambda row: row["activation"] == "relu" and row["role"] != "trial"},
], ids=["failed", "one seed", "one cell", "one activation", "diverged", "missing"])  # fmt: skip
def test_evidence_of_whatever_there_is(made, cut_up, given):
    found = [evidence(block) for block in cut_up(made(**SMALL | {"tuned": True} | given))]
    assert len(found) == 1
    for factor in ("activation", "optimizer"):
        test = across(found, factor)
        assert test is None or not test.possible


def test_trials_that_diverged_count_at_chance(tuned_block):
    table = tuning.rate_trials(tuned_block)
    lost = table[(table["activation"] == "sigmoid") & (table["optimizer"] == "nag")]
    assert lost["mean"].tolist() == pytest.approx([0.1135] * 5)
    assert lost["diverged"].tolist() == [1] * 5


def test_deep_trials_are_no_part_of_a_rate_curve(tuned_block):
    assert len(tuning.trials(tuned_block)) - len(tuning.rate_trials(tuned_block)) == 2
    assert set(tuning.rate_trials(tuned_block)["constants"]) == {""}


def test_trials_with_fewer_epochs_are_no_part_of_a_rate_curve(made, cut_up):
    ledger = made(**SMALL, tuned=True)
    trial = ledger.runs["role"] == "trial"
    ledger.runs.loc[trial & (ledger.runs["learning_rate"] > 0.05), "epochs"] = 2
    (block,) = cut_up(ledger)
    assert set(tuning.trials(block)["epochs"]) == {2, 5}
    assert set(tuning.rate_trials(block)["epochs"]) == {5}


def test_trials_of_another_budget_are_not_ours(made, cut_up):
    """Two budgets on one data set and model: a trial belongs to its own."""
    short, long = made(**SMALL, tuned=True, epochs=2), made(**SMALL, tuned=True, epochs=4)
    long.runs = long.runs.assign(key="x" + long.runs["key"])
    short.runs = pd.concat([short.runs, long.runs])
    assert [set(block.trials["epochs"]) for block in cut_up(short)] == [{2}, {4}]


def test_a_choice_of_another_block_is_not_ours(made, cut_up):
    """Two losses on one data set and model: each has its own choices."""
    one, two = made(**SMALL, tuned=True), made(**SMALL, tuned=True)
    two.runs = two.runs.assign(loss="hinge", key="x" + two.runs["key"])
    two.choices["scored"] = [["x" + key for key in keys] for keys in two.choices["scored"]]
    one.runs, one.choices = pd.concat([one.runs, two.runs]), pd.concat([one.choices, two.choices])
    assert [len(block.choices) for block in cut_up(one)] == [4, 4]


def test_layers_by_hand(made, cut_up):
    ledger = made(activations=("tanh",), optimizers=("sgd",), seeds=(0, 1), tuned=True)
    first = ledger.diagnostics["depth"].eq(1) & ledger.diagnostics["when"].eq("start")
    ledger.diagnostics.loc[first, "gradient_norm"] = 0.0
    mine = ledger.runs.loc[ledger.runs["role"] == "tuned", "key"].tolist()
    ledger.diagnostics.loc[first & ledger.diagnostics["key"].eq(mine[0]), "gradient_norm"] = 100.0
    ledger.diagnostics.loc[first & ledger.diagnostics["key"].eq(mine[1]), "gradient_norm"] = 0.01
    (block,) = cut_up(ledger)
    table = layers.by_layer(block, "gradient_norm", ratio=True).set_index(["when", "depth"])
    assert table.loc[("start", 1), "middle"] == pytest.approx(1.0)  # geometric; the default run is left out
    assert table.loc[("start", 1), ["runs", "left_out"]].tolist() == [2, 0]
    plain = layers.by_layer(block, "gradient_norm").set_index(["when", "depth"])
    assert plain.loc[("start", 1), "middle"] == pytest.approx(50.005)


def test_zero_gradients_are_left_out_and_counted(made, cut_up):
    ledger = made(activations=("tanh",), optimizers=("sgd",), seeds=(0, 1), tuned=True)
    ledger.diagnostics.loc[ledger.diagnostics["when"].eq("end"), "gradient_norm"] = 0.0
    ledger.diagnostics.loc[ledger.diagnostics["when"].eq("middle"), "gradient_norm"] = np.inf
    (block,) = cut_up(ledger)
    assert set(layers.by_layer(block, "gradient_norm", ratio=True)["when"]) == {"start"}


def test_effective_rates_by_optimizer(tuned_block):
    table = layers.effective_rates(tuned_block).set_index("column")
    assert table.loc["nag", ["least", "most"]].tolist() == [4 * 109_386, 4 * 218_000]
    assert table["rate_start"].tolist() == pytest.approx([0.5] * 9)


def test_equal_updates_are_no_comparison_with_batch_gd(tuned_block):
    text = budgets.budget_table(tuned_block, "gradients", 55_000)
    head, _, *rows = [line.strip("| ").split(" | ") for line in text.splitlines()]
    assert head[1:] == ["5 updates", "429 updates", "2145 updates"]
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name["batch\\_gd"][1:] == ["ended before", "ended before"]
    assert by_name["sgd"][0] == "no epoch ended"
    curves = tuned_block.curves.merge(tuned_block.runs[["key", "column"]], on="key")
    last = curves[(curves["column"] == "sgd") & (curves["epoch"] == 5)]["validation_metric"].mean()
    assert by_name["sgd"][2] == f"{100 * last:.2f}"


def test_budgets_of_a_run_that_diverged_at_once(made, cut_up):
    (block,) = cut_up(made(**SMALL, epochs=1, status=lambda row: "diverged" if row["activation"] == "relu" else None))
    curves = budgets.score_curves(block, 1_000)
    assert set(curves["key"]) == set(block.runs["key"])
    found = statistics.comparison_at(curves, "epochs")
    assert found.loc[found["activation"] == "relu", "score"].eq(0.1135).all()


def test_deep_minus_tuned_by_hand(tuned, tuned_block):
    table = deep.paired(tuned_block).set_index("activation")
    assert list(table.index) == ["tanh", "relu"]
    runs = tuned.runs[(tuned.runs["activation"] == "relu") & (tuned.runs["optimizer"] == "adam")].set_index("seed")
    gap = (runs.loc[runs["role"] == "deep", "test_metric"] - runs.loc[runs["role"] == "tuned", "test_metric"]).mean()
    assert table.loc["relu", "difference"] == pytest.approx(gap)
    assert table.loc["relu", "p_holm"] == pytest.approx(max(2 * table["p"].min(), table["p"].max()))


@pytest.mark.parametrize(("better", "words"), [
    (0.0, "**The ranking of optimizers does not turn** (Kendall's tau 1.00)"),
    (0.3, "**The ranking of optimizers turns**: sgd from 2 to 1"),
])  # fmt: skip
def test_whether_the_ranking_turns(made, cut_up, better, words):
    ledger = made(**SMALL, tuned=True, deep=(("relu", "sgd"), ("tanh", "sgd")))
    ledger.runs.loc[ledger.runs["role"] == "deep", "test_metric"] += better
    text = "\n".join(deep.deep_section([evidence(block) for block in cut_up(ledger)]))
    assert words in text


def test_without_deep_runs_there_is_no_such_section(made, cut_up):
    assert deep.deep_section([evidence(block) for block in cut_up(made(**SMALL, tuned=True))]) == []


@pytest.mark.parametrize(("given", "there", "absent"), [
    ({}, "No learning rate was tuned: this compares defaults", "grid of"),
    ({"rates": lambda row: 0.07}, "trained with 3 seeds (0 to 2)", "No learning rate was tuned"),
    ({"tuned": True}, "by a grid of 5 rates half a decade apart around the optimizer's default, which grew",
     "defaults,"),
    ({"tuned": True}, "Only the learning rate was tuned; the ranking can change when", "stand apart"),
    ({"tuned": True, "deep": (("relu", "adam"),)}, "In 1 cell, constants (beta\\_1) were tuned",
     "Only the learning"),
    ({"tuned": True}, "In 1 cell the choice still lay at an edge.", "2 cells"),
    ({"tuned": True, "tuning": 2}, "averaged over 2 tuning seeds apart from the scoring", "1 tuning seed"),
    ({"tuned": True, "facts_tuning": {"strategy": "random", "seeds": 1, "points": 9, "trials": 24}},
     "random search over 4 decades around the optimizer's default rate, on a logarithmic scale, 24", "grew"),
    ({"datasets": (("d", "Data", False),)}, "examples; not verified as the canonical release)",
     "examples; verified"),
    ({"datasets": (("d", "Data", None),)}, "(55,000 training, 5,000 validation and 10,000 test examples)",
     "canonical"),
    ({"seeds": range(12)}, "Intervals are 95 % (BCa bootstrap", "(Student's t)."),
    ({"status": lambda row: "diverged" if row["seed"] == 0 else None}, "4 runs diverged and count at chance",
     "1 run"),
    ({"metric": "r2"}, "with 0.005 as the smallest difference of interest", "points as"),
    ({"versions": {}}, "jackknife intervals over seeds.", "Software"),
    ({}, "Glorot for tanh and He for relu", "LeCun"),
    ({}, "Software: Python 3.11.9, Keras 3.15.1 and TensorFlow 2.21.0 (engine compiled).", "JAX"),
])  # fmt: skip
def test_the_methods_paragraph_claims_what_the_ledger_holds(made, cut_up, given, there, absent):
    facts = {"tuning": given["facts_tuning"]} if "facts_tuning" in given else {}
    ledger = made(**SMALL | {name: value for name, value in given.items() if name != "facts_tuning"})
    text = paragraph([evidence(block) for block in cut_up(ledger)], ledger.runs, ledger.facts | facts)
    assert there in text
    assert absent not in text


def test_more_seeds_where_pairs_are_undecided(made):
    names = ("linear", "sigmoid", "tanh", "relu", "leaky_relu")
    ledger = made(activations=names, optimizers=("sgd", "adam"), tuned=True)
    found = seeds_wanted(ledger.runs, 50)
    frame = ledger.runs[ledger.runs["role"].isin(["tuned", "both"])].assign(
        score=ledger.runs["test_metric"].astype(float)
    )
    more = pd.concat([statistics.paired_comparisons(frame, factor) for factor in ("activation", "optimizer")])
    reach = more.loc[(more["outcome"] == "undecided") & np.isfinite(more["more_seeds"]), "more_seeds"]
    assert found == {("mnist", "mlp"): int(reach.max())}
    assert seeds_wanted(ledger.runs, 1) == {("mnist", "mlp"): 1}
    assert seeds_wanted(ledger.runs, 0) == {("mnist", "mlp"): 0}


@pytest.mark.parametrize(("given", "expected"), [
    ({"seeds": (0,)}, 2), ({"status": lambda row: "failed"}, 0), ({"seeds": range(40)}, 0),
])  # fmt: skip
def test_more_seeds(made, given, expected):
    ledger = made(activations=("tanh", "maxout"), optimizers=("sgd", "adam"), **given)
    assert seeds_wanted(ledger.runs, 10) == {("mnist", "mlp"): expected}


def test_a_negative_number_of_seeds_is_refused(made):
    with pytest.raises(ValueError, match="max_more=-1 is negative; give"):
        seeds_wanted(made(**SMALL).runs, -1)


def test_nothing_to_ask_of_an_empty_ledger():
    assert seeds_wanted(pd.DataFrame(), 5) == {}
