"""Checks of an activation: values, slopes, kinks, both tails, every precision.

``check_activation`` runs them all. ``ACTIVATION_CHECKS`` lists them singly, for
``pytest.mark.parametrize``; each takes an :class:`ActivationCase`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from keras import ops

from custom.spec import Spec
from custom.testing.common import (
    DTYPES,
    assert_close,
    double_precision,
    dtype_of,
    gradient,
    run_checks,
    to_numpy,
    to_tensor,
)

Function = Callable[[Any], Any]
Reference = Callable[[np.ndarray], np.ndarray]

CHANNELS = 6
"""Of the drawn inputs. Most numbers of competing channels divide it."""

COTANGENT = np.array([1.0, -0.5, 0.25, 2.0, -1.5, 0.75])
"""Weights of the outputs where a derivative is a whole Jacobian."""

LARGE = {"float16": 2e4, "bfloat16": 1e30, "float32": 1e30, "float64": 1e300}


@dataclass(frozen=True, kw_only=True)
class ActivationCase:
    """One activation and what is known of it.

    Attributes:
        name: in messages and test ids.
        function: f, tensors (batch, channels) in and out.
        reference: f on float64 arrays, independent of ``function``.
        derivative: f' as tensors: shaped like z, or (batch, channels, channels) for a Jacobian.
        reference_derivative: the same on float64 arrays, independent of ``derivative``.
        layer: makes a Keras layer that applies f.
        kinks: where f' jumps, for one input on its own.
        slopes_at_kinks: the slope that f' has there by convention.
        keeps_shape: whether the output has the input's shape.
        units: rounding errors allowed in a value.
        reach: inputs are drawn from -reach to reach. Where rounding of the inputs is
            magnified with their size, as by softmax, a smaller one lets ``units`` be small.
    """

    name: str
    function: Function
    reference: Reference | None = None
    derivative: Function | None = None
    reference_derivative: Reference | None = None
    layer: Callable[[], Any] | None = None
    kinks: tuple[float, ...] = ()
    slopes_at_kinks: tuple[float, ...] | None = None
    keeps_shape: bool = True
    units: float = 8.0
    reach: float = 100.0

    def __str__(self) -> str:
        return self.name


def check_activation(
    activation: Any,
    reference: Reference | None = None,
    derivative: Function | None = None,
    kinks: Sequence[float] = (),
    *,
    reference_derivative: Reference | None = None,
    slopes_at_kinks: Sequence[float] | None = None,
    keeps_shape: bool = True,
    units: float = 8.0,
    reach: float = 100.0,
) -> None:
    """Run every check on an activation of yours.

    Args:
        activation: a function of a tensor, a Keras layer, or a :class:`custom.spec.Spec`, which
            brings its derivative, kinks and layer along.
        reference: the same function written on its own with float64 NumPy. Without it, values
            are not compared with anything; give it.
        derivative: f'(z) as a function of a tensor.
        kinks: inputs where the derivative jumps. Slopes are not compared across them.
        reference_derivative: f'(z) written on its own with float64 NumPy.
        slopes_at_kinks: the slope meant at each kink.
        keeps_shape: False if the output has another shape than the input.
        units: how many units of rounding a value may be off.
        reach: inputs are drawn from -reach to reach.

    Raises:
        AssertionError: naming the check that failed.

    Example:
        >>> check_activation(keras.activations.softsign, lambda z: z / (1 + abs(z)))
    """
    spec = activation if isinstance(activation, Spec) else None
    case = ActivationCase(
        name=spec.name if spec else getattr(activation, "__name__", type(activation).__name__),
        function=function_of(spec.function or spec.factory() if spec else activation),
        reference=reference,
        derivative=derivative or (spec.gradient if spec else None),
        reference_derivative=reference_derivative,
        layer=spec.factory if spec else None,
        kinks=tuple(kinks) or (spec.kinks if spec else ()),
        slopes_at_kinks=None if slopes_at_kinks is None else tuple(slopes_at_kinks),
        keeps_shape=keeps_shape,
        units=units,
        reach=reach,
    )
    run_checks(ACTIVATION_CHECKS, case)


def function_of(activation: Any) -> Function:
    """A function as it is; of a layer, what it computes in the precision of its input."""
    if not isinstance(activation, keras.layers.Layer):
        return activation

    def function(z: Any) -> Any:
        layer = type(activation).from_config({**activation.get_config(), "dtype": dtype_of(z)})
        if activation.weights:
            layer.build(z.shape)
            layer.set_weights(activation.get_weights())
        return layer(z)

    return function


def drawn(reach: float) -> Any:
    """Float32 numbers (2, CHANNELS), in float64 arrays so that references are exact."""
    element = st.floats(-reach, reach, width=32, allow_subnormal=False)
    return arrays("float64", (2, CHANNELS), elements=element)


many = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)


def points(case: ActivationCase) -> np.ndarray:
    """Inputs (n, CHANNELS) near and far, among them both sides of every kink; exact in float16."""
    offsets = np.array([2.0**k for k in (-6, -3, -1, 0, 1, 2, 3)])
    centres = np.array([*case.kinks, 0.0, 0.5])
    row = np.concatenate([(centres[:, None] + offsets).ravel(), (centres[:, None] - offsets).ravel()])
    row = row[: len(row) // CHANNELS * CHANNELS]
    mixed = np.random.default_rng(0).permutation(row)
    return np.concatenate([row, mixed]).reshape(-1, CHANNELS)


def aside(z: np.ndarray, kinks: Sequence[float], margin: float = 1e-2) -> np.ndarray:
    """``z`` with what lies within ``margin`` of a kink moved out to that distance."""
    for kink in kinks:
        side = np.where(z >= kink, 1.0, -1.0)
        z = np.where(abs(z - kink) < margin, kink + side * margin, z)
    return z.astype("float32").astype("float64")


def apart(z: np.ndarray, margin: float = 1e-2) -> np.ndarray:
    """``z`` with channels moved apart, so that no two tie: a tie is a kink of functions of several."""
    order = np.argsort(np.argsort(z, axis=-1, kind="stable"), axis=-1)
    return z + 4 * margin * order


def slope(case: ActivationCase, z: np.ndarray, dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
    """The stated derivative and autodiff's, both as d(sum of weights * f)/dz, shaped like ``z``."""
    assert case.derivative is not None
    stated = to_numpy(case.derivative(to_tensor(z, dtype)))
    if stated.shape == z.shape:
        return stated, gradient(case.function, z, dtype)
    weights = to_tensor(COTANGENT, dtype)
    product = np.einsum("...i,...ij->...j", COTANGENT, stated)
    return product, gradient(lambda x: weights * case.function(x), z, dtype)


def values_equal_the_reference(case: ActivationCase) -> None:
    """On drawn inputs, and on both sides of every kink."""
    reference = case.reference
    if reference is None:
        return

    @many
    @given(drawn(case.reach))
    def compare(z: np.ndarray) -> None:
        assert_close(case.function(to_tensor(z)), reference(z), "float32", f"f({z})", case.units)

    compare()
    z = points(case)
    assert_close(case.function(to_tensor(z)), reference(z), "float32", f"f({z})", case.units)


def values_hold_in_every_precision(case: ActivationCase) -> None:
    """The dtype is kept, and the value is right to its rounding."""
    z = points(case)
    with double_precision():
        for dtype in DTYPES:
            y = case.function(to_tensor(z, dtype))
            assert dtype_of(y) == dtype, f"{dtype} in gave {dtype_of(y)} out."
            if case.reference is not None:
                assert_close(y, case.reference(z), dtype, f"in {dtype}, f({z})", case.units)


def large_inputs_are_harmless(case: ActivationCase) -> None:
    """No overflow to NaN in value or slope, however large z; nor in an unchosen branch."""
    with double_precision():
        for dtype in DTYPES:
            big = float(to_numpy(to_tensor(LARGE[dtype], dtype)))
            z = np.array([[-big, big, -1e4, 1e4, -100.0, 100.0], [200.0, -200.0, 720.0, -720.0, 12.0, -12.0]])
            z = to_numpy(to_tensor(z, dtype))
            y = to_numpy(case.function(to_tensor(z, dtype)))
            slopes = gradient(case.function, z, dtype)
            assert np.isfinite(y).all(), f"in {dtype}, f({z}) = {y}."
            assert np.isfinite(slopes).all(), f"in {dtype}, autodiff gives f'({z}) = {slopes}."
            if case.reference is not None:
                assert_close(y, case.reference(z), dtype, f"in {dtype}, f({z})", case.units)
            if case.derivative is not None:
                stated = to_numpy(case.derivative(to_tensor(z, dtype)))
                assert np.isfinite(stated).all(), f"in {dtype}, f'({z}) = {stated}."


def nan_stays_nan(case: ActivationCase) -> None:
    """A NaN that went in has to come out: a net that diverged must be seen to have."""
    y = to_numpy(case.function(to_tensor([[np.nan] * CHANNELS])))
    assert np.isnan(y).all(), f"f(NaN) = {y}."


def derivative_equals_autodiff(case: ActivationCase) -> None:
    """Of the backend, on drawn inputs away from kinks."""
    if case.derivative is None:
        return

    @many
    @given(drawn(min(case.reach, 30.0)))
    def compare(z: np.ndarray) -> None:
        z = aside(apart(z), case.kinks)
        stated, automatic = slope(case, z)
        np.testing.assert_allclose(stated, automatic, rtol=2e-5, atol=1e-6, err_msg=f"f'({z})")

    compare()


def derivative_equals_its_reference(case: ActivationCase) -> None:
    """On drawn inputs away from kinks."""
    derivative, reference = case.derivative, case.reference_derivative
    if derivative is None or reference is None:
        return

    @many
    @given(drawn(case.reach))
    def compare(z: np.ndarray) -> None:
        z = aside(apart(z), case.kinks).astype("float32").astype("float64")
        stated = to_numpy(derivative(to_tensor(z)))
        np.testing.assert_allclose(stated, reference(z), rtol=1e-5, atol=1e-6, err_msg=f"f'({z})")

    compare()


def autodiff_equals_finite_differences(case: ActivationCase) -> None:
    """(f(z + h) - f(z - h)) / 2h in float64, along each input in turn, away from kinks."""
    h = 1e-5
    z = aside(apart(points(case)), case.kinks)
    f = case.reference or (lambda x: to_numpy(case.function(to_tensor(x, "float64"))))
    with double_precision():
        width = f(z).shape[-1]
        weights = COTANGENT[:width]
        automatic = gradient(lambda x: to_tensor(weights, "float64") * case.function(x), z, "float64")
        steps = h * np.eye(z.shape[-1])
        numeric = np.stack([((f(z + step) - f(z - step)) / (2 * h)) @ weights for step in steps], axis=-1)
    np.testing.assert_allclose(automatic, numeric, rtol=1e-6, atol=1e-8, err_msg=f"f'({z})")


def slope_at_a_kink_is_the_convention(case: ActivationCase) -> None:
    """At a kink, stated derivative and autodiff have to give the same slope: the one meant."""
    for i, kink in enumerate(case.kinks):
        z = np.full((1, CHANNELS), kink)
        automatic = gradient(case.function, z)
        if case.slopes_at_kinks is not None:
            meant = np.full_like(z, case.slopes_at_kinks[i])
            np.testing.assert_allclose(automatic, meant, rtol=1e-6, err_msg=f"autodiff's f'({kink})")
        if case.derivative is not None:
            stated = to_numpy(case.derivative(to_tensor(z)))
            np.testing.assert_allclose(stated, automatic, rtol=1e-6, err_msg=f"f'({kink})")


def shapes_are_what_was_promised(case: ActivationCase) -> None:
    """Rank 1 to 4, and the symbolic shape equals the eager one, with an unknown batch size."""
    for shape in ((CHANNELS,), (2, CHANNELS), (2, 3, CHANNELS), (2, 3, 3, CHANNELS)):
        y = case.function(ops.ones(shape))
        assert not case.keeps_shape or tuple(y.shape) == shape, f"{shape} in gave {tuple(y.shape)} out."
        if len(shape) > 1:
            symbolic = case.function(keras.Input(shape[1:]))
            assert tuple(symbolic.shape) == (None, *y.shape[1:]), (
                f"symbolic {(None, *shape[1:])} in gave {tuple(symbolic.shape)} out, eager {tuple(y.shape)}."
            )


def layer_equals_function(case: ActivationCase) -> None:
    """The layer that applies f gives f's values."""
    if case.layer is None:
        return
    z = points(case)
    assert_close(case.layer()(to_tensor(z)), case.function(to_tensor(z)), "float32", f"f({z})", 1.0)


ACTIVATION_CHECKS: tuple[Callable[[ActivationCase], None], ...] = (
    values_equal_the_reference,
    values_hold_in_every_precision,
    large_inputs_are_harmless,
    nan_stays_nan,
    derivative_equals_autodiff,
    derivative_equals_its_reference,
    autodiff_equals_finite_differences,
    slope_at_a_kink_is_the_convention,
    shapes_are_what_was_promised,
    layer_equals_function,
)
