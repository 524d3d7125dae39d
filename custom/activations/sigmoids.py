"""The two S-shaped activations: sigmoid and tanh."""

from typing import Any

from keras import ops

from custom.activations.base import ActivationLayer, register
from custom.spec import Spec


def minus_abs(z: Any) -> Any:
    """-|z|: an exponent that cannot overflow, on either tail.

    Not written as ``-abs(z)``, whose derivative at 0 is 0 for autodiff; so it would be
    for everything computed from it.
    """
    return ops.where(z < 0, z, -z)


@register
def sigmoid(z: Any) -> Any:
    r"""Logistic sigmoid: squashes the real line to (0, 1).

    .. math:: f(z) = \frac{1}{1 + e^{-z}}

    with z: ``z``. Computed as e^z / (1 + e^z) for z < 0, so that neither tail overflows
    and the left one keeps its relative precision.

    Derivative: f'(z) = f(z) (1 - f(z)), at most 1/4, at z = 0; see :func:`sigmoid_derivative`.

    Args:
        z: pre-activations, a float tensor of any shape, without unit.

    Returns:
        A tensor of the shape and dtype of ``z``, values in [0, 1].

    Deviations: none; ``keras.activations.sigmoid`` is the same function.

    Example:
        >>> import numpy as np
        >>> np.asarray(sigmoid([-1e4, 0.0, 1e4])).tolist()
        [0.0, 0.5, 1.0]

    References:
        Rumelhart, Hinton, Williams: Learning representations by back-propagating errors.
        Nature 323, 1986.
    """
    z = ops.convert_to_tensor(z)
    e = ops.exp(minus_abs(z))
    return ops.where(z < 0, e, 1.0) / (1.0 + e)


def sigmoid_derivative(z: Any) -> Any:
    """f'(z) = f(z) (1 - f(z)), where 1 - f(z) = f(-z) loses no digits."""
    z = ops.convert_to_tensor(z)
    return sigmoid(z) * sigmoid(-z)


@register
class Sigmoid(ActivationLayer):
    """Layer that applies :func:`sigmoid`. It has no arguments of its own."""

    def call(self, inputs: Any) -> Any:
        return sigmoid(inputs)


SIGMOID = Spec(
    name="sigmoid",
    kind="activation",
    factory=Sigmoid,
    formula="f(z) = 1 / (1 + e^-z)",
    latex=r"f(z) = \frac{1}{1 + e^{-z}}",
    derivative="f'(z) = f(z) (1 - f(z)), at most 1/4, at z = 0",
    symbols={"z": "z"},
    function=sigmoid,
    gradient=sigmoid_derivative,
    keras="keras.activations.sigmoid",
    source="Rumelhart, Hinton, Williams: Learning representations by back-propagating errors. Nature 323, 1986",
    deviations="none",
)


@register
def tanh(z: Any) -> Any:
    r"""Hyperbolic tangent: a sigmoid scaled to (-1, 1), centred at 0.

    .. math:: f(z) = 2\,\sigma(2z) - 1 = \frac{1 - e^{-2z}}{1 + e^{-2z}}

    with z: ``z`` and sigma the logistic sigmoid. Computed from the right-hand form with
    m = e^(-2|z|) - 1, since 2 sigma - 1 would lose the digits of a small z.

    Derivative: f'(z) = 1 - f(z)^2, at most 1, at z = 0; see :func:`tanh_derivative`.

    Args:
        z: pre-activations, a float tensor of any shape, without unit.

    Returns:
        A tensor of the shape and dtype of ``z``, values in [-1, 1].

    Deviations: none; ``keras.activations.tanh`` is the same function.

    Example:
        >>> import numpy as np
        >>> np.asarray(tanh([-1e4, 0.0, 1e4])).tolist()
        [-1.0, 0.0, 1.0]

    References:
        LeCun, Bottou, Orr, Müller: Efficient BackProp, 1998, section 4.4.
    """
    z = ops.convert_to_tensor(z)
    m = ops.expm1(2.0 * minus_abs(z))
    left = m / (2.0 + m)  # tanh(-|z|)
    return ops.where(z < 0, left, -left)


def tanh_derivative(z: Any) -> Any:
    """f'(z) = 1 - f(z)^2, as 4 sigma(2z) sigma(-2z), which loses no digits on the tails."""
    z = ops.convert_to_tensor(z)
    return 4.0 * sigmoid(2.0 * z) * sigmoid(-2.0 * z)


@register
class Tanh(ActivationLayer):
    """Layer that applies :func:`tanh`. It has no arguments of its own."""

    def call(self, inputs: Any) -> Any:
        return tanh(inputs)


TANH = Spec(
    name="tanh",
    kind="activation",
    factory=Tanh,
    formula="f(z) = 2 sigmoid(2z) - 1",
    latex=r"f(z) = 2\,\sigma(2z) - 1",
    derivative="f'(z) = 1 - f(z)^2, at most 1, at z = 0",
    symbols={"z": "z"},
    function=tanh,
    gradient=tanh_derivative,
    keras="keras.activations.tanh",
    source="LeCun, Bottou, Orr, Müller: Efficient BackProp, 1998, section 4.4",
    deviations="none",
)
