"""sigmoid-range, tanh-range: bounded outputs, and where floating point reaches the ends."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.autodiff import activation
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding
from experiments.claims.lab import Lab
from experiments.claims.rules import identity

WIDE = 1e4
"""Inputs go from -WIDE to WIDE."""


def probe(lab: Lab) -> dict[str, Any]:
    z = np.concatenate([np.linspace(-40, 40, lab.pick(8001, 80001)), np.linspace(-WIDE, WIDE, 2001)])
    values = {}
    for name in (lab.part("activation"), lab.part("unbounded")):
        y = np.array(activation(name)(z.astype(np.float32)))
        values[name] = {"low": float(y.min()), "high": float(y.max())}
    y = np.array(activation(lab.part("activation"))(z.astype(np.float32)), float)
    low, high = lab.part("range")
    order = np.argsort(np.abs(z))
    z, y = z[order], y[order]
    inside = np.abs(z) <= 5
    shown = np.linspace(-12, 12, 241)
    return {
        "low": float(y.min()),
        "high": float(y.max()),
        "strict": bool(np.all((y[inside] > low) & (y[inside] < high))),
        "reaches_high": _first(z, y >= high),
        "reaches_low": _first(z, y <= low),
        "unbounded": values[lab.part("unbounded")],
        "z": shown.tolist(),
        "y": np.array(activation(lab.part("activation"))(shown.astype(np.float32))).tolist(),
    }


def _first(z: np.ndarray, there: np.ndarray) -> float | None:
    """The input nearest to 0 where it is so."""
    return float(z[there.argmax()]) if there.any() else None


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    low, high = evidence.lab.part("range")
    within = n["low"] >= low and n["high"] <= high and n["strict"]
    wild = n["unbounded"]
    return Finding(
        verdict=identity(within),
        effect=Effect("largest distance of an output beyond the range", max(0.0, low - n["low"], n["high"] - high)),
        positive=Control(n["high"] - n["low"] > 0.9 * (high - low), f"outputs span {n['low']:.4g} to {n['high']:.4g}"),
        negative=Control(wild["high"] > high, f"{evidence.lab.part('unbounded')} reaches {wild['high']:.4g}"),
    )


def tell(evidence: Evidence, finding: Finding) -> str:
    n, name = evidence.numbers, evidence.lab.part("activation")
    low, high = evidence.lab.part("range")
    ends = [f"{end:g} exactly from z = {z:.4g} on"
            for end, z in ((low, n["reaches_low"]), (high, n["reaches_high"])) if z is not None]  # fmt: skip
    reached = f" In float32 it is {' and '.join(ends)}: the open interval is closed there." if ends else ""
    return f"For inputs from -{WIDE:g} to {WIDE:g}, {name} stays between {n['low']:.4g} and {n['high']:.4g}.{reached}"


def draw(evidence: Evidence, finding: Finding):
    n, name = evidence.numbers, evidence.lab.part("activation")
    low, high = evidence.lab.part("range")
    panel = charts.Panel([charts.Line(name, n["z"], n["y"], points=False)], "input z", "output",
                         across={f"{low:g}": low, f"{high:g}": high})  # fmt: skip
    return charts.lines(f"{name} stays within its range", "float32", [panel])


def _claim(name: str, low: float, high: float) -> Claim:
    return Claim(
        id=f"{name}-range",
        kind="I",
        statement=f"The outputs of {name} lie strictly between {low:g} and {high:g}.",
        prediction=f"Every output for inputs up to {WIDE:g} in size is in [{low:g}, {high:g}], strictly for |z| <= 5.",
        rule=f"holds if no float32 output leaves [{low:g}, {high:g}] and none touches an end for |z| <= 5.",
        positive="the outputs span at least nine tenths of the range",
        negative="relu leaves the range",
        limits="The interval is open on the real line; float32 rounds to its ends for large inputs.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"activation": name, "range": (low, high), "unbounded": "relu"},
    )


CLAIMS = (_claim("sigmoid", 0, 1), _claim("tanh", -1, 1))
