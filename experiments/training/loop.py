"""One run, from initial weights to its outcome, whichever engine makes the epochs."""

import math
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from custom.optimizers import state_bytes
from experiments.diagnostics import Diagnostics
from experiments.records import Epoch, Outcome, Run
from experiments.training.machine import describe, peak_bytes
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
    curve: list[Epoch] = []
    best: tuple[float, int, list[np.ndarray]] | None = None
    steps_before, diverged_at = 0, None
    insight = None if run.tuning else _insight(setup, run.activation)
    rows: list[dict] = []
    aside = 0.0  # seconds spent on diagnostics, which are no part of the training

    def look_inside(when: str) -> None:
        nonlocal aside
        clock = time.perf_counter()
        rows.extend(insight.measure(when) if insight else [])
        aside += time.perf_counter() - clock

    def scored(part: str) -> tuple[float, float]:
        loss, score = trainer.evaluate(part)
        return loss, setup.metric(score, setup.counts[part], part)

    look_inside("start")
    for number in range(1, run.epochs + 1):
        clock = time.perf_counter()
        losses, score, examples = trainer.epoch(run.seed, number)
        seconds = time.perf_counter() - clock
        validation_loss, validation_metric = scored("validation")
        finite = bool(np.isfinite(losses).all())
        if not finite or not math.isfinite(validation_loss):
            # A finite batch loss can still leave weights that are not: the next update would have shown it.
            diverged_at = steps_before + len(losses) + (1 if finite else 0)
            break
        steps_before += len(losses)
        epoch = Epoch(
            epoch=number,
            train_loss=float(losses.mean(dtype=np.float64)),
            train_metric=setup.metric(score, examples, "train"),
            validation_loss=validation_loss,
            validation_metric=validation_metric,
            seconds=seconds,
        )
        curve.append(epoch)
        on_epoch(epoch)
        if number in (run.epochs, max(1, run.epochs // 2)):
            look_inside("end" if number == run.epochs else "middle")
        # R² of a constant target is no number: then the loss decides.
        merit = -validation_loss if math.isnan(validation_metric) else validation_metric
        if best is None or merit > best[0]:
            best = (merit, number, trainer.weights())

    # Only the run that waited for the trace pays for it; the others of its cell share it.
    compile_seconds, trainer.compile_seconds = trainer.compile_seconds, 0.0
    outcome: dict = {}
    if diverged_at is None and best is not None:
        outcome = {"best_epoch": best[1], "validation_metric": curve[best[1] - 1].validation_metric}
        if not run.tuning:
            last = scored("test")
            outcome |= {"last_test_loss": last[0], "last_test_metric": last[1]}
            if best[1] != run.epochs:
                trainer.set_weights(best[2])
                last = scored("test")
            outcome |= {"test_loss": last[0], "test_metric": last[1]}
    return Outcome(
        status="done" if diverged_at is None else "diverged",
        metric=setup.head.metric,
        # A diverged trial scores at chance, so for tuning even that must not come from the test part.
        chance=setup.head.chance(setup.labels["validation" if run.tuning else "test"]),
        curve=tuple(curve),
        step=diverged_at,
        parameters=int(sum(np.prod(v.shape) for v in setup.model.trainable_variables)),
        state_bytes=int(state_bytes(trainer.setup.optimizer)),
        seconds=time.perf_counter() - started - aside,
        compile_seconds=compile_seconds,
        peak_bytes=peak_bytes(),
        machine=describe(),
        diagnostics=tuple(rows),
        **outcome,
    )


def _insight(setup: Setup, activation: str) -> Diagnostics:
    """Made once for all runs of a trace: what it compiles serves them all."""
    if "diagnostics" not in setup.made:
        setup.made["diagnostics"] = Diagnostics(setup, activation)
    return setup.made["diagnostics"]
