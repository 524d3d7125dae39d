"""Intervals of a cell's mean, against scipy, published numbers and the definition of BCa."""

import numpy as np
import pytest
from scipy import stats

from experiments.statistics import cell_summary, interquartile_mean
from experiments.statistics.intervals import bca_interval, interval, spread, student_interval

# Extra hours of sleep, second drug less first: Cushny and Peebles (1905), in Student (1908).
SLEEP = np.array([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])


def test_student_interval_gives_the_published_one():
    """R 4.3: t.test(extra ~ group, sleep, paired): 0.7001142 to 2.4598858."""
    low, high = student_interval(SLEEP[None])
    np.testing.assert_allclose([low[0], high[0]], [0.7001142, 2.4598858], atol=1e-7)


@pytest.mark.parametrize("n", [2, 3, 9])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.99])
def test_student_interval_agrees_with_scipy(n, confidence):
    x = np.random.default_rng(n).normal(0.9, 0.01, (4, n))
    found = stats.ttest_1samp(x, 0, axis=1).confidence_interval(confidence)
    np.testing.assert_allclose(student_interval(x, confidence), [found.low, found.high], rtol=1e-12)


def test_bca_is_what_efron_defined():
    """The percentiles worked out here from z₀ and a, on other resamples."""
    x = np.exp(np.random.default_rng(0).normal(size=15))
    drawn = np.random.default_rng(1).choice(x, (40_000, 15)).mean(axis=1)
    z0 = stats.norm.ppf(np.mean(drawn < x.mean()))
    without = (x.sum() - x) / 14
    gap = without.mean() - without
    a = (gap**3).sum() / (6 * (gap**2).sum() ** 1.5)
    z = z0 + stats.norm.ppf([0.025, 0.975])
    expected = np.quantile(drawn, stats.norm.cdf(z0 + z / (1 - a * z)))
    found = np.ravel(bca_interval(x[None], np.random.default_rng(2), resamples=40_000))
    np.testing.assert_allclose(found, expected, rtol=0.01)
    plain = np.quantile(drawn, [0.025, 0.975])
    assert np.all(np.abs(plain - expected) > 0.01 * expected), "the sample is too tame to tell BCa from percentiles"


METHODS = [
    (1, "none: one seed"),
    (2, "Student's t"),
    (9, "Student's t"),
    (10, "BCa bootstrap"),
    (15, "BCa bootstrap"),
]


@pytest.mark.parametrize(("n", "method"), METHODS)
def test_the_method_goes_by_the_number_of_seeds(n, method):
    x = np.random.default_rng(n).normal(0.9, 0.01, (3, n))
    low, high, said = interval(x, np.random.default_rng(0))
    assert said == [method] * 3
    if n == 1:
        assert np.isnan(low).all()
        assert np.isnan(high).all()
    else:
        expected = student_interval(x) if n < 10 else bca_interval(x, np.random.default_rng(0))
        np.testing.assert_array_equal([low, high], expected)
        assert np.all((low < x.mean(axis=1)) & (x.mean(axis=1) < high))


@pytest.mark.parametrize("n", [3, 12])
def test_seeds_that_all_agree_have_no_interval(n):
    x = np.stack([np.full(n, 0.1) * 3, np.linspace(0, 1, n)])
    low, _, method = interval(x, np.random.default_rng(0))
    assert np.isnan(low[0])
    assert method[0] == "none: all equal"
    assert np.isfinite(low[1])


def test_spread_takes_rounding_for_none():
    np.testing.assert_allclose(spread(np.array([[0.1 + 0.2, 0.3, 0.3], [1.0, 2.0, 3.0]])), [0, 1])


INTERQUARTILE = [
    ([5.0], 5.0),
    ([1.0, 2.0, 6.0], 3.0),  # too few to cut: the mean
    ([0.0, 2.0, 4.0, 99.0], 3.0),
    ([0.0, 1.0, 2.0, 3.0, 99.0], 2.0),
    ([-9.0, 0.0, 1.0, 2.0, 3.0, 4.0, 50.0, 99.0], 2.5),
]


@pytest.mark.parametrize(("values", "expected"), INTERQUARTILE)
def test_interquartile_mean(values, expected):
    assert interquartile_mean(np.random.default_rng(0).permutation(values)) == expected


def test_cell_summary_says_what_each_number_is(make_scores):
    scores = np.full((2, 2, 10), np.nan)
    scores[0, 0] = SLEEP
    scores[0, 1, :3] = 0.90, 0.92, 0.97
    scores[1, 0, :1] = 0.5
    scores[1, 1, :5] = 0.1
    frame = make_scores(scores)
    frame.loc[(frame["activation"] == "tanh") & (frame["optimizer"] == "momentum"), "status"] = "diverged"
    table = cell_summary(frame, np.random.default_rng(0)).set_index(["activation", "optimizer"])
    assert list(table.index) == [
        ("sigmoid", "sgd"),
        ("sigmoid", "momentum"),
        ("tanh", "sgd"),
        ("tanh", "momentum"),
    ]
    np.testing.assert_allclose(table["mean"], [1.58, 0.93, 0.5, 0.1])
    np.testing.assert_allclose(table["iqm"], [np.sort(SLEEP)[2:8].mean(), 0.93, 0.5, 0.1])
    assert list(table["iqm_values"]) == [6, 3, 1, 3]
    assert list(table["n"]) == [10, 3, 1, 5]
    assert list(table["n_diverged"]) == [0, 0, 0, 5]
    assert list(table["interval"]) == ["BCa bootstrap", "Student's t", "none: one seed", "none: all equal"]
    half = stats.t.ppf(0.975, 2) * np.std([0.90, 0.92, 0.97], ddof=1) / np.sqrt(3)
    np.testing.assert_allclose(table.loc[("sigmoid", "momentum"), ["low", "high"]].tolist(), [0.93 - half, 0.93 + half])


def test_another_cell_changes_no_interval(make_scores):
    scores = np.random.default_rng(4).normal(0.9, 0.01, (3, 2, 12))
    some = cell_summary(make_scores(scores[:2]), np.random.default_rng(0))
    more = cell_summary(make_scores(scores), np.random.default_rng(0))
    assert some.equals(more.iloc[:4])
