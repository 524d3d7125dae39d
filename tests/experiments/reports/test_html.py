"""``report.html`` without a browser: its structure, its numbers, its size, and that names stay text."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from experiments.reports.evidence import Evidence, across
from experiments.reports.html import scripts
from experiments.reports.html.cells import POINTS
from experiments.reports.html.page import over_all
from experiments.reports.summary import levels
from tests.experiments.reports.hostile import NAMES, arguments
from tests.experiments.reports.made_up import Ledger, trouble, tuning_trouble

SMALL = {"activations": ("linear", "tanh", "relu", "elu"), "optimizers": ("batch_gd", "momentum", "nag", "adam")}
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Reader(HTMLParser):
    """Elements in order as (tag, attributes, text), and whether each end belongs to the last open element."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.wrong = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_endtag(self, tag):
        if not self.open or self.open.pop()[0] != tag:
            self.wrong.append((tag, self.getpos()))

    def handle_data(self, data):
        for element in self.open:
            element[2] += data

    def all(self, tag):
        return [each for each in self.elements if each[0] == tag]

    def with_attribute(self, name):
        return [each for each in self.elements if name in each[1]]

    def data(self, name="data-b0"):
        return json.loads(next(each[2] for each in self.all("script") if each[1].get("id") == name))


def with_trouble(row):
    return tuning_trouble(row) or (None if row["role"] == "trial" else trouble(row))


@pytest.fixture(scope="module")
def ledger(made):
    return made(**SMALL, tuned=True, status=with_trouble, deep=(("relu", "adam"),))


@pytest.fixture(scope="module")
def block(ledger, cut_up):
    (found,) = cut_up(ledger)
    return found


@pytest.fixture(scope="module")
def page(ledger, page_in, tmp_path_factory):
    return Reader(page_in(ledger, tmp_path_factory.mktemp("page")))


@pytest.fixture
def read(made, page_in, tmp_path):
    """Arguments of a ledger -> its page, read."""
    return lambda **given: Reader(page_in(made(**given), tmp_path))


def cell_of(page, block, row, column):
    return page.data()["cells"][block.rows.index(row) * len(block.columns) + block.columns.index(column)]


def test_elements_are_closed_and_named_once(page):
    assert page.wrong == []
    ids = [each[1]["id"] for each in page.with_attribute("id")]
    assert len(ids) == len(set(ids))
    named = [name for each in page.with_attribute("aria-labelledby") for name in each[1]["aria-labelledby"].split()]
    anchors = [each[1]["href"][1:] for each in page.all("a") if each[1]["href"].startswith("#")]
    assert set(named) | set(anchors) <= set(ids)
    assert "main" in anchors


def test_landmarks_and_headings(page):
    assert [len(page.all(tag)) for tag in ("header", "main", "nav", "footer", "h1")] == [1, 1, 1, 1, 1]
    depths = [int(each[0][1]) for each in page.elements if re.fullmatch("h[1-6]", each[0])]
    assert all(later <= earlier + 1 for earlier, later in pairwise(depths))
    assert page.all("html")[0][1]["lang"] == "en"
    heads = [each[2] for each in page.all("h2")]
    assert heads[0] == "In short"
    assert heads[-1] == "Data and methods"


def test_every_chart_has_a_label_and_a_table(page):
    assert len(page.with_attribute("data-chart")) == 4
    assert len(page.with_attribute("data-plot")) == 4
    specs = page.data("charts")["specs"]
    for each in page.with_attribute("data-chart"):
        assert each[1]["role"] == "img"
        assert each[1]["aria-label"]
        assert specs[each[1]["id"]]["data"]["values"]
    assert len(page.all("figure")) == len([each for each in page.all("summary") if each[2] == "Table"]) == 8


def test_nothing_comes_from_elsewhere(page):
    assert page.with_attribute("src") == []
    assert page.all("link") == []
    assert all(re.match(r"#|claims\.html", each[1]["href"]) for each in page.all("a"))
    assert "url(" not in page.all("style")[0][2]
    assert not [name for each in page.elements for name in each[1] if name.startswith("on")]


def test_the_policy_names_the_scripts_by_their_hash(page):
    policy = next(each[1]["content"] for each in page.all("meta") if "http-equiv" in each[1])
    run = [each[2] for each in page.all("script") if "type" not in each[1]]
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in run]
    assert len(hashes) == 2
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy


def test_the_grid_has_every_cell(page, block):
    buttons = page.with_attribute("data-cell")
    assert [int(each[1]["data-cell"]) for each in buttons] == list(range(16))
    for each, (_, cell) in zip(buttons, block.cells.iterrows(), strict=True):
        words = block.metric.number(cell["mean"]) if cell["seeds"] else "failed"
        assert words in each[2]
        assert each[1]["aria-label"].startswith(f"{cell['row']} with {cell['column']}: {words}")
    pressed = [each for each in buttons if each[1]["aria-pressed"] == "true"]
    best = block.cells.sort_values("mean", ascending=False).iloc[0]
    assert [each[1]["aria-label"].partition(":")[0] for each in pressed] == [f"{best['row']} with {best['column']}"]


def test_the_numbers_of_a_cell_are_those_of_the_frames(page, block, ledger):
    cell = cell_of(page, block, "relu", "adam")
    facts = dict(map(tuple, cell["facts"]))
    row = block.cells[(block.cells["row"] == "relu") & (block.cells["column"] == "adam")].iloc[0]
    mean, low, high = (100 * row[name] for name in ("mean", "low", "high"))
    assert facts["test accuracy"] == f"{mean:.2f} % (95 % interval {low:.2f} to {high:.2f} %)"
    assert facts["seeds"] == "3 done"
    runs = ledger.runs[ledger.runs["activation"].eq("relu") & ledger.runs["optimizer"].eq("adam")]
    scored = runs[runs["role"].isin(["tuned", "both"])].sort_values("seed")
    assert [seed[1] for seed in cell["seeds"]] == [f"{100 * value:.2f} %" for value in scored["test_metric"]]
    curves = ledger.curves[ledger.curves["key"].isin(scored["key"])]
    by_seed = curves.merge(scored[["key", "seed"]]).pivot(index="seed", columns="epoch", values="validation_metric")
    shown = np.array([values for _, values in cell["curves"]["seeds"]])
    assert shown == pytest.approx(100 * by_seed.to_numpy(), abs=6e-4)
    assert cell["curves"]["mean"] == pytest.approx(100 * by_seed.mean().to_numpy(), abs=6e-4)
    trials = runs[runs["role"].eq("trial") & runs["constants"].eq("")].groupby("learning_rate")["validation_metric"]
    assert [each[0] for each in cell["rates"]["rows"]] == pytest.approx(list(trials.mean().index), rel=1e-3)
    assert [each[1] for each in cell["rates"]["rows"]] == pytest.approx(list(100 * trials.mean()), abs=6e-4)


def test_diagnostics_of_a_cell_are_those_of_its_own_runs(page, block):
    cell = cell_of(page, block, "tanh", "nag")
    mine = block.diagnostics[block.diagnostics["row"].eq("tanh") & block.diagnostics["column"].eq("nag")]
    norms = (
        mine[mine["depth"].notna()]
        .groupby(["when", "depth"])["gradient_norm"]
        .apply(lambda x: np.exp(np.log(x).mean()))
    )
    assert {(when, depth): middle for when, depth, middle, _, _ in cell["gradients"]} == pytest.approx(
        {(when, int(depth)): value for (when, depth), value in norms.items()}, rel=1e-3
    )
    dead = cell_of(page, block, "elu", "adam")["dead"]
    assert {(when, depth): middle for when, depth, middle, *_ in dead} == {
        (when, depth): 100 * 0.05 * late for late, when in enumerate(("start", "middle", "end")) for depth in (1, 2)
    }


def test_every_cell_says_why(page, block):
    for cell in page.data()["cells"]:
        assert cell["why"].endswith(".")
        assert cell["rule"].startswith("By the rule")
    assert "diverged" in cell_of(page, block, "linear", "momentum")["rule"]
    assert len(page.all("dl")[-1][2].strip().splitlines()) > 20  # the rules, in the appendix


def test_levels_are_drawn_with_their_intervals(page, block):
    rows = page.data("charts")["specs"]["b0-optimizer"]["data"]["values"]
    means = levels(block.runs, "column", "row")
    assert [each["level"] for each in rows] == list(means["level"])
    assert [each["low"] for each in rows] == pytest.approx(list(100 * means["low"].clip(lower=0)), abs=6e-4)


def test_what_went_wrong_is_told(page):
    text = page.all("main")[0][2]
    for words in ("runs diverged and count at chance level", "runs failed", "tried, so a better one may lie beyond",
                  "Undecided", "are not ranked over data sets and models", "sha256 over the arrays",
                  "python -m experiments sweep made"):  # fmt: skip
        assert words in text
    lead = next(each[2] for each in page.elements if each[1].get("class") == "lead")
    assert lead.startswith("The best cell is")


def test_notices_come_first(page):
    assert page.all("main")[0][2].split("In short")[1].split()[:3] == ["Note.", "These", "numbers"]


def test_names_are_text(read):
    page = read(**arguments())
    assert page.wrong == []
    assert page.all("img") == []
    plain = [each for each in page.all("script") if "type" not in each[1]]
    assert [each[2] for each in plain] == [scripts.vega(), scripts.own()]
    cells = [cell for cell in page.data()["cells"] if cell]
    assert {cell["row"] for cell in cells} == set(NAMES)
    text = page.all("main")[0][2]
    assert all(name in text for name in NAMES)
    assert {each[1].get("data-cell") for each in page.all("button")} >= {str(number) for number in range(18)}


def test_no_text_can_end_the_data():
    told = scripts.data({"a": "</script><!--<script>", "b": "\u2028\ud800"})
    assert "<" not in told
    assert json.loads(told)["a"] == "</script><!--<script>"


def test_the_largest_grid_stays_below_ten_megabytes(read, vega):
    page = read(activations=("relu", "tanh"), optimizers=("adam",), seeds=range(5), epochs=200, tuned=True)
    cells = page.data()["cells"]
    assert len(cells[0]["curves"]["epochs"]) <= POINTS
    assert cells[0]["curves"]["epochs"][-1] == 200
    each = len(json.dumps(cells)) / 2 + 1_500  # and its part of the grid and of the tables
    assert 400 * each + len(vega()) < 8e6


def test_the_scripts_of_vega_can_stand_in_a_page(vega):
    script = vega()
    assert "vegaEmbed" in script
    assert "</script" not in script
    assert "<!--" not in script
    assert "\r" not in script


@pytest.mark.parametrize("given", [
    {"activations": ("relu",), "optimizers": ("adam",)},
    {"activations": ("relu",), "optimizers": ("adam",), "tuned": True},
    {**SMALL, "status": lambda row: "failed"},
    {**SMALL, "status": lambda row: "diverged"},
    {**SMALL, "metric": "r2"},
    {**SMALL, "seeds": (0,)},
    {**SMALL, "drop": lambda row: row["activation"] == "relu" and row["optimizer"] != "nag"},
], ids=["one cell", "one cell, tuned", "failed", "diverged", "r2", "one seed", "holes"])  # fmt: skip
def test_unusual_ledgers_give_a_page(read, given):
    page = read(**given)
    assert page.wrong == []
    data = page.data()
    assert data["cells"][data["picked"]]
    if "tuned" not in given:
        assert not [cell for cell in data["cells"] if cell and ("gradients" in cell or "dead" in cell)]
    if given.get("metric") == "r2":
        assert all(dict(map(tuple, cell["facts"])).get("test R²") for cell in data["cells"])


def test_an_empty_ledger_gives_a_page(page_in, tmp_path):
    facts = {"planned_cells": [("mnist", "mlp", "relu", "adam")]}
    page = Reader(page_in(Ledger(pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), facts), tmp_path))
    assert "Nothing has run yet" in page.all("main")[0][2]
    assert "mnist, mlp: nothing has run yet" in page.all("main")[0][2]


def test_ranks_over_several_blocks_are_drawn(made, cut_up):
    ledger = made(activations=("relu", "tanh", "sigmoid"), optimizers=("adam",), models=("mlp", "cnn", "deep"),
                  datasets=(("mnist", "MNIST", True), ("digits", "Digits", None)))  # fmt: skip
    nothing = {name: {} for name in ("pairs", "ranks", "changes", "wins")}
    found = [Evidence(block=block, margin=0.005, cells=pd.DataFrame(), variance=pd.DataFrame(), **nothing)
             for block in cut_up(ledger)]  # fmt: skip
    told = {each["factor"]: each for each in over_all(found)}
    test = across(found, "activation")
    rows = told["activation"]["chart"]["spec"]["data"]["values"]
    assert [each["rank"] for each in rows if "rank" in each] == [round(test.ranks[name], 3) for name in test.levels]
    assert [(each["first"], each["last"]) for each in rows if "bar" in each] == [
        (clique[0], clique[-1]) for clique in test.cliques
    ]
    assert told["optimizer"]["chart"] is None
    assert "are not ranked" in told["optimizer"]["words"]


def test_the_same_rows_in_another_order_give_the_same_page(ledger, page_in, page, tmp_path):
    names = ("runs", "curves", "timings", "diagnostics", "choices")
    shuffled = {name: getattr(ledger, name).sample(frac=1, random_state=3) for name in names}
    again = page_in(type(ledger)(facts=ledger.facts, **shuffled), tmp_path)
    assert Reader(again).elements == page.elements
