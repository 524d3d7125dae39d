"""softmax: scores made into probabilities."""

from typing import Any

from keras import ops

from custom.activations.base import ActivationLayer, register, whole_number
from custom.spec import Spec


@register
def softmax(z: Any, axis: int = -1) -> Any:
    r"""Softmax: a probability for each of n classes.

    .. math:: f_j(z) = \frac{e^{z_j}}{\sum_k e^{z_k}}

    with z: ``z``, the sum over ``axis``. The largest z is taken from all first, which
    changes nothing but keeps e^z from overflowing.

    Derivative: the Jacobian diag(p) - p p^T with p = f(z); see :func:`softmax_derivative`.

    Args:
        z: scores (logits), a float tensor of one axis or more, without unit.
        axis: over which the probabilities sum to 1.

    Returns:
        A tensor of the shape and dtype of ``z``, values in [0, 1].

    Raises:
        ValueError: if ``axis`` is not a whole number.

    Deviations: none; ``keras.activations.softmax`` is the same function.

    Example:
        >>> import numpy as np
        >>> np.asarray(softmax([[0.0, 0.0], [1e4, -1e4]])).tolist()
        [[0.5, 0.5], [1.0, 0.0]]

    References:
        Bridle: Probabilistic interpretation of feedforward classification network outputs. 1990.
    """
    axis = whole_number("axis", axis)
    z = ops.convert_to_tensor(z)
    # The shift has no gradient of its own: it cancels.
    e = ops.exp(z - ops.stop_gradient(ops.max(z, axis=axis, keepdims=True)))
    return e / ops.sum(e, axis=axis, keepdims=True)


def softmax_derivative(z: Any, axis: int = -1) -> Any:
    """The Jacobian J_ij = dp_i/dz_j = p_i (1[i = j] - p_j), shape (..., n, n), ``axis`` moved last."""
    p = ops.moveaxis(softmax(z, axis), axis, -1)
    diagonal = ops.expand_dims(p, -1) * ops.eye(p.shape[-1], dtype=p.dtype)
    return diagonal - ops.expand_dims(p, -1) * ops.expand_dims(p, -2)


@register
class Softmax(ActivationLayer):
    """Layer that applies :func:`softmax`.

    Args:
        axis: over which the probabilities sum to 1.
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Raises:
        ValueError: if ``axis`` is not a whole number.

    Deviations: a mask is passed on, not applied (``keras.layers.Softmax`` takes one that
    switches single classes off).
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = whole_number("axis", axis)

    def call(self, inputs: Any) -> Any:
        return softmax(inputs, axis=self.axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


SOFTMAX = Spec(
    name="softmax",
    kind="activation",
    factory=Softmax,
    formula="f_j(z) = e^z_j / sum over k of e^z_k",
    latex=r"f_j(z) = \frac{e^{z_j}}{\sum_k e^{z_k}}",
    derivative="df/dz = diag(p) - p p^T, p = f(z)",
    symbols={"z": "z"},
    defaults={"axis": -1},
    function=softmax,
    gradient=softmax_derivative,
    keras="keras.activations.softmax",
    source="Bridle: Probabilistic interpretation of feedforward classification network outputs. 1990",
    deviations="none; the layer passes a mask on where the Keras layer applies it",
)
