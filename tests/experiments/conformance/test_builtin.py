"""The gap to Keras's own components is measured, and can be seen."""

import re
from dataclasses import replace

import pytest

from custom import catalog
from experiments.conformance import measured

SPECS = {**catalog.ACTIVATIONS, **catalog.LOSSES, **catalog.OPTIMIZERS}
APART = {"leaky_relu": 2.9, "prelu": 2.5, "adagrad": 0.058, "rmsprop": 0.029, "adadelta": 0.14, "adam": 0.014,
         "nadam": 0.01}  # fmt: skip
"""Those whose definition or defaults differ, see their deviations: 0.29 x 10, 0.25 x 10, and five paths."""


def gap(told: str) -> float:
    return float(re.match(r"at most (\S+) apart", told)[1])


@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if spec.keras != "none"])
def test_what_is_the_same_is_within_rounding_and_what_differs_is_not(name):
    found = gap(measured(SPECS[name]))
    assert found == pytest.approx(APART[name], rel=0.05) if name in APART else found < 2e-5


def test_where_keras_has_nothing_nothing_is_said():
    assert measured(SPECS["maxout"]) == ""


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("relu", "leaky_relu"), ("mean_squared_error", "mean_absolute_error"), ("adam", "rmsprop"), ("sgd", "momentum")],
)
def test_a_component_that_computes_something_else_is_found_out(name, wrong):
    assert gap(measured(replace(SPECS[name], factory=SPECS[wrong].factory))) > 1e-4
