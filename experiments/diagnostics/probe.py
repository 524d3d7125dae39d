"""What is looked at: a sample of the training part, the layers with weights, and the activations after them."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from experiments.diagnostics.rows import Units, layer_rows, optimizer_row
from experiments.names import PLUGIN
from experiments.training.setup import Setup

PROBE = 1000
CHUNK = 200  # examples of the probe that go through a convolutional net at once
FLAT = 0.05
"""A unit is saturated on an example where its slope is under a twentieth of the activation's largest slope."""
LARGEST_SLOPE = {"sigmoid": 0.25, "keras:sigmoid": 0.25}
"""Largest slope of an activation, where it is not about 1."""
NOT_ELEMENTWISE = ("softmax", "maxout")


class Probe:
    """
    Args:
        setup: the model, optimizer, loss and data of a trace.
        activation: name of the hidden activation.

    Attributes:
        x, y: the sample, the same for all runs; images as floats.
        affine: the layers with a kernel that is trained, from the bottom up; none of a model within
            the model.
        after: name of such a layer -> the activation layer after it; only where there is one.
        taps: model from the inputs to the input of each of these activations (for the head: its output), then to
            their outputs, then to the model's output.
        chunk: examples to take at a time, so that a convolutional net's activations never fill the memory.
        flat: the slope under which a unit is saturated; None where slopes of single units mean nothing.
    """

    def __init__(self, setup: Setup, activation: str):
        self.setup, self.activation = setup, activation
        rows = np.random.default_rng(0).permutation(setup.examples)[:PROBE] + setup.starts["train"]
        x = setup.x[rows]
        self.x = x.astype(np.float32) / 255 if x.dtype == np.uint8 else x
        self.y = setup.y[rows]
        layers = {layer.name: layer for layer in setup.model.layers}
        self.affine = [layer for layer in layers.values() if _seen(layer)]
        found = {layer.name: layers.get(f"{layer.name}_activation") for layer in self.affine}
        self.after: dict[str, Any] = {name: layer for name, layer in found.items() if layer is not None}
        # What goes into an activation is not its affine layer's output where a normalisation stands between.
        inputs = [self.after[layer.name].input if layer.name in self.after else layer.output for layer in self.affine]
        outputs = [layer.output for layer in self.after.values()]
        self.taps = keras.Model(setup.model.inputs[0], [*inputs, *outputs, setup.model.outputs[0]])
        self.dense = all(len(tap.shape) == 2 for tap in self.taps.outputs)
        self.chunk = PROBE if self.dense else CHUNK
        mixing = activation in NOT_ELEMENTWISE or (
            activation.startswith(PLUGIN) and any(map(_mixes, list(self.after.values())[:1]))
        )
        self.flat = None if mixing else FLAT * LARGEST_SLOPE.get(activation, 1.0)

    def split(self, taps: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What belongs to the inputs and to the outputs of the activations, by the name of the affine layer."""
        names = [layer.name for layer in self.affine]
        before = dict(zip(names, taps, strict=False))
        return before, dict(zip(self.after, taps[len(names) :], strict=False))

    def gather(self, look: Callable[[np.ndarray, np.ndarray], tuple[list[Any], dict[str, Any]]]):
        """Go through the sample a chunk at a time.

        Args:
            look: given the examples and targets of a chunk, returns the gradients of the weights, and for each
                activation layer what `Units.add` takes behind the chunk's share.

        Returns:
            the gradients, and the units of each activation layer, over the whole sample.
        """
        gradients: list[Any] = [0.0] * len(self.setup.model.trainable_variables)
        units = {name: Units() for name in self.after}
        total = len(self.x)
        for start in range(0, total, self.chunk):
            part = slice(start, start + self.chunk)
            share = len(self.x[part]) / total
            found, seen = look(self.x[part], self.y[part])
            gradients = [old + share * new for old, new in zip(gradients, found, strict=True)]
            for name, numbers in seen.items():
                units[name].add(share, *numbers, *([None] if self.flat is None else []))
        return gradients, units

    def rows(self, when: str, weights: Sequence[Any], gradients: Sequence[Any], changes: Sequence[Any],
             units: dict[str, Units]) -> list[dict[str, Any]]:  # fmt: skip
        """Rows for all layers with weights, and one for the optimizer.

        Args:
            when: ``start``, ``middle`` or ``end``; kept in each row.
            weights: the trainable ones, in the model's order.
            gradients: there, over the sample.
            changes: that one more update with these gradients would make.
            units: of the activation layers.

        Returns:
            for each layer: ``gradient_norm`` and ``weight_norm`` of its kernel, ``update_ratio`` (norm of the change
            that one more update on the probe would make, over the weight norm), and for its activation the
            ``dead`` share of units (zero output and zero gradient on the whole probe), the ``saturated`` share of
            unit-example pairs, ``mean`` and ``spread`` (standard deviation) of its outputs. For the optimizer:
            see `rows.optimizer_row`.
        """
        paths = [variable.path for variable in self.setup.model.trainable_variables]
        by_path = dict(zip(paths, zip(weights, gradients, changes, strict=True), strict=True))
        kernels = {layer.name: by_path[w.path] for layer in self.affine for w in layer.weights if w.name == "kernel"}
        return [*layer_rows(when, kernels, units), optimizer_row(when, gradients, changes)]


def _seen(layer: Any) -> bool:
    """Whether it has a kernel that is trained, and one output; a model within the model is not looked into."""
    if hasattr(layer, "layers") or not any(weight.name == "kernel" for weight in layer.trainable_weights):
        return False
    try:
        return not isinstance(layer.output, list | tuple | dict)
    except (AttributeError, ValueError):  # it has none that can be named
        return False


def _mixes(layer: Any) -> bool:
    """Whether an activation's unit hangs on other units too, so that the slope of one means nothing."""
    z = np.random.default_rng(0).standard_normal((2, *layer.input.shape[1:])).astype(np.float32)
    other = z.copy()
    other[..., 0] += 1
    one, two = (np.asarray(ops.convert_to_numpy(layer(each))) for each in (z, other))
    return one.shape != z.shape or not np.array_equal(one[..., 1:], two[..., 1:])
