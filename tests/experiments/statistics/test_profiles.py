"""Performance profiles and the probability of improvement, by hand and against scipy."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.statistics import cost_profile, performance_profile, probability_of_improvement


def rng():
    return np.random.default_rng(0)


def test_profile_by_hand(make_scores):
    frame = make_scores([[[0.1, 0.5, 0.9], [0.6, 0.7, 0.8]], [[0.5, 0.5, 0.6], [0.2, 0.3, 0.4]]])
    table = performance_profile(frame, "optimizer", rng(), thresholds=[0.0, 0.5, 0.9], resamples=100)
    share = table.pivot(index="level", columns="threshold", values="share")
    np.testing.assert_allclose(share.loc["sgd"], [1, 2 / 6, 0])
    np.testing.assert_allclose(share.loc["momentum"], [1, 3 / 6, 0])
    assert (table["low"] <= table["share"]).all()
    assert (table["share"] <= table["high"]).all()
    assert set(table["n_seeds"]) == {3}


def test_blocks_count_alike_in_a_profile(make_scores):
    few, many = make_scores(np.full((1, 1, 2), 0.9)), make_scores(np.full((4, 1, 9), 0.1), "mnist")
    table = performance_profile(pd.concat([few, many]), "optimizer", rng(), thresholds=[0.5], resamples=10)
    assert list(table["share"]) == [0.5]
    assert list(table["blocks"]) == [2]


def test_the_band_resamples_seeds_jointly(make_scores):
    """All cells of a seed rise and fall together: with one good seed of four, F̂ is k/4 with k binomial."""
    frame = make_scores(np.tile([0.9, 0.1, 0.1, 0.1], (4, 1, 1)))
    table = performance_profile(frame, "optimizer", rng(), thresholds=[0.5], resamples=4000)
    expected = stats.binom.ppf([0.025, 0.975], 4, 0.25) / 4
    assert table.loc[0, ["low", "high"]].tolist() == expected.tolist()


def test_cost_profile_with_failures():
    costs = pd.DataFrame({"adam": [1.0, 2.0, np.inf, np.nan], "sgd": [2.0, 2.0, 5.0, np.inf]})
    table = cost_profile(costs).pivot(index="level", columns="ratio", values="share")
    assert list(table.columns) == [1, 2]
    assert table.loc["adam"].tolist() == [0.5, 0.5]
    assert table.loc["sgd"].tolist() == [0.5, 0.75]
    with pytest.raises(ValueError, match="not above 0"):
        cost_profile(costs - 1)


@pytest.mark.parametrize("n", [3, 8])
def test_probability_agrees_with_mann_whitney(n, make_scores):
    score = np.random.default_rng(n).normal(size=(2, 3, n)).round(1)
    table = probability_of_improvement(make_scores(score), "optimizer", rng()).set_index(["a", "b"])
    names = ["sgd", "momentum", "nag"]
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        expected = np.mean([stats.mannwhitneyu(cell[i], cell[j]).statistic / n**2 for cell in score])
        row = table.loc[(names[i], names[j])]
        assert row["probability"] == pytest.approx(expected)
        assert row["low"] <= row["probability"] <= row["high"]


def test_probability_of_certain_and_of_equal_arms(make_scores):
    table = probability_of_improvement(make_scores([[[1.0, 2, 3], [-1, -2, -3], [-1, -2, -3]]]), "optimizer", rng())
    assert table["probability"].tolist() == [1, 1, 0.5]
    assert table["low"].tolist()[:2] == [1, 1]


def test_probability_interval_holds_the_truth_with_enough_seeds(make_scores):
    """P(X > Y) for normals one standard deviation apart is Φ(1/√2) = .760."""
    truth = stats.norm.cdf(1 / np.sqrt(2))
    draws = np.random.default_rng(0).normal(size=(150, 1, 2, 20)) + np.array([[1.0], [0.0]])
    held = 0
    for score in draws:
        row = probability_of_improvement(make_scores(score), "optimizer", rng(), resamples=300).loc[0]
        held += row["low"] <= truth <= row["high"]
    assert stats.binomtest(held, 150, 0.93).pvalue > 0.001
