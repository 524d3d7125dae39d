"""One run's way through its epochs: its curve, its best epoch, where it diverged, what comes of it."""

import math
from typing import Any

import numpy as np

from custom.optimizers import state_bytes
from experiments.records import Epoch, Outcome, Run
from experiments.training.machine import describe, peak_bytes
from experiments.training.setup import Setup

Sums = tuple[float, float]
"""Mean loss and summed score over a part, as an engine evaluates it."""


class Course:
    """Told what every epoch gave, whichever engine made it.

    Attributes:
        curve: the epochs so far.
        best: number of the epoch with the best validation metric, the earliest of equals; 0 before the first.
        step: the update at which the run diverged, if it did.
    """

    def __init__(self, setup: Setup, run: Run):
        self.setup, self.run = setup, run
        self.curve: list[Epoch] = []
        self.best = 0
        self.step: int | None = None
        self._merit = -math.inf
        self._updates = 0

    def add(self, losses: np.ndarray, score: float, examples: int, validation: Sums, seconds: float) -> Epoch | None:
        """Take in the next epoch.

        Args:
            losses: of its updates, the last one not finite if the run diverged at it.
            score: summed over the examples that it saw.
            examples: their number.
            validation: evaluated after it.
            seconds: of its updates.

        Returns:
            its line of the curve, or None if the run diverged in it: then the run is over.
        """
        setup, (loss, hits) = self.setup, validation
        finite = bool(np.isfinite(losses).all())
        if not finite or _overflows(loss, score, hits):
            # A finite batch loss can still leave weights that are not: the next update would have shown it. And where
            # errors grow linearly in the loss, their squares in R² overflow first.
            self.step = self._updates + len(losses) + (1 if finite else 0)
            return None
        self._updates += len(losses)
        metric = setup.metric(hits, setup.counts["validation"], "validation")
        epoch = Epoch(
            epoch=len(self.curve) + 1,
            train_loss=float(losses.mean(dtype=np.float64)),
            train_metric=setup.metric(score, examples, "train"),
            validation_loss=loss,
            validation_metric=metric,
            seconds=seconds,
        )
        self.curve.append(epoch)
        # R² of a constant target is no number: then the loss decides.
        merit = -loss if math.isnan(metric) else metric
        if not self.best or merit > self._merit:
            self._merit, self.best = merit, epoch.epoch
        return epoch

    @property
    def improved(self) -> bool:
        """Whether the last epoch is the best so far, so that its weights are to be kept."""
        return self.best == len(self.curve) and self.step is None

    @property
    def scored(self) -> bool:
        """Whether the test part is to be read: a run that was trained to its end, and not only to tune."""
        return self.step is None and not self.run.tuning

    def outcome(self, last: Sums | None, best: Sums | None, **more: Any) -> Outcome:
        """
        Args:
            last: the test part, evaluated with the last weights; None where it is not `scored`.
            best: the same with those of the best epoch.
            more: further attributes of the outcome.
        """
        setup = self.setup
        if best is not None and _overflows(*best):
            # Weights that the test part shows to overflow are as little a result as if the validation part had.
            self.step, last, best = self._updates + 1, None, None

        def named(prefix: str, sums: Sums | None) -> dict[str, Any]:
            if sums is None:
                return {}
            metric = setup.metric(sums[1], setup.counts["test"], "test")
            return {f"{prefix}test_loss": sums[0], f"{prefix}test_metric": metric}

        reached: dict[str, Any] = {}
        if self.step is None:
            reached = {"best_epoch": self.best, "validation_metric": self.curve[self.best - 1].validation_metric}
        return Outcome(
            status="diverged" if self.step else "done",
            metric=setup.head.metric,
            # A diverged trial scores at chance, so for tuning even that must not come from the test part.
            chance=setup.head.chance(setup.labels["validation" if self.run.tuning else "test"]),
            curve=tuple(self.curve),
            step=self.step,
            parameters=int(sum(np.prod(v.shape) for v in setup.model.trainable_variables)),
            state_bytes=int(state_bytes(setup.optimizer)),
            peak_bytes=peak_bytes(),
            machine=describe(),
            **reached,
            **named("last_", last),
            **named("", best),
            **more,
        )


def _overflows(loss: float, *scores: float) -> bool:
    return not math.isfinite(loss) or any(map(math.isinf, scores))
