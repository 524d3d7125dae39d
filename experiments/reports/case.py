"""One cell beside the best one, and the shape of a rule about it."""

from collections.abc import Callable
from dataclasses import dataclass

from experiments.reports.metrics import Metric
from experiments.reports.symptoms import Gap, Symptoms


@dataclass(frozen=True, kw_only=True)
class Case:
    """A cell and the best one of its block, as the rules see them.

    ``gap`` is that of the two; ``margin`` is what counts as a difference, ``usual_sd`` the median standard
    deviation over seeds in the block; ``alone`` says that no other cell has a result.
    """

    cell: Symptoms
    best: Symptoms
    gap: Gap
    metric: Metric
    margin: float
    epochs: int
    model: str
    usual_sd: float
    alone: bool = False

    @property
    def is_best(self) -> bool:
        return (self.cell.row, self.cell.column) == (self.best.row, self.best.column)

    @property
    def apart(self) -> bool:
        """Further from the best than what counts as a difference, be it sure or not."""
        return not self.is_best and self.gap.difference > self.margin

    @property
    def behind(self) -> bool:
        """Apart, and surely so: the interval of the paired difference is above zero (one seed has none)."""
        return self.apart and not (self.gap.has_interval and self.gap.low <= 0)

    def say(self, value: float) -> str:
        return self.metric.say(value)


@dataclass(frozen=True)
class Rule:
    """``condition`` tells in words, thresholds included, when it ``holds``; ``tell`` gives the numbers.
    ``trouble`` is False for rules about cells that do well."""

    name: str
    condition: str
    holds: Callable[[Case], bool]
    tell: Callable[[Case], str]
    trouble: bool = True
