"""linear: the activation that is none."""

import math
from typing import Any

from keras import ops

from custom.activations.base import ActivationLayer, real, register
from custom.spec import Spec


@register
def linear(z: Any, c: float = 1.0) -> Any:
    r"""Linear activation: a multiple of its input.

    .. math:: f(z) = c\,z

    with z: ``z``, c: ``c``. A stack of layers with this activation is one affine map,
    whatever its depth.

    Derivative: f'(z) = c, see :func:`linear_derivative`.

    Args:
        z: pre-activations, a float tensor of any shape.
        c: slope, any finite number, without unit.

    Returns:
        A tensor of the shape and dtype of ``z``.

    Raises:
        ValueError: if ``c`` is not a finite number.

    Deviations: none at c = 1. ``keras.activations.linear`` has no slope.

    Example:
        >>> import numpy as np
        >>> np.asarray(linear([-1.0, 2.0], c=3.0)).tolist()
        [-3.0, 6.0]

    References:
        Goodfellow, Bengio, Courville: Deep Learning, MIT Press 2016, section 6.3.
    """
    c = finite_slope(c)
    z = ops.convert_to_tensor(z)
    return c * z


def linear_derivative(z: Any, c: float = 1.0) -> Any:
    """f'(z) = c, in the shape of ``z``."""
    c = finite_slope(c)
    return c * ops.ones_like(z)


def finite_slope(c: Any) -> float:
    return real("c", c, math.isfinite, "a finite number, such as 1.0")


@register
class Linear(ActivationLayer):
    """Layer that applies :func:`linear`.

    Args:
        c: slope, any finite number.
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Raises:
        ValueError: if ``c`` is not a finite number.
    """

    def __init__(self, c: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.c = finite_slope(c)

    def call(self, inputs: Any) -> Any:
        return linear(inputs, c=self.c)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "c": self.c}


LINEAR = Spec(
    name="linear",
    kind="activation",
    factory=Linear,
    formula="f(z) = c z",
    latex=r"f(z) = c\,z",
    derivative="f'(z) = c",
    symbols={"z": "z", "c": "c"},
    defaults={"c": 1.0},
    function=linear,
    gradient=linear_derivative,
    keras="keras.activations.linear",
    source="Goodfellow, Bengio, Courville: Deep Learning, MIT Press 2016, section 6.3",
    deviations="none at c = 1; the Keras function has no slope",
)
