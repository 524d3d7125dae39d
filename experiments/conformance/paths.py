"""Optimizers on their way down two landscapes, ours and those of the other libraries, to be drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments.conformance import optimizers, sources
from experiments.conformance.rows import Peer

if TYPE_CHECKING:
    from custom.spec import Spec

OURS = "ours"


@dataclass(frozen=True)
class Landscape:
    """A function of two variables: where one starts, its minimum, and how fast each optimizer may go."""

    title: str
    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    start: tuple[float, float]
    minimum: tuple[float, float]
    steps: int
    rates: dict[str, float]


def _quadratic(w: np.ndarray) -> np.ndarray:
    return 0.5 * (w[..., 0] ** 2 + 10 * w[..., 1] ** 2)


def _quadratic_slope(w: np.ndarray) -> np.ndarray:
    return np.stack([w[..., 0], 10 * w[..., 1]], axis=-1)


def _rosenbrock(w: np.ndarray) -> np.ndarray:
    x, y = w[..., 0], w[..., 1]
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _rosenbrock_slope(w: np.ndarray) -> np.ndarray:
    x, y = w[..., 0], w[..., 1]
    return np.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)], axis=-1)


QUADRATIC = Landscape(
    "quadratic, ½ (w₁² + 10 w₂²)", _quadratic, _quadratic_slope, (2.0, 1.0), (0.0, 0.0), 60,
    {"sgd": 0.15, "momentum": 0.03, "nag": 0.03, "adagrad": 0.5, "rmsprop": 0.1, "adadelta": 1.0, "adam": 0.2,
     "nadam": 0.2},
)  # fmt: skip
ROSENBROCK = Landscape(
    "Rosenbrock's valley", _rosenbrock, _rosenbrock_slope, (-1.2, 1.0), (1.0, 1.0), 300,
    {"sgd": 0.001, "momentum": 0.0005, "nag": 0.0005, "adagrad": 0.5, "rmsprop": 0.02, "adadelta": 1.0, "adam": 0.1,
     "nadam": 0.05},
)  # fmt: skip
LANDSCAPES = (QUADRATIC, ROSENBROCK)

STEPS_OF_SLOW = {"adadelta": 12}
"""Adadelta finds its step size slowly: so many times the steps on the quadratic."""

Paths = dict[str, np.ndarray]
"""Source -> ``[step + 1, 2]``."""


def down(spec: "Spec", land: Landscape) -> tuple[Paths, Paths]:
    """Every path there is: as the libraries come, and set to our definition where they can be.

    Args:
        spec: of an optimizer.
        land: to go down.
    """
    rate = float(np.float32(land.rates[spec.name]))
    steps = land.steps * (STEPS_OF_SLOW.get(spec.name, 1) if land is QUADRATIC else 1)
    peers = {source: peer for source, peer in optimizers.peers(spec, "").items() if sources.installed(source)}
    dtype = sources.finest()
    with sources.precision(dtype):

        def walked(source: str, peer: Peer, arguments: dict) -> np.ndarray:
            made = optimizers.make(peer, source, rate, arguments)
            return optimizers.walk(source, made, lambda _, w: land.slope(w), np.array(land.start), steps, dtype)

        def own(arguments: dict) -> np.ndarray:
            made = spec.factory(learning_rate=rate, **arguments)
            return optimizers.walk("keras", made, lambda _, w: land.slope(w), np.array(land.start), steps, dtype)

        come = {OURS: own({})} | {source: walked(source, peer, {}) for source, peer in peers.items()}
        gaps = {}
        for source, peer in peers.items():
            if peer.settings:
                ours, theirs = peer.settings[0]
                gaps[source] = np.abs(own(dict(ours)) - walked(source, peer, dict(theirs))).max(axis=1)
    return come, gaps


def apart(come: Paths) -> Paths:
    """Source -> its distance from ours after each step, in the coordinate that is farther off."""
    return {source: np.abs(path - come[OURS]).max(axis=1) for source, path in come.items() if source != OURS}
