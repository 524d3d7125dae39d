"""The node of a net, documented: phi(xW + b)."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from custom import activations
from custom.activations.base import at_least, register


@register
class Dense(keras.layers.Layer):
    r"""A layer of nodes, each an activation of an affine map of all inputs.

    .. math:: y = \varphi(x W + b)

    with x: the inputs, W: the weight ``kernel``, started by ``kernel_initializer``, b: the
    weight ``bias``, started by ``bias_initializer``, phi: ``activation``.

    Derivative, with z = xW + b and d = dL/dy * phi'(z): dL/dW = x^T d, dL/db = the sum of
    d over examples, dL/dx = d W^T.

    Args:
        units: number of nodes, 1 or more.
        activation: phi: the name of one of this package's activations (see
            ``custom.activations.SPECS``), else of one of Keras's, a callable, or a layer.
            None is the identity. A layer may have weights (``"prelu"``) or change the
            number of channels (``"maxout"`` gives units / 2).
        use_bias: whether there is a b.
        kernel_initializer: what W starts from; anything that Keras takes for an initializer.
        bias_initializer: what b starts from.
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Input shape: (..., channels). Output shape: (..., units).

    Raises:
        ValueError: if ``units`` is below 1, the activation is unknown, or the inputs have no
            known number of channels.

    Deviations: the formula is that of ``keras.layers.Dense``, without its regularizers,
    constraints, LoRA and quantisation. The names of activations are this package's
    first: ``"leaky_relu"`` has slope 0.01, where Keras's has 0.2.

    Example:
        >>> layer = Dense(2, activation="relu", kernel_initializer="ones")
        >>> keras.ops.convert_to_numpy(layer(keras.ops.ones((1, 3)))).tolist()
        [[3.0, 3.0]]

    References:
        Rumelhart, Hinton, Williams: Learning representations by back-propagating errors.
        Nature 323, 1986.
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = at_least("units", units, 1)
        self.activation = activation_from(activation, dtype=self.dtype_policy)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.supports_masking = True

    def build(self, input_shape: tuple) -> None:
        channels = known_channels(self, input_shape)
        self.kernel = self.add_weight(shape=(channels, self.units), initializer=self.kernel_initializer, name="kernel")
        self.bias = (
            self.add_weight(shape=(self.units,), initializer=self.bias_initializer, name="bias")
            if self.use_bias
            else None
        )
        if isinstance(self.activation, keras.layers.Layer) and not self.activation.built:
            self.activation.build((*input_shape[:-1], self.units))
        self.built = True

    def call(self, inputs: Any) -> Any:
        return self.activation(affine(inputs, self.kernel, self.bias))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        z_shape = (*input_shape[:-1], self.units)
        if isinstance(self.activation, keras.layers.Layer):
            return tuple(self.activation.compute_output_shape(z_shape))
        return z_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "activation": keras.saving.serialize_keras_object(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }


def affine(x: Any, kernel: Any, bias: Any) -> Any:
    """x W + b, or x W where ``bias`` is None."""
    # Not ops.matmul, which computes in float32 what is given in float64 on PyTorch.
    z = x @ ops.convert_to_tensor(kernel)
    return z if bias is None else z + bias


def activation_from(given: Any, dtype: Any) -> Callable[[Any], Any]:
    """The callable or layer that a name, a configuration, a callable or None stands for.

    A layer made here has the precision ``dtype``: with a default of its own it would cast.
    """
    ours = {spec.name: spec.factory for spec in activations.SPECS}
    if given is None:
        return activations.linear
    if isinstance(given, str) and given in ours:
        return ours[given](dtype=dtype)
    if isinstance(given, dict):
        return keras.saving.deserialize_keras_object(given)
    if callable(given):
        return given
    try:
        return keras.activations.get(given)
    except (ValueError, TypeError):
        raise ValueError(
            f"activation={given!r} is not known: give one of {', '.join(ours)}, the name of a Keras "
            "activation such as 'gelu', a callable or a layer."
        ) from None


def known_channels(layer: keras.layers.Layer, input_shape: tuple) -> int:
    """The last axis of the inputs, which a weight matrix needs to know."""
    if len(input_shape) < 2 or input_shape[-1] is None:
        raise ValueError(
            f"{type(layer).__name__} got inputs of shape {tuple(input_shape)}: it needs (batch, ..., "
            "channels) with a known number of channels. Give the model an Input with its full shape."
        )
    return input_shape[-1]
