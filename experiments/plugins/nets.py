"""Models that a function of the user's builds: put under a head, their layers named, their weights drawn by seed."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from custom import catalog
from custom.layers import Dense
from experiments.errors import PlanError
from experiments.heads import Head
from experiments.initialisers import draw
from experiments.plugins import parts

DRAWN = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D, Dense)
"""Layers whose kernel has the shape (..., in, out) that the schemes of variance scaling speak of."""
ENDS = (
    "has to end in a layer that gives {} numbers for each example, without softmax or sigmoid: the head comes after it"
)


def build(name: str, shape: tuple[int, ...], head: Head, activation: Callable[[], keras.Layer],
          arguments: dict[str, Any]) -> keras.Model:  # fmt: skip
    """The model of a plugin with its head.

    Raises:
        PlanError: what the function gave is no model that can be trained here.
    """
    made: list[keras.Layer] = []

    def new(*tensors: Any) -> keras.Layer:
        if tensors:
            raise TypeError("activation is no function of tensors: activation() makes a layer of its own")
        made.append(activation())
        return made[-1]

    net = parts.model(name)(shape, head.outputs, new, **arguments)
    if not isinstance(net, keras.Model):
        raise PlanError(f"model {name} gave {type(net).__name__}; its function has to return a keras.Model")
    if not getattr(net, "inputs", None) or not getattr(net, "outputs", None):
        raise PlanError(f"model {name} is a {type(net).__name__} without inputs; give a keras.Sequential that begins "
                        "with keras.Input(input_shape), or keras.Model(inputs, outputs)")  # fmt: skip
    if len(net.inputs) != 1 or tuple(net.inputs[0].shape[1:]) != shape:
        given = ", ".join(str(tuple(each.shape[1:])) for each in net.inputs)
        raise PlanError(f"model {name} takes inputs of shape {given}; the data has {shape}: use input_shape")
    if len(net.outputs) != 1 or tuple(net.outputs[0].shape[1:]) != (head.outputs,):
        given = ", ".join(str(tuple(each.shape[1:])) for each in net.outputs)
        raise PlanError(f"model {name} gives outputs of shape {given}, not {(head.outputs,)}: it "
                        + ENDS.format(head.outputs))  # fmt: skip
    last = net.layers[-1]
    if isinstance(last, keras.layers.Softmax) or getattr(last, "activation", None) in (
        keras.activations.softmax, keras.activations.sigmoid, keras.activations.log_softmax,
    ):  # fmt: skip
        raise PlanError(f"model {name} ends in {last.name!r} with an activation of its own: it "
                        + ENDS.format(head.outputs))  # fmt: skip
    _name(net, made)
    if head.from_logits or head.activation == "linear":
        return net
    return keras.Model(net.inputs[0], catalog.ACTIVATIONS[head.activation].factory(name="head")(net.outputs[0]))


def layers(net: Any) -> Iterator[Any]:
    """Every layer, those of a model within the model too."""
    for layer in net.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from layers(layer)


def last(net: keras.Model) -> keras.Layer | None:
    """The last layer that has weights: its output goes to the head."""
    return next((layer for layer in reversed(list(layers(net))) if layer.weights), None)


def initial_weights(net: keras.Model, fresh: list[np.ndarray], initialiser: str, seed: int) -> list[np.ndarray]:
    """One array for each variable of ``net.variables``.

    Kernels of `DRAWN` layers that have Keras's default initialiser are drawn as in the models that come along, that of
    the last layer by Glorot; all else keeps its value in ``fresh``, where the user's own initialisers drew it
    under this seed.
    """
    ours = [layer for layer in layers(net) if isinstance(layer, DRAWN) and layer.trainable
            and isinstance(layer.kernel_initializer, keras.initializers.GlorotUniform)]  # fmt: skip
    place = {id(layer.kernel): position for position, layer in enumerate(ours)}
    output = getattr(last(net), "kernel", None)
    weights = []
    for variable, value in zip(net.variables, fresh, strict=True):
        position = place.get(id(variable))
        scheme = "glorot" if variable is output else initialiser
        weights.append(value if position is None else draw(scheme, variable.shape, seed, position))
    return weights


def _name(net: keras.Model, made: list[keras.Layer]) -> None:
    """Name each activation after the layer with weights before it, as diagnostics look for it."""
    before = {id(layer.output): layer for layer in net.layers if _single(layer)}
    for layer in made:
        source = before.get(id(layer.input)) if _single(layer) else None
        # A normalisation or dropout may stand between.
        while source is not None and not any(weight.name == "kernel" for weight in source.weights):
            source = before.get(id(source.input))
        if source is not None and not hasattr(source, "layers"):
            layer.name = f"{source.name}_activation"


def _single(layer: Any) -> bool:
    """Whether a layer has one place in the net, and one input and output there."""
    try:
        return not isinstance(layer.input, list | dict) and not isinstance(layer.output, list | dict)
    except (AttributeError, ValueError):
        return False
