"""The rectifiers with a fixed slope on the left: relu and leaky_relu."""

from typing import Any

from keras import ops

from custom.activations.base import ActivationLayer, real, register
from custom.spec import Spec


@register
def relu(z: Any) -> Any:
    r"""Rectified linear unit: passes what is positive.

    .. math:: f(z) = \max(0, z)

    with z: ``z``. NaN stays NaN, so that a diverged net is seen to be one.

    Derivative: f'(z) = 1 for z > 0, 0 for z < 0, and at the kink, z = 0, by convention 0;
    see :func:`relu_derivative`.

    Args:
        z: pre-activations, a float tensor of any shape, without unit.

    Returns:
        A tensor of the shape and dtype of ``z``.

    Deviations: none; ``keras.activations.relu`` is the same function (its further
    arguments left alone).

    Example:
        >>> import numpy as np
        >>> np.asarray(relu([-1.0, 0.0, 2.0])).tolist()
        [0.0, 0.0, 2.0]

    References:
        Nair, Hinton: Rectified linear units improve restricted Boltzmann machines. ICML 2010.
    """
    z = ops.convert_to_tensor(z)
    # max(0, z). ops.maximum would give autodiff a slope at 0 that depends on the backend.
    return ops.where(z <= 0, 0, z)


def relu_derivative(z: Any) -> Any:
    """f'(z) = 1 where z > 0, else 0."""
    z = ops.convert_to_tensor(z)
    return ops.cast(z > 0, z.dtype)


@register
class ReLU(ActivationLayer):
    """Layer that applies :func:`relu`. It has no arguments of its own."""

    def call(self, inputs: Any) -> Any:
        return relu(inputs)


RELU = Spec(
    name="relu",
    kind="activation",
    factory=ReLU,
    formula="f(z) = max(0, z)",
    latex=r"f(z) = \max(0, z)",
    derivative="f'(z) = 1 for z > 0, 0 for z < 0; at 0: 0",
    symbols={"z": "z"},
    kinks=(0.0,),
    function=relu,
    gradient=relu_derivative,
    keras="keras.activations.relu",
    source="Nair, Hinton: Rectified linear units improve restricted Boltzmann machines. ICML 2010",
    deviations="none",
)


@register
def leaky_relu(z: Any, negative_slope: float = 0.01) -> Any:
    r"""Leaky rectified linear unit: a small slope keeps the gradient of negative inputs alive.

    .. math:: f(z) = \max(a z, z), \quad 0 < a < 1

    with z: ``z``, a: ``negative_slope``.

    Derivative: f'(z) = 1 for z > 0, a for z < 0, and at the kink, z = 0, by convention a;
    see :func:`leaky_relu_derivative`.

    Args:
        z: pre-activations, a float tensor of any shape, without unit.
        negative_slope: slope for negative inputs, strictly between 0 and 1.

    Returns:
        A tensor of the shape and dtype of ``z``.

    Raises:
        ValueError: if ``negative_slope`` is not strictly between 0 and 1.

    Deviations: the default is the paper's 0.01. In Keras it is 0.2 for the function
    ``keras.activations.leaky_relu`` and 0.3 for the layer ``keras.layers.LeakyReLU``.

    Example:
        >>> import numpy as np
        >>> np.asarray(leaky_relu([-8.0, 0.0, 2.0], negative_slope=0.25)).tolist()
        [-2.0, 0.0, 2.0]

    References:
        Maas, Hannun, Ng: Rectifier nonlinearities improve neural network acoustic models.
        ICML 2013.
    """
    a = leak(negative_slope)
    z = ops.convert_to_tensor(z)
    return ops.where(z > 0, z, a * z)


def leaky_relu_derivative(z: Any, negative_slope: float = 0.01) -> Any:
    """f'(z) = 1 where z > 0, else a."""
    a = leak(negative_slope)
    z = ops.convert_to_tensor(z)
    return ops.where(z > 0, 1.0, a * ops.ones_like(z))


def leak(negative_slope: Any) -> float:
    return real(
        "negative_slope",
        negative_slope,
        lambda a: 0 < a < 1,
        "a number strictly between 0 and 1, such as 0.01 (for 0 use relu, for 1 linear)",
    )


@register
class LeakyReLU(ActivationLayer):
    """Layer that applies :func:`leaky_relu`.

    Args:
        negative_slope: slope for negative inputs, strictly between 0 and 1.
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Raises:
        ValueError: if ``negative_slope`` is not strictly between 0 and 1.
    """

    def __init__(self, negative_slope: float = 0.01, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.negative_slope = leak(negative_slope)

    def call(self, inputs: Any) -> Any:
        return leaky_relu(inputs, negative_slope=self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "negative_slope": self.negative_slope}


LEAKY_RELU = Spec(
    name="leaky_relu",
    kind="activation",
    factory=LeakyReLU,
    formula="f(z) = max(a z, z), 0 < a < 1",
    latex=r"f(z) = \max(a z, z), \quad 0 < a < 1",
    derivative="f'(z) = 1 for z > 0, a for z < 0; at 0: a",
    symbols={"z": "z", "a": "negative_slope"},
    kinks=(0.0,),
    defaults={"negative_slope": 0.01},
    function=leaky_relu,
    gradient=leaky_relu_derivative,
    keras="keras.layers.LeakyReLU",
    source="Maas, Hannun, Ng: Rectifier nonlinearities improve neural network acoustic models. ICML 2013",
    deviations="none; a = 0.01 as in the paper, where Keras has 0.2 in its function and 0.3 in its layer",
)
