"""Looks inside a net with JAX, for the runs of a stack one by one."""

import contextlib
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp

from experiments.diagnostics.probe import Probe
from experiments.training.setup import Setup


class Diagnostics:
    """Measures the model of a trace with given weights. The numbers are those of `diagnostics.tensorflow`.

    Args:
        setup: the model, optimizer, loss and data of a trace.
        activation: name of the hidden activation.
    """

    def __init__(self, setup: Setup, activation: str):
        self.setup, self.probe = setup, Probe(setup, activation)
        self._look = jax.jit(self._look_at)
        self._change = jax.jit(self._one_update)

    def measure(self, when: str, trainable: list[Any], others: list[Any], slots: list[Any]) -> list[dict[str, Any]]:
        """The rows of this moment, see `Probe.rows`.

        Args:
            when: ``start``, ``middle`` or ``end``.
            trainable: the weights of one run.
            others: its moving averages.
            slots: its optimizer's.
        """
        gradients, units = self.probe.gather(lambda x, y: self._look(trainable, others, x, y))
        return self.probe.rows(when, trainable, gradients, self._change(trainable, slots, gradients), units)

    def _look_at(self, trainable, others, x, y):
        """Gradients of the weights, and for each activation layer what `Units.add` takes."""
        setup, after = self.setup, self.probe.after
        nothing = {name: tuple(jnp.zeros((len(x), *tensor.shape[1:])) for tensor in (layer.input, layer.output))
                   for name, layer in after.items()}  # fmt: skip

        def loss_of(trainable, pushes):
            with _pushed(after, pushes) as seen:
                out, _ = setup.model.stateless_call(trainable, others, x, training=False)
            return setup.loss(y, out), seen

        (gradients, slopes), seen = jax.grad(loss_of, argnums=(0, 1), has_aux=True)(trainable, nothing)
        found = {}
        for name, (z, a) in seen.items():
            dz, da = slopes[name]
            # A group of Maxout has several inputs a unit: there the gradient at its output is looked at.
            found[name] = self._statistics(after[name], z, a, dz if z.shape == a.shape else da)
        return gradients, found

    def _statistics(self, activation, z, a, gradient):
        examples = tuple(range(a.ndim - 1))
        dead = jnp.all(a == 0, axis=examples) & jnp.all(gradient == 0, axis=examples)
        mean = _mean(a)
        found = [dead, mean, jnp.sqrt(_mean(jnp.square(a - mean)))]
        if self.probe.flat is not None:
            slope = jnp.abs(jax.grad(lambda z: jnp.sum(activation(z)))(z))
            found.append(_mean((slope < self.probe.flat).astype(jnp.float32)))
        return found

    def _one_update(self, trainable, slots, gradients):
        """The change that the optimizer would make on the probe's gradient."""
        after, _ = self.setup.optimizer.stateless_apply(slots, gradients, trainable)
        return [new - old for new, old in zip(after, trainable, strict=True)]


@contextlib.contextmanager
def _pushed(layers: dict[str, Any], pushes: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """While tracing, add something to what goes into each layer and to what comes out of it, and note both sums.

    Where what is added is 0, the gradient with respect to it is the one at that place of the net.
    """
    seen: dict[str, Any] = {}

    def pushed(name, call):
        def through(z):
            z = z + pushes[name][0]
            a = call(z) + pushes[name][1]
            seen[name] = (z, a)
            return a

        return through

    for name, layer in layers.items():
        layer.call = pushed(name, layer.call)
    try:
        yield seen
    finally:
        for layer in layers.values():
            del layer.call


def _mean(values):
    """Over all entries, one axis at a time: millions of float32 added up in one go lose three digits."""
    while values.ndim:
        values = jnp.mean(values, axis=0)
    return values
