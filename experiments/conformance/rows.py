"""One comparison, and what follows from it: the same to rounding, another definition, or unexplained."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SAME, DEFINITION, UNEXPLAINED = "same to rounding", "differs by definition", "UNEXPLAINED"
ABSENT, HAS_NONE = "not installed", "has none"
VERDICTS = {
    SAME: "the largest gap is what rounding allows",
    DEFINITION: "apart as they come; with both set to one definition, or each held against its own, what is left "
    "is rounding",
    UNEXPLAINED: "neither: a defect here or there, and this command fails",
    ABSENT: "the library is not here",
    HAS_NONE: "the library has nothing that computes this",
}

REFERENCE = "reference"
"""The source that is our own formula in float64 NumPy, written apart from the component."""

ALLOWED = {"float64": 1e-12, "float32": 2e-6}
"""Of |a - b| / (1 + |b|): well above the rounding of 100 steps, well below every constant that could differ."""


@dataclass(frozen=True)
class Sample:
    """What a component gives: values, and the derivative where it has one and can be asked for it."""

    values: np.ndarray
    gradient: np.ndarray | None = None


@dataclass(frozen=True)
class Gap:
    """How far two samples are apart.

    Attributes:
        values, gradient: the largest absolute difference; None where a gradient is missing on a side.
        left: the largest of all |a - b| / (1 + |b|), which the verdict rests on.
    """

    values: float
    gradient: float | None
    left: float

    def within(self, dtype: str = "float64") -> bool:
        return self.left <= ALLOWED[dtype]


def gap(a: Sample, b: Sample) -> Gap:
    values = _apart(a.values, b.values)
    if a.gradient is None or b.gradient is None:
        return Gap(values[0], None, values[1])
    gradient = _apart(a.gradient, b.gradient)
    return Gap(values[0], gradient[0], max(values[1], gradient[1]))


def _apart(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    if a.shape != b.shape:
        raise ValueError(f"shapes {a.shape} and {b.shape} cannot be compared")
    with np.errstate(invalid="ignore"):
        apart = np.where(a == b, 0.0, np.abs(a - b))
        scaled = np.where(a == b, 0.0, apart / (1 + np.abs(b)))
    # A number that is none, on one side or on both, agrees with nothing.
    return tuple(float(np.where(np.isnan(each), np.inf, each).max()) for each in (apart, scaled))  # type: ignore


def widest(gaps: list[Gap]) -> Gap:
    """The largest of several, each part on its own."""
    gradients = [each.gradient for each in gaps if each.gradient is not None]
    return Gap(max(g.values for g in gaps), max(gradients, default=None), max(g.left for g in gaps))


@dataclass(frozen=True, kw_only=True)
class Row:
    """One component against one source, over one set of inputs.

    Attributes:
        component, kind: whose.
        source: key of ``SOURCES``, or ``REFERENCE``.
        name: of what it is held against.
        over: the inputs in words.
        gap: as they come; None where there is nothing to measure.
        how: how both were made one definition, or held against one each; empty where that was not needed.
        matched: the gap that is left then.
        verdict: one of ``VERDICTS``.
        because: why they differ, or what to install.
        dtype: the precision in which both were computed.
    """

    component: str
    kind: str
    source: str
    name: str
    over: str
    verdict: str
    gap: Gap | None = None
    how: str = ""
    matched: Gap | None = None
    because: str = ""
    dtype: str = "float64"

    def plain(self) -> dict[str, Any]:
        """The row for JSON: no number that is none."""

        def numbers(found: Gap | None) -> dict[str, Any] | None:
            if found is None:
                return None
            return {name: value if value is None or math.isfinite(value) else str(value)
                    for name, value in vars(found).items()}  # fmt: skip

        return {**vars(self), "gap": numbers(self.gap), "matched": numbers(self.matched)}


def judged(found: Gap, matched: Gap | None, dtype: str = "float64") -> str:
    """The verdict of a measured row."""
    if found.within(dtype) and (matched is None or matched.within(dtype)):
        return SAME
    if matched is not None and matched.within(dtype):
        return DEFINITION
    return UNEXPLAINED


@dataclass(frozen=True, kw_only=True)
class Peer:
    """The same thing elsewhere.

    Attributes:
        name: dotted, or ``none``.
        fixed: arguments without which it would be another thing.
        settings: pairs (ours, theirs) of arguments that make both one definition.
        how: what these do, in words; empty where both are simply given the same values.
        definition: their formula in float64, where no settings make both one.
        because: why they differ as they come.
    """

    name: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    settings: tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...] = ()
    how: str = ""
    definition: Any = None
    because: str = ""
