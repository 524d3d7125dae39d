"""The fast engine: a whole epoch inside one compiled TensorFlow function, the data in memory.

One trace serves every seed and learning rate of a cell, since both are only values: the rate is a variable,
and weights and optimizer slots are assigned anew for each run. Dense nets go through XLA; convolutions do
not, because XLA's CPU backend lowers them to naive loops inside a while loop: there only the activations do,
each as one fused loop.
"""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from experiments.plugins import nets
from experiments.training.order import CHUNK, batches, chunks
from experiments.training.setup import Setup
from experiments.training.slots import Slots


class CompiledTrainer:
    """Trains any run that shares the trace of ``setup``."""

    def __init__(self, setup: Setup):
        started = time.perf_counter()
        self.setup = setup
        self.model, self.optimizer, self.loss = setup.model, setup.optimizer, setup.loss
        self.dense = dense = not setup.convolves and not _recurs(self.model)
        self.chunk = CHUNK["dense" if dense else "convolution"]
        # One array for all three parts, so that one trace of the evaluation serves them all.
        if "tensor" not in setup.kept:
            setup.kept["tensor"] = tf.constant(setup.x)
        self.x = setup.kept["tensor"]
        self.y = tf.constant(setup.y)
        self._slots = Slots(self.optimizer, self.model.trainable_variables)
        self._variables = [*self.model.variables]
        self._gradients = [tf.Variable(tf.zeros_like(v), trainable=False) for v in self.model.trainable_variables] \
            if setup.whole_batch else []  # fmt: skip
        epoch = self._whole_batch_epoch if setup.whole_batch else self._mini_batch_epoch
        self._epoch = tf.function(epoch, jit_compile=dense, autograph=False)
        self._evaluate = tf.function(self._evaluate_chunk, jit_compile=dense, autograph=False)
        self._compile()
        self.compile_seconds = time.perf_counter() - started

    def _compile(self) -> None:
        """Trace and compile without training: a loop of no steps, one chunk of evaluation."""
        with _fused_activations(self.model) if not self.dense else contextlib.nullcontext():
            _, *order = self._order(0, 0)
            self._epoch(tf.constant(0), *order)
            index, weight = self._parts("validation")
            self._evaluate(index[0], weight[0])

    def reset(self, learning_rate: float, weights: list[np.ndarray]) -> None:
        """Start a run: initial weights, fresh optimizer slots, its learning rate."""
        self.set_weights(weights)
        self._slots.reset()
        self.optimizer.learning_rate = learning_rate

    def weights(self) -> list[np.ndarray]:
        return [variable.numpy() for variable in self._variables]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        for variable, value in zip(self._variables, weights, strict=True):
            variable.assign(value)

    def epoch(self, seed: int, epoch: int) -> tuple[np.ndarray, float, int]:
        """Train one epoch.

        Returns:
            the loss of each update that was made (the last one not finite if the run diverged), the sum of
            the metric's scores, and the number of examples they are from.
        """
        steps, *order = self._order(seed, epoch)
        losses, score = self._epoch(tf.constant(steps), *order)
        losses = losses.numpy()
        bad = np.flatnonzero(~np.isfinite(losses))
        examples = self.setup.examples if self.setup.whole_batch else steps * self.setup.batch_size
        return losses[: bad[0] + 1] if len(bad) else losses, float(score), examples

    def evaluate(self, part: str) -> tuple[float, float]:
        """Mean loss and summed score over ``train``, ``validation`` or ``test``."""
        total, hits = 0.0, 0.0
        index, weight = self._parts(part)
        for row in range(len(index)):
            loss, score = self._evaluate(index[row], weight[row])
            total, hits = total + float(loss), hits + float(score)
        return total / self.setup.counts[part], hits

    def _order(self, seed: int, epoch: int) -> tuple[Any, ...]:
        if self.setup.whole_batch:
            index, weight = self.setup.whole(self.chunk)
            return len(index), tf.constant(index), tf.constant(weight)
        index = batches(seed, epoch, self.setup.examples, self.setup.batch_size)
        return len(index), tf.constant(index)

    def _parts(self, part: str):
        # One chunk size for all parts, so that one trace serves them all.
        size = min(self.chunk, max(self.setup.counts.values()))
        index, weight = chunks(self.setup.starts[part], self.setup.counts[part], size)
        return tf.constant(index), tf.constant(weight)

    def _batch(self, index):
        x = tf.gather(self.x, index)
        # Images stay bytes in memory, a quarter of the size, until they are used.
        x = tf.cast(x, tf.float32) * (1 / 255) if self.x.dtype == tf.uint8 else x
        return x, tf.gather(self.y, index)

    def _mini_batch_epoch(self, steps, order):
        losses = tf.zeros([order.shape[0]])

        def step(i, losses, score):
            x, y = self._batch(order[i])
            with tf.GradientTape() as tape:
                out = self.model(x, training=True)
                loss = self.loss(y, out)
            self.optimizer.apply(tape.gradient(loss, self.model.trainable_variables),
                                 self.model.trainable_variables)  # fmt: skip
            losses = tf.tensor_scatter_nd_update(losses, [[i]], [loss])
            return i + 1, losses, score + tf.reduce_sum(self.setup.score(y, out))

        def go_on(i, losses, _score):
            # A loss that is not finite ends the run: what follows would only spread it.
            return (i < steps) & ((i == 0) | tf.math.is_finite(losses[tf.maximum(i - 1, 0)]))

        _, losses, score = tf.while_loop(go_on, step, [tf.constant(0), losses, tf.constant(0.0)])
        return losses, score

    def _whole_batch_epoch(self, steps, order, weight):
        """One update from the gradient of the whole training part, summed chunk by chunk."""
        variables = self.model.trainable_variables
        for total in self._gradients:
            total.assign(tf.zeros_like(total))

        def step(i, loss, score):
            x, y = self._batch(order[i])
            with tf.GradientTape() as tape:
                out = self.model(x, training=True)
                part = tf.reduce_sum(self.loss.call(y, out) * weight[i]) / self.setup.examples
            for total, gradient in zip(self._gradients, tape.gradient(part, variables), strict=True):
                total.assign_add(gradient)
            return i + 1, loss + part, score + tf.reduce_sum(self.setup.score(y, out) * weight[i])

        _, loss, score = tf.while_loop(lambda i, *_: i < steps, step,
                                       [tf.constant(0), tf.constant(0.0), tf.constant(0.0)])  # fmt: skip
        # Nothing is updated in the empty loop that only compiles.
        tf.cond(steps > 0, lambda: self._apply(variables), lambda: tf.constant(0))
        return loss[None], score

    def _apply(self, variables):
        self.optimizer.apply([tf.convert_to_tensor(total) for total in self._gradients], variables)
        return tf.constant(0)

    def _evaluate_chunk(self, index, weight):
        x, y = self._batch(index)
        out = self.model(x, training=False)
        loss = tf.reduce_sum(self.loss.call(y, out) * weight)
        return loss, tf.reduce_sum(self.setup.score(y, out) * weight)


def _recurs(model: keras.Model) -> bool:
    """Whether there is a loop inside: XLA can not compile the lists that TensorFlow keeps of its steps."""
    return any(isinstance(layer, keras.layers.RNN) for layer in nets.layers(model))


@contextlib.contextmanager
def _fused_activations(model: keras.Model) -> Iterator[None]:
    """While tracing, let XLA fuse each activation layer: op by op it would go over memory once for each of them."""
    layers = [layer for layer in model.layers if layer.name.endswith("_activation")]
    for layer in layers:
        layer.call = tf.function(layer.call, jit_compile=True, autograph=False)
    try:
        yield
    finally:
        for layer in layers:
            del layer.call
