"""sigmoid-slope-quarter, tanh-slope-one: the largest derivative, and where it is."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding
from experiments.claims.lab import Lab
from experiments.claims.rules import identity

WIDE = 100.0
ULPS = 4
"""How many units of the last place of the peak a float32 slope may be off."""
AWAY = 0.1
"""From this distance on, the slope must be lower than the peak by more than rounding."""


def probe(lab: Lab) -> dict[str, Any]:
    """Slopes by autodiff in float32, against derivatives written with cosh in float64."""
    from experiments.claims.autodiff import activation, slope

    tiny = np.geomspace(1e-30, 1.0, lab.pick(2001, 20001))
    z = np.concatenate([[0.0], tiny, -tiny, np.linspace(-WIDE, WIDE, lab.pick(20001, 200001))])
    z = np.unique(z.astype(np.float32))
    function, peak = activation(lab.part("activation")), lab.part("peak")
    steeper = slope(lambda x: function(lab.part("stretch") * x), z)
    other = slope(activation(lab.part("other")), z)
    found = slope(function, z).astype(float)
    exact = peak / np.cosh(lab.part("inner") * z.astype(float)) ** 2
    unit = float(np.spacing(np.float32(peak)))
    level = np.abs(z[found == found.max()])
    shown = np.linspace(-8, 8, 321).astype(np.float32)
    return {
        "inputs": len(z),
        "at_zero": float(found[z == 0][0]),
        "largest": float(found.max()),
        "largest_away": float(found[np.abs(z) >= AWAY].max()),
        "error": float(np.abs(found - exact).max() / unit),
        "unit": unit,
        "level": float(level.max()),
        "steeper": float(steeper.max()),
        "other": float(other.max()),
        "z": shown.tolist(),
        "slope": slope(function, shown).tolist(),
        "off": (np.abs(found - exact)[np.abs(z) <= 20][:: max(1, len(z) // 1500)] / unit).tolist(),
        "off_z": z[np.abs(z) <= 20][:: max(1, len(z) // 1500)].tolist(),
    }


def judge(evidence: Evidence) -> Finding:
    n, peak = evidence.numbers, evidence.lab.part("peak")
    room = ULPS * n["unit"]
    holds = (
        abs(n["at_zero"] - peak) <= room
        and n["largest"] <= n["at_zero"] + room
        and n["largest_away"] < n["at_zero"] - room
        and n["error"] <= ULPS
    )
    times, other = n["steeper"] / n["largest"], evidence.lab.part("other")
    return Finding(
        verdict=identity(holds),
        effect=Effect("largest derivative", n["largest"]),
        positive=Control(abs(times - evidence.lab.part("stretch")) < 1e-4,
                         f"with inputs stretched by {evidence.lab.part('stretch'):g} the peak is {times:.5g} times as "
                         "high"),
        negative=Control(abs(n["other"] - peak) > 0.1 * peak, f"the largest slope of {other} is {n['other']:.4g}"),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n, name = evidence.numbers, evidence.lab.part("activation")
    return (
        f"Over {n['inputs']:,} inputs up to {WIDE:g} in size, the largest slope of {name} by autodiff is "
        f"{n['largest']:.9g}; at 0 it is {n['at_zero']:.9g}, and {AWAY:g} or more away from 0 at most "
        f"{n['largest_away']:.6g}. The slope stays within {n['error']:.2g} units of the last place of the peak from "
        f"the derivative written with cosh in float64. Float32 cannot tell the peak from its neighbourhood: the "
        f"largest value is still met at |z| = {n['level']:.2g}."
    )


def draw(evidence: Evidence, finding: Finding):
    n, name, peak = evidence.numbers, evidence.lab.part("activation"), evidence.lab.part("peak")
    curve = charts.Panel([charts.Line(name, n["z"], n["slope"], points=False)], "input z", "slope df/dz",
                         "The slope, by autodiff", across={f"{peak:g}": peak}, limits=(0, 1.12 * peak))  # fmt: skip
    error = charts.Panel([charts.Line(name, n["off_z"], n["off"], points=False)], "input z",
                         "error, in last places of the peak", "How far float32 is off",
                         across={"allowed": float(ULPS)})  # fmt: skip
    return charts.lines(f"{name} is steepest at 0, with slope {n['at_zero']:.4g}", "float32", [curve, error])


def _claim(name: str, peak: float, inner: float, other: str, words: str) -> Claim:
    return Claim(
        id=f"{name}-slope-{words}",
        kind="I",
        statement=f"The derivative of {name} is at most {peak:g}, and it is that at 0.",
        prediction=f"Over inputs up to {WIDE:g} in size, the largest slope by autodiff is {peak:g}, at 0.",
        rule=f"holds if the float32 slope at 0 is {peak:g}, no slope is above that at 0, both within {ULPS} units of "
        f"the last place of {peak:g}, every slope at |z| >= {AWAY:g} is lower by more than that, and none is off by "
        f"more than {ULPS} such units from {peak:g} / cosh({inner:g} z)^2 in float64.",
        positive="stretching the inputs by 3 makes the peak 3 times as high",
        negative=f"the largest slope of {other} is another",
        limits="The error is measured in units of the peak: in the tails, where the slope itself is tiny, this says "
        "nothing about its relative precision.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"activation": name, "peak": peak, "inner": inner, "other": other, "stretch": 3.0},
    )


CLAIMS = (
    _claim("sigmoid", 0.25, 0.5, "tanh", "quarter"),
    _claim("tanh", 1.0, 1.0, "sigmoid", "one"),
)
