"""What the report says of results that no sane sweep has: `docs/stress.md`."""

import numpy as np
import pytest

from experiments.reports.evidence import evidence
from experiments.reports.words import brief, findings
from tests.experiments.reports.conftest import cut, write_page
from tests.experiments.reports.made_up import Ledger, make

SMALL = {"activations": ("relu", "tanh"), "optimizers": ("sgd", "adam", "nag")}
METRICS = ["test_metric", "last_test_metric", "validation_metric"]


def with_metric(value: float, metric: str = "r2", where=lambda runs: runs["key"].notna(), **given) -> Ledger:
    ledger = make(**SMALL | {"metric": metric} | given)
    ledger.runs.loc[where(ledger.runs), [*METRICS, *(["test_accuracy"] if metric == "accuracy" else [])]] = value
    return ledger


def one_cell(runs):
    return (runs["activation"] == "relu") & (runs["optimizer"] == "sgd")


def told(ledger: Ledger) -> str:
    (block,) = cut(ledger)
    return "\n".join(findings(evidence(block)))


def test_where_every_run_diverged_no_cell_is_the_best():
    ledger = make(**SMALL, status=lambda row: "diverged")
    text = told(ledger)
    assert "**No cell is the best of 6**: every run diverged and counts at chance level, 11.35 % test accuracy." in text
    assert "**18 of 18 runs diverged**" in text
    assert "best activation" not in text
    assert "better than" not in text
    (block,) = cut(ledger)
    assert brief(evidence(block)) == ""


def test_a_cell_that_diverged_as_a_whole_counts_at_chance():
    text = told(make(**SMALL, status=lambda row: "diverged" if row["optimizer"] == "sgd" else None))
    assert "**6 of 18 runs diverged** and count at chance level (11.35 %)" in text
    assert "The best cell is **tanh with nag**" in text


@pytest.mark.parametrize("seeds", [(0, 1, 2), tuple(range(5))])
def test_equal_scores_everywhere_are_called_so(seeds):
    ledger = with_metric(0.5, "accuracy", seeds=seeds)
    text = told(ledger)
    assert "**No cell is the best of 6**: every run scored alike, 50.00 % test accuracy." in text
    assert "**What matters more** cannot be told: all scores are equal: there is no variance to share." in text
    assert "nan" not in text
    (block,) = cut(ledger)
    found = evidence(block)
    for pairs in (*found.pairs.values(), found.cells):
        assert not pairs["outcome"].isin(["a", "b"]).any()
        assert pairs[["p", "p_holm", "p_equivalent"]].notna().all(axis=None), "counted exactly, where t cannot be"


def test_one_seed_has_no_p_and_says_so():
    ledger = make(**SMALL, seeds=(0,))
    assert "One seed shows no spread" in told(ledger)
    (block,) = cut(ledger)
    for pairs in evidence(block).pairs.values():
        assert pairs["p"].isna().all()
        assert set(pairs["outcome"]) == {"undecided"}


def test_a_score_of_thirty_digits_is_told_with_a_power_of_ten():
    text = told(with_metric(-1e30, where=one_cell))
    assert "relu with sgd (1.0e+30 behind)" in text
    assert "000000" not in text


def test_an_infinite_score_counts_at_chance():
    (block,) = cut(with_metric(-np.inf, where=one_cell))
    assert block.grid("mean").loc["relu", "sgd"] == 0.0
    assert np.isfinite(evidence(block).cells["difference"]).all()


@pytest.mark.parametrize(("where", "number"), [(one_cell, 3), (lambda runs: runs["key"].notna(), 18)])
def test_a_score_that_is_no_number_is_not_called_a_failure(where, number):
    text = told(with_metric(np.nan, where=where))
    assert f"**{number} runs ended well and have no score**: R² is not defined" in text
    assert "failed" not in text


def test_an_accuracy_that_is_no_number_is_not_put_down_to_the_target():
    text = told(with_metric(np.nan, "accuracy", where=one_cell))
    assert "**3 runs ended well and have no number as accuracy**. They are left out." in text
    assert "target" not in text


def test_failures_beside_them_are_counted_alone():
    ledger = with_metric(
        np.nan, where=lambda runs: one_cell(runs) & runs["status"].eq("done"),
        status=lambda row: "failed" if (row["activation"], row["seed"]) == ("relu", 1) else None,
    )  # fmt: skip
    text = told(ledger)
    assert "**2 runs ended well and have no score**" in text
    assert "**3 runs failed** and have no result; they are left out, and the next sweep tries them again: " in text
    assert "relu with sgd (1)" in text


@pytest.mark.parametrize("ledger", [
    with_metric(-1e30, where=one_cell), with_metric(np.nan), with_metric(0.5, "accuracy", tuned=True),
], ids=["-1e30", "nan", "equal"])  # fmt: skip
def test_the_page_can_be_written(ledger, tmp_path):
    page = write_page(ledger, tmp_path)
    assert "</html>" in page
    assert ">nan<" not in page
