"""Looks inside a net with TensorFlow: one traced function a chunk, kept for all runs of a trace."""

from typing import Any

import numpy as np
import tensorflow as tf

from experiments.diagnostics.probe import Probe
from experiments.training.setup import Setup


class Diagnostics:
    """Measures the model of a trace, with whatever weights it has, at some moments of its training.

    Args:
        setup: the model, optimizer, loss and data of a trace.
        activation: name of the hidden activation.
    """

    def __init__(self, setup: Setup, activation: str):
        self.setup, self.probe = setup, Probe(setup, activation)
        # Over the many activations of a convolution, XLA goes once for all numbers; a dense net has too few of them.
        fused = not self.probe.dense
        self._statistics = {
            name: tf.function(self._statistics_of(layer), jit_compile=fused, autograph=False)
            for name, layer in self.probe.after.items()
        }
        self._look = tf.function(self._look_at, autograph=False)

    def measure(self, when: str) -> list[dict[str, Any]]:
        """The rows of this moment (``start``, ``middle`` or ``end``), see `Probe.rows`."""
        variables = self.setup.model.trainable_variables
        gradients, units = self.probe.gather(lambda x, y: self._look(tf.constant(x), tf.constant(y)))
        changes = self._one_update(variables, gradients)
        return self.probe.rows(when, [v.numpy() for v in variables], gradients, changes, units)

    def _look_at(self, x, y):
        """Gradients of the weights, and for each activation layer what `Units.add` takes."""
        variables = self.setup.model.trainable_variables
        with tf.GradientTape() as tape:
            *taps, out = self.probe.taps(x, training=False)
            loss = self.setup.loss(y, out)
        slopes, gradients = tape.gradient(loss, [taps, [v.value for v in variables]])
        (z, a), (dz, da) = self.probe.split(taps), self.probe.split(slopes)
        seen = {}
        for name, statistics in self._statistics.items():
            # A group of Maxout has several inputs a unit: there the gradient at its output is looked at.
            gradient = dz if z[name].shape == a[name].shape else da
            seen[name] = statistics(z[name], a[name], gradient[name])
        return gradients, seen

    def _statistics_of(self, activation):
        flat = self.probe.flat

        def statistics(z, a, gradient):
            examples = list(range(len(a.shape) - 1))
            silent, still = (tf.reduce_all(tf.equal(each, 0.0), axis=examples) for each in (a, gradient))
            mean = _mean(a)
            found = [silent & still, mean, tf.sqrt(_mean(tf.square(a - mean)))]
            if flat is not None:
                with tf.GradientTape() as tape:
                    tape.watch(z)
                    again = activation(z)
                slope = tf.abs(tape.gradient(again, z))
                found.append(_mean(tf.cast(slope < flat, tf.float32)))
            return found

        return statistics

    def _one_update(self, variables, gradients) -> list[np.ndarray]:
        """The change that the optimizer would make on the probe's gradient; everything is put back."""
        touched = [*self.setup.model.variables, *self.setup.optimizer.variables]
        before = [v.numpy() for v in touched]
        places = {v.path: i for i, v in enumerate(self.setup.model.variables)}
        self.setup.optimizer.apply(gradients, variables)
        changes = [v.numpy() - before[places[v.path]] for v in variables]
        for variable, value in zip(touched, before, strict=True):
            variable.assign(value)
        return changes


def _mean(values):
    """Over all entries, one axis at a time: millions of float32 added up in one go lose three digits."""
    while values.shape.rank:
        values = tf.reduce_mean(values, axis=0)
    return values
