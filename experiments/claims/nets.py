"""Nets for the probes: built, initialised and measured as in a sweep, but open to every look inside.

Imports a training backend: only probes use it, inside their functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from experiments import models
from experiments.heads import head_for
from experiments.initialisers import initialiser_for
from experiments.training.order import batches
from experiments.training.setup import make_loss, make_optimizer


class Net:
    """An MLP with its loss, on plain arrays.

    Args:
        shape: of one example.
        outputs: number of classes, or 1.
        task: ``classes``, ``binary`` or ``regression``.
        activation, arguments: of the hidden layers, as in `models.build`.
        depth, width: of the hidden layers, all equally wide.
        initialiser: by default the one made for the activation; ``orthogonal`` draws orthogonal kernels.
        gain: factor on every hidden kernel.
        head, loss: by default those of the task.
        seed: of the initial weights, which are those that a sweep would draw.
        more: other arguments of `models.mlp` (``norm``, ``skip``).
    """

    def __init__(self, shape, outputs: int, task: str = "classes", *, activation: str = "relu",
                 arguments: dict[str, Any] | None = None, depth: int = 2, width: int = 64,
                 initialiser: str | None = None, gain: float = 1.0, head: str | None = None,
                 loss: str | None = None, seed: int = 0, more: dict[str, int] | None = None):  # fmt: skip
        self.head = head_for(task, outputs, head, loss)
        size = {"depth": depth, "width": width, "last": width, **(more or {})}
        self.model = models.build("mlp", shape, self.head, activation, arguments, size)
        self.loss = make_loss(self.head)
        self.built = [np.array(keras.ops.convert_to_numpy(v)) for v in self.model.variables]
        self.initialiser = initialiser or initialiser_for(activation)
        self.gain = gain
        self._backward: Any = None
        self._steps: dict[Any, Any] = {}
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Initial weights of a seed."""
        plain = "glorot" if self.initialiser == "orthogonal" else self.initialiser
        values = models.initial_weights(self.model, self.built, plain, seed)
        for position, (variable, value) in enumerate(zip(self.model.variables, values, strict=True)):
            hidden = variable.name == "kernel" and variable.path.split("/")[-2] != "output"
            if hidden and self.initialiser == "orthogonal":
                value = _orthogonal(value.shape, np.random.default_rng([seed, position, 1]))
            variable.assign(value * self.gain if hidden else value)

    @property
    def kernels(self) -> list[Any]:
        """Kernels of the hidden layers and the output, bottom first."""
        return [v for v in self.model.trainable_variables if v.name == "kernel"]

    def gradients(self, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        """Gradient of the mean loss by each kernel, bottom layer first.

        Args:
            x: inputs as a data set has them; bytes are scaled to 0 to 1.
            y: labels as a data set has them.
        """
        with tf.GradientTape() as tape:
            loss = self.loss(tf.constant(self.head.encode(y)), self.model(scaled(x), training=True))
        return [g.numpy() for g in tape.gradient(loss, [k.value for k in self.kernels])]

    def backward(self, x: np.ndarray, y: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Gradients of the mean loss by what each affine map gives, [example, unit], and by each kernel.

        Compiled once for a net, so that many seeds and moments are cheap.

        Args:
            x: inputs, as in `gradients`.
            y: labels, as in `gradients`.

        Returns:
            two lists, bottom layer first, the output layer last.
        """
        if self._backward is None:
            affine = [layer for layer in self.model.layers if any(w.name == "kernel" for w in layer.weights)]
            taps = keras.Model(self.model.inputs[0], [layer.output for layer in affine])
            kernels = [layer.kernel for layer in affine]

            @tf.function(autograph=False)
            def both(inputs, targets):
                with tf.GradientTape() as tape:
                    inside = taps(inputs, training=True)
                    inside = inside if isinstance(inside, list) else [inside]
                    loss = self.loss(targets, inside[-1])
                return tape.gradient(loss, [*inside, *(kernel.value for kernel in kernels)])

            self._backward = both
        found = [g.numpy() for g in self._backward(tf.constant(scaled(x)), tf.constant(self.head.encode(y)))]
        return found[: len(found) // 2], found[len(found) // 2 :]

    def outputs(self, x: np.ndarray) -> list[np.ndarray]:
        """What each hidden activation gives, bottom first, then the output layer."""
        layers = [layer for layer in self.model.layers if layer.name.endswith("_activation")]
        inside = keras.Model(self.model.inputs[0], [*(layer.output for layer in layers), self.model.outputs[0]])
        return [each.numpy() for each in inside(scaled(x), training=False)]

    def score(self, x: np.ndarray, y: np.ndarray) -> float:
        """Share of right answers, or minus the mean squared error for regression."""
        out = self.model(scaled(x), training=False).numpy()
        if self.head.task == "regression":
            return -float(np.mean((out[:, 0] - y) ** 2))
        if self.head.task == "binary":
            return float(np.mean((out[:, 0] > self.head.threshold) == (y > 0)))
        return float(np.mean(out.argmax(axis=-1) == y))

    def train(self, x: np.ndarray, y: np.ndarray, optimizer: str, learning_rate: float, *, batch_size: int,
              epochs: int, seed: int = 0, constants: dict[str, float] | None = None,
              each: Callable[[int], None] | None = None) -> Iterator[tuple[int, float]]:  # fmt: skip
        """Train, an epoch at a time: yields (epoch from 1, mean training loss of its updates).

        Args:
            x: inputs of the training part.
            y: its labels.
            optimizer: catalog name.
            learning_rate: its rate, constant.
            constants: its other arguments.
            batch_size: examples an update.
            epochs: passes over the data.
            seed: of the order of the data.
            each: called with the number of updates made so far, after every update.
        """
        key = (optimizer, learning_rate, tuple(sorted((constants or {}).items())))
        if key not in self._steps:  # compiled once: other seeds put the rule's slots back and use it again
            rule = make_optimizer(optimizer, learning_rate, constants or {})
            rule.build(self.model.trainable_variables)

            @tf.function(jit_compile=True, autograph=False)
            def compiled(inputs, targets, index):
                with tf.GradientTape() as tape:
                    loss = self.loss(tf.gather(targets, index), self.model(tf.gather(inputs, index), training=True))
                rule.apply(tape.gradient(loss, self.model.trainable_variables), self.model.trainable_variables)
                return loss

            self._steps[key] = rule, [np.array(keras.ops.convert_to_numpy(v)) for v in rule.variables], compiled
        rule, fresh, step = self._steps[key]
        for variable, value in zip(rule.variables, fresh, strict=True):
            variable.assign(value)
        inputs, targets = tf.constant(scaled(x)), tf.constant(self.head.encode(y))

        made = 0
        for epoch in range(1, epochs + 1):
            losses = []
            for index in batches(seed, epoch, len(x), min(batch_size, len(x))):
                losses.append(step(inputs, targets, tf.constant(index)))
                made += 1
                if each:
                    each(made)
            yield epoch, float(np.mean([float(loss) for loss in losses]))


def scaled(x: np.ndarray) -> np.ndarray:
    """Inputs as a sweep feeds them: bytes scaled to 0 to 1, all else as it is."""
    return x.astype(np.float32) / 255 if x.dtype == np.uint8 else x.astype(np.float32)


def _orthogonal(shape, rng: np.random.Generator) -> np.ndarray:
    """A kernel with orthonormal rows or columns, whichever there are fewer of (Saxe et al. 2014, arXiv:1312.6120)."""
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    q = q * np.sign(np.diag(r))
    return (q if shape[0] >= shape[1] else q.T).astype(np.float32)
