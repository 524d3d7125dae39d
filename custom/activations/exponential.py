"""elu: linear on the right, saturating exponentially on the left."""

from typing import Any

from keras import ops

from custom.activations.base import ActivationLayer, real, register
from custom.spec import Spec


@register
def elu(z: Any, alpha: float = 1.0) -> Any:
    r"""Exponential linear unit: saturates at -alpha, so that mean activations stay near 0.

    .. math:: f(z) = \begin{cases} z & z > 0 \\ a\,(e^{z} - 1) & z \le 0 \end{cases}

    with z: ``z``, a: ``alpha``.

    Derivative: f'(z) = 1 for z > 0, f(z) + a = a e^z for z < 0, and at the kink, z = 0, by
    convention a (there is no kink if a = 1); see :func:`elu_derivative`.

    Args:
        z: pre-activations, a float tensor of any shape, without unit.
        alpha: minus the value at minus infinity, more than 0.

    Returns:
        A tensor of the shape and dtype of ``z``, values of -alpha or more.

    Raises:
        ValueError: if ``alpha`` is not more than 0.

    Deviations: none; ``keras.activations.elu`` is the same function.

    Example:
        >>> import numpy as np
        >>> np.asarray(elu([-1e4, 0.0, 2.0])).tolist()
        [-1.0, 0.0, 2.0]

    References:
        Clevert, Unterthiner, Hochreiter: Fast and accurate deep network learning by
        exponential linear units. ICLR 2016.
    """
    a = saturation(alpha)
    z = ops.convert_to_tensor(z)
    return ops.where(z > 0, z, a * ops.expm1(negative_part(z)))


def elu_derivative(z: Any, alpha: float = 1.0) -> Any:
    """f'(z) = 1 where z > 0, else f(z) + a = a e^z."""
    a = saturation(alpha)
    z = ops.convert_to_tensor(z)
    return ops.where(z > 0, 1.0, a * ops.exp(negative_part(z)))


def negative_part(z: Any) -> Any:
    """min(z, 0): the exponential of a large z, not chosen, would still make its gradient NaN."""
    return ops.where(z > 0, 0, z)


def saturation(alpha: Any) -> float:
    return real("alpha", alpha, lambda a: a > 0, "a finite number above 0, such as 1.0")


@register
class ELU(ActivationLayer):
    """Layer that applies :func:`elu`.

    Args:
        alpha: minus the value at minus infinity, more than 0.
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Raises:
        ValueError: if ``alpha`` is not more than 0.
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = saturation(alpha)

    def call(self, inputs: Any) -> Any:
        return elu(inputs, alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


ELU_SPEC = Spec(
    name="elu",
    kind="activation",
    factory=ELU,
    formula="f(z) = z for z > 0, a (e^z - 1) for z <= 0",
    latex=r"f(z) = \begin{cases} z & z > 0 \\ a\,(e^{z} - 1) & z \le 0 \end{cases}",
    derivative="f'(z) = 1 for z > 0, f(z) + a for z < 0; at 0: a",
    symbols={"z": "z", "a": "alpha"},
    kinks=(0.0,),
    defaults={"alpha": 1.0},
    function=elu,
    gradient=elu_derivative,
    keras="keras.activations.elu",
    source="Clevert, Unterthiner, Hochreiter: Fast and accurate deep network learning by exponential "
    "linear units. ICLR 2016",
    deviations="none",
)
