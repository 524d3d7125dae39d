"""Builds and trains the parts of a plugin once, in a worker, on made-up data: before the sweep, not within it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from experiments.datasets import Dataset
from experiments.datasets.base import Part
from experiments.errors import PlanError
from experiments.grid import DataFacts
from experiments.heads import Head, head_for
from experiments.names import PLUGIN
from experiments.plugins import parts, source
from experiments.records import Run
from experiments.training import engines, setup
from experiments.training.loop import train

GRAPH = ("NotImplementedError", "OperatorNotAllowedInGraphError", "InaccessibleTensorError",
         "TracerBoolConversionError", "TracerArrayConversionError", "ConcretizationTypeError")  # fmt: skip
"""What backends raise where code that is compiled looks at numbers that are not there yet."""
OUTSIDE = " (it is compiled: use keras.ops in place of NumPy, and ops.where or ops.cond in place of if)"
EXAMPLES = {"train": 40, "validation": 20, "test": 20}


def check(runs: Sequence[Run], data: dict[str, DataFacts], folder: str) -> str:
    """Build what these runs use, and train each of them for an epoch.

    Args:
        runs: that have all parts of the plugin among them that the plan uses.
        data: what is known of their data sets.
        folder: of the plugin.

    Returns:
        what is wrong, in one line; empty if nothing is.
    """
    keras.config.disable_traceback_filtering()  # else Keras writes arguments into errors, in many lines
    seen = set()  # of kinds and names: an activation and an optimizer may share one
    for run in runs:
        facts = data[run.dataset]
        head = head_for(facts.task, facts.outputs, run.head, run.loss)
        what = ", ".join(dict.fromkeys(name for name in _names(run) if name.startswith(PLUGIN)))
        try:
            for name, look in ((run.activation, _activation), (run.optimizer, _optimizer), (run.loss, _loss)):
                if name.startswith(PLUGIN) and (look, name) not in seen:
                    seen.add((look, name))
                    what = name
                    look(name, run, head)
            what = ", ".join(dict.fromkeys(name for name in _names(run) if name.startswith(PLUGIN)))
            _train(run, _made_up(run, facts))
        except PlanError as error:
            return str(error)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            advice = OUTSIDE if type(error).__name__ in GRAPH else ""
            return f"{what} does not work{advice}: {source.say(error, Path(folder))}"
    return ""


def _names(run: Run) -> tuple[str, ...]:
    return run.model, run.activation, run.optimizer, run.loss


def _activation(name: str, _run: Run, _head: Head) -> None:
    make = parts.activation(name)
    layer = make()
    if not isinstance(layer, keras.Layer):
        raise PlanError(f"activation {name} made {type(layer).__name__}; it has to make a Keras layer, or to be a "
                        "function of one tensor")  # fmt: skip
    if make() is layer:
        raise PlanError(f"activation {name} made the same layer twice: each place in a net needs one of its own")
    for shape in ((4, 6), (4, 3, 3, 6)):
        # On numbers: what is symbolic, Keras takes to keep its shape.
        given = tuple(make()(np.linspace(-2, 2, np.prod(shape), dtype=np.float32).reshape(shape)).shape)
        if given != shape:
            raise PlanError(f"activation {name} makes shape {given} of shape {shape}: it has to keep the shape")


def _optimizer(name: str, run: Run, _head: Head) -> None:
    made = parts.optimizer(name)(learning_rate=run.learning_rate, **dict(run.optimizer_args))
    if not isinstance(made, keras.optimizers.Optimizer):
        raise PlanError(f"optimizer {name} is of type {type(made).__name__}; it has to be a Keras optimizer: derive it "
                        "from keras.optimizers.Optimizer")  # fmt: skip
    if type(made).update_step is keras.optimizers.Optimizer.update_step:
        raise PlanError(f"optimizer {name} has no update_step(self, gradient, variable, learning_rate): write one")
    for rate in (run.learning_rate, 2 * run.learning_rate):
        try:
            if rate != run.learning_rate:
                made.learning_rate = rate
            kept = float(ops.convert_to_numpy(made.learning_rate))
        except (TypeError, ValueError, AttributeError):
            kept = float("nan")
        if not np.isclose(kept, rate, rtol=1e-4):
            raise PlanError(f"optimizer {name} was given learning_rate={rate:g} and has {kept:g}: hand it to "
                            "super().__init__(learning_rate=...), and put no schedule in its place")  # fmt: skip


def _loss(name: str, _run: Run, head: Head) -> None:
    made = parts.loss(name)
    if not isinstance(made, keras.losses.Loss):
        raise PlanError(f"loss {name} made {type(made).__name__}; it has to make a keras.losses.Loss, or to be a "
                        "function of (y_true, y_pred)")  # fmt: skip
    y = np.full((3, head.outputs), 0.25, np.float32) + np.arange(3, dtype=np.float32)[:, None] / 8
    each = ops.convert_to_numpy(made.call(ops.convert_to_tensor(y[::-1].copy()), ops.convert_to_tensor(y)))
    if each.shape != (3,):
        raise PlanError(f"loss {name} gives shape {each.shape} for 3 examples with {head.outputs} outputs; it has to "
                        "give (3,), a value for each example: take the mean over axis=-1 alone")  # fmt: skip
    mean = float(ops.convert_to_numpy(made(ops.convert_to_tensor(y[::-1].copy()), ops.convert_to_tensor(y))))
    if not np.isclose(mean, each.mean(), rtol=1e-4, equal_nan=True):
        raise PlanError(f"loss {name} has reduction {made.reduction!r}; it has to be the mean over examples, Keras's "
                        "default: leave reduction away")  # fmt: skip


def _train(run: Run, data: Dataset) -> None:
    """An epoch, on the way that the sweep will take."""
    trainer = engines.make(run.engine, setup.prepare(run, data))
    run = replace(run, epochs=1, seed=0)
    if run.engine == "stacked":
        list(trainer.train([run]))
    else:
        train(trainer, run)


def _made_up(run: Run, facts: DataFacts) -> Dataset:
    draw = np.random.default_rng(0)
    made: dict[str, Any] = {}
    for name, size in EXAMPLES.items():
        x = draw.random((size, *facts.input_shape), dtype=np.float32)
        y = draw.random(size, dtype=np.float32)
        kinds = {"classes": facts.outputs, "binary": 2}.get(facts.task)
        made[name] = Part(x, y if kinds is None else (np.arange(size) % kinds).astype(np.int32))
    return Dataset(name=run.dataset, title="made up", task=facts.task, outputs=facts.outputs,  # type: ignore[arg-type]
                   fingerprint=facts.fingerprint, fingerprints={}, split="", canonical=None, provenance="",
                   **made)  # fmt: skip
