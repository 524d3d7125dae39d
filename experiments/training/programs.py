"""What the stacked engine compiles: one run's epoch, its evaluation, the choice of its best weights, over all runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from experiments.training.order import chunks
from experiments.training.setup import Setup


@dataclass
class State:
    """Of all runs of a stack; each array has the axis of the runs first."""

    trainable: list[Any]
    others: list[Any]  # moving averages of a normalisation
    slots: list[Any]  # of the optimizer: step count, learning rate, moments


jax.tree_util.register_dataclass(State, ["trainable", "others", "slots"], [])


class Programs:
    """What is compiled for the stacks of one size.

    Args:
        setup: of the trace.
        state: of such a stack.
        x, y: all examples, on the device.
        chunk: examples that are evaluated at a time, or that a part of a whole batch has.
        looped: whether an epoch is one program; else `epoch` makes one update.
    """

    def __init__(self, setup: Setup, state: State, x: Any, y: Any, chunk: int, looped: bool):
        self.setup, self.x, self.y, self.looped = setup, x, y, looped
        size = len(state.trainable[0])
        if setup.whole_batch:
            order: tuple[Any, ...] = chunks(0, setup.examples, chunk)
            one: Callable[..., Any] = self._whole_batch
        else:
            steps = setup.examples // setup.batch_size if looped else 1
            order = (jax.ShapeDtypeStruct((size, steps, setup.batch_size), np.int32),)
            one = self._mini_batches
        # The whole batch is the same for all runs; each has its own order of small ones.
        axes = (0, None, None, *[None if setup.whole_batch else 0] * len(order))
        self.epoch = jax.jit(jax.vmap(one, in_axes=axes), donate_argnums=0).lower(state, x, y, *order).compile()
        # One chunk size for all parts, so that one program serves them all.
        self._parts = {part: chunks(setup.starts[part], count, min(chunk, max(setup.counts.values())))
                       for part, count in setup.counts.items()}  # fmt: skip
        index, weight = self._parts["validation"]
        evaluate = jax.jit(jax.vmap(self._chunk, in_axes=(0, 0, None, None, None, None)))
        self._evaluate = evaluate.lower(state.trainable, state.others, x, y, index[0], weight[0]).compile()
        best = (state.trainable, state.others)
        self.keep = jax.jit(_keep, donate_argnums=1).lower(np.zeros(size, bool), best, state).compile()

    def evaluate(self, trainable, others, part: str) -> list[tuple[Any, Any]]:
        """For each chunk of a part, summed loss and score of every run."""
        return [self._evaluate(trainable, others, self.x, self.y, index, weight)
                for index, weight in zip(*self._parts[part], strict=True)]  # fmt: skip

    def _mini_batches(self, state: State, x, y, order):
        """One run's updates, one a row of ``order``."""
        setup = self.setup

        def step(state: State, index):
            inputs, targets = _batch(x, y, index)

            def loss_of(trainable):
                out, others = setup.model.stateless_call(trainable, state.others, inputs, training=True)
                return setup.loss(targets, out), (others, jnp.sum(setup.score(targets, out)))

            (loss, (others, score)), gradients = jax.value_and_grad(loss_of, has_aux=True)(state.trainable)
            trainable, slots = setup.optimizer.stateless_apply(state.slots, gradients, state.trainable)
            return State(trainable, others, slots), (loss, score)

        state, (losses, scores) = lax.scan(step, state, order, unroll=not self.looped)
        return state, losses, jnp.sum(scores)

    def _whole_batch(self, state: State, x, y, order, weights):
        """One run's one update, from the gradient of the whole training part, summed chunk by chunk."""
        setup = self.setup

        def step(carry, chunk):
            total, others, loss, score = carry
            index, weight = chunk
            inputs, targets = _batch(x, y, index)

            def loss_of(trainable):
                out, new = setup.model.stateless_call(trainable, others, inputs, training=True)
                part = jnp.sum(setup.loss.call(targets, out) * weight) / setup.examples
                return part, (new, jnp.sum(setup.score(targets, out) * weight))

            (part, (others, hits)), gradients = jax.value_and_grad(loss_of, has_aux=True)(state.trainable)
            total = [old + more for old, more in zip(total, gradients, strict=True)]
            return (total, others, loss + part, score + hits), None

        start = ([jnp.zeros_like(value) for value in state.trainable], state.others, jnp.float32(0), jnp.float32(0))
        (total, others, loss, score), _ = lax.scan(step, start, (order, weights))
        trainable, slots = setup.optimizer.stateless_apply(state.slots, total, state.trainable)
        return State(trainable, others, slots), loss[None], score

    def _chunk(self, trainable, others, x, y, index, weight):
        setup = self.setup
        inputs, targets = _batch(x, y, index)
        out, _ = setup.model.stateless_call(trainable, others, inputs, training=False)
        return jnp.sum(setup.loss.call(targets, out) * weight), jnp.sum(setup.score(targets, out) * weight)


def _batch(x, y, index):
    # Images stay bytes in memory, a quarter of the size, until they are used.
    inputs = x[index]
    return inputs.astype(jnp.float32) * (1 / 255) if x.dtype == jnp.uint8 else inputs, y[index]


def _keep(better, best, state: State):
    """The weights of the best epoch so far, on the device: of this one for the runs that are ``better`` now."""

    def choose(new, old):
        return jnp.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old)

    return jax.tree.map(choose, (state.trainable, state.others), best)
