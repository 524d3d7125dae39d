"""Every activation through every check of the public kit; then what is particular to one."""

import functools

import keras
import numpy as np
import pytest

from custom import activations, layers
from custom.testing import ACTIVATION_CHECKS, ActivationCase, check_activation
from custom.testing.common import gradient, to_numpy, to_tensor
from experiments.conformance.references import activations as oracles

SLOPE_AT_0 = {"relu": 0.0, "leaky_relu": 0.01, "prelu": 0.25, "elu": 1.0}

OTHER_ARGUMENTS = {
    "linear": ({"c": -3.0}, {"c": -3.0}, None),
    "leaky_relu": ({"negative_slope": 0.3}, {"a": 0.3}, 0.3),
    "prelu": ({"alpha": -0.5}, {"a": -0.5}, -0.5),
    "elu": ({"alpha": 1.5}, {"a": 1.5}, 1.5),
    "maxout": ({"pieces": 3}, {"k": 3}, None),
}


def case(spec, ours=None, theirs=None, slope_at_0=None, suffix=""):
    ours, theirs = ours or {}, theirs or {}
    return ActivationCase(
        name=spec.name + suffix,
        function=functools.partial(spec.function, **ours),
        derivative=functools.partial(spec.gradient, **ours),
        reference=functools.partial(getattr(oracles, spec.name), **theirs),
        reference_derivative=functools.partial(getattr(oracles, f"{spec.name}_slope"), **theirs),
        layer=None if ours else spec.factory,
        kinks=spec.kinks,
        slopes_at_kinks=None if slope_at_0 is None else (slope_at_0,),
        keeps_shape=spec.name != "maxout",
        **({"reach": 8.0, "units": 24.0} if spec.name == "softmax" else {}),
    )


CASES = [case(spec, slope_at_0=SLOPE_AT_0.get(spec.name)) for spec in activations.SPECS] + [
    case(spec, *OTHER_ARGUMENTS[spec.name], suffix="-other")
    for spec in activations.SPECS
    if spec.name in OTHER_ARGUMENTS
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("check", ACTIVATION_CHECKS, ids=lambda check: check.__name__)
def test_activation(check, case):
    check(case)


KNOWN_VALUES = [
    # Rounded to the digits that are written, from tables and by hand.
    ("sigmoid", 1.0, 0.7310585786300049),
    ("sigmoid", -20.0, 2.0611536181902037e-09),
    ("tanh", 0.5, 0.46211715726000973),
    ("tanh", 1e-5, 9.999999999666667e-06),
    ("elu", -1.0, -0.6321205588285577),
    ("leaky_relu", -2.0, -0.02),
    ("prelu", -2.0, -0.5),
]


@pytest.mark.parametrize(("name", "z", "value"), KNOWN_VALUES)
def test_known_value(name, z, value):
    assert to_numpy(getattr(activations, name)(to_tensor([z])))[0] == pytest.approx(value, rel=5e-7)
    assert getattr(oracles, name)(np.array([z]))[0] == pytest.approx(value, rel=1e-15)


KNOWN_SLOPES = [("sigmoid", 0.0, 0.25), ("tanh", 0.0, 1.0), ("elu", -1.0, 0.36787944117144233)]


@pytest.mark.parametrize(("name", "z", "slope"), KNOWN_SLOPES)
def test_known_slope_of_autodiff_and_formula(name, z, slope):
    assert gradient(getattr(activations, name), [z])[0] == pytest.approx(slope, rel=1e-6)
    assert to_numpy(getattr(activations, f"{name}_derivative")([z]))[0] == pytest.approx(slope, rel=1e-6)


def test_left_tail_of_sigmoid_keeps_its_digits():
    z = np.array([-80.0, -40.0, -17.0])
    np.testing.assert_allclose(to_numpy(activations.sigmoid(to_tensor(z))), np.exp(z), rtol=1e-5)


def test_softmax_rows_sum_to_one_along_any_axis():
    z = np.random.default_rng(0).normal(scale=50, size=(3, 4, 5))
    for axis in (0, 1, -1):
        p = to_numpy(activations.softmax(to_tensor(z), axis=axis))
        np.testing.assert_allclose(p.sum(axis=axis), 1.0, rtol=1e-6)
        moved = oracles.softmax(np.moveaxis(z, axis, -1))
        np.testing.assert_allclose(np.moveaxis(p, axis, -1), moved, rtol=1e-4, atol=1e-12)


def test_prelu_learns_from_negative_inputs_alone():
    z = np.array([-2.0, -0.5, 0.0, 3.0])
    by_autodiff = [gradient(lambda a, i=i: activations.prelu(to_tensor(z[i : i + 1]), a), [0.25])[0] for i in range(4)]
    np.testing.assert_allclose(by_autodiff, np.minimum(0, z))
    np.testing.assert_allclose(to_numpy(activations.prelu_alpha_derivative(to_tensor(z))), np.minimum(0, z))


def test_pieces_that_tie_share_the_gradient():
    z = np.array([[1.0, 1.0, 2.0, 0.0]])
    share = [[0.5, 0.5, 1.0, 0.0]]
    np.testing.assert_allclose(to_numpy(activations.maxout_derivative(to_tensor(z))), share)
    np.testing.assert_allclose(gradient(activations.maxout, z), share)


def test_linear_layers_collapse_to_one():
    rng = np.random.default_rng(1)
    x, w, v = rng.normal(size=(5, 4)), rng.normal(size=(4, 6)), rng.normal(size=(6, 3))
    deep = layers.Linear(2.0)(to_tensor(layers.Linear(2.0)(to_tensor(x @ w))) @ to_tensor(v))
    np.testing.assert_allclose(to_numpy(deep), 4 * x @ (w @ v), rtol=1e-4, atol=1e-5)


NOT_ALLOWED = [
    ("linear", {"c": float("nan")}, "c=nan", "finite number"),
    ("linear", {"c": "1"}, "c='1'", "finite number"),
    ("leaky_relu", {"negative_slope": 0.0}, "negative_slope=0.0", "between 0 and 1"),
    ("leaky_relu", {"negative_slope": 1}, "negative_slope=1", "between 0 and 1"),
    ("leaky_relu", {"negative_slope": float("nan")}, "negative_slope=nan", "between 0 and 1"),
    ("leaky_relu", {"negative_slope": None}, "negative_slope=None", "between 0 and 1"),
    ("elu", {"alpha": 0.0}, "alpha=0.0", "above 0"),
    ("elu", {"alpha": -1.0}, "alpha=-1.0", "above 0"),
    ("elu", {"alpha": float("inf")}, "alpha=inf", "above 0"),
    ("maxout", {"pieces": 1}, "pieces=1", "2 or more"),
    ("maxout", {"pieces": 2.0}, "pieces=2.0", "2 or more"),
    ("maxout", {"pieces": True}, "pieces=True", "2 or more"),
    ("softmax", {"axis": 0.5}, "axis=0.5", "whole number"),
]


@pytest.mark.parametrize(("name", "arguments", "given", "allowed"), NOT_ALLOWED)
@pytest.mark.parametrize("part", ["function", "derivative", "layer"])
def test_bad_argument(part, name, arguments, given, allowed):
    spec = next(spec for spec in activations.SPECS if spec.name == name)
    use = {
        "function": lambda: spec.function(np.ones((2, 4)), **arguments),
        "derivative": lambda: spec.gradient(np.ones((2, 4)), **arguments),
        "layer": lambda: spec.factory(**arguments),
    }[part]
    with pytest.raises(ValueError, match="is not allowed: give ") as caught:
        use()
    assert given in str(caught.value)
    assert allowed in str(caught.value)


@pytest.mark.parametrize("shape", [(2, 5), (3,), ()])
def test_channels_have_to_be_a_multiple_of_pieces(shape):
    with pytest.raises(ValueError, match="multiple of pieces") as caught:
        activations.maxout(np.ones(shape), pieces=2)
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("spec", activations.SPECS, ids=lambda spec: spec.name)
def test_function_is_saved_by_name(spec):
    saved = keras.saving.serialize_keras_object(spec.function)
    assert saved["registered_name"] == f"gradlab>{spec.name}" or saved["config"] == f"gradlab>{spec.name}"
    assert keras.saving.deserialize_keras_object(saved) is spec.function


WRONG = [
    ("values_equal_the_reference", lambda z: keras.ops.where(z > 1, z, z * 1.001), oracles.linear, {}),
    ("values_hold_in_every_precision", lambda z: keras.ops.cast(z, "float32"), oracles.linear, {}),
    ("large_inputs_are_harmless", lambda z: keras.ops.where(z > 0, z, keras.ops.exp(z) - 1), None, {}),
    ("nan_stays_nan", lambda z: keras.ops.where(z > 0, z, 0), oracles.relu, {"kinks": (0,)}),
    (
        "derivative_equals_autodiff",
        activations.tanh,
        oracles.tanh,
        {"derivative": activations.sigmoid_derivative},
    ),
    (
        "slope_at_a_kink_is_the_convention",
        activations.relu,
        oracles.relu,
        {"kinks": (0.0,), "slopes_at_kinks": (0.5,)},
    ),
    ("shapes_are_what_was_promised", activations.maxout, oracles.maxout, {}),
]


@pytest.mark.parametrize(("check", "function", "reference", "keywords"), WRONG, ids=[row[0] for row in WRONG])
def test_the_kit_names_the_check_that_fails(check, function, reference, keywords):
    with pytest.raises(AssertionError, match=f"^{check}: "):
        check_activation(function, reference, **keywords)


def test_the_kit_takes_a_spec_a_layer_and_a_keras_function():
    check_activation(activations.SPECS[2], oracles.tanh)
    check_activation(layers.LeakyReLU(0.5), functools.partial(oracles.leaky_relu, a=0.5), kinks=(0.0,))
