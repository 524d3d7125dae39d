"""momentum-overshoots, nag-overshoots-less: how far past the minimum, at the same rate and beta, by curvature.

The catalog's NAG holds the look-ahead point w = θ + β v, where its gradient is taken; θ is the paper's variable.
Both are looked at.
"""

from functools import partial
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.problems import Descent, Quadratic
from experiments.claims.rules import overall

CURVATURES = (0.001, 0.01, 0.1, 0.5, 1.5)
"""Learning rate times curvature, where the verdict is taken."""
SHOWN = 0.1
"""The one whose paths are drawn."""
STEPS = 600
LEAST = 0.1
"""Smallest overshoot that counts, as a share of the distance at the start."""
SPARED = 0.1
"""Smallest share of momentum's overshoot that NAG has to spare."""
CAP = 10.0
"""Overshoots are read up to here; a path that diverges has this much."""
W, THETA = "nag", "nag, theta"


def probe(lab: Lab) -> dict[str, Any]:
    """Overshoot of a start at rest in a one-dimensional bowl, at rate 1, for many curvatures at once."""
    beta, rules = lab.part("beta"), {"sgd": "sgd", "momentum": lab.part("momentum"), "nag": lab.part("nag")}
    curve = np.geomspace(3e-4, 3.5, lab.pick(120, 400))
    found: dict[str, Any] = {"curve": curve, "by_curve": {}, "at": {}, "paths": {}, "beta": beta}
    for name, optimizer in rules.items():
        for label, points in descend(name, optimizer, beta, curve).items():
            found["by_curve"][label] = overshoot(points)
        for label, points in descend(name, optimizer, beta, np.array(CURVATURES)).items():
            found["at"][label] = overshoot(points)
            found["paths"][label] = points[:61, CURVATURES.index(SHOWN)]
    one = np.array([1.0])
    found["free"] = {label: overshoot(points) for name in ("sgd", "momentum", "nag")
                     for label, points in descend(name, name, 0.0, np.array(CURVATURES)).items()}  # fmt: skip
    found["heavy"] = overshoot(descend("momentum", "momentum", 0.999, 1e-3 * one)["momentum"])[0]
    found["lands"] = overshoot(descend("nag", "nag", 0.9, one)[THETA])[0]
    found["passes"] = overshoot(descend("momentum", "momentum", 0.9, one)["momentum"])[0]
    return found


def descend(name: str, optimizer: str, beta: float, curvatures: np.ndarray) -> dict[str, np.ndarray]:
    """``[steps + 1, curvature]`` from a start at 1, by label; of NAG, w and the paper's θ.

    θ follows from w alone: w = θ + β v and θ = θ₋ + v make θ = (β θ₋ + w) / (1 + β).
    """
    constants = {} if optimizer == "sgd" else {"momentum": beta}
    bowl = Quadratic(tuple(curvatures))  # one coordinate a curvature: they do not touch each other
    w = Descent(optimizer, 1.0, constants).path(bowl, np.ones(len(curvatures)), STEPS)
    if name != "nag" or optimizer != "nag":
        return {name: w} | ({THETA: w} if name == "nag" else {})
    theta = [w[0]]
    with np.errstate(over="ignore", invalid="ignore"):
        for point in w[1:]:
            theta.append((beta * theta[-1] + point) / (1 + beta))
    return {W: w, THETA: np.stack(theta)}


def overshoot(points: np.ndarray) -> np.ndarray:
    """Farthest that a path gets on the other side of the minimum, as a share of the distance at its start."""
    beyond = np.nan_to_num(-points, nan=CAP, posinf=CAP, neginf=CAP)
    return np.clip(beyond.max(axis=0), 0.0, CAP)


def judge_momentum(evidence: Evidence) -> Finding:
    n = evidence.numbers
    settings = []
    for c, plain, heavy in zip(CURVATURES, n["at"]["sgd"], n["at"]["momentum"], strict=True):
        settings.append(Setting(f"rate x curvature {c:g}", "supported" if heavy - plain >= LEAST else "refuted",
                                Effect("overshoot beyond that of plain descent", heavy - plain)))  # fmt: skip
    mild = [each for c, each in zip(CURVATURES, n["free"]["momentum"], strict=True) if c <= 1]
    return Finding(
        verdict=overall(settings),
        effect=settings[CURVATURES.index(SHOWN)].effect,
        positive=Control(n["heavy"] >= 0.9, f"with beta = 0.999 it swings through to {n['heavy']:.3f} of the start"),
        negative=Control(max(mild) == 0, f"with beta = 0 and rates up to 1/curvature, at most {max(mild):.3g}"),
        settings=tuple(settings),
    )


def judge_nag(evidence: Evidence) -> Finding:
    n = evidence.numbers
    settings = []
    for label, words in ((W, "w"), (THETA, "theta")):
        for c, heavy, less in zip(CURVATURES, n["at"]["momentum"], n["at"][label], strict=True):
            if heavy < LEAST:
                continue  # nothing to spare
            spared = 1 - less / heavy
            settings.append(Setting(f"{words}, rate x curvature {c:g}", "supported" if spared >= SPARED else "refuted",
                                    Effect("share of momentum's overshoot that NAG spares", spared)))  # fmt: skip
    gaps = [abs(n["free"][W][k] - n["free"]["sgd"][k]) for k in range(len(CURVATURES))]
    main = next((each.effect for each in settings if each.name == f"w, rate x curvature {SHOWN:g}"), None)
    return Finding(
        verdict=overall(settings) if settings else "refuted",
        effect=main or Effect("share of momentum's overshoot that NAG spares", 0.0),
        positive=Control(n["lands"] < 1e-12 and n["passes"] > 0.5,
                         f"at a rate of 1/curvature the paper's theta passes by {n['lands']:.2g}, momentum by "
                         f"{n['passes']:.2g}"),
        negative=Control(max(gaps) < 1e-12, f"with beta = 0 NAG and plain descent differ by {max(gaps):.2g}"),
        settings=tuple(settings),
    )  # fmt: skip


def _at(evidence: Evidence, label: str) -> str:
    pairs = zip(CURVATURES, evidence.numbers["at"][label], strict=True)
    return ", ".join(f"{over:.2f}{' or more' if over >= CAP else ''} at {c:g}" for c, over in pairs)


def tell(evidence: Evidence, finding: Finding, nag: bool) -> str:
    n = evidence.numbers
    beta = n["beta"]
    onset = (1 - np.sqrt(beta)) ** 2
    text = (
        f"Released at rest, with beta = {beta:g}, momentum ran past the minimum by these shares of the first distance, "
        f"by rate times curvature: {_at(evidence, 'momentum')}. "
    )
    if not nag:
        return text + (
            f"Plain descent at the same rates: {_at(evidence, 'sgd')}. Theory has momentum swing where the product "
            f"exceeds (1 - sqrt(beta))^2 = {onset:.2g}; plain descent passes the minimum above 1 only."
        )
    return text + (
        f"NAG, in the look-ahead variable w that the model holds: {_at(evidence, W)}; in the paper's theta: "
        f"{_at(evidence, THETA)}. Theory has NAG diverge above (2 + 2 beta)/(1 + 2 beta) = "
        f"{(2 + 2 * beta) / (1 + 2 * beta):.2f}, momentum only above 2 + 2 beta = {2 + 2 * beta:.1f}."
    )


def draw(evidence: Evidence, finding: Finding, nag: bool):
    n = evidence.numbers
    labels = ["sgd", "momentum"] + ([W, THETA] if nag else [])
    panels = [
        charts.Panel([charts.Line(each, np.arange(61), n["paths"][each], points=False) for each in labels],
                     "step", "position (start 1, minimum 0)", f"the way down at rate x curvature = {SHOWN:g}"),
        charts.Panel([charts.Line(each, n["curve"], np.minimum(n["by_curve"][each], 1.5), points=False)
                      for each in labels],
                     "learning rate x curvature", "overshoot / first distance", "how far past, by rate x curvature",
                     logx=True, limits=(-0.05, 1.55)),
    ]  # fmt: skip
    title = (
        "NAG against momentum: who passes the minimum by how much" if nag else "How far momentum runs past the minimum"
    )
    note = "Overshoots above 1.5 are drawn at 1.5: there the path diverges, or nearly so."
    if nag:
        note += " nag: the look-ahead point w where its gradient is taken; theta = w - beta v."
    return charts.lines(title, f"one-dimensional bowl, beta = {n['beta']:g}, no noise", panels, note)


RANGE = ", ".join(f"{c:g}" for c in CURVATURES)
PARTS = {"beta": 0.9, "momentum": "momentum", "nag": "nag"}

CLAIMS = (
    Claim(
        id="momentum-overshoots",
        kind="M",
        statement="Momentum overshoots the minimum.",
        prediction="Released at rest in a bowl, it gets farther past the minimum than plain descent at the same rate.",
        rule=f"for rate x curvature in {RANGE}: supported if momentum passes the minimum by at least {LEAST:g} of the "
        "first distance more than plain descent at the same rate, else refuted; depends if these differ.",
        positive="with beta = 0.999 it swings through to at least nine tenths of its start",
        negative="with beta = 0, and a rate up to 1/curvature, there is no overshoot",
        limits="One curvature at a time and no noise: in a net some directions are flat enough for none, "
        "and others steep enough for much.",
        judge=judge_momentum,
        tell=partial(tell, nag=False),
        draw=partial(draw, nag=False),
        probe=probe,
        parts=PARTS,
        source="Sutskever et al. (2013), On the importance of initialization and momentum in deep learning",
    ),
    Claim(
        id="nag-overshoots-less",
        kind="M",
        statement="Nesterov's gradient overshoots less than momentum, because it looks ahead.",
        prediction="At the same rate and beta, NAG passes the minimum by less, whatever the curvature.",
        rule=f"for rate x curvature in {RANGE}, wherever momentum overshoots by at least {LEAST:g}, for the look-ahead "
        f"variable w and for the paper's theta: supported if NAG spares at least {SPARED:g} of momentum's overshoot, "
        "else refuted; depends if these differ.",
        positive="at a rate of 1/curvature theta lands on the minimum and stays there, and momentum does not",
        negative="with beta = 0 NAG is plain descent",
        limits="One curvature at a time, no noise, the same rate for both: NAG's largest stable rate is smaller.",
        judge=judge_nag,
        tell=partial(tell, nag=True),
        draw=partial(draw, nag=True),
        probe=probe,
        parts=PARTS,
        source="Sutskever et al. (2013), On the importance of initialization and momentum in deep learning",
    ),
)
