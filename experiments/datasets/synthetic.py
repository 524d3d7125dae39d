"""Data sets made from a formula, the same on every machine: spirals and noisy_line.

spirals: two spirals, one inside the other; 2,000 points in the plane, 0 and 1.

    a = 2π t (TURNS - START) + 2π START,  t ~ U(0, 1)
    x = ± a / (2π TURNS) (cos a, sin a) + N(0, SPIRAL_NOISE²)

A line separates them hardly better than a coin.

noisy_line: a line with known noise; 1,000 points.

    x ~ U(-√3, √3),  y = SLOPE x + INTERCEPT + N(0, LINE_NOISE²)

x has variance 1, so the line itself explains, and nothing can explain more than,
R² = SLOPE² / (SLOPE² + LINE_NOISE²) = 0.941 of the variance of y.

Both are drawn from the raw stream of a bit generator and rounded to five
decimals, so that neither NumPy's version nor the machine's cosine changes a bit.
Made for this project; no licence applies but its own.
"""

import numpy as np

from experiments.datasets.base import Card, Whole

SPIRAL_POINTS = 2000
TURNS = 1.75
START = 0.25
SPIRAL_NOISE = 0.02

LINE_POINTS = 1000
SLOPE = 2.0
INTERCEPT = 1.0
LINE_NOISE = 0.5

SEEDS = {"spirals": 20_011, "noisy_line": 20_021}
DECIMALS = 5

CARDS = {
    "spirals": Card(
        name="spirals",
        title="Two spirals",
        task="binary",
        outputs=1,
        noun="examples",
        input_shape=(2,),
        train=SPIRAL_POINTS,
    ),
    "noisy_line": Card(
        name="noisy_line",
        title="Noisy line",
        task="regression",
        outputs=1,
        noun="examples",
        input_shape=(1,),
        train=LINE_POINTS,
    ),
}


def uniform(bits: np.random.PCG64, n: int) -> np.ndarray:
    """n numbers in (0, 1): the upper 53 bits of each draw, and a half, so that 0 is left out."""
    return ((bits.random_raw(n) >> np.uint64(11)) + 0.5) * 2.0**-53


def normal(bits: np.random.PCG64, n: int) -> np.ndarray:
    """n standard normal numbers (Box and Muller 1958): √(-2 ln u) cos 2πv."""
    u, v = uniform(bits, n), uniform(bits, n)
    return np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)


def spirals() -> Whole:
    bits = np.random.PCG64(SEEDS["spirals"])
    y = np.arange(SPIRAL_POINTS, dtype=np.int32) % 2
    a = 2 * np.pi * (uniform(bits, SPIRAL_POINTS) * (TURNS - START) + START)
    r = np.where(y == 1, 1.0, -1.0) * a / (2 * np.pi * TURNS)
    noise = SPIRAL_NOISE * np.stack([normal(bits, SPIRAL_POINTS), normal(bits, SPIRAL_POINTS)], axis=1)
    x = np.stack([r * np.cos(a), r * np.sin(a)], axis=1) + noise
    return Whole(np.round(x, DECIMALS), y)


def noisy_line() -> Whole:
    bits = np.random.PCG64(SEEDS["noisy_line"])
    x = np.round(np.sqrt(3) * (2 * uniform(bits, LINE_POINTS) - 1), DECIMALS)
    y = np.round(SLOPE * x + INTERCEPT + LINE_NOISE * normal(bits, LINE_POINTS), DECIMALS)
    return Whole(x[:, np.newaxis], y)


MAKERS = {"spirals": spirals, "noisy_line": noisy_line}
