"""Seeds to cells to levels, against scipy and against what can be counted by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.reports import frames, summary


@pytest.fixture(scope="module")
def table(ledger):
    runs = frames.sorted_runs(ledger.runs)
    return summary.cells(runs[runs["role"] == "default"], (0, 1, 2))


def cell(table, activation, optimizer):
    found = table[(table["activation"] == activation) & (table["optimizer"] == optimizer)]
    assert len(found) == 1
    return found.iloc[0]


@pytest.mark.parametrize(("status", "metric", "expected"), [
    ("done", 0.9, 0.9), ("diverged", np.nan, 0.1), ("diverged", 0.9, 0.1), ("failed", np.nan, np.nan),
    ("oom", 0.9, np.nan), ("done", np.nan, np.nan), (None, 0.9, np.nan), ("something new", 0.9, np.nan),
])  # fmt: skip
def test_what_a_run_counts_with(status, metric, expected):
    runs = pd.DataFrame({"status": [status], "test_metric": [metric], "chance": [0.1]}).astype({"status": "string"})
    assert summary.counted(runs).tolist() == pytest.approx([expected], nan_ok=True)


@pytest.mark.parametrize("n", [2, 3, 5, 9, 40])
def test_half_width_is_that_of_scipy(n):
    values = np.random.default_rng(n).normal(0.9, 0.01, n)
    low, high = stats.t.interval(0.95, n - 1, values.mean(), stats.sem(values))
    half = float(summary.t_half_width(values.std(ddof=1), np.array(n)))
    assert (values.mean() - half, values.mean() + half) == pytest.approx((low, high))


def test_no_interval_for_one_value():
    assert np.isnan(summary.t_half_width(np.array(np.nan), np.array(1)))


def test_bca_is_the_same_each_time_and_close_to_t_for_normal_values():
    values = np.random.default_rng(0).normal(0.5, 0.1, 60)
    low, high = summary.bca_interval(values)
    assert (low, high) == summary.bca_interval(values)
    half = float(summary.t_half_width(values.std(ddof=1), np.array(60)))
    assert high - low == pytest.approx(2 * half, rel=0.1)
    assert low < values.mean() < high


@pytest.mark.parametrize("values", [np.full(12, 0.5), np.array([0.5] * 11 + [0.6])])
def test_bca_of_degenerate_values_is_finite(values):
    low, high = summary.bca_interval(values)
    assert low <= values.mean() <= high


@pytest.mark.parametrize(("seeds", "method"), [(1, ""), (3, "t"), (9, "t"), (10, "bca")])
def test_which_interval(made, seeds, method):
    ledger = made(activations=("relu",), optimizers=("adam",), seeds=range(seeds))
    found = summary.cells(frames.sorted_runs(ledger.runs), range(seeds))
    assert found["interval"].tolist() == [method]
    assert found["low"].notna().tolist() == [method != ""]


def test_one_row_a_cell(table, ledger):
    pairs = ledger.runs[["activation", "optimizer"]].drop_duplicates()
    assert len(table) == len(pairs) == 8 * 9 - 1


def test_a_good_cell(table, ledger):
    found = cell(table, "relu", "adam")
    runs = ledger.runs[(ledger.runs["activation"] == "relu") & (ledger.runs["optimizer"] == "adam")]
    values = runs.loc[runs["role"] == "default", "test_metric"].astype(float)
    assert found[["mean", "sd", "min", "max"]].tolist() == pytest.approx(
        [values.mean(), values.std(), values.min(), values.max()]
    )
    assert found[["seeds", "done", "diverged", "failed", "missing"]].tolist() == [3, 3, 0, 0, 0]


@pytest.mark.parametrize(("pair", "expected"), [
    (("relu", "adadelta"), {"seeds": 3, "done": 1, "diverged": 2, "failed": 0, "oom": 0}),
    (("linear", "momentum"), {"seeds": 3, "done": 0, "diverged": 3, "failed": 0, "oom": 0}),
    (("maxout", "batch_gd"), {"seeds": 0, "done": 0, "diverged": 0, "failed": 3, "oom": 3}),
    (("elu", "nag"), {"seeds": 0, "failed": 3, "oom": 0}),
    (("tanh", "sgd"), {"seeds": 2, "done": 2, "failed": 1, "missing": 0}),
])  # fmt: skip
def test_what_went_wrong_is_counted(table, pair, expected):
    assert cell(table, *pair)[list(expected)].to_dict() == expected


def test_diverged_runs_pull_the_mean_to_chance(table, ledger):
    found = cell(table, "relu", "adadelta")
    good = ledger.runs[(ledger.runs["activation"] == "relu") & (ledger.runs["optimizer"] == "adadelta")]
    value = float(good.loc[(good["status"] == "done") & (good["role"] == "default"), "test_metric"].iloc[0])
    assert found["mean"] == pytest.approx((value + 2 * 0.1135) / 3)
    assert cell(table, "linear", "momentum")["mean"] == pytest.approx(0.1135)


def test_failed_runs_do_not_touch_the_mean(table):
    assert np.isnan(cell(table, "elu", "nag")["mean"])
    assert cell(table, "tanh", "sgd")["mean"] > 0.5


def test_an_interval_ends_where_the_metric_does(table):
    found = cell(table, "relu", "adadelta")
    assert (found["low"], found["high"]) == (0.0, 1.0)
    assert found["half_width"] > 1


def test_missing_seeds_are_counted(made):
    ledger = made(activations=("relu",), optimizers=("adam",), seeds=(0, 2))
    assert summary.cells(frames.sorted_runs(ledger.runs), range(5))["missing"].tolist() == [3]


def test_ranked_leaves_out_what_has_no_result(table):
    ranking = summary.ranked(table)
    assert ranking["mean"].is_monotonic_decreasing
    assert len(ranking) == len(table) - 2
    assert ranking.iloc[0][["activation", "optimizer"]].tolist() == ["relu", "adam"]


def test_overlaps_counted_one_by_one(table):
    known = summary.ranked(table)
    ends = list(zip(known["low"], known["high"], strict=True))
    touch = [[a[0] <= b[1] and b[0] <= a[1] for b in ends] for a in ends]
    pairs = [touch[i][j] for i in range(len(ends)) for j in range(i)]
    assert summary.overlaps(table) == (sum(touch[0][1:]), len(ends) - 1, pytest.approx(np.mean(pairs)))


def values(rows):
    return pd.DataFrame(rows, columns=["row", "column", "seed", "value"])


def test_levels_by_hand():
    runs = values([
        ("relu", "sgd", 0, 0.6), ("relu", "adam", 0, 0.8), ("relu", "sgd", 1, 0.7), ("relu", "adam", 1, 0.9),
        ("tanh", "sgd", 0, 0.5), ("tanh", "adam", 0, 0.7), ("tanh", "sgd", 1, 0.5), ("tanh", "adam", 1, 0.7),
    ])  # fmt: skip
    table = summary.levels(runs, "row", "column")
    assert table["level"].tolist() == ["relu", "tanh"]
    assert table["mean"].tolist() == pytest.approx([0.75, 0.6])
    half = stats.t.ppf(0.975, 1) * np.std([0.7, 0.8], ddof=1) / np.sqrt(2)
    assert table["high"][0] - table["mean"][0] == pytest.approx(half)
    assert table["cells"].tolist() == [2, 2]
    assert table["balanced"].all()


def test_levels_compare_only_what_all_have():
    """tanh lacks adam, which lifts everyone: a plain mean would rank linear over tanh for that."""
    runs = values([
        ("tanh", "sgd", 0, 0.6), ("tanh", "adam", 0, np.nan),
        ("linear", "sgd", 0, 0.5), ("linear", "adam", 0, 0.9),
    ])  # fmt: skip
    table = summary.levels(runs, "row", "column")
    assert table["level"].tolist() == ["tanh", "linear"]
    assert table["cells"].tolist() == [1, 1]


def test_levels_without_common_ground_say_so():
    runs = values([("tanh", "sgd", 0, 0.6), ("linear", "adam", 0, 0.9)])
    table = summary.levels(runs, "row", "column")
    assert not table["balanced"].any()
    assert table["low"].isna().all()
