"""momentum-calms-noise, nag-calms-noise: do they cure the wobble of SGD at the optimum?

NAG is looked at in the look-ahead variable w = θ + β v that the catalog's rule holds; its gradient is taken there.
"""

from functools import partial
from typing import Any

import numpy as np
from scipy.linalg import solve_discrete_lyapunov

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.problems import Descent, Quadratic, gaussian
from experiments.claims.rules import compare, overall, ratio

RATES = (0.02, 0.1, 0.3, 1.0)
"""Rate of plain SGD times curvature, which is 1."""
JUDGED = (0.1, 1.0)
FACTOR = 1.25
"""Smallest ratio of variances that counts."""
GROUPS, BURN = 10, 600
FITS = 0.1
"""Largest relative difference from theory that counts as agreement."""


def probe(lab: Lab) -> dict[str, Any]:
    """Variance of the weight around the minimum, long after the start, by rule, rate and group of runs."""
    optimizer, beta = lab.part("optimizer"), lab.part("beta")
    runs, steps = GROUPS * lab.pick(20, 60), BURN + lab.pick(1500, 3000)
    arms = {"sgd": ("sgd", {}, 1.0), "same": (optimizer, {"momentum": beta}, 1.0),
            "matched": (optimizer, {"momentum": beta}, 1 - beta)}  # fmt: skip
    found: dict[str, Any] = {"variance": {}, "step": {}, "theory": {}, "paths": {}, "beta": beta}

    def measure(name: str, constants: dict[str, float], rate: float, salt: int) -> np.ndarray:
        noise = gaussian(lab.rng(salt), 1.0)  # the same draws for every rule
        path = Descent(name, rate, constants).path(Quadratic((1.0,)), np.zeros((runs, 1)), steps, noise)
        return path[BURN:, :, 0].T

    for salt, rate in enumerate(RATES):
        for label, (name, constants, scale) in arms.items():
            key = f"{label} {rate:g}"
            settled = measure(name, constants, rate * scale, salt)
            found["variance"][key] = by_group(settled**2)
            found["step"][key] = by_group(np.diff(settled, axis=1) ** 2)
            found["theory"][key] = float(stationary(name, constants.get("momentum", 0.0), rate * scale))
            if rate == 0.1:
                found["paths"][label] = settled[0, :150].round(4)
    found["slower"] = by_group(measure("sgd", {}, 0.01, 1) ** 2)
    found["free"] = by_group(measure(optimizer, {"momentum": 0.0}, 0.1, 1) ** 2)
    return found


def by_group(squares: np.ndarray) -> np.ndarray:
    """``[group]`` means of ``[run, step]``."""
    return squares.reshape(GROUPS, -1).mean(axis=1)


def stationary(name: str, beta: float, rate: float) -> float:
    """Variance of w in theory, for curvature 1 and noise 1: a Lyapunov equation for the pair (w, v).

    v' = β v - η (w + ξ), and w' = w + v' for momentum, w' = w + β v' - η (w + ξ) for NAG.
    """
    if name == "nag":
        move = np.array([[1 - rate - beta * rate, beta**2], [-rate, beta]])
        kick = np.array([-rate - beta * rate, -rate])
    else:
        move = np.array([[1 - rate, beta], [-rate, beta]])
        kick = np.array([-rate, -rate])
    if beta == 0 or name == "sgd":
        return rate / (2 - rate)
    return solve_discrete_lyapunov(move, np.outer(kick, kick))[0, 0]


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    variance = {key: np.array(each) for key, each in n["variance"].items()}
    found = {(label, rate): ratio(variance[f"sgd {rate:g}"], variance[f"{label} {rate:g}"], FACTOR,
                                  "variance of SGD over that of the rule")
             for label in ("same", "matched") for rate in JUDGED}  # fmt: skip
    words = {"same": "equal rate", "matched": "rate times (1 - beta)"}
    settings = tuple(Setting(f"{words[label]}, SGD's rate x curvature {rate:g}", each.verdict, each.effect)
                     for (label, rate), each in found.items())  # fmt: skip
    slower = ratio(variance["sgd 0.1"], np.array(n["slower"]), FACTOR, "")
    apart = compare(np.array(n["free"]), variance["sgd 0.1"], 1.0, "").effect.value / variance["sgd 0.1"].mean()
    return Finding(
        verdict=overall(settings),
        effect=found["matched", 0.1].effect,
        positive=Control(slower.verdict == "supported" and agreement(evidence) <= FITS,
                         f"a tenth of the rate calms SGD {slower.effect.value:.3g}-fold; all variances are within "
                         f"{agreement(evidence):.1%} of theory"),
        negative=Control(abs(apart) < 1e-9, f"with beta = 0 the variance is SGD's, to {abs(apart):.1e}"),
        settings=settings,
        power=min(each.power for each in found.values()),
    )  # fmt: skip


def agreement(evidence: Evidence) -> float:
    """Largest relative difference of a measured variance from theory."""
    n = evidence.numbers
    return max(abs(np.mean(each) / n["theory"][key] - 1) for key, each in n["variance"].items())


def tell(evidence: Evidence, finding: Finding, name: str) -> str:
    n = evidence.numbers
    rows = "; ".join(f"{each.name}: {each.effect.words()}" for each in finding.settings)
    step = {label: np.sqrt(np.mean(n["step"][f"{label} 0.1"])) for label in ("sgd", "same", "matched")}
    return (
        f"Variance around the minimum under plain SGD over that under {name} (above 1: calmer) was, with beta = "
        f"{n['beta']:g}: {rows}. What changes besides is the grain of the wobble: at SGD's rate x curvature of 0.1 a "
        f"typical step is {step['sgd']:.3g} long under SGD, {step['same']:.3g} under {name} at the same rate and "
        f"{step['matched']:.3g} at the rate times (1 - beta). All variances agree with theory to "
        f"{agreement(evidence):.1%}."
    )


def draw(evidence: Evidence, finding: Finding, name: str):
    n = evidence.numbers
    labels = {"sgd": "sgd", "same": f"{name}, same rate", "matched": f"{name}, rate x (1 - beta)"}
    walks = [charts.Line(label, np.arange(150), n["paths"][key], points=False) for key, label in labels.items()]
    spread = [charts.Line(label, RATES, [np.mean(n["variance"][f"{key} {rate:g}"]) for rate in RATES])
              for key, label in labels.items()]  # fmt: skip
    steps = [charts.Line(label, RATES, [np.mean(n["step"][f"{key} {rate:g}"]) for rate in RATES])
             for key, label in labels.items()]  # fmt: skip
    panels = [
        charts.Panel(walks, "step, long after the start", "weight (minimum 0)", "SGD's rate x curvature = 0.1"),
        charts.Panel(spread, "rate of sgd x curvature", "variance around the minimum", "how far it strays",
                     logx=True, logy=True),
        charts.Panel(steps, "rate of sgd x curvature", "mean squared step", "how far each step goes",
                     logx=True, logy=True),
    ]  # fmt: skip
    return charts.lines(f"Does {name} calm the noise at the optimum?",
                        f"one-dimensional bowl, gradient noise of variance 1, beta = {n['beta']:g}", panels,
                        note="Curvature 1. At the rate x (1 - beta) both learn equally fast in the long run.",
                        size=(2.8, 2.5))  # fmt: skip


def _claim(name: str, words: str, limits: str) -> Claim:
    return Claim(
        id=f"{name}-calms-noise",
        kind="M",
        statement=f"{words} cures the wobble of SGD around the optimum.",
        prediction="On a noisy quadratic the weight strays less around the minimum than under plain SGD.",
        rule=f"at the same rate and at the rate times (1 - beta), for SGD's rate x curvature of "
        f"{' and '.join(map('{:g}'.format, JUDGED))}, over {GROUPS} groups of runs with the same noise: supported if "
        "the interval of the ratio of variances, SGD's over the rule's, is above 1 and its mean at least "
        f"{FACTOR:g}; refuted if the interval is below {FACTOR:g}; else undecided. depends if these differ.",
        positive=f"a tenth of the rate calms SGD, and every variance is within {FITS:.0%} of theory",
        negative="with beta = 0 the rule wobbles exactly like SGD",
        limits=limits,
        judge=judge,
        tell=partial(tell, name=name),
        draw=partial(draw, name=name),
        probe=probe,
        parts={"optimizer": name, "beta": 0.9},
    )


CLAIMS = (
    _claim("momentum", "Momentum", "Noise of the same size everywhere, drawn anew at each step, around one minimum of "
           "a quadratic; on the way there momentum may still pay."),
    _claim("nag", "Nesterov's gradient", "As for momentum. Looked at is the look-ahead point where the gradient is "
           "taken, which is what a trained model holds."),
)  # fmt: skip
