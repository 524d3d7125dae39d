"""The grid of rates: half decades that are equal numbers wherever they come from."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import names
from experiments.tuning.space import Tuning, exponent, extension, grid, half_decade, space

RATES = {**names.DEFAULT_RATES, **names.KERAS_RATES}


@given(st.integers(-40, 20))
def test_a_half_decade_knows_its_exponent_and_comes_back_as_the_same_number(k):
    rate = half_decade(k)
    assert exponent(rate) == k
    assert half_decade(exponent(rate)) == rate
    assert rate == pytest.approx(10 ** (k / 2), rel=2e-3)
    assert float(repr(rate)) == rate
    assert len(f"{rate:e}".rstrip("0").split("e")[0].replace(".", "").rstrip("0")) <= 3


@given(st.floats(1e-12, 1e6))
def test_a_rate_snaps_to_the_nearest_half_decade(rate):
    nearest = half_decade(exponent(rate))
    assert abs(math.log10(nearest / rate)) <= 0.25 + 1e-3


@pytest.mark.parametrize("points", [3, 5, 7, 9])
@pytest.mark.parametrize("name", RATES)
def test_a_grid_is_half_decades_around_the_default(name, points):
    rates = grid(RATES[name], points)
    assert len(rates) == points
    steps = [exponent(rate) for rate in rates]
    assert steps == list(range(steps[0], steps[0] + points))
    middle = rates[points // 2]
    assert abs(math.log10(middle / RATES[name])) <= 0.25 + 1e-3
    if RATES[name] in (0.1, 0.01, 0.001, 1.0):
        assert middle == RATES[name], "the default itself is on the grid"


CASES = {
    "above": ([0.001, 0.00316, 0.01], 0.01, [0.0316, 0.1]),
    "below": ([0.001, 0.00316, 0.01], 0.001, [0.0001, 0.000316]),
    "inside": ([0.001, 0.00316, 0.01], 0.00316, []),
    "in any order": ([0.01, 0.001, 0.00316], 0.01, [0.0316, 0.1]),
    "one rate": ([1.0], 1.0, [3.16, 10.0]),
}


@pytest.mark.parametrize(("tried", "best", "expected"), CASES.values(), ids=CASES)
def test_a_grid_grows_where_its_best_is_at_the_edge(tried, best, expected):
    assert extension(tried, best) == expected
    assert not set(expected) & set(tried)


@given(
    st.sampled_from(sorted(set(RATES.values()))),
    st.sampled_from([3, 5, 7]),
    st.lists(st.booleans(), max_size=6),
)
def test_a_grid_grows_without_a_gap_or_an_overlap(rate, points, ups):
    rates = grid(rate, points)
    for up in ups:
        more = extension(rates, max(rates) if up else min(rates))
        assert len(more) == 2
        rates += more
    steps = sorted(exponent(rate) for rate in rates)
    assert steps == list(range(steps[0], steps[0] + len(rates)))


@pytest.mark.parametrize("strategy", ["random", "bayesian", "hyperband"])
def test_what_is_no_grid_searches_the_same_range(strategy):
    on_grid = space(Tuning(strategy="grid", points=7), 0.002, {})
    drawn = space(Tuning(strategy=strategy, points=7), 0.002, {})
    choices = on_grid["learning_rate"]["choices"]
    assert drawn == {"learning_rate": {"low": min(choices), "high": max(choices)}}


def test_constants_are_choices_in_alphabetical_order():
    found = space(Tuning(strategy="grid"), 0.001, {"epsilon": [1e-8, 1e-3], "beta_1": [0.9, 0.5]})
    assert list(found) == ["learning_rate", "beta_1", "epsilon"]
    assert found["beta_1"] == {"choices": [0.9, 0.5]}
