"""The whole report, as files: what is in them, that they are the same each time, that names do no harm."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from experiments.reports import files, frames, write_report
from experiments.reports.evidence import evidence
from experiments.reports.page import page
from experiments.reports.words import seeds as seeds_sentence

HOSTILE = ("<script>alert(1)</script>|*_", "$x^2$\\input{y}", "激活", "a" * 90, "line\nbreak", "relu")
SMALL = {"activations": ("tanh", "relu"), "optimizers": ("batch_gd", "adam")}


def write(folder, ledger):
    return write_report(folder, *ledger.arguments)


@pytest.fixture(scope="session")
def report(ledger, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    written = write(folder, ledger)
    return folder, written, (folder / "report.md").read_text("utf-8")


@pytest.fixture(scope="session")
def hostile(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    ledger = made(
        activations=HOSTILE,
        optimizers=HOSTILE[:3],
        seeds=(0, 1),
        status=lambda row: "failed" if row["optimizer"] == HOSTILE[1] else None,
        datasets=((HOSTILE[0], HOSTILE[0] + HOSTILE[1], False),),
        tuned=True,
        deep=((HOSTILE[0], HOSTILE[0]), (HOSTILE[1], HOSTILE[2])),
        plan=HOSTILE[0],
        command="run `x` ```\n# y",
        notices=["<img src=x onerror=alert(1)>"],
    )
    write(folder, ledger)
    return folder


def test_every_file_is_there_and_no_part_of_one(report):
    folder, written, _ = report
    there = {path for path in folder.rglob("*") if path.is_file()}
    assert there == set(written)
    assert {path.name for path in written if path.parent == folder} == {
        "runs.parquet", "curves.parquet", "diagnostics.parquet", "timings.csv", "comparisons.csv",
        "cell_comparisons.csv", "variance.csv", "rankings.csv", "learning_rates.csv", "summary.csv",
        "summary.tex", "environment.json", "report.md", "report.html",
    }  # fmt: skip
    assert len([path for path in written if path.suffix == ".png"]) == 7
    assert len([path for path in written if path.suffix == ".svg"]) == 7
    assert folder / "figures" / "index.html" in written


def test_a_row_a_run_tuning_included(report, ledger):
    runs = pd.read_parquet(report[0] / "runs.parquet")
    assert set(runs["key"]) == set(ledger.runs["key"])
    assert set(runs["role"]) == {"default", "trial"}
    needed = ["key", "dataset", "model", "activation", "optimizer", "loss", "learning_rate", "seed", "status",
              "test_accuracy"]  # fmt: skip
    assert set(needed) <= set(runs)
    assert len(pd.read_parquet(report[0] / "curves.parquet")) == len(ledger.curves)


def test_the_summary_counts_scoring_runs_alone(report, ledger):
    table = pd.read_csv(report[0] / "summary.csv", dtype={"interval": "string"})
    assert len(table) == 8 * 9
    scored = ledger.runs[ledger.runs["role"] == "default"]
    assert table["done"].sum() == (scored["status"] == "done").sum()
    assert table["diverged"].sum() == (scored["status"] == "diverged").sum() == 5
    assert table["failed"].sum() == scored["status"].isin(["failed", "oom"]).sum() == 7
    assert table["missing"].sum() == 3
    means = scored[scored["status"] == "done"].groupby(["activation", "optimizer"])["test_metric"].mean()
    row = table[(table["activation"] == "elu") & (table["optimizer"] == "adam")].iloc[0]
    assert row["mean"] == pytest.approx(means["elu", "adam"], abs=1e-6)


def test_no_clock_in_the_environment(report):
    told = json.loads((report[0] / "environment.json").read_text("utf-8"))
    assert told["versions"]["keras"] == "3.15.1"
    assert "wall_seconds" not in told


def test_notices_stand_first_and_last(report):
    notice = "> **Note.** These numbers were made up for a test."
    lines = [line for line in report[2].splitlines() if line]
    assert lines[1] == notice
    assert lines[-1] == notice


def test_links_lead_to_files(report):
    folder, _, text = report
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert len(targets) >= 10
    assert [target for target in targets if not (folder / target).is_file()] == []
    assert all(alt for alt in re.findall(r"!\[(.*?)\]\(", text))


@pytest.mark.parametrize("words", [
    "The best cell is **relu with adam**",
    "**5 of 213 runs diverged** and count at chance level (11.35 %)",
    "linear with momentum (3 of 3)",
    "**7 runs failed** and have no result",
    "maxout with batch\\_gd (3, out of memory)",
    "**3 runs not run** so far: prelu with nadam (3)",
    "cannot give a p below 0.25 (so by it no pair differs at 5 %: what is called different here rests on",
    "**Every optimizer ran at its default learning rate; none was tuned. This is a ranking of defaults**",
    "the best optimizer is **adam**",
    "71 tuning runs in `runs.parquet`",
    "ValueError: &lt;b&gt;shape \\| of \\* the\\_input&lt;/b&gt; is wrong",
    "loss not finite at update 431",
    "python -m experiments sweep made",
])  # fmt: skip
def test_the_page_says(report, words):
    assert words in report[2]


@pytest.fixture
def page_of(cut_up):
    """A ledger -> its page and its blocks."""

    def told(ledger):
        return page_and_blocks(ledger, cut_up(ledger))

    return told


def page_and_blocks(ledger, found):
    runs = frames.sorted_runs(ledger.runs)
    timings = frames.sorted_timings(ledger.timings, runs)
    return page([evidence(block) for block in found], runs, timings, ledger.facts, ()), found


@pytest.mark.parametrize(("seeds", "words"), [
    (1, "One seed shows no spread"), (3, "p below 0.25 (so by it no pair"),
    (5, "p below 0.0625 (so by it no pair"),
    (6, "p below 0.03125 (before"), (12, "intervals are BCa"),
])  # fmt: skip
def test_what_so_many_seeds_can_show(page_of, made, seeds, words):
    _, found = page_of(made(**SMALL, seeds=range(seeds)))
    assert words in seeds_sentence(found[0])


@pytest.mark.parametrize(("given", "words"), [
    (0.003, "other than the default: batch\\_gd 0.003 and adam 0.003. At the default rate: none."),
    (0.01, "other than the default: adam 0.01. At the default rate: batch\\_gd 0.01."),
])  # fmt: skip
def test_rates_that_are_not_defaults_are_told(page_of, made, given, words):
    text, _ = page_of(made(**SMALL, rates=lambda row: given))
    assert words in text
    assert "ranking of defaults" not in text


def test_no_interval_of_a_table_ends_above_the_best_value(page_of, made):
    """Three seeds near 100 %: Student's interval goes on beyond it."""
    ledger = made(**SMALL, seeds=(0, 1, 2))
    ledger.runs["test_metric"] = ledger.runs["seed"].map({0: 0.97, 1: 1.0, 2: 1.0})
    ends = [float(each) for each in re.findall(r"\d to (\d+\.\d\d) \|", page_of(ledger)[0])]
    assert len(ends) > 4
    assert max(ends) == 100


def test_without_a_result_the_page_says_so(page_of, made):
    text, _ = page_of(made(**SMALL, status=lambda row: "failed"))
    assert "**No cell has a result yet.**" in text
    assert "The best cell" not in text


def test_an_empty_ledger_gives_a_report(tmp_path):
    facts = {"planned_runs": 4, "planned_cells": [("mnist", "mlp", "relu", "adam")]}
    written = write_report(tmp_path, pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), facts)
    assert len(written) == 10  # without a figure
    assert "0 of 4 planned runs have a result" in (tmp_path / "report.md").read_text("utf-8")
    assert "**mnist, mlp**: nothing has run yet" in (tmp_path / "report.md").read_text("utf-8")
    assert pd.read_parquet(tmp_path / "runs.parquet").empty


def test_names_are_text_in_the_page(hostile):
    text = (hostile / "report.md").read_text("utf-8")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or []}
    assert not {"html_block", "html_inline"} & kinds
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in rows} <= {4, 5, 6, 7, 9, 11, 13}
    seen = "".join(child.content for token in tokens for child in token.children or [])
    assert "<script>alert(1)</script>|*_" in seen


def test_names_are_text_in_pictures(hostile):
    pictures = sorted((hostile / "figures").glob("*.svg"))
    assert len(pictures) == 11
    for path in pictures:
        kinds = {element.tag.rpartition("}")[2] for element in ET.parse(path).iter()}
        assert "script" not in kinds
        assert "path" in kinds


def test_latex_is_balanced(hostile):
    text = (hostile / "summary.tex").read_text("utf-8")
    bare = re.sub(r"\\[{}\\&%$#_]", "", text)
    assert bare.count("{") == bare.count("}")
    assert "$" not in bare.replace("$R^2$", "")
    body = text.split(r"\endhead")[1].split(r"\bottomrule")[0].strip().splitlines()
    assert len(body) == 2 * 18
    assert {len(re.findall(r"(?<!\\)&", line)) for line in body} == {13}
    assert r"\input{" not in text


def test_csv_gives_the_names_back(hostile):
    table = pd.read_csv(hostile / "summary.csv")
    assert set(table["activation"]) == set(HOSTILE)


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = files.write_text(tmp_path / "a.txt", "old")

    def fail(partial):
        partial.write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError), files.atomic(path) as partial:
        fail(partial)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_needs_no_training_backend():
    code = (
        "import sys, experiments.reports\n"
        "heavy = {'pandas', 'matplotlib', 'seaborn', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "import experiments.reports.build\n"
        "backends = {'keras', 'tensorflow', 'keras_tuner', 'jax', 'torch'} & set(sys.modules)\n"
        "assert not backends, backends\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
