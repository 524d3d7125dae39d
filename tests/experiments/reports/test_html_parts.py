"""Colours, shapes and claims of ``report.html``."""

import json
import re
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from experiments.claims import page as claims_page
from experiments.names import ACTIVATIONS, OPTIMIZERS
from experiments.reports import words
from experiments.reports.evidence import evidence
from experiments.reports.html import claims, heat, scripts
from experiments.reports.html.charts import SHAPES
from experiments.reports.style import MARKERS
from tests.experiments.reports.made_up import Ledger

SHOWCASE = Path(__file__).parents[3] / "results" / "showcase" / "claims"


def variables() -> dict[str, tuple[str, str]]:
    found = re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\)", scripts.style())
    return {name: (light, dark) for name, light, dark in found}


@pytest.mark.parametrize("name", [*ACTIVATIONS, *OPTIMIZERS, "keras:AdamW", "keras:gelu", "x"])
def test_the_colour_of_a_name_shows_on_both_grounds(name):
    told = re.findall("#[0-9A-F]{6}", heat.of_name(name))
    pair = (told * 2)[:2]
    for colour, ground in zip(pair, heat.GROUND, strict=True):
        assert heat.contrast(colour, ground) >= heat.VISIBLE


def test_the_grounds_are_those_of_the_style():
    assert variables()["ground"] == heat.GROUND


@pytest.mark.parametrize("name", ["ink", "soft", "accent", "warm", "alarm"])
@pytest.mark.parametrize("ground", ["ground", "card"])
def test_words_can_be_read_on_every_ground(name, ground):
    for colour, under in zip(variables()[name], variables()[ground], strict=True):
        assert heat.contrast(colour, under) >= 4.5


def test_words_can_be_read_in_every_cell(tuned_block):
    found = heat.of_cells(tuned_block)
    assert len(found) == tuned_block.cells["mean"].notna().sum()
    assert all(heat.contrast(*pair) >= 4.5 for pair in found.values())


def test_better_cells_are_lighter(tuned_block):
    found = heat.of_cells(tuned_block)
    order = tuned_block.cells.dropna(subset="mean").sort_values("mean")
    light = [heat.luminance(found[row, column][0]) for row, column in zip(order["row"], order["column"], strict=True)]
    assert all(earlier <= later + 1e-3 for earlier, later in pairwise(light))


def test_ticks_of_the_scale_lie_on_it(tuned_block):
    gradient, ticks = heat.scale(tuned_block)
    assert gradient.startswith("linear-gradient(")
    places = [place for place, _ in ticks]
    assert len(places) > 2
    assert places == sorted(places)
    assert 0 <= places[0] <= places[-1] <= 100


def test_every_marker_has_a_shape():
    assert set(MARKERS) <= set(SHAPES)


def test_a_share_of_variance_is_never_told_below_zero(tuned_block):
    found = evidence(tuned_block)
    shares = found.variance.assign(share=found.variance["term"].map({"activation": -0.02, "optimizer": -0.011}))
    told = words.brief(replace(found, variance=shares))
    assert "The optimizer makes 0 % of the variance of test accuracy, the activation 0 %." in told


def test_the_summary_says_how_sure_the_best_cell_is(tuned_block):
    found = evidence(tuned_block)
    cells = found.cells.head(3).assign(outcome=["a", "undecided", "undecided"], may_be_best=[False, True, True])
    told = words.brief(replace(found, cells=cells))
    assert told.startswith("It is surely better than 1 of 3 others; 2 may be the best themselves. ")


def test_signs_are_those_of_the_page_on_claims():
    assert claims.SIGNS == claims_page.SIGNS


def test_without_claims_there_is_nothing(tmp_path):
    assert claims.read(tmp_path) is None


def test_claims_are_read_as_they_were_written(tmp_path):
    shutil.copy(SHOWCASE / "claims.json", tmp_path)
    found = claims.read(tmp_path)
    told = json.loads((SHOWCASE / "claims.json").read_text("utf-8"))["claims"]
    assert found.problem == found.page == ""
    assert {each: verdict.split()[-1] for each, _, verdict, _ in found.entries} == {
        each["id"]: each["verdict"] for each in told
    }
    assert sum(int(count.split()[0]) for count in found.counts) == len(told)
    (tmp_path / "claims.html").write_text("x")
    assert claims.read(tmp_path).page == "claims.html"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"claims": 1}', '{"claims": [{"id": "a"}]}', "\ufffe", "[" * 100_000]
)
def test_damaged_claims_are_told_in_a_line(tmp_path, text):
    (tmp_path / "claims.json").write_text(text, encoding="utf-8")
    found = claims.read(tmp_path)
    assert "cannot be read" in found.problem
    assert "\n" not in found.problem


def test_the_page_tells_of_claims(page_in, tmp_path):
    ledger = Ledger(pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), {})
    (tmp_path / "claims.json").write_text("{", encoding="utf-8")
    assert "claims.json lies beside this report but cannot be read" in page_in(ledger, tmp_path)
    entry = {"id": "a<b", "statement": "<i>s</i>", "verdict": "refuted", "effect": {"what": "w", "words": "1 to 2"}}
    (tmp_path / "claims.json").write_text(json.dumps({"claims": [entry]}), encoding="utf-8")
    (tmp_path / "claims.html").write_text("x")
    text = page_in(ledger, tmp_path)
    assert '<a href="claims.html#a%3Cb">&lt;i&gt;s&lt;/i&gt;</a>' in text
    assert "✗ refuted" in text
