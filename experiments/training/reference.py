"""The oracle: what a user would write, ``model.fit`` with the same batches in the same order."""

import time

import keras
import numpy as np

from experiments.training.order import batches
from experiments.training.setup import Setup
from experiments.training.slots import Slots


class _OwnLoss(keras.metrics.Metric):
    """The loss of the last batch alone. What `model.fit` tells is the mean so far, whose sum overflows long before it:
    a run would diverge some updates too early."""

    def __init__(self, loss: keras.losses.Loss):
        super().__init__(name="own_loss")
        self.loss = loss
        self.last = self.add_variable((), "zeros", name="last")

    def update_state(self, y, out, sample_weight=None):  # noqa: ARG002
        self.last.assign(self.loss(y, out))

    def result(self):
        return self.last


class _Losses(keras.callbacks.Callback):
    """Keeps the loss of each update, and stops where it is no longer finite."""

    def __init__(self):
        super().__init__()
        self.each: list[float] = []

    def on_train_batch_end(self, batch, logs=None):  # noqa: ARG002
        self.each.append(float(logs["own_loss"]))
        if not np.isfinite(self.each[-1]):
            raise FloatingPointError


class ReferenceTrainer:
    """Slow, plain and easy to believe. The compiled engine has to agree with it."""

    def __init__(self, setup: Setup):
        started = time.perf_counter()
        self.setup = setup
        self.model = setup.model
        scale = np.float32(1 / 255) if setup.x.dtype == np.uint8 else np.float32(1)
        self.x = setup.x.astype(np.float32) * scale
        self._variables = [*self.model.variables]  # with the states of random generators, which get_weights leaves out
        self.model.compile(optimizer=setup.optimizer, loss=setup.loss, metrics=[_metric(setup), _OwnLoss(setup.loss)],
                           jit_compile=False)  # fmt: skip
        self._slots = Slots(setup.optimizer, self.model.trainable_variables)
        self.compile_seconds = time.perf_counter() - started

    def reset(self, learning_rate: float, weights: list[np.ndarray]) -> None:
        self.set_weights(weights)
        self._slots.reset()
        self.setup.optimizer.learning_rate = learning_rate

    def weights(self) -> list[np.ndarray]:
        return [np.array(keras.ops.convert_to_numpy(variable)) for variable in self._variables]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        for variable, value in zip(self._variables, weights, strict=True):
            variable.assign(value)

    def epoch(self, seed: int, epoch: int) -> tuple[np.ndarray, float, int]:
        setup = self.setup
        if setup.whole_batch:
            order = np.arange(setup.examples)
        else:
            order = batches(seed, epoch, setup.examples, setup.batch_size).ravel()
        losses = _Losses()
        try:
            logs = self.model.fit(self.x[order], setup.y[order], batch_size=setup.batch_size, epochs=1,
                                  shuffle=False, verbose=0, callbacks=[losses])  # fmt: skip
        except FloatingPointError:
            return np.array(losses.each), 0.0, len(order)
        return np.array(losses.each), logs.history["score"][0] * len(order), len(order)

    def evaluate(self, part: str) -> tuple[float, float]:
        start, count = self.setup.starts[part], self.setup.counts[part]
        rows = slice(start, start + count)
        logs = self.model.evaluate(self.x[rows], self.setup.y[rows], batch_size=1000, verbose=0, return_dict=True)
        return logs["loss"], logs["score"] * count


def _metric(setup: Setup):
    return keras.metrics.MeanMetricWrapper(setup.score, name="score")
