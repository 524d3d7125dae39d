"""Mean ranks and what tuning does to them, on grids that can be ranked by hand."""

import numpy as np
import pytest

from experiments.statistics import ranking_change, rankings
from experiments.statistics.intervals import bca_interval, student_interval

BY_HAND = np.array(
    [[[0.9, 0.8, 0.7], [0.8, 0.9, 0.9], [0.7, 0.7, 0.8]], [[0.5, 0.5, 0.5], [0.4, 0.5, 0.4], [0.4, 0.1, 0.6]]]
)
# Ranks by seed, of sgd, momentum, nag: under the first activation 1 2 3, 2 1 1, 3 3 2; under the second
# 1 1.5 2, 2.5 1.5 3, 2.5 3 1. Their averages:
SGD, MOMENTUM, NAG = [1, 1.75, 2.5], [2.25, 1.25, 2], [2.75, 3, 1.5]


def rng():
    return np.random.default_rng(0)


def test_ranks_by_hand(make_scores):
    table = rankings(make_scores(BY_HAND), "optimizer", rng())
    assert list(table["level"]) == ["sgd", "momentum", "nag"]
    np.testing.assert_allclose(table["mean_rank"], [np.mean(SGD), np.mean(MOMENTUM), np.mean(NAG)])
    assert list(table["position"]) == [1, 2, 3]
    low, high = student_interval(np.array([SGD, MOMENTUM, NAG]))
    np.testing.assert_allclose(table["low"], np.clip(low, 1, 3))
    np.testing.assert_allclose(table["high"], np.clip(high, 1, 3))
    assert set(table["n"]) == {3}
    assert set(table["conditions"]) == {2}


def test_from_ten_seeds_on_the_interval_is_a_bootstrap(make_scores):
    score = np.random.default_rng(1).normal(size=(1, 3, 12))
    table = rankings(make_scores(score), "optimizer", rng(), resamples=500).set_index("level")
    assert set(table["interval"]) == {"BCa bootstrap"}
    ranks = (-score[0]).argsort(axis=0).argsort(axis=0) + 1.0
    low, high = bca_interval(ranks, rng(), resamples=500)
    np.testing.assert_allclose(table.loc[["sgd", "momentum", "nag"], ["low", "high"]].T, np.clip([low, high], 1, 3))


def test_incomplete_conditions_are_not_ranked(make_scores):
    score = BY_HAND.copy()
    score[1, 2] = np.nan
    table = rankings(make_scores(score), "optimizer", rng())
    np.testing.assert_allclose(table["mean_rank"], [4 / 3, 2, 8 / 3])
    assert set(table["conditions"]) == {1}
    score[0, 1] = np.nan
    table = rankings(make_scores(score), "optimizer", rng())
    assert table["mean_rank"].isna().all()
    assert set(table["interval"]) == {"none: no condition has all levels"}


def test_levels_that_tie_share_the_better_place(make_scores):
    table = rankings(make_scores(np.full((2, 3, 3), 0.9)), "optimizer", rng())
    assert list(table["position"]) == [1, 1, 1]
    assert set(table["mean_rank"]) == {2}
    assert set(table["interval"]) == {"none: all equal"}


def ordered(order, seeds=4):
    """Scores of one activation by which optimizers rank in ``order`` for every seed."""
    score = np.empty((1, len(order), seeds))
    score[0] = -np.array(order, float)[:, None]
    return score


# 5 levels, 10 pairs: τ = 1 - 2 · discordant / 10 (Kendall 1938).
CHANGES = [
    ([1, 2, 3, 4, 5], 1.0, []),
    ([2, 1, 3, 4, 5], 0.8, ["sgd", "momentum"]),
    ([3, 2, 1, 4, 5], 0.4, ["sgd", "nag"]),
    ([5, 4, 3, 2, 1], -1.0, ["sgd", "momentum", "rmsprop", "adam"]),
]


@pytest.mark.parametrize(("order", "tau", "moved"), CHANGES)
def test_ranking_change_names_what_moves(order, tau, moved, make_scores):
    table = ranking_change(make_scores(ordered([1, 2, 3, 4, 5])), make_scores(ordered(order)))
    assert list(table["level"]) == ["sgd", "momentum", "nag", "rmsprop", "adam"]
    np.testing.assert_allclose(table["kendall_tau"], tau)
    assert list(table.loc[table["moves"], "level"]) == moved
    assert list(table["position_defaults"]) == order
    assert list(table["change"]) == [place - was for place, was in zip([1, 2, 3, 4, 5], order, strict=True)]


def test_a_move_is_sure_only_beyond_the_seeds_noise(make_scores):
    noise = np.random.default_rng(0).normal(0, 1e-3, (2, 4, 3, 6))
    level = np.array([0.02, 0.01, 0.0])[:, None]
    sure = ranking_change(make_scores(level + noise[0]), make_scores(level[::-1] + noise[1])).set_index("level")
    assert list(sure.index[sure["surely"]]) == ["sgd", "nag"]
    table = ranking_change(make_scores(100 * noise[0]), make_scores(100 * noise[1]))
    assert table["moves"].any()
    assert not table["surely"].any()


def test_only_runs_in_both_frames_count(make_scores):
    tuned, defaults = make_scores(ordered([1, 2, 3])), make_scores(ordered([3, 2, 1]))
    table = ranking_change(tuned[tuned["optimizer"] != "momentum"], defaults[defaults["seed"] < 3])
    assert list(table["level"]) == ["sgd", "nag"]
    assert set(table["n"]) == {3}
    with pytest.raises(ValueError, match="share no cell and seed"):
        ranking_change(tuned, defaults.assign(seed=defaults["seed"] + 100))
    lone = tuned[(tuned["optimizer"] == "sgd") == (tuned["seed"] < 2)]
    with pytest.raises(ValueError, match=r"in no .* does a seed have all levels of optimizer"):
        ranking_change(lone, defaults)
