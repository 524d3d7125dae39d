"""tanh-is-scaled-sigmoid: tanh z = 2 sigmoid(2z) - 1, and what is left of it in float32."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding
from experiments.claims.lab import Lab
from experiments.claims.rules import identity

ULPS = 8
"""Largest distance of the two sides, in units of the last place of 1: room for about ten roundings in 2 sigmoid and
six in tanh, of half a unit each."""
PRECISIONS = ("float32", "float64")


def probe(lab: Lab) -> dict[str, Any]:
    from experiments.claims.autodiff import activation, ulps

    tanh, sigmoid = (activation(lab.part(side)) for side in ("left", "right"))
    a, b, c = lab.part("scaling")
    size = np.geomspace(1e-8, 50.0, lab.pick(4001, 40001))
    wide = np.concatenate([-size[::-1], size]).astype(np.longdouble)
    in_full = np.abs(np.tanh(wide) - (2 / (1 + np.exp(-2 * wide)) - 1)).max() / np.finfo(np.float64).eps
    found: dict[str, Any] = {"in_full": float(in_full), "inputs": 2 * len(size) + 1, "apart": {}, "other_way": {}}
    for precision in PRECISIONS:
        z = np.concatenate([-size[::-1], [0.0], size]).astype(precision)
        left = np.array(tanh(z))
        right = a * np.array(sigmoid(z.dtype.type(b) * z)) + z.dtype.type(c)
        unit = float(np.finfo(z.dtype).eps)
        exact = np.tanh(z.astype(float))
        found["apart"][precision] = float(np.abs(left.astype(float) - right).max() / unit)
        found["other_way"][precision] = float(np.abs(left.astype(float) - (2 * np.array(sigmoid(z)) - 1)).max())
        if precision == "float32":
            found["tanh_error"] = float(ulps(left, exact).max())
            lost = np.abs(right.astype(float) / np.where(exact == 0, 1, exact) - 1) > 0.01
            found["one_percent"] = float(np.abs(z[lost]).max()) if lost.any() else None
            # The largest error in each of a few bins of |z|, in last places of tanh z itself.
            edges = np.geomspace(1e-8, 50.0, 61)
            bins = np.digitize(np.abs(z), edges)
            found["edges"] = edges[:-1].tolist()
            for name, side in (("left", left), ("right", right)):
                off = ulps(side, exact)
                found[name] = [float(off[bins == k].max()) if (bins == k).any() else None for k in range(1, len(edges))]
    return found


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    holds = all(n["apart"][precision] <= ULPS for precision in PRECISIONS)
    return Finding(
        verdict=identity(holds),
        effect=Effect("largest distance of the two sides in float32", n["apart"]["float32"],
                      unit="last places of 1"),
        positive=Control(n["in_full"] <= ULPS,
                         f"in numpy's widest floats the sides are {n['in_full']:.2g} last places of a float64 1 apart"),
        negative=Control(n["other_way"]["float64"] > 0.1,
                         f"2 sigmoid(z) - 1 misses tanh z by up to {n['other_way']['float64']:.2g}"),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    lost = (
        f"Near 0 that is no small thing: up to |z| = {n['one_percent']:.2g} the right side is off by more than 1 % "
        "of tanh z, since the digits cancel against 1."
        if n["one_percent"]
        else "The right side is nowhere off by more than 1 % of tanh z."
    )
    return (
        f"Over {n['inputs']:,} inputs from -50 to 50 the two sides are at most {n['apart']['float32']:.2g} last places "
        f"of 1 apart in float32, and {n['apart']['float64']:.2g} in float64. {lost} The left side as the component "
        f"computes it stays within {n['tanh_error']:.2g} last places of tanh z itself."
    )


def draw(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    found = [charts.Line(label, n["edges"], [np.nan if off is None else max(off, 0.1) for off in n[side]], points=False)
             for label, side in (("tanh, as computed", "left"), ("sigmoid, 2 sigmoid(2z) - 1", "right"))]  # fmt: skip
    panel = charts.Panel(found, "size of the input |z|", "largest error, last places of tanh z", logx=True, logy=True,
                         across={f"{ULPS:g}": float(ULPS)})  # fmt: skip
    return charts.lines("The same function, but not the same digits", "float32 against tanh in float64", [panel],
                        note="Errors under a tenth of a last place are drawn at 0.1.", size=(4.2, 2.6))  # fmt: skip


CLAIMS = (
    Claim(
        id="tanh-is-scaled-sigmoid",
        kind="I",
        statement="tanh is a scaled and shifted sigmoid: tanh z = 2 sigmoid(2z) - 1.",
        prediction="Both sides agree to rounding, in float32 and in float64.",
        rule=f"holds if, for |z| from 1e-8 to 50 and at 0, the sides are at most {ULPS} units of the last place of 1 "
        "apart, in float32 and in float64.",
        positive=f"both sides in numpy's widest floats are at most {ULPS} last places of 1 in float64 apart",
        negative="2 sigmoid(z) - 1, without the 2 inside, misses tanh z by more than 0.1",
        limits="The distance is absolute: relative to a small tanh z, the right side has no correct digit left once "
        "|z| is below the last place of 1.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"left": "tanh", "right": "sigmoid", "scaling": (2.0, 2.0, -1.0)},
    ),
)
