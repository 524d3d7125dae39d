"""What survives in a modern net: which blocks are compared, what is there, gone or undecided, and how it is told."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from experiments.reports import survival_told
from experiments.reports.evidence import evidence
from experiments.reports.html.survival import survival_context
from experiments.reports.survival import COLUMNS, SPREAD, WIDTH, effect_frame, survivals
from experiments.reports.tables import obsolete, statistics_tables
from tests.experiments.reports.asides import of_models, together

MODELS = {"mlp(depth=8)": 0.3, "mlp(depth=8, norm=1)": 0.08, "mlp(depth=8, norm=1, skip=1)": -0.05, "mlp(depth=2)": 0.0}


@pytest.fixture(scope="module")
def found(cut_up):
    (found,) = survivals(cut_up(of_models(MODELS, seeds=(0, 1, 2, 3, 4))))
    return found


def test_variants_stand_in_the_order_of_their_size_and_the_plain_net_before_the_modern_ones(found):
    assert found.variants == ["depth 2", "depth 8", "depth 8 + batch norm", "depth 8 + batch norm + residual"]
    assert found.headings == ["ReLU ahead of sigmoid", "Adam ahead of SGD", SPREAD, WIDTH]


def test_an_effect_that_was_named_is_judged_over_the_variants_alone(found):
    effect = found.effects[found.effects["effect"] == "ReLU ahead of sigmoid"].set_index("variant")
    plain = effect.loc["depth 2", "value"]
    assert effect.loc["depth 8", "value"] - plain == pytest.approx(0.3, abs=0.01)
    assert effect.loc["depth 8", "outcome"] == "a"
    assert effect.loc["depth 8 + batch norm", "outcome"] == "a"
    assert effect.loc["depth 8 + batch norm + residual", "value"] < plain
    clear = (effect["low"] > 0.002) | (effect["high"] < -0.002)
    assert clear.sum() >= 3
    assert set(effect["outcome"]) <= {"a", "b", "equivalent", "undecided"}


def test_a_reversed_effect_is_called_so(cut_up):
    (found,) = survivals(cut_up(of_models({"mlp": 0.2, "mlp(norm=1)": -0.3}, seeds=(0, 1, 2, 3, 4))))
    effect = found.effects[found.effects["effect"] == "ReLU ahead of sigmoid"].set_index("variant")
    assert effect["outcome"].to_dict() == {"plain": "a", "batch norm": "b"}
    assert np.sign(effect["value"]).tolist() == [1, -1]
    told = " ".join(survival_told.sentences(found))
    assert "**ReLU ahead of sigmoid**: there in plain; reversed in batch norm." in told


def test_the_section_and_the_page_tell_data_seeds_and_epochs(found):
    told = "5 seeds (0 to 4), 5 epochs"
    section = "\n\n".join(survival_told.section([found]))
    assert f"### MNIST, mlp\n\n{told}" in section
    (group,) = survival_context([found])["groups"]
    assert group["setting"].startswith(told)
    assert ['"points of test accuracy"' in json.dumps(chart["spec"]) for chart in group["charts"]] == [
        heading != WIDTH for heading in found.headings
    ]


def test_the_table_has_every_effect_in_words(found, cut_up):
    table = statistics_tables([evidence(block) for block in found.blocks])["survival"]
    assert list(table) == list(COLUMNS)
    assert len(table) == len(found.effects)
    there = table.set_index(["effect", "variant"]).loc[("ReLU ahead of sigmoid", "depth 8")]
    assert (there["dataset"], there["model"], there["outcome"]) == ("mnist", "mlp", "there")
    assert there["low"] < there["value"] < there["high"]
    assert "survival" not in statistics_tables([evidence(block) for block in cut_up(of_models({"mlp": 0.2}))])


def test_what_has_several_losses_is_told_apart_in_the_table(cut_up):
    made = [of_models({"mlp": 0.2, "mlp(norm=1)": 0.1}) for _ in range(2)]
    losses = [replace(each, runs=each.runs.assign(loss=loss, head="softmax"))
              for each, loss in zip(made, ("mean_squared_error", "categorical_crossentropy"), strict=True)]  # fmt: skip
    table = effect_frame(survivals(cut_up(together(*losses))))
    assert table["model"].nunique() == 2
    assert not table[["dataset", "model", "effect", "variant"]].duplicated().any()


def test_a_table_of_an_earlier_report_does_not_stay(tmp_path):
    for name in ("survival.csv", "rankings.csv", "notes.csv"):
        (tmp_path / name).touch()
    assert obsolete(tmp_path, {"rankings": pd.DataFrame()}) == [tmp_path / "survival.csv"]


def test_one_seed_decides_nothing(cut_up):
    (found,) = survivals(cut_up(of_models({"mlp": 0.2, "mlp(norm=1)": -0.3}, seeds=(0,))))
    assert set(found.effects[found.effects["effect"] != WIDTH]["outcome"]) <= {"undecided"}


def test_a_plain_net_in_two_sizes_is_no_modern_net(cut_up):
    assert survivals(cut_up(of_models({"mlp(depth=8)": 0.3, "mlp(depth=2)": 0.0}))) == []


@pytest.mark.parametrize(("model", "effect", "told"), [("cnn-slim", "Muon ahead of Adam", True),
                                                       ("mlp", "Muon ahead of Adam", False),
                                                       ("cnn-slim", "Adam ahead of SGD", False)])  # fmt: skip
def test_where_muon_hardly_trains_it_is_said(model, effect, told):
    effects = pd.DataFrame([{"effect": effect, "variant": "plain", "outcome": "a"}])
    (sentence,) = survival_told.sentences(SimpleNamespace(model=model, headings=[effect], effects=effects))
    assert sentence.startswith(f"**{effect}**: there in plain.")
    assert (survival_told.MUON in sentence) is told
