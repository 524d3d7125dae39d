"""What goes on inside a net: by layer, on a fixed probe of training examples, outside the timed path."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from experiments.training.setup import Setup

PROBE = 1000
CHUNK = 200  # examples of the probe that go through a convolutional net at once
FLAT = 0.05
"""A unit is saturated on an example where its slope is under a twentieth of the activation's largest slope."""
LARGEST_SLOPE = {"sigmoid": 0.25, "keras:sigmoid": 0.25}
"""Largest slope of an activation, where it is not about 1."""
NOT_ELEMENTWISE = ("softmax", "maxout")


class Diagnostics:
    """Measures one model at some moments of its training.

    Args:
        setup: the model, optimizer, loss and data of a trace.
        activation: name of the hidden activation.
    """

    def __init__(self, setup: Setup, activation: str):
        self.setup, self.activation = setup, activation
        rows = np.random.default_rng(0).permutation(setup.examples)[:PROBE] + setup.starts["train"]
        x = setup.x[rows]
        self.x = tf.constant(x.astype(np.float32) / 255 if x.dtype == np.uint8 else x)
        self.y = tf.constant(setup.y[rows])
        model = setup.model
        self.affine = [layer for layer in model.layers if any(w.name == "kernel" for w in layer.weights)]
        self.after = {layer.name: next((a for a in model.layers if a.name == f"{layer.name}_activation"), None)
                      for layer in self.affine}  # fmt: skip
        watched = [*self.affine, *(layer for layer in self.after.values() if layer is not None)]
        self.watched = [layer.name for layer in watched]
        # A chunk at a time, so that a convolutional net's activations never fill the memory.
        self.chunk = PROBE if all(len(layer.output.shape) == 2 for layer in watched) else CHUNK
        # What goes into an activation, which is not its affine layer's output where a normalisation stands between.
        inputs = [layer.output if after is None else after.input for layer, after in
                  ((layer, self.after[layer.name]) for layer in self.affine)]  # fmt: skip
        outputs = [layer.output for layer in watched[len(self.affine) :]]
        self.taps = keras.Model(model.inputs[0], [*inputs, *outputs, model.outputs[0]])

    def measure(self, when: str) -> list[dict[str, Any]]:
        """Rows for all layers with weights, and one for the optimizer.

        Args:
            when: ``start``, ``middle`` or ``end``; kept in each row.

        Returns:
            for each layer: ``gradient_norm`` and ``weight_norm`` of its kernel, ``update_ratio`` (norm of the change
            that one more update on the probe would make, over the weight norm), and for its activation the
            ``dead`` share of units (zero output and zero gradient on the whole probe), the ``saturated`` share of
            unit-example pairs, ``mean`` and ``spread`` (standard deviation) of its outputs. For the optimizer:
            median, 10 % and 90 % quantile of its effective rate |change| / |gradient|: 0 where float32 loses the
            change beside the weight, as in the first layers of a deep sigmoid net.
        """
        variables = self.setup.model.trainable_variables
        gradients: list[Any] = [tf.zeros_like(v) for v in variables]
        units = {layer.name: _Units() for layer in self.affine if self.after[layer.name] is not None}
        total = len(self.x)
        for start in range(0, total, self.chunk):
            x, y = self.x[start : start + self.chunk], self.y[start : start + self.chunk]
            share = len(x) / total
            with tf.GradientTape() as tape:
                *taps, out = self.taps(x, training=False)
                loss = self.setup.loss(y, out) * share
            new = tape.gradient(loss, [*taps, *variables])
            gradients = [old + more for old, more in zip(gradients, new[len(taps) :], strict=True)]
            outputs, slopes = (dict(zip(self.watched, each, strict=True)) for each in (taps, new[: len(taps)]))
            for name, seen in units.items():
                after: Any = self.after[name]
                seen.add(share, outputs[name], outputs[after.name], slopes[name], slopes[after.name],
                         self._saturated(after, outputs[name]))  # fmt: skip
        by_path = {v.path: g for v, g in zip(variables, gradients, strict=True)}
        changes = self._one_update(variables, gradients)
        rows = []
        for depth, layer in enumerate(self.affine, 1):
            kernel = next(w for w in layer.weights if w.name == "kernel")
            weight = _norm(kernel)
            row = {"when": when, "layer": layer.name, "depth": depth, "weight_norm": weight,
                   "gradient_norm": _norm(by_path[kernel.path]),
                   "update_ratio": _norm(changes[kernel.path]) / weight if weight else None}  # fmt: skip
            rows.append(row | (units[layer.name].row() if layer.name in units else {}))
        return [*rows, self._effective_rate(when, by_path, changes)]

    def _saturated(self, activation: keras.Layer, z) -> float | None:
        """Share of unit-example pairs whose slope is nearly flat."""
        if self.activation in NOT_ELEMENTWISE:
            return None
        with tf.GradientTape() as tape:
            tape.watch(z)
            again = activation(z)
        slope = tf.abs(tape.gradient(again, z)) / LARGEST_SLOPE.get(self.activation, 1.0)
        return float(tf.reduce_mean(tf.cast(slope < FLAT, tf.float32)))

    def _one_update(self, variables, gradients) -> dict[str, np.ndarray]:
        """The change that the optimizer would make on the probe's gradient; everything is put back."""
        touched = [*self.setup.model.variables, *self.setup.optimizer.variables]
        before = [np.array(keras.ops.convert_to_numpy(v)) for v in touched]
        self.setup.optimizer.apply(gradients, variables)
        paths = [v.path for v in self.setup.model.variables]
        changes = {path: np.array(keras.ops.convert_to_numpy(v)) - old
                   for path, v, old in zip(paths, self.setup.model.variables, before, strict=False)}  # fmt: skip
        for variable, value in zip(touched, before, strict=True):
            variable.assign(value)
        return changes

    @staticmethod
    def _effective_rate(when: str, gradients: dict[str, Any], changes: dict[str, np.ndarray]) -> dict[str, Any]:
        g = np.concatenate([np.abs(np.asarray(gradient)).ravel() for gradient in gradients.values()])
        d = np.concatenate([np.abs(changes[path]).ravel() for path in gradients])
        moving = g > 1e-12  # below that the quotient is rounding noise
        if not moving.any():
            return {
                "when": when,
                "layer": "optimizer",
                "rate_median": None,
                "rate_low": None,
                "rate_high": None,
            }
        low, median, high = np.quantile(d[moving] / g[moving], [0.1, 0.5, 0.9])
        return {
            "when": when,
            "layer": "optimizer",
            "rate_median": float(median),
            "rate_low": float(low),
            "rate_high": float(high),
        }


def _norm(values: Any) -> float:
    """Euclidean norm over all entries, in float64: squares of what is about to diverge overflow float32."""
    return float(np.linalg.norm(np.asarray(keras.ops.convert_to_numpy(values), np.float64).ravel()))


class _Units:
    """The units of one activation layer, gathered over the chunks of the probe."""

    def __init__(self) -> None:
        self.dead: Any = True  # for each unit, no output and no gradient so far
        self.saturated: float | None = None
        self.mean = self.square = 0.0

    def add(self, share: float, z, a, dz, da, saturated: float | None) -> None:
        # A group of Maxout has several inputs a unit: there the gradient at its output is looked at.
        gradient = dz if z.shape == a.shape else da
        examples = list(range(len(a.shape) - 1))
        self.dead &= tf.reduce_all(tf.equal(a, 0.0), axis=examples) & tf.reduce_all(
            tf.equal(gradient, 0.0), axis=examples
        )
        if saturated is not None:
            self.saturated = (self.saturated or 0.0) + share * saturated
        mean, spread = float(tf.reduce_mean(a)), float(tf.math.reduce_std(a))
        self.mean += share * mean
        self.square += share * (spread**2 + mean**2)

    def row(self) -> dict[str, float | None]:
        return {
            "dead": float(tf.reduce_mean(tf.cast(self.dead, tf.float32))),
            "saturated": self.saturated,
            "mean": self.mean,
            "spread": math.sqrt(max(0.0, self.square - self.mean**2)),
        }
