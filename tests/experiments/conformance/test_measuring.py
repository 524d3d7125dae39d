"""Every component has its rows; what is wrong is found and named; what differs by definition is told apart from it."""

from dataclasses import replace
from typing import ClassVar

import keras
import numpy as np
import pytest

from custom import catalog
from custom.layers import ELU, Linear, Maxout, Sigmoid
from custom.losses import Hinge, Huber
from custom.optimizers import SGD, Adam, Nadam
from experiments.conformance import activations, losses, optimizers, sources
from experiments.conformance.measuring import KINDS, measure
from experiments.conformance.rows import (
    ABSENT,
    DEFINITION,
    HAS_NONE,
    REFERENCE,
    SAME,
    UNEXPLAINED,
    Gap,
    Sample,
    gap,
    judged,
)

SPECS = {**catalog.ACTIVATIONS, **catalog.LOSSES, **catalog.OPTIMIZERS}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Fewer steps, and Keras alone to compare with: the others are slow to start."""
    monkeypatch.setattr(optimizers, "STEPS", 12)
    monkeypatch.setattr(sources, "installed", lambda source: source == "keras")


def verdicts(rows) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.source, set()).add(row.verdict)
    return found


@pytest.mark.parametrize("name", SPECS)
def test_every_component_has_a_reference_and_a_word_on_each_library(name):
    spec = SPECS[name]
    kind = KINDS[spec.kind]
    assert kind.known(name), f"add {name} to experiments/conformance/references and to PEERS or its like"
    third = "jax" if spec.kind == "activation" else "optax"
    assert kind.inputs(spec)
    for over in kind.inputs(spec):
        assert set(kind.peers(spec, over)) == {"keras", "torch", third}
    assert (
        spec.keras in {"none", *(kind.peers(spec, over)["keras"].name for over in kind.inputs(spec))}
        or ("keras.layers." + spec.keras.rpartition(".")[2]) == kind.peers(spec, "")["keras"].name
    )


def test_a_component_that_nobody_wrote_a_reference_for_is_not_passed_over():
    for kind, like in (("activation", "elu"), ("loss", "hinge"), ("optimizer", "sgd")):
        (row,) = measure(replace(SPECS[like], name=f"new_{kind}"))
        assert (row.verdict, row.gap) == (UNEXPLAINED, None)


@pytest.mark.parametrize("name", ["elu", "leaky_relu", "maxout", "huber", "binary_crossentropy", "sgd", "nadam"])
def test_what_is_right_is_explained(name):
    found = verdicts(measure(SPECS[name]))
    assert found[REFERENCE] == {SAME}
    assert found["keras"] <= {SAME, DEFINITION, HAS_NONE}
    assert (DEFINITION in found["keras"]) is (name in ("leaky_relu", "binary_crossentropy", "nadam"))


class WrongSign(ELU):
    """An ELU whose exponential bends up."""

    def call(self, inputs):
        return keras.ops.where(inputs > 0, inputs, -super().call(inputs))


class WrongMargin(Hinge):
    """A hinge that is zero from a margin of 1.1 on."""

    def call(self, y_true, y_pred):
        return super().call(y_true, y_pred / 1.1)


class Uncorrected(Adam):
    """An Adam without the corrections for its start."""

    @staticmethod
    def rule(g, t, eta, slots, *, beta_1, beta_2, epsilon):
        m, v = slots
        m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g**2
        return -eta * m / (v**0.5 + epsilon), (m, v)


class WrongSchedule(Nadam):
    """A Nadam with the schedule of Keras's: as if it were copied from there."""

    scalars: ClassVar = {"mu_product": 1.0}

    @staticmethod
    def rule(g, t, eta, slots, **constants):
        return Nadam.rule(g, 250 * t, eta, slots, **constants)


class SlightlyFast(SGD):
    """A thousandth too fast, as a forgotten constant would make it."""

    @staticmethod
    def rule(g, t, eta, slots=()):
        return -1.001 * eta * g, slots


class Forgetful(Adam):
    """An Adam with another default than its paper's, in class and card alike."""

    def __init__(self, learning_rate=0.001, beta_2=0.99, **more):
        super().__init__(learning_rate, beta_2=beta_2, **more)


def test_a_default_that_is_not_the_published_one_is_unexplained():
    found = verdicts(measure(replace(SPECS["adam"], factory=Forgetful,
                                     defaults={**SPECS["adam"].defaults, "beta_2": 0.99})))  # fmt: skip
    assert UNEXPLAINED in found[REFERENCE]


def test_a_difference_that_nobody_knows_a_reason_for_is_unexplained(monkeypatch):
    known = activations.PEERS["leaky_relu"]
    monkeypatch.setitem(activations.PEERS, "leaky_relu", known | {"keras": replace(known["keras"], because="")})
    assert verdicts(measure(SPECS["leaky_relu"]))["keras"] == {UNEXPLAINED}


class Deaf(Linear):
    """A linear layer that does not hear its factor."""

    def call(self, inputs):
        return inputs


class TwoPieces(Maxout):
    """A maxout that looks at two of its pieces only."""

    def call(self, inputs):
        k = self.pieces
        return keras.ops.maximum(inputs[..., ::k], inputs[..., 1::k])


class Naive(Sigmoid):
    """A sigmoid whose exponential overflows."""

    def call(self, inputs):
        return 1 - keras.ops.exp(-inputs) / (1 + keras.ops.exp(-inputs))


class Summed(Huber):
    """A Huber loss that is summed unless told otherwise."""

    def __init__(self, reduction="sum", **more):
        super().__init__(reduction=reduction, **more)


@pytest.mark.parametrize(
    ("name", "wrong"), [("linear", Deaf), ("maxout", TwoPieces), ("sigmoid", Naive), ("huber", Summed)]
)
def test_what_is_wrong_away_from_the_defaults_alone_is_found_there(name, wrong):
    found = verdicts(measure(replace(SPECS[name], factory=wrong)))
    assert found[REFERENCE] == {SAME, UNEXPLAINED}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("elu", WrongSign), ("hinge", WrongMargin), ("adam", Uncorrected), ("nadam", WrongSchedule),
     ("sgd", SlightlyFast)],
)  # fmt: skip
def test_what_is_wrong_is_unexplained_against_the_formula_and_against_keras(name, wrong):
    found = verdicts(measure(replace(SPECS[name], factory=wrong)))
    assert found[REFERENCE] == {UNEXPLAINED}
    assert UNEXPLAINED in found["keras"]


def test_a_wrong_derivative_alone_is_found(monkeypatch):
    monkeypatch.setattr(sources, "derivative", lambda *_: None)
    wrong = replace(SPECS["hinge"], gradient=lambda y, p: 1.01 * SPECS["hinge"].gradient(y, p))
    assert verdicts(measure(wrong))[REFERENCE] == {UNEXPLAINED}
    assert verdicts(measure(SPECS["hinge"]))[REFERENCE] == {SAME}


def test_a_library_that_stops_following_its_own_formula_is_unexplained(monkeypatch):
    own = losses.others.binary_crossentropy_of_keras
    assert DEFINITION in verdicts(measure(SPECS["binary_crossentropy"]))["keras"]
    monkeypatch.setattr(losses.others, "binary_crossentropy_of_keras", lambda y, p: [1.001 * x for x in own(y, p)])
    assert UNEXPLAINED in verdicts(measure(SPECS["binary_crossentropy"]))["keras"]


def test_what_is_not_installed_is_said_with_what_to_install():
    for name in ("relu", "huber", "adam"):
        absent = [row for row in measure(SPECS[name]) if row.verdict == ABSENT]
        assert {row.source for row in absent} == {"torch", "jax" if name == "relu" else "optax"}
        assert all(row.because.startswith("pip install") for row in absent)


def test_a_gap_counts_what_is_no_number_as_infinite():
    whole, broken = Sample(np.array([1.0, 2.0])), Sample(np.array([1.0, np.nan]))
    assert gap(whole, whole) == Gap(0.0, None, 0.0)
    assert gap(whole, broken).left == np.inf
    assert gap(Sample(np.array([np.inf])), Sample(np.array([np.inf]))).left == 0
    with pytest.raises(ValueError, match="shapes"):
        gap(whole, Sample(np.array([1.0])))


@pytest.mark.parametrize(
    ("come", "left", "verdict"),
    [(1e-15, None, SAME), (1e-15, 1e-15, SAME), (1e-15, 1e-3, UNEXPLAINED), (1e-3, 1e-15, DEFINITION),
     (1e-3, 1e-3, UNEXPLAINED), (1e-3, None, UNEXPLAINED)],
)  # fmt: skip
def test_the_verdict_is_a_rule(come, left, verdict):
    matched = None if left is None else Gap(left, None, left)
    assert judged(Gap(come, None, come), matched) == verdict
