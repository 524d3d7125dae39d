"""Maxout as one layer: several affine maps of all inputs, the largest of which is the output."""

from typing import Any

import keras

from custom.activations import maxout
from custom.activations.base import at_least, register
from custom.layers.dense import affine, known_channels


@register
class MaxoutDense(keras.layers.Layer):
    r"""A layer of maxout nodes.

    .. math:: y_i = \max_{j \in [1, k]} (x^T W_{\cdot ij} + b_{ij})

    with x: the inputs, k: ``pieces``, i = 1 ... ``units``; W: the weight ``kernel``, of shape
    (channels, units * pieces), b: the weight ``bias``, the pieces of one unit side by side.

    Derivative: dL/dz_ij = dL/dy_i for the winning piece j of unit i, 0 for the others; from
    there on as in Dense.

    Args:
        units: number of outputs, 1 or more.
        pieces: affine maps an output, 2 or more. W and b have ``pieces`` times as many numbers
            as those of Dense with as many units.
        use_bias: whether there is a b.
        kernel_initializer: what W starts from; anything that Keras takes for an initializer.
            Those that look at the shape see ``units * pieces`` outputs.
        bias_initializer: what b starts from.
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Input shape: (..., channels). Output shape: (..., units).

    Raises:
        ValueError: if ``units`` is below 1, ``pieces`` below 2, or the inputs have no known
            number of channels.

    Deviations: none. Keras has no Maxout.

    Example:
        >>> layer = MaxoutDense(4, pieces=3)
        >>> layer(keras.ops.ones((2, 5))).shape[-1], layer.count_params()
        (4, 72)

    References:
        Goodfellow, Warde-Farley, Mirza, Courville, Bengio: Maxout networks. ICML 2013.
    """

    def __init__(
        self,
        units: int,
        pieces: int = 2,
        use_bias: bool = True,
        kernel_initializer: Any = "he_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = at_least("units", units, 1)
        self.pieces = at_least("pieces", pieces, 2)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.supports_masking = True

    def build(self, input_shape: tuple) -> None:
        channels, wide = known_channels(self, input_shape), self.units * self.pieces
        self.kernel = self.add_weight(shape=(channels, wide), initializer=self.kernel_initializer, name="kernel")
        self.bias = (
            self.add_weight(shape=(wide,), initializer=self.bias_initializer, name="bias") if self.use_bias else None
        )
        self.built = True

    def call(self, inputs: Any) -> Any:
        return maxout(affine(inputs, self.kernel, self.bias), pieces=self.pieces)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "pieces": self.pieces,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }
