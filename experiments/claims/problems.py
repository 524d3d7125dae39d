"""Small analytic problems with known minima and gradients, and plain descent on them in float64.

Points are arrays ``[..., d]``: any number of starts, or of noisy runs, go side by side.
The two spirals are a data set: ``lab.load("spirals")``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np


class Problem(Protocol):
    """A function to be minimised."""

    @property
    def minimum(self) -> np.ndarray: ...
    def value(self, w: np.ndarray) -> np.ndarray: ...
    def gradient(self, w: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Quadratic:
    """f(w) = ½ Σ λᵢ wᵢ², minimum 0 at 0, gradient λ w, smoothness L = max λ, condition number max λ / min λ."""

    curvatures: tuple[float, ...]

    @property
    def minimum(self) -> np.ndarray:
        return np.zeros(len(self.curvatures))

    @property
    def smoothness(self) -> float:
        return max(self.curvatures)

    @property
    def condition(self) -> float:
        return max(self.curvatures) / min(self.curvatures)

    def value(self, w: np.ndarray) -> np.ndarray:
        return 0.5 * np.sum(np.array(self.curvatures) * w**2, axis=-1)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        return np.array(self.curvatures) * w


def ravine(condition: float = 100.0) -> Quadratic:
    """A long valley: curvature 1 along it, ``condition`` across."""
    return Quadratic((1.0, condition))


@dataclass(frozen=True)
class DoubleWell:
    """f(x) = (x² - 1)²/4 + tilt x in each coordinate: two valleys, the left one deeper for tilt > 0.

    Gradient x³ - x + tilt. For 0 < tilt < 2/√27 the roots of that are, from left to right, the global minimum,
    the top of the barrier, and the local minimum.
    """

    tilt: float = 0.2

    @property
    def roots(self) -> np.ndarray:
        """Global minimum, barrier, local minimum."""
        return np.sort(np.roots([1.0, 0.0, -1.0, self.tilt]).real)

    @property
    def minimum(self) -> np.ndarray:
        return self.roots[:1]

    def value(self, w: np.ndarray) -> np.ndarray:
        return np.sum((w**2 - 1) ** 2 / 4 + self.tilt * w, axis=-1)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        return w**3 - w + self.tilt

    def trapped(self, w: np.ndarray) -> np.ndarray:
        """Whether a point is in the basin of the local minimum: right of the barrier."""
        return w[..., 0] > self.roots[1]


@dataclass(frozen=True)
class ScaledRegression:
    """f(w) = ½ mean((Xw - y)²) for features of very different scale, y = X w* without noise: minimum 0 at w*.

    Column j of X is standard normal times ``scales[j]``; w* = 1/scales, so that each feature explains as much.
    Gradient Xᵀ(Xw - y)/n; curvature along axis j is about scales[j]².
    """

    scales: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0)
    rows: int = 500
    seed: int = 0

    @property
    def design(self) -> np.ndarray:
        return np.random.default_rng(self.seed).standard_normal((self.rows, len(self.scales))) * self.scales

    @property
    def minimum(self) -> np.ndarray:
        return 1 / np.array(self.scales)

    @cached_property
    def hessian(self) -> np.ndarray:
        return self.design.T @ self.design / self.rows

    def value(self, w: np.ndarray) -> np.ndarray:
        off = w - self.minimum
        return 0.5 * np.einsum("...i,ij,...j->...", off, self.hessian, off)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        return (w - self.minimum) @ self.hessian


Noise = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Descent:
    """A rule of the catalog on a problem.

    Attributes:
        optimizer: its name in the catalog.
        learning_rate: η.
        constants: of the rule, beside the rate.
    """

    optimizer: str
    learning_rate: float
    constants: dict[str, float] = field(default_factory=dict)

    def path(
        self,
        problem: Problem,
        start: np.ndarray,
        steps: int,
        noise: Noise | None = None,
        rate: Callable[[int], float] | None = None,
    ) -> np.ndarray:
        """``[steps + 1, ..., d]``: the start and the point after each step.

        Args:
            problem: what is minimised.
            start: ``[..., d]``.
            steps: how many.
            noise: point -> what is added to the gradient there.
            rate: step from 1 -> η, in place of the constant one.
        """
        from custom import catalog

        spec = catalog.OPTIMIZERS[self.optimizer]
        rule: Any = spec.function
        made = spec.factory(learning_rate=self.learning_rate, **self.constants)
        w = np.array(start, float)
        slots = made.initial_slots(w)
        points = [w]
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(1, steps + 1):
                g = problem.gradient(w) + (noise(w) if noise else 0.0)
                eta = rate(t) if rate else self.learning_rate
                delta, slots = rule(g, t, eta, slots, **made.constants)
                w = w + delta
                points.append(w)
        return np.stack(points)

    def steps(self, gradients: np.ndarray, first: int = 1) -> np.ndarray:
        """``[t, ...]``: the steps that the rule takes on a given stream of gradients, in their precision.

        Args:
            gradients: ``[t, ...]``.
            first: number of the first step; from about 1e6 on no correction for the start is left.
        """
        from custom import catalog

        spec = catalog.OPTIMIZERS[self.optimizer]
        rule: Any = spec.function
        made = spec.factory(learning_rate=self.learning_rate, **self.constants)
        slots = made.initial_slots(np.zeros_like(gradients[0]))
        taken = []
        with np.errstate(over="ignore", invalid="ignore"):
            for t, g in enumerate(gradients, first):
                delta, slots = rule(g, t, self.learning_rate, slots, **made.constants)
                taken.append(delta)
        return np.stack(taken)


def steps_to(problem: Problem, path: np.ndarray, share: float = 1e-3) -> np.ndarray:
    """First step whose excess value is at most ``share`` of that at the start; one more than there were if never.

    Args:
        problem: what was minimised.
        path: ``[steps + 1, ..., d]``.
        share: of the first excess over the minimum.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        excess = problem.value(path) - problem.value(problem.minimum)
    there = excess <= share * excess[0]
    return np.where(there.any(axis=0), there.argmax(axis=0), len(path))


def gaussian(rng: np.random.Generator, sigma: float) -> Noise:
    """Noise of the same size in every direction, drawn anew at each step: a noisy quadratic's mini-batches."""
    return lambda w: sigma * rng.standard_normal(w.shape)
