"""Times that can be compared: arms take turns, and the best of a few tries counts in each round."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from experiments.claims.nets import Net


def interleaved(calls: Mapping[str, Callable[[], Any]], rounds: int, tries: int = 3) -> dict[str, list[float]]:
    """Processor seconds of each call, by round: arms that are compared meet the same state of the machine.

    What the processor worked is told, not what went by on the wall: a worker has one thread, and on a machine with
    other work it is kept waiting by far more than what is compared.

    Args:
        calls: label -> what is timed; it returns when its work is done.
        rounds: how often each has its turn; every other round goes backward through the arms.
        tries: calls a turn, of which the fastest counts: what else runs on the machine only ever adds time.
    """
    taken: dict[str, list[float]] = {label: [] for label in calls}
    for call in calls.values():
        call()  # compiles, and warms the caches
    for number in range(rounds):
        for label in list(calls)[:: -1 if number % 2 else 1]:
            best = float("inf")
            for _ in range(tries):
                begun = time.process_time()
                calls[label]()
                best = min(best, time.process_time() - begun)
            taken[label].append(best)
    return taken


def training_steps(net: Net, x: np.ndarray, y: np.ndarray, steps: int, batch_size: int) -> Callable[[], Any]:
    """A call that makes ``steps`` updates with adam in one compiled loop, so that starting it costs next to nothing.

    Args:
        net: is trained on by every call.
        x: inputs, at least one batch of them; they are gone through again and again.
        y: their labels.
        steps: updates a call.
        batch_size: examples an update.
    """
    import tensorflow as tf

    from experiments.claims.nets import scaled
    from experiments.training.setup import make_optimizer

    weights = net.model.trainable_variables
    rule = make_optimizer("adam", 0.001, {})
    rule.build(weights)
    batches = len(x) // batch_size
    inputs, targets = tf.constant(scaled(x)), tf.constant(net.head.encode(y))

    def update(done):
        first = (done % batches) * batch_size
        rows = tf.range(batch_size) + first
        with tf.GradientTape() as tape:
            loss = net.loss(tf.gather(targets, rows), net.model(tf.gather(inputs, rows), training=True))
        rule.apply(tape.gradient(loss, weights), weights)
        return (done + 1,)

    @tf.function(jit_compile=True, autograph=False)
    def run():
        return tf.while_loop(lambda done: done < steps, update, (tf.constant(0),), maximum_iterations=steps)

    return lambda: run()[0].numpy()
