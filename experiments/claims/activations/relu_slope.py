"""relu-slope: 1 for z > 0 whatever z, 0 for z < 0."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding
from experiments.claims.lab import Lab
from experiments.claims.rules import identity

SMALL, LARGE = 1.2e-38, 1.6e38
"""Sizes of the inputs: the normal numbers of float32, but for its last doubling."""


def probe(lab: Lab) -> dict[str, Any]:
    """Slopes by autodiff, and by differences that are exact in floating point: (f(2z) - f(z)) / z."""
    from experiments.claims.autodiff import activation, slope

    function = activation(lab.part("activation"))
    z = np.geomspace(SMALL, LARGE, lab.pick(20001, 200001)).astype(np.float32)
    subnormal = np.array([1e-45, 1e-42, 1e-39], np.float32)
    steps = {side: (np.array(function(2 * x)) - np.array(function(x))) / x for side, x in (("up", z), ("down", -z))}
    shown = np.concatenate([-np.geomspace(SMALL, LARGE, 77)[::-1], np.geomspace(SMALL, LARGE, 77)]).astype(np.float32)
    drawn = dict.fromkeys([lab.part("activation"), "sigmoid", "tanh"])
    rival = slope(activation(lab.part("saturating")), z)
    same = slope(activation("linear"), np.concatenate([-z, z]))
    return {
        "inputs": 2 * len(z),
        "above": _ends(slope(function, z)),
        "below": _ends(slope(function, -z)),
        "step_above": _ends(steps["up"]),
        "step_below": _ends(steps["down"]),
        "at_zero": float(slope(function, np.zeros(1, np.float32))[0]),
        "subnormal": slope(function, subnormal).tolist(),
        "linear": _ends(same),
        "saturating": float(rival.min()),
        "z": shown.tolist(),
        "shown": {name: slope(activation(name), shown).tolist() for name in drawn},
    }


def _ends(values: np.ndarray) -> list[float]:
    return [float(values.min()) + 0.0, float(values.max()) + 0.0]  # no -0 in texts


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    above = [*n["above"], *n["step_above"]]
    below = [*n["below"], *n["step_below"]]
    off = max([abs(each - 1) for each in above] + [abs(each) for each in below])
    rival = evidence.lab.part("saturating")
    return Finding(
        verdict=identity(off == 0),
        effect=Effect("largest distance of a slope from 1 above 0, or from 0 below", off),
        positive=Control(n["linear"] == [1.0, 1.0], f"linear has slopes from {n['linear'][0]:g} to {n['linear'][1]:g}"),
        negative=Control(n["saturating"] < 0.01, f"the slope of {rival} falls to {n['saturating']:.2g} for z > 0"),
    )


def tell(evidence: Evidence, finding: Finding) -> str:
    n, name = evidence.numbers, evidence.lab.part("activation")
    tiny = "is" if any(each == 0 for each in n["subnormal"]) else "is not"
    return (
        f"For {n['inputs']:,} inputs of sizes {SMALL:g} to {LARGE:g}, the slope of {name} by autodiff goes from "
        f"{n['above'][0]:g} to {n['above'][1]:g} for z > 0 and from {n['below'][0]:g} to {n['below'][1]:g} for z < 0; "
        f"differences of its values give {n['step_above'][0]:g} to {n['step_above'][1]:g} and {n['step_below'][0]:g} "
        f"to {n['step_below'][1]:g}. At 0, where there is no derivative, autodiff says {n['at_zero']:g}. Among "
        f"positive inputs below float32's normal range, a slope of 0 {tiny} met."
    )


def draw(evidence: Evidence, finding: Finding):
    from matplotlib.ticker import FixedLocator

    n, name = evidence.numbers, evidence.lab.part("activation")
    found = [charts.Line(label, n["z"], slopes, points=False) for label, slopes in n["shown"].items()]
    figure = charts.lines(f"The slope of {name} is 1 or 0 at any distance", "by autodiff, float32",
                          [charts.Panel(found, "input z (logarithmic on both sides)", "slope df/dz",
                                        limits=(-0.05, 1.1))], size=(4.6, 2.5))  # fmt: skip
    axes = figure.axes[0]
    axes.set_xscale("symlog", linthresh=1e-38, linscale=0.3)
    axes.xaxis.set_major_locator(FixedLocator([-1e38, -1.0, 0.0, 1.0, 1e38]))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("e+", "e"))
    return figure


CLAIMS = (
    Claim(
        id="relu-slope",
        kind="I",
        statement="The derivative of ReLU is 1 for every z > 0, however large, and 0 for every z < 0.",
        prediction="Autodiff and exact differences give 1 above 0 and 0 below, over all sizes that float32 has.",
        rule=f"holds if for |z| from {SMALL:g} to {LARGE:g} every slope, by autodiff and as (f(2z) - f(z)) / z, is 1 "
        "for z > 0 and 0 for z < 0, without any rounding.",
        positive="linear has slope 1 on both sides",
        negative="sigmoid's slope falls under 0.01 for large z",
        limits="At z = 0 there is no derivative: 0 is a convention. Numbers below float32's normal range, which a "
        "processor may take for 0, are reported and do not count.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"activation": "relu", "saturating": "sigmoid"},
        source="Nair and Hinton (2010), Rectified linear units improve restricted Boltzmann machines",
    ),
)
