"""Bundles: what shares a trace, in which order, at what cost."""

from dataclasses import fields

import pytest

from experiments.records import Run
from experiments.scheduling.bundle import TRACE_SECONDS, Bundle, bundles, cost, trace_of
from tests.experiments.samples import RUN, a_run

# A trace is reused over these: the rate is a variable, weights are assigned, epochs are counted outside it.
FREE = {"seed", "learning_rate", "initialiser", "epochs", "schedule", "semantics"}
OTHER = {str: "other", int: 7, float: 0.5, tuple: (("alpha", 0.5),)}


@pytest.mark.parametrize("name", [each.name for each in fields(Run)])
def test_what_a_trace_depends_on(name):
    changed = a_run(**{name: OTHER[type(getattr(RUN, name))]})
    assert (trace_of(changed) == trace_of(RUN)) is (name in FREE)


def test_runs_of_one_trace_come_together_in_the_order_of_the_first():
    runs = [a_run(activation=activation, seed=seed) for seed in (0, 1) for activation in ("tanh", "relu")]
    grouped = bundles(runs, {"digits": 100})
    assert [[(run.activation, run.seed) for run in each.runs] for each in grouped] == [
        [("tanh", 0), ("tanh", 1)],
        [("relu", 0), ("relu", 1)],
    ]
    assert [each.trace for each in grouped] == [trace_of(runs[0]), trace_of(runs[1])]


def test_no_runs_no_bundles():
    assert bundles([], {}) == []


def test_cost_grows_with_examples_epochs_and_width_and_a_bundle_pays_its_trace_once():
    once = cost(RUN, 1000)
    assert once > 0
    assert cost(RUN, 3000) == pytest.approx(3 * once)
    assert cost(a_run(epochs=4), 1000) == pytest.approx(2 * once)
    assert cost(a_run(activation="maxout"), 1000) > once
    assert cost(a_run(engine="reference"), 1000) > once
    assert cost(a_run(model="cnn"), 1000) > cost(a_run(model="cnn-slim"), 1000) > once
    (both,) = bundles([RUN, a_run(seed=1)], {"digits": 1000})
    assert both.cost == pytest.approx(TRACE_SECONDS + 2 * once)


@pytest.mark.parametrize(
    ("seconds", "pieces"),
    [
        (100.0, [6]),  # all of it
        (5.5, [2, 4]),  # two runs of two seconds and the trace
        (0.0, [1, 5]),  # never less than a run
        (11.5, [6]),  # a rest of one run is not worth another trace
    ],
)
def test_a_bundle_splits_where_the_rest_is_worth_another_trace(seconds, pieces):
    runs = tuple(a_run(seed=seed) for seed in range(6))
    piece, rest = Bundle(runs, TRACE_SECONDS + 2.0 * 6).split(seconds)
    assert [len(each.runs) for each in (piece, rest) if each] == pieces
    assert piece.runs + (rest.runs if rest else ()) == runs
    for each in (piece, rest):
        assert each is None or each.cost == TRACE_SECONDS + 2.0 * len(each.runs)


def test_a_bundle_of_unknown_cost_stays_whole():
    bundle = Bundle((a_run(seed=0), a_run(seed=1)), 0.5)
    assert bundle.split(0.1) == (bundle, None)
