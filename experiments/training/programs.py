"""What the stacked engine compiles: one run's epoch, its evaluation, the choice of its best weights, over all runs."""

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
        looped: whether `updates` makes all of an epoch; else it makes one.
    """

    def __init__(self, setup: Setup, state: State, x: Any, y: Any, chunk: int, looped: bool):
        self.setup, self.x, self.y, self.looped = setup, x, y, looped
        size = len(state.trainable[0])
        if setup.whole_batch:
            index, weight = setup.whole(chunk)
            start = jax.jit(jax.vmap(self._nothing))
            self.nothing = start.lower(state).compile()
            total = jax.eval_shape(start, state)
            add = jax.jit(jax.vmap(self._add, in_axes=(0, 0, None, None, None, None)), donate_argnums=0)
            self.add = add.lower(total, state.trainable, x, y, index[0], weight[0]).compile()
            self.update = jax.jit(jax.vmap(self._update), donate_argnums=0).lower(state, total).compile()
        else:
            steps = setup.examples // setup.batch_size if looped else 1
            order = jax.ShapeDtypeStruct((size, steps, setup.batch_size), np.int32)
            updates = jax.jit(jax.vmap(self._mini_batches, in_axes=(0, None, None, 0)), donate_argnums=0)
            self.updates = updates.lower(state, x, y, order).compile()
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

        if not self.looped:  # even a loop of one step would be lowered as a loop
            state, (loss, score) = step(state, order[0])
            return state, loss[None], score
        state, (losses, scores) = lax.scan(step, state, order)
        return state, losses, jnp.sum(scores)

    def _nothing(self, state: State):
        """What the sums over the chunks of a whole batch start from: gradients, moving averages, loss, score."""
        return [jnp.zeros_like(value) for value in state.trainable], state.others, jnp.float32(0), jnp.float32(0)

    def _add(self, sums, trainable, x, y, index, weight):
        """Add the share of one chunk."""
        setup = self.setup
        total, others, loss, score = sums
        inputs, targets = _batch(x, y, index)

        def loss_of(trainable):
            out, new = setup.model.stateless_call(trainable, others, inputs, training=True)
            part = jnp.sum(setup.loss.call(targets, out) * weight) / setup.examples
            return part, (new, jnp.sum(setup.score(targets, out) * weight))

        (part, (others, hits)), gradients = jax.value_and_grad(loss_of, has_aux=True)(trainable)
        return [old + more for old, more in zip(total, gradients, strict=True)], others, loss + part, score + hits

    def _update(self, state: State, sums):
        """One run's one update, from the gradient of the whole training part."""
        total, others, loss, score = sums
        trainable, slots = self.setup.optimizer.stateless_apply(state.slots, total, state.trainable)
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
