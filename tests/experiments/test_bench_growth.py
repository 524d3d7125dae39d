"""The bench of growth: its arithmetic, its page, and one small size through all of it; nothing here is timed."""

import json

import pytest

from experiments import plan
from experiments.bench import extrapolation, growth
from experiments.errors import PlanError
from experiments.grid import DataFacts, cells

FACTS = DataFacts("digits", "f" * 64, "classes", 10, (8, 8, 1), 1000)


def row(runs: int, **changes: float) -> dict:
    return (
        dict.fromkeys((measure.name for measure in extrapolation.MEASURES), 1.0) | {"runs": runs, "cells": 9} | changes
    )


@pytest.mark.parametrize("size", [10, 100, 1000, 10_000, 100_000])
def test_the_plan_of_a_size_has_about_that_many_runs(tmp_path, size):
    (tmp_path / "plan.toml").write_text(growth.plan_text(size))
    found = cells(plan.load(str(tmp_path / "plan.toml")), {"digits": FACTS})
    assert sum(growth.TRIALS + 2 * cell.seeds for cell in found) == pytest.approx(size, rel=0.15)
    assert len({cell.key for cell in found}) == len(found)


def test_grid_and_seeds_both_grow():
    small, large = growth.shape(1_000), growth.shape(100_000)
    assert large[0] == 10 * small[0]
    assert large[3] > 10 * small[3]


@pytest.mark.parametrize("given", ["", "ten", "100,", "1,5", "100,-5", "99999999", "1e3"])
def test_sizes_that_are_none_are_refused_in_one_line(given):
    with pytest.raises(PlanError, match="allowed: whole numbers from 10 to 10000000") as caught:
        growth.sizes_of(given)
    assert "\n" not in str(caught.value)


def test_a_million_runs_are_on_the_line_through_the_two_largest_sizes():
    rows = [row(100, resume=50.0), row(1_000, resume=2.0, memory=100.0), row(11_000, resume=3.0, memory=100.0)]
    assert extrapolation.at(rows, "resume", 1_000_000) == pytest.approx(3 + 989_000 / 10_000)
    assert extrapolation.at(rows, "memory", 1_000_000) == 100.0
    ((runs, first),) = extrapolation.limits(rows)
    assert (first.name, runs) == ("resume", pytest.approx(11_000 + 57 * 10_000))
    page = extrapolation.page(rows, 2)
    assert "extrapolated from 1,000 and 11,000, not measured" in page
    assert "What breaks first: a finished sweep takes more than a minute to say so, at about 581,000 runs." in page
    assert page.count("never: it is flat") == len(extrapolation.MEASURES) - 1


def test_one_size_alone_has_nothing_to_extrapolate_from():
    page = extrapolation.page([row(100)], 2)
    assert "extrapolated" not in page
    assert len({line.count("|") for line in page.splitlines() if line.startswith("|")}) == 1


@pytest.mark.slow
def test_a_small_size_goes_through_all_of_it(tmp_path):
    lines = list(growth.run(tmp_path, (30,)))
    assert lines[-1] == f"table: {tmp_path / 'growth.md'}"
    (measured,) = json.loads((tmp_path / "growth.json").read_text())["rows"]
    assert measured["runs"] == pytest.approx(30, rel=0.3)
    assert all(measured[each.name] > 0 for each in extrapolation.MEASURES)
