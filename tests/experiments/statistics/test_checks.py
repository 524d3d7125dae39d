"""The statistics keep their word on simulated data: A/A, coverage, power, family-wise error.

Every observed share is put to a binomial test against what it should be. Where an
interval is known to cover less than it says, the share that it does cover stands here.
"""

import numpy as np
import pytest
from scipy import stats

from experiments.statistics import self_check

NORMAL, SKEWED = "normal", "skewed (1 - exponential)"
SURE = 1e-4
"""Share of sound programs that one of these tests would call broken."""

EXPECTED = [
    # check, distribution, n, least share, greatest share
    *[("A/A: paired t", NORMAL, n, 0.05, 0.05) for n in (3, 5, 10, 20)],
    # A difference of two equal skewed arms is symmetric but heavy-tailed: t is cautious there.
    *[("A/A: paired t", SKEWED, n, 0.03, 0.05) for n in (3, 5, 10, 20)],
    *[("A/A: paired_comparisons", NORMAL, n, 0.05, 0.05) for n in (3, 5)],
    *[("family-wise: any of 10 pairs", NORMAL, n, 0.01, 0.05) for n in (3, 5)],
    *[("family-wise: best of 9 cells", NORMAL, n, 0.0, 0.05) for n in (3, 5)],
    *[("coverage: mean of a cell", NORMAL, n, 0.95, 0.95) for n in (3, 5)],
    # BCa of few seeds covers less than it says; so does Student's t of skewed scores.
    ("coverage: mean of a cell", NORMAL, 10, 0.89, 0.91),
    ("coverage: mean of a cell", NORMAL, 20, 0.92, 0.93),
    *[("coverage: mean of a cell", SKEWED, n, 0.86, 0.89) for n in (3, 5, 10)],
    ("coverage: mean of a cell", SKEWED, 20, 0.90, 0.92),
    # Whole numbers of seeds give at least the power asked for: 34 give .808, 10 give .803, 5 give .909.
    ("power: difference of 0.5 sd", NORMAL, 34, 0.808, 0.808),
    ("power: difference of 1 sd", NORMAL, 10, 0.803, 0.803),
    ("power: difference of 2 sd", NORMAL, 5, 0.909, 0.909),
    *[(f"coverage: share of {term}", NORMAL, n, 0.90, 0.99) for term in ("activation", "optimizer") for n in (3, 5)],
    *[("coverage: share of interaction", NORMAL, n, 0.95, 0.99) for n in (3, 5)],
    *[("coverage: share of seed", NORMAL, n, 0.82, 0.86) for n in (3, 5)],
    *[("coverage: share of residual", NORMAL, n, 0.93, 0.98) for n in (3, 5)],
]


@pytest.mark.parametrize(("check", "distribution", "n", "least", "greatest"), EXPECTED)
def test_the_statistics_keep_their_word(check, distribution, n, least, greatest, checked):
    (row,) = checked.query("check == @check and distribution == @distribution and n == @n").to_dict("records")
    hits, total = round(row["observed"] * row["replications"]), row["replications"]
    assert stats.binomtest(hits, total, least, "less").pvalue > SURE, f"{row['observed']:.3f} is too seldom"
    assert stats.binomtest(hits, total, greatest, "greater").pvalue > SURE, f"{row['observed']:.3f} is too often"


def test_every_row_of_the_self_check_is_looked_at(checked):
    assert {(row.check, row.distribution, row.n) for row in checked.itertuples()} == {row[:3] for row in EXPECTED}


def test_the_interval_of_each_share_holds_it(checked):
    assert ((checked["low"] <= checked["observed"]) & (checked["observed"] <= checked["high"])).all()


def test_equal_generators_give_equal_checks():
    first, second = (self_check(np.random.default_rng(7), replications=20, blocks=2) for _ in range(2))
    assert first.equals(second)
