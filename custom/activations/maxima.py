"""maxout: the largest of several affine pieces."""

from typing import Any

import keras
from keras import ops

from custom.activations.base import at_least, register
from custom.spec import Spec


@register
def maxout(z: Any, pieces: int = 2) -> Any:
    r"""Maxout: the largest of k affine maps, each a channel of ``z``.

    .. math:: f_i(x) = \max_{j \in [1, k]} z_{ij}, \quad z_{ij} = x^T W_{\cdot ij} + b_{ij}

    with z: ``z``, k: ``pieces``; z_i1 ... z_ik are k consecutive channels.

    Derivative: the gradient goes to the winner alone, df_i/dz_ij = 1 where z_ij is the
    largest, else 0. Pieces that tie share it equally. See :func:`maxout_derivative`.

    Args:
        z: the affine pieces, a float tensor (..., channels), channels a multiple of ``pieces``.
        pieces: how many channels compete for one output, 2 or more.

    Returns:
        A tensor (..., channels / pieces) of the dtype of ``z``.

    Raises:
        ValueError: if ``pieces`` is below 2 or does not divide the number of channels.

    Deviations: none. Keras has no Maxout.

    Example:
        >>> import numpy as np
        >>> np.asarray(maxout([[1.0, 3.0, -2.0, -5.0]], pieces=2)).tolist()
        [[3.0, -2.0]]

    References:
        Goodfellow, Warde-Farley, Mirza, Courville, Bengio: Maxout networks. ICML 2013.
    """
    z = ops.convert_to_tensor(z)
    return ops.max(by_unit(z, pieces), axis=-1)


def maxout_derivative(z: Any, pieces: int = 2) -> Any:
    """df_i/dz_ij in the shape of ``z``: 1 for the winner of each group, 0 for the others."""
    z = ops.convert_to_tensor(z)
    groups = by_unit(z, pieces)
    wins = ops.cast(ops.equal(groups, ops.max(groups, axis=-1, keepdims=True)), z.dtype)
    return ops.reshape(wins / ops.sum(wins, axis=-1, keepdims=True), ops.shape(z))


def by_unit(z: Any, pieces: Any) -> Any:
    """(..., channels) -> (..., channels / pieces, pieces)."""
    units = units_of(z.shape, at_least("pieces", pieces, 2))
    return ops.reshape(z, (*ops.shape(z)[:-1], units, pieces))


def units_of(shape: Any, pieces: int) -> int:
    """How many outputs the channels, the last axis of ``shape``, make."""
    channels = shape[-1] if len(shape) else None
    if channels is None or channels % pieces:
        raise ValueError(
            f"inputs of shape {tuple(shape)} with pieces={pieces} are not allowed: the last axis has to be "
            f"known and a multiple of pieces. Let the layer before have units * pieces channels."
        )
    return channels // pieces


@register
class Maxout(keras.layers.Layer):
    """Layer that applies :func:`maxout` to groups of channels, after Dense or a convolution.

    Args:
        pieces: how many consecutive channels (of the last axis) compete for one output, 2 or more.
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Raises:
        ValueError: if ``pieces`` is below 2 or does not divide the number of channels.

    Example:
        >>> Maxout(3).compute_output_shape((None, 8, 8, 48))
        (None, 8, 8, 16)
    """

    def __init__(self, pieces: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pieces = at_least("pieces", pieces, 2)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        return maxout(inputs, pieces=self.pieces)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape[:-1], units_of(input_shape, self.pieces))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pieces": self.pieces}


MAXOUT = Spec(
    name="maxout",
    kind="activation",
    factory=Maxout,
    formula="f_i(x) = max over j = 1..k of z_ij, z_ij affine in x",
    latex=r"f_i(x) = \max_{j \in [1, k]} x^T W_{\cdot ij} + b_{ij}",
    derivative="df_i/dz_ij = 1 for the winner, 0 for the others",
    symbols={"z": "z", "k": "pieces"},
    defaults={"pieces": 2},
    function=maxout,
    gradient=maxout_derivative,
    source="Goodfellow, Warde-Farley, Mirza, Courville, Bengio: Maxout networks. ICML 2013",
    deviations="none; Keras has no Maxout",
)
