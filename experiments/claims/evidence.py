"""What a claim is judged by: the numbers of its probe and the runs of its arms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from experiments.claims.arms import Arm
from experiments.claims.lab import Lab
from experiments.records import Outcome, Run
from experiments.tuning.cell import Choice


@dataclass(frozen=True)
class Trained:
    """The scoring runs of one arm, by seed.

    Attributes:
        arm: what was asked for.
        runs, outcomes: one a seed, in the order of the seeds.
        choice: what tuning chose; None where the rate was given.
    """

    arm: Arm
    runs: tuple[Run, ...]
    outcomes: tuple[Outcome, ...]
    choice: Choice | None = None

    @property
    def learning_rate(self) -> float:
        return self.runs[0].learning_rate

    @property
    def diverged(self) -> int:
        return sum(outcome.status == "diverged" for outcome in self.outcomes)

    def scores(self, what: str = "test_metric") -> np.ndarray:
        """[seed] of any number of an outcome; the metrics of a diverged run count at chance level, all else NaN."""
        return np.array([self._value(outcome, what) for outcome in self.outcomes], float)

    @staticmethod
    def _value(outcome: Outcome, what: str) -> float:
        value = getattr(outcome, what)
        if outcome.status == "diverged" and what in ("test_metric", "last_test_metric", "validation_metric"):
            return outcome.chance
        return float("nan") if value is None else float(value)

    def curve(self, what: str = "validation_metric") -> np.ndarray:
        """[seed, epoch] of ``train_loss``, ``train_metric``, ``validation_loss``, ``validation_metric`` or
        ``seconds``; NaN after a run diverged."""
        table = np.full((len(self.outcomes), self.runs[0].epochs), np.nan)
        for row, outcome in zip(table, self.outcomes, strict=True):
            row[: len(outcome.curve)] = [getattr(epoch, what) for epoch in outcome.curve]
        return table

    def epochs_to(self, target: float, what: str = "validation_metric") -> np.ndarray:
        """[seed] first epoch with ``what`` at ``target`` or better (lower, for a loss); where it is never
        reached, one more than were trained: too small rather than too large."""
        curve = self.curve(what)
        there = curve <= target if what.endswith("loss") else curve >= target
        return np.where(there.any(axis=1), there.argmax(axis=1) + 1.0, curve.shape[1] + 1.0)

    def inside(self, what: str, when: str = "end") -> np.ndarray:
        """[seed, layer] of a diagnostic (see ``experiments.diagnostics``), bottom layer first; NaN where a run
        diverged before."""
        found = [[_number(row.get(what)) for row in outcome.diagnostics
                  if row["when"] == when and row["layer"] != "optimizer"] for outcome in self.outcomes]  # fmt: skip
        layers = max(map(len, found), default=0)
        return np.array([row if row else [np.nan] * layers for row in found], float)

    def of_optimizer(self, what: str, when: str = "end") -> np.ndarray:
        """[seed] of ``rate_median``, ``rate_low`` or ``rate_high``."""
        return np.array([next((_number(row.get(what)) for row in outcome.diagnostics
                               if row["when"] == when and row["layer"] == "optimizer"), np.nan)
                         for outcome in self.outcomes])  # fmt: skip


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


@dataclass(frozen=True)
class Evidence:
    """
    Attributes:
        lab: budget, parts and seed of the experiment.
        numbers: what the probe returned (as it comes back from JSON: lists, not arrays).
        trained: arm's label -> its runs.
        data: titles of the data sets, as they were.
        notices: what stood in for what.
        machine: what it was measured on, see ``experiments.training.machine``.
    """

    lab: Lab
    numbers: Mapping[str, Any] = field(default_factory=dict)
    trained: Mapping[str, Trained] = field(default_factory=dict)
    data: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    machine: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, label: str) -> Trained:
        return self.trained[label]

    def array(self, name: str) -> np.ndarray:
        return np.array(self.numbers[name], float)

    @cached_property
    def where(self) -> str:
        """Data and seeds in a few words, for the subtitle of a figure."""
        words = list(self.data)
        if self.trained:
            counts = sorted({len(each.runs) for each in self.trained.values()})
            words.append(f"{' to '.join(map(str, dict.fromkeys((counts[0], counts[-1]))))} seeds")
        return ", ".join(words)
