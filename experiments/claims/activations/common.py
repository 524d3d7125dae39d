"""What the training claims about activations share: settings, so that runs are reused, and measures of speed."""

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.claims.evidence import Trained
from experiments.claims.rules import Compared, ratio

DEEP = {"depth": 6, "width": 64}
"""A net with six hidden layers, where the default has two."""
SHAPES: dict[str, dict[str, int]] = {"2 layers": {}, "6 layers": DEEP}
SMALL: dict[str, Any] = {"epochs": 30, "batch_size": 32}
"""Budget on data sets of some hundred to two thousand examples."""

TARGET = 0.1
"""Training loss, in nats, that counts as learned: the right class gets exp(-0.1) = 0.90 on (geometric) average."""


def epochs_to(trained: Trained, target: float = TARGET) -> np.ndarray:
    """[seed] epochs to a mean training loss of ``target``, straight between epochs in the logarithm of the loss.

    Where it is not reached, one more than were trained: too small rather than too large. Training loss, since
    accuracy on a few hundred validation examples jumps by more than activations differ.
    """
    curves = trained.curve("train_loss")
    found = np.full(len(curves), curves.shape[1] + 1.0)
    for seed, curve in enumerate(curves):
        there = np.flatnonzero(curve <= target)
        if not len(there):
            continue
        k = there[0]
        before, after = np.log(curve[k - 1]), np.log(max(curve[k], 1e-30))
        found[seed] = 1.0 if k == 0 else k + (before - np.log(target)) / (before - after)
    return found


def seconds_to(trained: Trained, target: float = TARGET) -> np.ndarray:
    """[seed] the same in seconds: epochs times the median time of an epoch of this arm, over all its runs."""
    return epochs_to(trained, target) * float(np.nanmedian(trained.curve("seconds")))


def pace(slower: Trained, faster: Trained, least: float, what: str,
         measure: Callable[[Trained], np.ndarray] = epochs_to) -> Compared:  # fmt: skip
    """`rules.ratio` of the time to the target.

    Where the slower side does not get there in every seed its factor is a lower bound, which can support but never
    refute: undecided then, in place of refuted.
    """
    found = ratio(measure(slower), measure(faster), least, what)
    bounded = bool((epochs_to(slower) > slower.runs[0].epochs).any())
    return found._replace(verdict="undecided", power=0.0) if bounded and found.verdict == "refuted" else found


BOUNDED = "undecided too in place of refuted where the slower side misses the target in some seed"
"""What `pace` adds to a rule."""


def epochs_in_words(trained: Trained, target: float = TARGET) -> str:
    """``4.2``, or ``more than 10`` where no seed got there."""
    found, trained_for = epochs_to(trained, target), trained.runs[0].epochs
    return f"more than {trained_for}" if (found > trained_for).all() else f"{found.mean():.1f}"


def points(trained: Trained, what: str = "test_metric") -> np.ndarray:
    """[seed] a metric in percentage points, rounded to 2^-20: differences that cancel do so to exactly 0."""
    return np.round(100 * trained.scores(what) * 2**20) / 2**20


def denied(compared: Compared) -> Compared:
    """The verdict on the statement that there is no such difference: supported where one that matters is excluded."""
    other = {"supported": "refuted", "refuted": "supported"}
    return compared._replace(verdict=other.get(compared.verdict, compared.verdict))
