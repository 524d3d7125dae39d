"""Paired tests, against published numbers, scipy and statsmodels."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from experiments.statistics import (
    holm,
    paired_test,
    power_of_difference,
    power_of_equivalence,
    seeds_for_equivalence,
    seeds_needed,
)
from experiments.statistics.paired import hedges_correction, sign_flip_p

SLEEP = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]
# Crossed less self-fertilised maize, eighths of an inch: Darwin (1876), in Fisher (1935).
MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]

PUBLISHED = [
    # differences, column, value, tolerance, source
    (SLEEP, "t", 4.0621, 5e-5, "R 4.3: t.test(sleep, paired)"),
    (SLEEP, "p", 0.002833, 5e-7, "R 4.3: t.test(sleep, paired)"),
    (SLEEP, "low", 0.7001142, 1e-7, "R 4.3: t.test(sleep, paired)"),
    (SLEEP, "high", 2.4598858, 1e-7, "R 4.3: t.test(sleep, paired)"),
    (MAIZE, "t", 2.148, 5e-4, "Fisher (1935), section 17"),
    (MAIZE, "p_sign_flip", 2 * 863 / 32768, 1e-12, "Fisher (1935), section 21: 863 of 32,768 on one side"),
]


@pytest.mark.parametrize(("differences", "column", "value", "tolerance", "source"), PUBLISHED)
def test_published_numbers(differences, column, value, tolerance, source):
    found = paired_test(np.array([differences], float)).loc[0, column]
    assert found == pytest.approx(value, abs=tolerance), source


@pytest.mark.parametrize("n", [2, 3, 5, 12])
def test_agrees_with_scipy_and_statsmodels(n):
    rng = np.random.default_rng(n)
    a, b = rng.normal(0.9, 0.01, (2, 6, n))
    table = paired_test(a - b, margin=0.005)
    oracle = stats.ttest_rel(a, b, axis=1)
    np.testing.assert_allclose(table["t"], oracle.statistic)
    np.testing.assert_allclose(table["p"], oracle.pvalue)
    ends = oracle.confidence_interval(0.95)
    np.testing.assert_allclose(table[["low", "high"]].T, [ends.low, ends.high])
    tost = [ttost_paired(x, y, -0.005, 0.005)[0] for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(table["p_equivalent"], tost)
    flips = [stats.permutation_test((d,), np.sum, permutation_type="samples", n_resamples=np.inf).pvalue for d in a - b]
    np.testing.assert_allclose(table["p_sign_flip"], flips)


def test_each_row_uses_the_seeds_it_has():
    rows = np.array([[1.0, np.nan, 2.0, 4.0], [np.nan] * 4, [3.0, np.nan, np.nan, np.nan], [1.0, 2.0, 4.0, 7.0]])
    table = paired_test(rows)
    assert list(table["n"]) == [3, 0, 1, 4]
    assert table.loc[0, "p"] == pytest.approx(stats.ttest_1samp([1, 2, 4], 0).pvalue)
    assert table.loc[3, "p"] == pytest.approx(stats.ttest_1samp([1, 2, 4, 7], 0).pvalue)
    assert table.loc[2, "difference"] == 3
    assert table.loc[[1, 2], ["p", "low", "p_sign_flip", "p_equivalent"]].isna().all(axis=None)


# .25 with 3 seeds, .0625 with 5: no outcome can go below.
@pytest.mark.parametrize(("n", "floor"), [(1, 1), (2, 0.5), (3, 0.25), (5, 0.0625), (10, 2 / 1024), (15, 2**-14)])
def test_sign_flip_floor(n, floor):
    assert sign_flip_p(np.linspace(1, 2, n)[None])[0] == floor
    assert sign_flip_p(np.zeros((1, n)))[0] == 1


def test_sign_flip_stops_where_counting_would_be_long():
    assert np.isnan(sign_flip_p(np.ones((1, 16)))[0])


# No spread to be seen: exact counting stands in.
@pytest.mark.parametrize(
    ("value", "p", "p_equivalent"), [(0.2, 0.0625, 1.0), (0.0, 1.0, 1 / 32), (0.1 + 0.2 - 0.3, 1.0, 1 / 32)]
)
def test_differences_that_are_all_equal(value, p, p_equivalent):
    row = paired_test(np.full((1, 5), value)).loc[0]
    assert (row["sd"], row["p"], row["p_equivalent"]) == (0, p, p_equivalent)
    assert row[["low", "high", "t", "effect"]].isna().all()


# Hedges (1981), table 1.
@pytest.mark.parametrize(("df", "j"), [(2, 0.5642), (3, 0.7236), (5, 0.8408), (10, 0.9228), (50, 0.9849)])
def test_hedges_correction(df, j):
    assert hedges_correction(df) == pytest.approx(j, abs=6e-5)


def test_effect_size_is_unbiased():
    d = np.random.default_rng(0).normal(0.8, 1, (40_000, 5))
    effect = paired_test(d)["effect"]
    assert effect.mean() == pytest.approx(0.8, abs=4 * effect.std() / 200)


@pytest.mark.parametrize("m", [1, 2, 7, 36])
def test_holm_agrees_with_statsmodels(m):
    p = np.random.default_rng(m).uniform(0, 0.2, m) ** 2
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_holm_leaves_out_what_was_not_tested():
    np.testing.assert_allclose(holm(np.array([np.nan, 0.01, np.nan, 0.04])), [np.nan, 0.02, np.nan, 0.04])
    assert np.isnan(holm(np.full(3, np.nan))).all()


@pytest.mark.parametrize("n", [2, 3, 5, 20, 50])
@pytest.mark.parametrize("effect", [0.0, 0.3, -1.0])
def test_power_agrees_with_statsmodels(n, effect):
    expected = TTestPower().power(effect, n, 0.05, alternative="two-sided")
    assert power_of_difference(effect * 0.01, 0.01, n) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("alpha", [0.05, 1e-3, 1e-7])
@pytest.mark.parametrize("effect", [1e-6, 0.1, 1.0, 30.0, 1e4, 1e9])
def test_power_is_sound_at_the_ends(alpha, effect):
    n = np.arange(2, 400)
    for power in (
        power_of_difference(effect, 1, n, alpha),
        power_of_equivalence(0.1, 1, n, 0.1 + effect, alpha),
    ):
        assert np.all((power >= 0) & (power <= 1 + 1e-9))
        assert np.all(np.diff(power) > -1e-6)


# Two-sided paired t test, G*Power 3.1: effect size, alpha, power, seeds.
@pytest.mark.parametrize(
    ("effect", "alpha", "power", "n"), [(0.2, 0.05, 0.8, 199), (0.5, 0.05, 0.8, 34), (0.8, 0.05, 0.8, 15)]
)
def test_seeds_needed_published(effect, alpha, power, n):
    assert seeds_needed(effect, 1, alpha, power) == n
    assert seeds_needed(-effect, 1, alpha, power) == n
    assert seeds_needed(effect, 1, alpha, power, most=n - 1) == np.inf


def test_equivalence_power_is_that_of_simulated_tests():
    n = int(seeds_for_equivalence(0.001, 0.005, 0.005))
    d = np.random.default_rng(0).normal(0.001, 0.005, (20_000, n))
    found = np.mean(paired_test(d, margin=0.005)["p_equivalent"] <= 0.05)
    assert found == pytest.approx(power_of_equivalence(0.001, 0.005, n, 0.005), abs=0.01)
    assert 0.79 < found < 0.84
    assert power_of_equivalence(0, 1, 5, margin=0.1) == 0  # both tests cannot reject where the margin is tight


SETTLED = [
    (seeds_needed, (0.0, 1.0), np.inf),
    (seeds_needed, (0.0, 0.0), np.inf),
    (seeds_needed, (1.0, 0.0), 2),
    (seeds_needed, (1e-9, 1.0), np.inf),
    (seeds_needed, (1e9, 1.0), 2),
    (seeds_for_equivalence, (0.005, 0.01, 0.005), np.inf),
    (seeds_for_equivalence, (0.0, 0.0, 0.005), 2),
]


@pytest.mark.parametrize(("function", "arguments", "expected"), SETTLED)
def test_the_ends_of_seeds_needed(function, arguments, expected):
    assert function(*arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sd": -1.0}, "sd=-1.0"),
        ({"sd": np.nan}, "sd=nan"),
        ({"power": 1.0}, "power=1.0 is not between 0 and 1"),
        ({"alpha": 0}, "alpha=0 is not between 0 and 1"),
        ({"most": 1}, "most=1: a paired test takes two seeds"),
    ],
)
def test_bad_arguments_of_seeds_needed(arguments, message):
    with pytest.raises(ValueError, match=message):
        seeds_needed(**({"difference": 0.1, "sd": 1.0} | arguments))
