"""How a metric is shown: its words, unit, decimals, and an axis on which good values keep apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PLAIN = 1e6
"""Numbers from here on are told with a power of ten: the R² of a run that went far astray has thirty digits."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric whose best value is known.

    Axes and colours run along

        x -> -log10(top + offset - x)

    so that 98 and 99 % stand apart as clearly as 60 and 80 %: near the top equal
    steps are equal ratios of what is still wrong, and ``offset`` keeps the top itself
    on the axis.

    Attributes:
        word: what a sentence calls it. short: what an axis calls it.
        factor: from the stored number to the shown one.
        unit: behind a shown number. decimals: of a shown mean.
        top: the best shown value. offset: see above. floor: worse values are drawn here.
        ticks: shown values that an axis may label.
    """

    word: str
    factor: float = 1.0
    unit: str = ""
    decimals: int = 3
    top: float = 1.0
    offset: float = 0.05
    floor: float = -1.0
    ticks: tuple[float, ...] = (-1, -0.5, 0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1)

    def number(self, value: float) -> str:
        shown = value * self.factor
        return f"{shown:.{self.decimals}f}" if abs(shown) < PLAIN else f"{shown:.1e}"

    def say(self, value: float) -> str:
        return self.number(value) + self.unit

    def span(self, low: float, high: float) -> str:
        """An interval of values. No mean lies above the best value: the interval ends there, and covers as much."""
        return f"{self.number(low)} to {self.number(min(high, self.top / self.factor))}"

    def spread(self, low: float, high: float) -> str:
        return self.span(low, high) + self.unit

    def gap(self, difference: float) -> str:
        """A difference between two values: ``0.50 points`` of percent, or ``0.005``."""
        return f"{self.number(difference)}{' points' if self.unit else ''}"

    def axis(self, prefix: str) -> str:
        """The label of an axis, such as ``test accuracy (%)``."""
        return f"{prefix} {self.word} ({self.unit.strip()})" if self.unit else f"{prefix} {self.word}"

    def shown(self, values: object) -> np.ndarray:
        """Stored values as they are drawn: in the shown unit, cut at the floor and at the top."""
        return np.clip(np.asarray(values, dtype=float) * self.factor, self.floor, self.top)

    def stretch(self, shown: np.ndarray) -> np.ndarray:
        return -np.log10(self.top + self.offset - np.minimum(shown, self.top + 0.9 * self.offset))

    def unstretch(self, position: np.ndarray) -> np.ndarray:
        return self.top + self.offset - 10.0 ** -np.asarray(position, dtype=float)

    def limits(self, shown: np.ndarray, margin: float = 0.05) -> tuple[float, float]:
        """Ends of an axis that holds all finite values, with a margin on the stretched scale."""
        finite = shown[np.isfinite(shown)]
        if not finite.size:
            return (self.top - 1.0 * self.factor, self.top)
        low, high = (float(self.stretch(np.asarray(end))) for end in (finite.min(), finite.max()))
        pad = max(margin * (high - low), 0.02)
        ends = np.clip(self.unstretch(np.array([low - pad, high + pad])), None, self.top + 0.4 * self.offset)
        return float(ends[0]), float(ends[1])

    def choose_ticks(self, limits: tuple[float, float], gap: float = 0.1) -> list[float]:
        """Ticks within the limits, at least ``gap`` of the axis apart; the highest comes first."""
        ends = self.stretch(np.asarray(limits))
        length = float(ends[1] - ends[0])
        kept: list[float] = []
        for tick in reversed(self.candidates(limits)):
            place = float(self.stretch(np.asarray(tick)))
            if all(abs(place - float(self.stretch(np.asarray(other)))) >= gap * length for other in kept):
                kept.append(tick)
        return kept[::-1]

    def candidates(self, limits: tuple[float, float]) -> Sequence[float]:
        inside = [tick for tick in self.ticks if limits[0] <= tick <= limits[1]]
        if len(inside) > 2:
            return inside
        step = 10.0 ** np.floor(np.log10(max(limits[1] - limits[0], 1e-9)))
        while (limits[1] - limits[0]) / step < 3:
            step /= 2
        first, last = np.ceil(limits[0] / step), np.floor(min(limits[1], self.top) / step)
        return [float(round(number * step, 9)) for number in np.arange(first, last + 1)]


ACCURACY = Metric(
    word="accuracy",
    factor=100.0,
    unit=" %",
    decimals=2,
    top=100.0,
    offset=0.5,
    floor=0.0,
    ticks=(0, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 93, 95, 96, 97, 98, 98.5, 99, 99.5, 100),
)
R2 = Metric(word="R²")

METRICS = {"accuracy": ACCURACY, "r2": R2}


def metric_of(name: str) -> Metric:
    """The metric of that name; one that is not known is shown as it is, like R²."""
    return METRICS.get(name) or Metric(word=name)
