"""What was seen inside a net, as the rows that are kept. Plain NumPy: the same for every backend."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class Units:
    """The units of one activation layer, gathered over the chunks of the probe."""

    def __init__(self) -> None:
        self.dead: Any = True  # for each unit, no output and no gradient so far
        self.saturated: float | None = None
        self.mean = self.square = 0.0

    def add(self, share: float, dead: Any, mean: float, spread: float, saturated: float | None) -> None:
        """
        Args:
            share: of the probe that the chunk makes.
            dead: for each unit, whether it gave no output and got no gradient on the whole chunk.
            mean: of its outputs.
            spread: their standard deviation.
            saturated: share of unit-example pairs with a flat slope.
        """
        self.dead = np.logical_and(self.dead, np.asarray(dead))
        if saturated is not None:
            self.saturated = (self.saturated or 0.0) + share * float(saturated)
        mean, spread = float(mean), float(spread)
        self.mean += share * mean
        self.square += share * (spread**2 + mean**2)

    def row(self) -> dict[str, float | None]:
        return {
            "dead": float(np.mean(self.dead)),
            "saturated": self.saturated,
            "mean": self.mean,
            "spread": math.sqrt(max(0.0, self.square - self.mean**2)),
        }


def layer_rows(when: str, kernels: Mapping[str, tuple[Any, Any, Any]], units: Mapping[str, Units]) -> list[dict]:
    """A row for each layer with weights.

    Args:
        when: ``start``, ``middle`` or ``end``; kept in each row.
        kernels: layer -> its kernel, the gradient there, and the change that one more update would make.
        units: layer -> the units of the activation after it, where there is one.
    """
    rows = []
    for depth, (name, (kernel, gradient, change)) in enumerate(kernels.items(), 1):
        weight = norm(kernel)
        row = {"when": when, "layer": name, "depth": depth, "weight_norm": weight, "gradient_norm": norm(gradient),
               "update_ratio": norm(change) / weight if weight else None}  # fmt: skip
        rows.append(row | (units[name].row() if name in units else {}))
    return rows


def optimizer_row(when: str, gradients: Sequence[Any], changes: Sequence[Any]) -> dict[str, Any]:
    """Median, 10 % and 90 % quantile of the effective rate |change| / |gradient| over all weights: 0 where float32
    loses the change beside the weight, as in the first layers of a deep sigmoid net."""
    g = np.concatenate([np.abs(np.asarray(gradient)).ravel() for gradient in gradients])
    d = np.concatenate([np.abs(np.asarray(change)).ravel() for change in changes])
    moving = g > 1e-12  # below that the quotient is rounding noise
    rates = np.quantile(d[moving] / g[moving], [0.1, 0.5, 0.9]).tolist() if moving.any() else [None] * 3
    low, median, high = rates
    return {"when": when, "layer": "optimizer", "rate_median": median, "rate_low": low, "rate_high": high}


def norm(values: Any) -> float:
    """Euclidean norm over all entries, in float64: squares of what is about to diverge overflow float32."""
    return float(np.linalg.norm(np.asarray(values, np.float64).ravel()))
