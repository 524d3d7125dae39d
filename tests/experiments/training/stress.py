"""Numbers under stress: what each engine makes of them, as its own process: Keras has one backend a process.

    python -m tests.experiments.training.stress ENGINE FILE [CASE...]

writes, for every case or for those that are named, status, step and number of epochs, and what the run scored.
`docs/stress.md` tells them.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.datasets import Dataset
from experiments.records import Run
from experiments.training import backend
from experiments.training.order import batches
from tests.experiments.training.toy import a_run, toy

STEPS = 6
"""Updates of an epoch: 60 examples in batches of 10."""

Case = tuple[Run, Dataset, str, int | None]
"""The run, its data, and what has to come of it: status, and the step (None: not said, but the same for all)."""


def spoiled(value: float, part: str = "train", task: str = "classes") -> Dataset:
    """One input of one example is ``value``."""
    data = toy(task)
    x = getattr(data, part).x.copy()
    x[7, 2] = value
    return replace(data, **{part: replace(getattr(data, part), x=x)})


def meets(run: Run, example: int = 7) -> int:
    """The update that sees an example first, counted from 1."""
    for epoch in range(1, run.epochs + 1):
        rows, _ = np.nonzero(batches(run.seed, epoch, 60, run.batch_size) == example)
        if len(rows):
            return (epoch - 1) * STEPS + int(rows[0]) + 1
    raise AssertionError("no update sees it")


def poisoned(value: float, **changes: Any) -> Case:
    data = spoiled(value)
    run = a_run(data, **changes)
    return run, data, "diverged", meets(run) if run.batch_size else 1


def unseen(part: str, **changes: Any) -> Case:
    """An example that no update sees makes the loss of its part infinite: the run is over behind its last update."""
    data = spoiled(np.inf, part)
    run = a_run(data, **changes)
    return run, data, "diverged", STEPS * (1 if part == "validation" else run.epochs) + 1


def at(rate: float, status: str, step: int | None = None, task: str = "classes", **changes: Any) -> Case:
    data = toy(task)
    return a_run(data, changes.pop("model_args", None), learning_rate=rate, **changes), data, status, step


def labelled(y: Any, task: str = "classes", **changes: Any) -> Case:
    """All three parts have these targets."""
    data = toy(task)
    data = replace(data, **{name: replace(part, y=np.resize(y, len(part.y)).astype(part.y.dtype))
                            for name, part in data.parts.items()})  # fmt: skip
    return a_run(data, **changes), data, "done", None


def constant(task: str) -> Case:
    data = toy(task)
    data = replace(data, **{name: replace(part, x=np.ones_like(part.x)) for name, part in data.parts.items()})
    return a_run(data, epochs=3), data, "done", None


def small(task: str, **changes: Any) -> Case:
    data = toy(task, train=1, validation=1, test=1)
    return a_run(data, **changes), data, "done", None


def half(task: str) -> Case:
    data = toy(task)
    data = replace(data, **{name: replace(part, x=part.x.astype(np.float16)) for name, part in data.parts.items()})
    return a_run(data), data, "done", None


def near_the_end() -> Case:
    """Every loss is about 1e37: a batch of ten of them sums to more than float32 holds, and their mean does not."""
    data = toy("regression")
    data = replace(data, **{name: replace(part, y=np.full_like(part.y, 3e18)) for name, part in data.parts.items()})
    run = a_run(data, {"depth": 1, "width": 4}, learning_rate=1e-30)
    return run, data, "diverged", STEPS + 1


def far_off() -> Case:
    """Absolute errors of about 1e20: their mean is a number, that of their squares, for R², is not."""
    data = toy("regression")
    data = replace(data, **{name: replace(part, x=part.x * np.float32(1e20)) for name, part in data.parts.items()})
    return a_run(data, loss="mean_absolute_error", learning_rate=1e-30), data, "diverged", STEPS + 1


def unknown_class() -> Case:
    """Whoever writes a loader of his own may get this far; `datasets` refuses it."""
    data = toy()
    y = data.train.y.copy()
    y[7] = 3
    run = a_run(data)
    return run, replace(data, train=replace(data.train, y=y)), "diverged", meets(run)


CASES: dict[str, Callable[[], Case]] = {
    "NaN in an input": lambda: poisoned(np.nan),
    "NaN in an input, whole batch": lambda: poisoned(np.nan, batch_size=0),
    "infinity in an input": lambda: poisoned(np.inf),
    "infinity in an input, adam": lambda: poisoned(-np.inf, optimizer="adam", learning_rate=0.01),
    "infinity in an input of the validation part": lambda: unseen("validation"),
    "infinity in an input of the test part": lambda: unseen("test"),
    "exploding gradients": lambda: at(3.0, "diverged", task="regression", activation="linear", epochs=9),
    "exploding gradients, 10 layers": lambda: at(
        1.0, "diverged", task="regression", epochs=9, model_args={"depth": 10, "width": 16}
    ),
    "exploding gradients, whole batch": lambda: at(
        3.0, "diverged", task="regression", activation="linear", epochs=60, batch_size=0
    ),
    "rate 1e6, sgd": lambda: at(1e6, "done"),
    "rate 1e6, sgd, regression": lambda: at(1e6, "diverged", task="regression"),
    "rate 1e6, momentum": lambda: at(1e6, "done", optimizer="momentum"),
    "rate 1e6, adam": lambda: at(1e6, "done", optimizer="adam"),
    "rate 1e6, rmsprop, regression": lambda: at(1e6, "diverged", task="regression", optimizer="rmsprop"),
    "rate 1e30, adam": lambda: at(1e30, "diverged", 2, optimizer="adam"),
    "a loss whose sum overflows": lambda: near_the_end(),
    "squares that overflow, absolute error": lambda: far_off(),
    "one example": lambda: small("classes"),
    "one example, whole batch": lambda: small("binary", batch_size=0),
    "one example, regression": lambda: small("regression"),
    "one class": lambda: labelled([1]),
    "one class, binary": lambda: labelled([1], "binary"),
    "one target, regression": lambda: labelled([0.5], "regression"),
    "constant inputs": lambda: constant("classes"),
    "constant inputs, regression": lambda: constant("regression"),
    "batch of 1000, 60 examples": lambda: at(0.1, "done", batch_size=1000),
    "labels out of range": unknown_class,
    "float16 inputs": lambda: half("classes"),
    "float16 inputs, regression": lambda: half("regression"),
}


QUICK_ONES = ("infinity in an input of the test part", "a loss whose sum overflows")
"""The cases of `make test`; the others, compiling mostly, are for the slow tests."""


def main(engine: str, file: str, *names: str) -> None:
    backend.start(engine)
    found = {name: outcome(engine, CASES[name]) for name in names or CASES}
    Path(file).write_text(json.dumps(found))


def outcome(engine: str, case: Callable[[], Case]) -> dict[str, Any]:
    """What an engine, alone in this process or not, makes of a case."""
    from experiments.training import engines, loop
    from experiments.training.setup import prepare

    run, data, *_ = case()
    run = replace(run, engine=engine)
    trainer = engines.make(engine, prepare(run, data))
    found = [*trainer.train([run])][-1][2] if engine == "stacked" else loop.train(trainer, run)
    return {"status": found.status, "step": found.step, "epochs": len(found.curve), "test_metric": found.test_metric,
            "test_loss": found.test_loss, "chance": found.chance,
            "train_loss": found.curve[-1].train_loss if found.curve else None}  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
