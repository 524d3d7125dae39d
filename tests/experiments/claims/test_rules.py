"""The shared decision rules: what counts as shown, excluded, undecided."""

import math

import numpy as np
import pytest
from scipy import stats

from experiments.claims import rules
from experiments.claims.finding import Control, Effect, Finding, Setting

SEEDS = np.array([0.90, 0.91, 0.92, 0.93, 0.94])
GOOD = Control(True, "as it must be")


def finding(**changes) -> Finding:
    return Finding(**{"verdict": "holds", "effect": Effect("error", 0.0), "positive": GOOD, "negative": GOOD} | changes)


@pytest.mark.parametrize(
    ("gain", "least", "verdict"),
    [
        ([0.05, 0.051, 0.052, 0.049, 0.05], 0.01, "supported"),
        ([0.002, 0.0021, 0.0019, 0.002, 0.0022], 0.01, "refuted"),  # sure, and too small to matter
        ([-0.05, -0.051, -0.049, -0.05, -0.052], 0.01, "refuted"),  # the other way
        ([0.1, -0.08, 0.05, -0.02, 0.09], 0.01, "undecided"),
        ([0.03, 0.03, 0.03, 0.03, 0.03], 0.01, "supported"),  # no spread at all
        ([0.0, 0.0, 0.0, 0.0, 0.0], 0.01, "refuted"),
    ],
)
def test_a_paired_difference_is_judged_by_its_interval_and_the_least_effect(gain, least, verdict):
    found = rules.compare(SEEDS + np.array(gain), SEEDS, least, "accuracy")
    assert found.verdict == verdict
    assert found.effect.value == pytest.approx(np.mean(gain))
    if np.ptp(gain) > 1e-9:
        low, high = stats.t.interval(0.95, 4, np.mean(gain), stats.sem(gain))
        assert (found.effect.low, found.effect.high) == pytest.approx((low, high))


def test_one_seed_decides_nothing():
    assert rules.compare(np.array([1.0]), np.array([0.0]), 0.1, "accuracy")[::2] == ("undecided", 0.0)


def test_power_is_that_of_a_paired_t_test_at_the_least_effect():
    gain = np.array([0.1, -0.08, 0.05, -0.02, 0.09])
    found = rules.compare(SEEDS + gain, SEEDS, 0.1, "accuracy")
    shift, critical = 0.1 / gain.std(ddof=1) * math.sqrt(5), stats.t.isf(0.025, 4)
    assert found.power == pytest.approx(stats.nct.sf(critical, 4, shift) + stats.nct.cdf(-critical, 4, shift), abs=1e-6)


def test_quotients_are_compared_by_their_logarithms():
    found = rules.ratio(np.array([2.0, 2.2, 1.9]), np.array([1.0, 1.0, 1.0]), 1.5, "time")
    assert found.effect.value == pytest.approx(stats.gmean([2.0, 2.2, 1.9]))
    assert found.verdict == "supported"
    assert rules.ratio(np.array([1.0, 1.01, 0.99]), np.ones(3), 1.5, "time").verdict == "refuted"


def test_a_slope_has_the_interval_of_a_regression():
    x = np.arange(6.0)
    y = np.array([0.1, 2.0, 3.9, 6.2, 7.9, 10.1])
    found = rules.slope(x, y, "slope")
    fit = stats.linregress(x, y)
    assert found.value == pytest.approx(fit.slope)
    assert found.high - found.value == pytest.approx(stats.t.isf(0.025, 4) * fit.stderr)


def test_mean_and_share_have_intervals():
    found = rules.mean(SEEDS, "accuracy")
    assert (found.low, found.high) == pytest.approx(stats.t.interval(0.95, 4, SEEDS.mean(), stats.sem(SEEDS)))
    assert rules.mean(np.ones(3), "x")[1:4] == (1, 1, 1)
    low, high = stats.binomtest(3, 10).proportion_ci(method="wilson")
    assert rules.share(3, 10, "x")[1:4] == pytest.approx((0.3, low, high))


@pytest.mark.parametrize(
    ("verdicts", "one"),
    [
        (["supported", "supported"], "supported"),
        (["refuted", "refuted"], "refuted"),
        (["supported", "refuted", "undecided"], "depends"),
        (["supported", "undecided"], "undecided"),
    ],
)
def test_several_settings_make_one_verdict(verdicts, one):
    assert rules.overall([Setting("here", verdict, Effect("x", 1.0)) for verdict in verdicts]) == one


@pytest.mark.parametrize("control", ["positive", "negative"])
def test_a_failed_control_voids_the_verdict_and_says_which(control):
    broken = finding(**{control: Control(False, "nothing was seen")}).checked()
    assert broken.verdict == "broken"
    assert broken.broken == f"{control} control: nothing was seen"
    assert finding().checked().verdict == "holds"


@pytest.mark.parametrize(
    ("changes", "text"), [({"verdict": "true"}, "allowed: holds"), ({"verdict": "undecided"}, "state it")]
)
def test_a_finding_has_a_known_verdict_and_its_power(changes, text):
    with pytest.raises(ValueError, match=text):
        finding(**changes)


def test_an_effect_in_words():
    assert Effect("loss", 0.12345, 0.1, 0.15, "points").words() == "0.123 (0.1 to 0.15) points"
    assert Effect("loss", 2.0).words() == "2"
