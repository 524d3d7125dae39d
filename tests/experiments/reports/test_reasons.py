"""Each rule speaks where it should, stays silent on a near miss, and tells the numbers of the frames."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.reports import frames
from experiments.reports.blocks import blocks
from experiments.reports.case import Case
from experiments.reports.metrics import ACCURACY
from experiments.reports.reasons import RULES, reason, reasons
from experiments.reports.rules import DEAD, FLOW, SPREAD, STEP
from experiments.reports.symptoms import Gap, Symptoms, best_cell, gap, scores, symptoms

SHOWCASE = Path(__file__).resolve().parents[3] / "results" / "showcase"
NAN = math.nan

HEALTHY = Symptoms(
    row="tanh", column="sgd", activation="tanh", optimizer="sgd", batch_size=128, rate=0.1, seeds=3, done=3, diverged=0,
    failed=0, step=NAN, error="", mean=0.95, sd=0.002, least=0.948, most=0.952, chance=0.1, train=0.955,
    validation=0.951, first=0.9, gain=0.001, last_best=1.0, train_rise=1.0, validation_rise=1.0, updates=NAN,
    flow_start=2.0, flow_end=1.5, step_start=0.01, step_end=0.001, dead=0.0, dead_start=0.0, dead_layer="hidden_1",
    saturated=0.1, saturated_layer="hidden_1", default=0.94, default_rate=0.01, edge="",
)  # fmt: skip
"""A cell without trouble, three points behind the best."""
BEST = replace(HEALTHY, row="relu", column="adam", activation="relu", optimizer="adam", mean=0.98, train=0.96)
SURE, UNSURE, SMALL = (
    Gap(seeds=3, difference=0.03, low=0.02, high=0.04),
    Gap(seeds=3, difference=0.03, low=-0.01, high=0.07),
    Gap(seeds=3, difference=0.004, low=0.002, high=0.006),
)


def case(gap: Gap = SURE, *, model: str = "mlp", best: Symptoms = BEST, **changes) -> Case:
    cell = replace(HEALTHY, **changes)
    return Case(cell=cell, best=best, gap=gap, metric=ACCURACY, margin=0.005, epochs=5, model=model, usual_sd=0.002)


def speaks(given: Case) -> str:
    return next(rule.name for rule in RULES if rule.holds(given))


RISING = {"gain": 0.0071, "last_best": 0.67}
FIRES = [
    # rule, what sets it off, near misses that leave it to another rule
    ("not run", {"seeds": 0, "done": 0}, [{"seeds": 1}]),
    ("failed", {"seeds": 0, "done": 0, "failed": 3, "error": "boom"}, [{"seeds": 2, "failed": 1}]),
    ("diverged", {"diverged": 1, "step": 33.0}, [{"diverged": 0}]),
    ("unstable", {"train_rise": 1.5}, [{"train_rise": 1.49}, {"validation_rise": 9.9}]),
    ("unstable", {"validation_rise": 10.0}, [{"validation_rise": 9.9}]),
    ("few updates", {"updates": 5.0}, [{"updates": NAN}]),
    ("edge of the grid", {"edge": "high"}, [{"edge": ""}]),
    ("vanishing gradient", {"flow_start": 0.9 * FLOW, "flow_end": 0.9 * FLOW},
     [{"flow_start": 0.9 * FLOW, "flow_end": FLOW}, {"flow_start": FLOW, "flow_end": 0.9 * FLOW},
      {"flow_end": 0.1 * FLOW}]),
    ("vanishing at first", {"flow_start": 0.9 * FLOW}, [{"flow_start": FLOW}]),
    ("dead units", {"dead": DEAD}, [{"dead": DEAD - 0.01}]),
    ("small updates", {"step_start": 0.9 * STEP, "step_end": 0.9 * STEP},
     [{"step_end": 0.9 * STEP}, {"step_start": 0.9 * STEP}]),
    ("no learning", {"mean": 0.143}, [{"mean": 0.145}]),
    ("saturated units", {"saturated": 0.5, "train": 0.949},
     [{"saturated": 0.49, "train": 0.949}, {"saturated": 0.5, "train": 0.951}]),
    ("linear net", {"activation": "linear", "train": 0.949}, [{"activation": "linear", "train": 0.951}]),
    ("overfits", {"validation_rise": 1.05, "train": 0.97, "validation": 0.96},
     [{"validation_rise": 1.04, "train": 0.97, "validation": 0.96}, {"validation_rise": 1.05}]),
    ("still learning", RISING, [RISING | {"gain": 0.0059}, RISING | {"last_best": 0.5}]),
    ("underfits", {"train": 0.949}, [{"train": 0.951}]),
    ("nothing", {}, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "changes", "misses"), FIRES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_rule_speaks_and_a_near_miss_does_not(rule, changes, misses):
    assert speaks(case(**changes)) == rule
    for miss in misses:
        assert speaks(case(**miss)) != rule, miss
    if rule not in ("not run", "failed", "diverged"):
        assert speaks(case(SMALL, **changes)) == "level with the best", "trouble that costs nothing is none"


def test_rules_about_good_and_open_cells():
    assert speaks(case(Gap(seeds=3, difference=0.0, low=0.0, high=0.0), row="relu", column="adam")) == "best"
    assert speaks(case(SMALL)) == "level with the best"
    assert speaks(case(UNSURE)) == "undecided"
    assert speaks(case(UNSURE, sd=SPREAD * 0.0021)) == "large spread"
    assert speaks(case(UNSURE, sd=SPREAD * 0.0019)) == "undecided"
    assert speaks(case(sd=SPREAD * 0.0021)) == "nothing", "a spread does not excuse a cell that is surely behind"
    assert speaks(case(UNSURE, default=0.89)) == "needs its rate"
    assert speaks(case(UNSURE, default=0.91)) == "undecided"
    assert speaks(case(default=0.5)) == "nothing"


def test_what_is_surely_behind_and_what_one_seed_can_say():
    one = Gap(seeds=1, difference=0.03, low=NAN, high=NAN)
    assert case(one).behind, "a difference of one seed is told without an interval, not swept away"
    assert not case(UNSURE).behind
    assert case(UNSURE).apart
    assert not case(SMALL).apart


def test_a_linear_net_of_convolutions_is_not_one_linear_map():
    assert speaks(case(activation="linear", train=0.9)) == "linear net"
    assert speaks(case(activation="linear", train=0.9, model="cnn-slim")) == "underfits"
    assert speaks(case(activation="linear", train=0.9, model="mlp(depth=3)")) == "linear net"


def test_half_flat_slopes_are_no_trouble_for_a_relu():
    assert speaks(case(activation="relu", saturated=0.7, train=0.9)) == "underfits"


def test_every_rule_was_tried_and_states_its_condition():
    tried = {rule for rule, *_ in FIRES} | {
        "best", "level with the best", "undecided", "large spread", "needs its rate",
    }  # fmt: skip
    assert tried == {rule.name for rule in RULES}
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.condition for rule in RULES)
    assert RULES[-1].name == "nothing"
    thresholds = {"vanishing gradient": "1/100", "dead units": "25 %", "small updates": "0.0001"}
    assert all(text in next(r.condition for r in RULES if r.name == name) for name, text in thresholds.items())


@pytest.fixture(scope="module")
def ledger_with_trouble(made):
    """Two activations by two optimizers: sgd vanishes for tanh, adam has dead units for relu."""

    def status(row):
        return "diverged" if (row["activation"], row["optimizer"]) == ("sigmoid", "sgd") and row["seed"] == 1 else None

    return made(activations=("sigmoid", "tanh", "relu"), optimizers=("sgd", "adam"), tuned=True, status=status)


def test_symptoms_are_the_numbers_of_the_frames(ledger_with_trouble, cut_up):
    (block,) = cut_up(ledger_with_trouble)
    cell = symptoms(block, "relu", "adam")
    runs = block.runs[(block.runs["row"] == "relu") & (block.runs["column"] == "adam")]
    inside = block.diagnostics[block.diagnostics["key"].isin(runs["key"])]
    norms = inside[inside["when"] == "end"].pivot_table(index="key", columns="depth", values="gradient_norm")
    assert cell.mean == pytest.approx(runs["test_metric"].mean())
    assert cell.flow_end == pytest.approx(np.exp(np.log(norms[1] / norms[3]).mean()))
    curves = block.curves[block.curves["key"].isin(runs["key"])]
    by_epoch = curves.groupby("epoch")["validation_metric"].mean()
    assert (cell.first, cell.validation) == pytest.approx((by_epoch[1], by_epoch[5]))
    assert cell.gain == pytest.approx(by_epoch[5] - by_epoch[4])
    assert (cell.train_rise, cell.last_best, cell.step_end) == pytest.approx((1.0, 1.0, 0.01))
    assert cell.dead == 0
    assert math.isnan(cell.updates)
    with pytest.raises(KeyError, match="no cell relu"):
        symptoms(block, "relu", "nag")


def test_a_diverged_cell_is_told_with_its_step_and_rate(ledger_with_trouble, cut_up):
    (block,) = cut_up(ledger_with_trouble)
    told = reason(block, "sigmoid", "sgd")
    assert (told.rule, told.verdict) == ("diverged", "bad")
    rate = float(block.cells.set_index(["row", "column"]).loc[("sigmoid", "sgd"), "learning_rate"])
    assert f"1 of 3 runs diverged at update 431 at rate {rate:.4g}" in told.sentence
    assert "counts at chance level, 11.35 %" in told.sentence


def test_the_best_cell_and_the_gap_to_it(ledger_with_trouble, cut_up):
    (block,) = cut_up(ledger_with_trouble)
    best = best_cell(block)
    mean = block.cells.set_index(["row", "column"])["mean"]
    assert best == mean.idxmax()
    other = next(pair for pair in mean.index if pair != best and pair != ("sigmoid", "sgd"))
    assert gap(scores(block, *best), scores(block, *other)).difference == pytest.approx(mean[best] - mean[other])
    told = reasons(block)
    assert told[best].standing == "The best cell"
    assert set(told) == set(mean.index)
    assert told[other] == reason(block, *other)


def test_without_any_result_or_diagnostics_a_reason_is_still_told(made, cut_up):
    (failed,) = cut_up(made(activations=("relu",), optimizers=("sgd", "adam"), status=lambda row: "failed"))
    told = reason(failed, "relu", "sgd")
    assert (told.rule, told.verdict, told.standing) == ("failed", "none", "No result")
    assert "3 runs failed (ValueError" in told.sentence
    (plain,) = cut_up(made(activations=("relu", "tanh"), optimizers=("sgd",), seeds=(0,)))
    assert {told.verdict for told in reasons(plain).values()} <= {"good", "bad"}
    behind = next(each for each in reasons(plain).values() if each.standing != "The best cell")
    assert "(1 seed, so no interval)" in behind.standing


@pytest.fixture(scope="module")
def showcase():
    """The blocks of the committed sweep."""
    runs = frames.sorted_runs(pd.read_parquet(SHOWCASE / "runs.parquet"))
    return blocks(
        runs,
        frames.sorted_curves(pd.read_parquet(SHOWCASE / "curves.parquet"), runs),
        frames.sorted_timings(pd.DataFrame(), runs),
        json.loads((SHOWCASE / "environment.json").read_text(encoding="utf-8")),
        frames.sorted_diagnostics(pd.read_parquet(SHOWCASE / "diagnostics.parquet"), runs),
    )


def test_every_cell_of_the_showcase_has_a_finite_sentence(showcase):
    for block in showcase:
        for pair, told in reasons(block).items():
            assert told.rule in {rule.name for rule in RULES}, pair
            assert not re.search(r"\b(nan|inf)\b", told.sentence), told.sentence
            assert told.sentence.endswith("."), told.sentence
            assert (told.rule == "best") == (told.standing == "The best cell"), pair
