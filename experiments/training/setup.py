"""What both engines start from: the arrays, the model, the optimizer and the loss of one trace."""

import re
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from custom import catalog
from experiments import models
from experiments.datasets import Dataset
from experiments.heads import Head, head_for
from experiments.names import OUTPUT, PLUGIN
from experiments.plugins import nets, parts
from experiments.records import Run
from experiments.training.order import chunks

PARTS = ("train", "validation", "test")


def make_optimizer(name: str, learning_rate: float, arguments: dict[str, Any]) -> keras.optimizers.Optimizer:
    if name.startswith(PLUGIN):
        return parts.optimizer(name)(learning_rate=learning_rate, **arguments)
    if name.startswith("keras:"):
        if "exclude_layers" in arguments:  # a run's identity holds plain values, Keras wants a list
            arguments = {**arguments, "exclude_layers": [arguments["exclude_layers"]]}
        return getattr(keras.optimizers, name.removeprefix("keras:"))(learning_rate=learning_rate, **arguments)
    name = "sgd" if name == "batch_gd" else name
    return catalog.OPTIMIZERS[name].factory(learning_rate=learning_rate, **arguments)


def make_loss(head: Head) -> keras.losses.Loss:
    if head.loss.startswith(PLUGIN):
        return parts.loss(head.loss)
    arguments = {"from_logits": True} if head.from_logits else {}
    return catalog.LOSSES[head.loss].factory(**arguments)


@dataclass
class Setup:
    """One trace's worth of training. ``x`` and ``y`` hold the three parts one behind the other.

    ``kept`` is shared by all traces of a data set, ``made`` by the runs of this one.
    """

    head: Head
    model: keras.Model
    built: list[np.ndarray]
    optimizer: keras.optimizers.Optimizer
    loss: keras.losses.Loss
    x: np.ndarray
    y: np.ndarray
    labels: dict[str, np.ndarray]
    starts: dict[str, int]
    counts: dict[str, int]
    batch_size: int
    whole_batch: bool
    kept: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)

    def initial_weights(self, run: Run) -> list[np.ndarray]:
        if not run.plugin:
            return models.initial_weights(self.model, self.built, run.initialiser, run.seed)
        # Parts of a user's own may draw at random as they are built: built again under each seed, they are paired too.
        keras.utils.set_random_seed(run.seed)
        model = _model(run, self.input_shape, self.head)
        draw = nets.initial_weights if run.model.startswith(PLUGIN) else models.initial_weights
        return draw(model, _values(model), run.initialiser, run.seed)

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self.x.shape[1:]

    @property
    def convolves(self) -> bool:
        return any("conv" in type(layer).__name__.lower() for layer in nets.layers(self.model))

    @property
    def examples(self) -> int:
        return self.counts["train"]

    def whole(self, chunk: int) -> tuple[np.ndarray, np.ndarray]:
        """The training part in chunks, as `order.chunks`; in one where batch normalisation makes the examples of a
        batch bear on each other: its mean over a chunk, padding and all, is not that over the batch."""
        coupled = any(isinstance(layer, keras.layers.BatchNormalization) for layer in nets.layers(self.model))
        return chunks(0, self.examples, self.examples if coupled else chunk)

    def score(self, y, out):
        """Per example: 1 for a right answer, or the squared error where R² is the metric."""
        head = self.head
        if head.task == "regression":
            return ops.sum(ops.square(y - out), axis=-1)
        if head.task == "binary":
            right = ops.equal(out > head.threshold, y > 0.5 if not head.signed else y > 0)
            return ops.cast(ops.squeeze(right, -1), "float32")
        truth = y if head.loss.startswith("sparse") else ops.argmax(y, axis=-1)
        return ops.cast(ops.equal(ops.cast(ops.argmax(out, axis=-1), "int32"), ops.cast(truth, "int32")), "float32")

    def metric(self, summed_score: float, examples: int, part: str) -> float:
        """Accuracy, or R² = 1 - squared error / (examples x variance of the part's targets)."""
        if self.head.task != "regression":
            return summed_score / examples
        variance = float(np.var(self.labels[part]))
        return 1 - summed_score / (examples * variance) if variance else float("nan")


class Arrays:
    """A data set as one array a side: train, validation and test one behind the other.

    Made once for each data set and shared by all traces; ``kept`` is where an engine keeps its own copy.
    """

    def __init__(self, data: Dataset):
        parts = {name: getattr(data, name) for name in PARTS}
        self.task, self.outputs, self.input_shape = data.task, data.outputs, data.input_shape
        self.fingerprint = data.fingerprint
        self.x = np.concatenate([part.x for part in parts.values()])
        self.labels = {name: part.y for name, part in parts.items()}
        self.counts = {name: len(part.y) for name, part in parts.items()}
        self.starts = dict(zip(PARTS, np.cumsum([0, *self.counts.values()])[:-1].tolist(), strict=True))
        self.kept: dict[str, Any] = {}


def prepare(run: Run, data: Dataset | Arrays) -> Setup:
    """Build everything that the runs of one trace share."""
    arrays = data if isinstance(data, Arrays) else Arrays(data)
    head = head_for(arrays.task, arrays.outputs, run.head, run.loss)
    model = _model(run, arrays.input_shape, head)
    examples = arrays.counts["train"]
    return Setup(
        head=head,
        model=model,
        built=_values(model),
        optimizer=make_optimizer(run.optimizer, run.learning_rate, _constants(run, model)),
        loss=make_loss(head),
        x=arrays.x,
        y=np.concatenate([head.encode(labels) for labels in arrays.labels.values()]),
        labels=arrays.labels,
        starts=arrays.starts,
        counts=arrays.counts,
        batch_size=min(run.batch_size or examples, examples),
        whole_batch=run.batch_size == 0,
        kept=arrays.kept,
    )


def _constants(run: Run, model: keras.Model) -> dict[str, Any]:
    """Those of the optimizer. What is said of layer ``output`` holds for the last one of a user's model, too."""
    constants = dict(run.optimizer_args)
    if run.model.startswith(PLUGIN) and constants.get("exclude_layers") == OUTPUT:
        last = nets.last(model)
        paths = [weight.path for weight in last.weights] if last else []
        constants["exclude_layers"] = "|".join(f"^{re.escape(path)}$" for path in paths) or OUTPUT
    return constants


def _model(run: Run, shape: tuple[int, ...], head: Head) -> keras.Model:
    return models.build(run.model, shape, head, run.activation, run.activation_args, run.model_args)


def _values(model: keras.Model) -> list[np.ndarray]:
    return [np.array(ops.convert_to_numpy(variable)) for variable in model.variables]
