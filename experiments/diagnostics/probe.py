"""What is looked at: a sample of the training part, the layers with weights, and the activations after them."""

from typing import Any

import keras
import numpy as np

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
        affine: the layers with a kernel, from the bottom up.
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
        self.affine = [layer for layer in layers.values() if any(w.name == "kernel" for w in layer.weights)]
        found = {layer.name: layers.get(f"{layer.name}_activation") for layer in self.affine}
        self.after: dict[str, Any] = {name: layer for name, layer in found.items() if layer is not None}
        # What goes into an activation is not its affine layer's output where a normalisation stands between.
        inputs = [self.after[layer.name].input if layer.name in self.after else layer.output for layer in self.affine]
        outputs = [layer.output for layer in self.after.values()]
        self.taps = keras.Model(setup.model.inputs[0], [*inputs, *outputs, setup.model.outputs[0]])
        self.dense = all(len(tap.shape) == 2 for tap in self.taps.outputs)
        self.chunk = PROBE if self.dense else CHUNK
        self.flat = None if activation in NOT_ELEMENTWISE else FLAT * LARGEST_SLOPE.get(activation, 1.0)

    def split(self, taps: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What belongs to the inputs and to the outputs of the activations, by the name of the affine layer."""
        names = [layer.name for layer in self.affine]
        before = dict(zip(names, taps, strict=False))
        return before, dict(zip(self.after, taps[len(names) :], strict=False))
