"""Named model builders and the initial weights that every cell of a comparison shares."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from custom import catalog
from experiments.errors import PlanError
from experiments.heads import Head
from experiments.initialisers import draw
from experiments.names import PLUGIN
from experiments.plugins import nets, parts
from experiments.variants import PREFIX, Variant

PROJECTION = "_projection"
"""Ends the name of the layer that makes an input as wide as what it is added to."""


def activation_layers(name: str, arguments: dict[str, Any]) -> tuple[int, Callable[[], keras.Layer]]:
    """How much wider the affine map before it must be, and a maker of the layer itself."""
    if name.startswith("keras:"):
        if arguments:
            raise PlanError(f"{name} takes no arguments here, got {arguments}")
        return 1, lambda: keras.layers.Activation(name.removeprefix("keras:"))
    if name.startswith(PLUGIN):
        return 1, parts.activation(name)
    if name.startswith(PREFIX):
        return 1, lambda: Variant(name.removeprefix(PREFIX))
    if name == "maxout":
        arguments = {"pieces": 2, **arguments}
        return arguments["pieces"], lambda: catalog.ACTIVATIONS[name].factory(**arguments)
    return 1, lambda: catalog.ACTIVATIONS[name].factory(**arguments)


def mlp(shape, head: Head, activation, arguments, depth: int = 2, width: int = 128, last: int = 0,
        norm: int = 0, skip: int = 0):  # fmt: skip
    """Dense layers of ``width`` units, the last of them half as wide: 784-128-64-10 on MNIST.

    Args:
        shape: of one example.
        head: of the task.
        activation: its name.
        arguments: of the activation.
        depth: number of hidden layers; 0 is a linear model.
        width: units of each hidden layer but the last.
        last: units of the last hidden layer; 0 means half of ``width``, or ``width`` if it is the only one.
        norm: 1 puts batch normalisation between each affine map and its activation.
        skip: 1 adds the input of each hidden layer to its output, where both are equally wide.
    """
    inputs = keras.Input(shape)
    x = keras.layers.Flatten(name="flatten")(inputs)
    for index in range(depth):
        units = width if index < depth - 1 or depth == 1 else last or width // 2
        name = f"hidden_{index + 1}"
        out = _hidden(x, name, keras.layers.Dense, units, activation, arguments, norm)
        x = keras.layers.Add(name=f"{name}_skip")([x, out]) if skip and x.shape == out.shape else out
    return _finish(inputs, x, head)


def cnn(shape, head: Head, activation, arguments, filters: tuple[int, ...] = (32, 64, 64), dense: int = 64,
        norm: int = 0, skip: int = 0):  # fmt: skip
    """3 x (convolution 3x3 same, activation, max pooling 2x2), a dense layer, the head.

    Args:
        shape: of one example.
        head: of the task.
        activation: its name.
        arguments: of the activation.
        filters: channels of each convolution.
        dense: units of the dense layer.
        norm: 1 puts batch normalisation between each affine map and its activation.
        skip: 1 adds the input of each convolution to what its activation gives, before the pooling: as it is where
            both have as many channels, else through a 1x1 convolution.
    """
    inputs = x = keras.Input(shape)
    for index, count in enumerate(filters):
        name = f"conv_{index + 1}"
        out = _hidden(x, name, keras.layers.Conv2D, count, activation, arguments, norm, kernel_size=3, padding="same")
        x = keras.layers.Add(name=f"{name}_skip")([_as_wide(x, name, count), out]) if skip else out
        x = keras.layers.MaxPooling2D(2, name=f"pool_{index + 1}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = _hidden(x, "hidden_1", keras.layers.Dense, dense, activation, arguments, norm)
    return _finish(inputs, x, head)


def cnn_slim(shape, head: Head, activation, arguments, norm: int = 0, skip: int = 0):
    """The same with 8, 16, 16 filters and 32 dense units: for a sweep that has to end soon."""
    return cnn(shape, head, activation, arguments, filters=(8, 16, 16), dense=32, norm=norm, skip=skip)


BUILDERS: dict[str, Callable[..., keras.Model]] = {"mlp": mlp, "cnn": cnn, "cnn-slim": cnn_slim}


def build(model: str, shape, head: Head, activation: str, arguments=None, model_args=None) -> keras.Model:
    """A named model for inputs of ``shape`` (without the batch axis), unwrapped logits or outputs last."""
    if model.startswith(PLUGIN):
        make = activation_layers(activation, dict(arguments or {}))[1]
        return nets.build(model, tuple(shape), head, make, dict(model_args or {}))
    return BUILDERS[model](tuple(shape), head, activation, dict(arguments or {}), **dict(model_args or {}))


def _hidden(x, name: str, kind, units: int, activation: str, arguments, norm: int, **options):
    """An affine map, a normalisation where there is one, the activation."""
    pieces, make = activation_layers(activation, arguments)
    z = kind(units * pieces, kernel_initializer="zeros", name=name, **options)(x)
    layer = make()
    layer.name = f"{name}_activation"
    return layer(keras.layers.BatchNormalization(name=f"{name}_norm")(z) if norm else z)


def _as_wide(x, name: str, channels: int):
    """``x`` itself where it has so many channels, else a linear map of each pixel to so many."""
    if x.shape[-1] == channels:
        return x
    return keras.layers.Conv2D(channels, 1, kernel_initializer="zeros", name=f"{name}{PROJECTION}")(x)


def _finish(inputs, x, head: Head) -> keras.Model:
    for layer in _output(head):
        x = layer(x)
    return keras.Model(inputs, x)


def _output(head: Head) -> list[keras.Layer]:
    layers: list[keras.Layer] = [keras.layers.Dense(head.outputs, kernel_initializer="zeros", name="output")]
    if not head.from_logits and head.activation != "linear":
        layers.append(catalog.ACTIVATIONS[head.activation].factory(name="head"))
    return layers


def initial_weights(model: keras.Model, built: list[np.ndarray], initialiser: str, seed: int) -> list[np.ndarray]:
    """One array for each variable of ``model.variables``.

    Kernels are drawn (`initialisers.draw`), those with no activation behind them (the head's, a projection's) always
    by Glorot; all else (biases, slopes) gets back its value in ``built``, taken right after `build`.
    """
    weights, position = [], 0
    for variable, value in zip(model.variables, built, strict=True):
        if variable.name != "kernel" or "_activation/" in variable.path:  # a layer of a plugin may have one too
            weights.append(value)
            continue
        layer = variable.path.split("/")[-2]
        scheme = "glorot" if layer == "output" or layer.endswith(PROJECTION) else initialiser
        weights.append(draw(scheme, variable.shape, seed, position))
        position += 1
    return weights
