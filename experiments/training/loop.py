"""One run, from initial weights to its outcome, whichever engine makes the epochs."""

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from experiments.diagnostics.tensorflow import Diagnostics
from experiments.records import Epoch, Outcome, Run
from experiments.training.course import Course
from experiments.training.setup import Setup


class Trainer(Protocol):
    """What an engine offers to the loop."""

    setup: Setup
    compile_seconds: float

    def reset(self, learning_rate: float, weights: list[np.ndarray]) -> None: ...
    def epoch(self, seed: int, epoch: int) -> tuple[np.ndarray, float, int]: ...
    def evaluate(self, part: str) -> tuple[float, float]: ...
    def weights(self) -> list[np.ndarray]: ...
    def set_weights(self, weights: list[np.ndarray]) -> None: ...


def train(trainer: Trainer, run: Run, on_epoch: Callable[[Epoch], None] = lambda _: None) -> Outcome:
    """Train ``run`` and score it.

    The weights of the epoch with the best validation metric are kept; the test part is read once, at the
    end, for those and for the last ones, and not at all by runs that only tune. A loss that is not finite
    ends the run as diverged.
    """
    started = time.perf_counter()
    setup = trainer.setup
    trainer.reset(run.learning_rate, setup.initial_weights(run))
    course = Course(setup, run)
    kept: list[np.ndarray] = []  # weights of the best epoch
    insight = None if run.tuning else _insight(setup, run.activation)
    rows: list[dict] = []
    aside = 0.0  # seconds spent on diagnostics, which are no part of the training

    def look_inside(when: str) -> None:
        nonlocal aside
        clock = time.perf_counter()
        rows.extend(insight.measure(when) if insight else [])
        aside += time.perf_counter() - clock

    look_inside("start")
    for number in range(1, run.epochs + 1):
        clock = time.perf_counter()
        losses, score, examples = trainer.epoch(run.seed, number)
        seconds = time.perf_counter() - clock
        epoch = course.add(losses, score, examples, trainer.evaluate("validation"), seconds)
        if epoch is None:
            break
        on_epoch(epoch)
        if number in (run.epochs, max(1, run.epochs // 2)):
            look_inside("end" if number == run.epochs else "middle")
        if course.improved:
            kept = trainer.weights()

    # Only the run that waited for the trace pays for it; the others of its cell share it.
    compile_seconds, trainer.compile_seconds = trainer.compile_seconds, 0.0
    last = best = None
    if course.scored:
        last = best = trainer.evaluate("test")
        if course.best != run.epochs:
            trainer.set_weights(kept)
            best = trainer.evaluate("test")
    return course.outcome(
        last,
        best,
        seconds=time.perf_counter() - started - aside,
        compile_seconds=compile_seconds,
        diagnostics=tuple(rows),
    )


def _insight(setup: Setup, activation: str) -> Diagnostics:
    """Made once for all runs of a trace: what it compiles serves them all."""
    if "diagnostics" not in setup.made:
        setup.made["diagnostics"] = Diagnostics(setup, activation)
    return setup.made["diagnostics"]
