"""Friedman and Nemenyi, against the worked example of Demsar (2006)."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.statistics import critical_difference, friedman_nemenyi

# AUC of C4.5 with and without tuned m and cf on 14 UCI data sets: Demsar (2006), table 6.
# Two values of the last row but one look alike as printed; their printed ranks are 2 and 3.
DEMSAR = np.array([
    [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967],
    [0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
    [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875],
    [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
    [0.972, 0.981, 0.97501, 0.975], [0.957, 0.978, 0.946, 0.970],
])  # fmt: skip
NAMES = ["sgd", "momentum", "nag", "rmsprop"]


@pytest.fixture(scope="module")
def demsar(make_scores):
    return pd.concat([make_scores(row[None, :, None], f"uci{place:02}") for place, row in enumerate(DEMSAR)])


def test_ranks_and_critical_difference_of_the_example(demsar):
    found = friedman_nemenyi(demsar)
    assert found.possible
    assert (found.reason, len(found.blocks), found.levels) == ("", 14, ["rmsprop", "momentum", "nag", "sgd"])
    published = dict(zip(NAMES, [3.143, 2.000, 2.893, 1.964], strict=True))
    assert found.ranks == pytest.approx(published, abs=5e-4)
    assert found.critical_difference == pytest.approx(1.25, abs=5e-3)
    assert friedman_nemenyi(demsar, alpha=0.10).critical_difference == pytest.approx(1.12, abs=5e-3)


def test_statistics_of_the_example(demsar):
    """Published: χ² = 9.28 and F = 3.69, without correction for ties, which scipy makes."""
    found = friedman_nemenyi(demsar)
    n, k = DEMSAR.shape
    ties = sum(sum(c**3 - c for c in np.unique(row, return_counts=True)[1]) for row in DEMSAR)
    correction = 1 - ties / (n * (k**3 - k))
    chi2 = found.chi2 * correction
    assert chi2 == pytest.approx(9.28, abs=5e-3)
    assert (n - 1) * chi2 / (n * (k - 1) - chi2) == pytest.approx(3.69, abs=5e-3)
    assert found.f == pytest.approx((n - 1) * found.chi2 / (n * (k - 1) - found.chi2))
    assert found.p == pytest.approx(stats.chi2.sf(found.chi2, 3))
    assert found.p_f == pytest.approx(stats.f.sf(found.f, 3, 39))


def test_cliques_of_the_example(demsar):
    """At .10 the untuned one is worse than the two with m tuned: Demsar, figure 1. At .05 none is."""
    assert friedman_nemenyi(demsar).cliques == [("rmsprop", "momentum", "nag", "sgd")]
    assert friedman_nemenyi(demsar, alpha=0.10).cliques == [("rmsprop", "momentum", "nag"), ("nag", "sgd")]


def test_p_values_agree_with_the_critical_difference(demsar):
    found = friedman_nemenyi(demsar)
    for a in NAMES:
        for b in NAMES:
            gap = abs(found.ranks[a] - found.ranks[b])
            expected = stats.studentized_range.sf(gap / np.sqrt(4 * 5 / (6 * 14)) * np.sqrt(2), 4, np.inf)
            assert found.p_values.loc[a, b] == pytest.approx(expected if a != b else 1, abs=1e-3)


# Quantiles of Demsar (2006), table 5a, for α = .05; with N = k(k + 1)/6 blocks CD is the quantile.
@pytest.mark.parametrize(("k", "q"), [(2, 1.960), (3, 2.343), (5, 2.728), (8, 3.031), (10, 3.164)])
def test_quantiles_of_nemenyi(k, q):
    assert critical_difference(k, k * (k + 1) / 6) == pytest.approx(q, abs=2e-3)


def grid(make_scores, blocks, levels):
    rng = np.random.default_rng(0)
    return pd.concat([make_scores(rng.normal(size=(2, levels, 3)), f"d{place}") for place in range(blocks)])


REASONS = [
    (
        2,
        6,
        [
            "2 (data set, model) blocks of the 6 needed",
            "6 levels",
            "is 5.3 (at 0.05)",
            "possible one is 5: nothing",
        ],
    ),
    (5, 3, ["5 (data set, model) blocks of the 6 needed", "is 1.5 (at 0.05)", "possible one is 2"]),
    (1, 3, ["1 (data set, model) block of the 6 needed"]),
    (7, 2, ["2 levels of optimizer stand in all 7 blocks", "three or more"]),
]


@pytest.mark.parametrize(("blocks", "levels", "words"), REASONS)
def test_too_little_gives_the_reason_in_numbers(blocks, levels, words, make_scores):
    found = friedman_nemenyi(grid(make_scores, blocks, levels))
    assert not found.possible
    assert [word for word in words if word not in found.reason] == []
    assert found.ranks == {}


def test_levels_that_a_block_lacks_are_left_out(make_scores):
    frame = grid(make_scores, 6, 4)
    frame = frame[~((frame["dataset"] == "d3") & (frame["optimizer"] == "nag"))]
    found = friedman_nemenyi(frame)
    assert sorted(found.levels) == ["momentum", "rmsprop", "sgd"]
    assert found.possible


def test_blocks_are_ranked_by_their_averages(make_scores):
    frame = grid(make_scores, 6, 3)
    found = friedman_nemenyi(frame)
    mean = frame.groupby(["dataset", "optimizer"])["score"].mean().unstack()
    np.testing.assert_allclose(found.scores[sorted(found.levels)], mean[sorted(found.levels)])
    assert found.ranks == pytest.approx(mean.rank(axis=1, ascending=False).mean().to_dict())


def test_nothing_to_rank(make_scores):
    frame = grid(make_scores, 6, 3).assign(score=0.9)
    assert friedman_nemenyi(frame).reason == "all levels tie in every block: there is nothing to rank"
