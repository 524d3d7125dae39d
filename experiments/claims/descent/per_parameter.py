"""rmsprop-per-parameter, adam-per-parameter: a rate for each parameter, and what it gains on badly scaled features."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.problems import Descent, ScaledRegression
from experiments.claims.rules import overall, slope

SIZES = np.geomspace(1e-24, 1e24, 97)
"""Sizes of the gradients that one stream is scaled to."""
WITHIN = (1e-6, 1e6)
"""Sizes over which the rate must be inverse to the size."""
EXPONENT = 0.05
"""How far the exponent of rate over size may be from -1."""
STREAM = 50
RATIOS = (3.0, 10.0, 30.0)
"""Largest over smallest scale of the features."""
FACTOR = 1.5
"""Smallest saving of steps that counts."""
STEPS = 4000
SHARE = 1e-3
RATE = 1e-3


def probe(lab: Lab) -> dict[str, Any]:
    return {"rates": _rates(lab), **_races(lab)}


def _rates(lab: Lab) -> list[float | None]:
    """Mean size of the steps over that of the gradients, in float32, for one stream at many sizes."""
    stream = lab.rng(1).standard_normal((STREAM, 1)) * SIZES
    gradients = stream.astype(np.float32)
    steps = Descent(lab.part("optimizer"), RATE).steps(gradients).astype(float)
    rates = np.sqrt(np.mean(steps**2, axis=0)) / np.sqrt(np.mean(stream**2, axis=0))
    return [float(rate) if np.isfinite(rate) and rate > 0 else None for rate in rates]


def _races(lab: Lab) -> dict[str, Any]:
    """Steps until the loss stays under ``SHARE`` of the first, each rule at its best rate of a fine grid."""
    rates = np.geomspace(1e-6, 3.0, lab.pick(66, 196))[:, None]
    found: dict[str, Any] = {"steps": {}, "rate": {}, "curves": {}}
    for ratio in (1.0, *RATIOS):
        problem = ScaledRegression(tuple(np.geomspace(1, ratio, 4)))
        start = np.zeros((len(rates), 4))
        by_hand = rates / np.diag(problem.hessian)
        for name, optimizer, eta in (("sgd", "sgd", rates), (lab.part("optimizer"), lab.part("optimizer"), rates),
                                     ("by hand", "sgd", by_hand)):  # fmt: skip
            path = Descent(optimizer, RATE).path(problem, start, STEPS, rate=_always(eta))
            steps = _settled(problem.value(path))
            best = int(steps.argmin())
            key = f"{name} {ratio:g}"
            found["steps"][key], found["rate"][key] = int(steps[best]), float(rates[best, 0])
            if ratio == RATIOS[-1]:
                shown = np.unique(np.geomspace(1, STEPS + 1, 60).astype(int)) - 1
                value = problem.value(path[shown, best])
                found["curves"][name] = {"step": (shown + 1).tolist(), "loss": (value / value[0]).tolist()}
    return found


def _settled(losses: np.ndarray) -> np.ndarray:
    """First step from which on the loss stays under ``SHARE`` of the first; one more than there were if never.

    A rule that overshoots may pass by the minimum: that it was once near does not count.
    """
    above = ~(losses <= SHARE * losses[0])
    return len(losses) - above[::-1].argmax(axis=0)


def _always(eta: Any):
    """A schedule that stays as it is: here one rate for each of the starts that go side by side."""
    return lambda _: eta


def exponent(evidence: Evidence) -> Effect:
    """Of the effective rate over the size of the gradients, by least squares on logarithmic axes."""
    rates = evidence.numbers["rates"]
    pairs = np.log10([(size, rate) for size, rate in zip(SIZES, rates, strict=True)
                      if WITHIN[0] * 0.99 <= size <= WITHIN[1] * 1.01 and rate])  # fmt: skip
    return slope(pairs[:, 0], pairs[:, 1], "exponent of the rate over the size of the gradients")


def gain(evidence: Evidence, other: str, ratio: float) -> float:
    steps = evidence.numbers["steps"]
    return steps[f"sgd {ratio:g}"] / steps[f"{other} {ratio:g}"]


def judge(evidence: Evidence) -> Finding:
    name = evidence.lab.part("optimizer")
    inverse = exponent(evidence)
    settings = [
        Setting("rate against gradient", "supported" if abs(inverse.value + 1) <= EXPONENT else "refuted", inverse)
    ] + [
        Setting(f"race, scales 1 to {ratio:g}", "supported" if gain(evidence, name, ratio) >= FACTOR else "refuted",
                Effect(f"steps of sgd over those of {name}", gain(evidence, name, ratio), unit="x"))
        for ratio in RATIOS
    ]  # fmt: skip
    hand, even = gain(evidence, "by hand", RATIOS[-1]), gain(evidence, name, 1.0)
    return Finding(
        verdict=overall(settings),
        effect=settings[-1].effect,
        positive=Control(hand >= FACTOR, f"rates set by hand to 1/curvature gain {hand:.3g}x at scales 1 to "
                         f"{RATIOS[-1]:g}"),
        negative=Control(even < FACTOR, f"with equal scales the factor is {even:.2g}"),
        settings=tuple(settings),
    )  # fmt: skip


def reach(evidence: Evidence) -> tuple[float, float]:
    """Ends of the range around size 1 where rate times size is within 1 % of what it is at size 1."""
    product = np.array([(rate or 0.0) * size for size, rate in zip(SIZES, evidence.numbers["rates"], strict=True)])
    middle = len(SIZES) // 2
    off = np.abs(product / product[middle] - 1) > 0.01
    low = middle - int(np.argmax(off[middle::-1])) + 1 if off[:middle].any() else 0
    high = middle + int(np.argmax(off[middle:])) - 1 if off[middle:].any() else len(SIZES) - 1
    return float(SIZES[low]), float(SIZES[high])


def tell(evidence: Evidence, finding: Finding) -> str:
    n, name = evidence.numbers, evidence.lab.part("optimizer")
    low, high = reach(evidence)
    rows = [f"{n['steps'][f'sgd {ratio:g}']} against {n['steps'][f'{name} {ratio:g}']} for scales 1 to {ratio:g}"
            for ratio in (1.0, *RATIOS)]  # fmt: skip
    return (
        f"The same stream of gradients at sizes from {WITHIN[0]:g} to {WITHIN[1]:g} gave {name} effective rates "
        f"proportional to the size to the power {finding.settings[0].effect.value:.3f}. In float32 rate times size is "
        f"within 1 % of its value at size 1 from {low:.1g} to {high:.1g}. On a regression with features of unequal "
        f"scale, each at its best rate, the steps of sgd against {name} until the loss stayed under "
        f"{SHARE:g} of the first were "
        f"{'; '.join(rows)} ({STEPS + 1} means never)."
    )


def draw(evidence: Evidence, finding: Finding):
    n, name = evidence.numbers, evidence.lab.part("optimizer")
    labels = list(dict.fromkeys(("sgd", name)))
    shown = np.array([(size, rate) for size, rate in zip(SIZES, n["rates"], strict=True)
                      if rate and 1e-9 <= size <= 1e9])  # fmt: skip
    rates = [charts.Line(name, shown[:, 0], shown[:, 1], points=False),
             charts.Line("sgd", shown[[0, -1], 0], [RATE, RATE], points=False)]  # fmt: skip
    race = [charts.Line(label, (1.0, *RATIOS), [n["steps"][f"{label} {ratio:g}"] for ratio in (1.0, *RATIOS)])
            for label in (*labels, "by hand")]  # fmt: skip
    curves = [charts.Line(label, n["curves"][label]["step"], n["curves"][label]["loss"], points=False)
              for label in (*labels, "by hand")]  # fmt: skip
    panels = [
        charts.Panel(rates, "size of the gradients", "step / gradient", title="Rate of a parameter", logx=True,
                     logy=True),
        charts.Panel(race, "largest / smallest scale", f"steps to {SHARE:.1%} of the loss",
                     title="Badly scaled features",
                     logx=True, logy=True),
        charts.Panel(curves, "step + 1", "loss / first loss", title=f"On the way, scales 1 to {RATIOS[-1]:g}",
                     logx=True, logy=True),
    ]  # fmt: skip
    return charts.lines(f"{name} gives each parameter a rate of its own", "linear regression with four features, each "
                        "rule at its best rate", panels,
                        note="By hand: gradient descent whose rates are set to 1/curvature, which only the "
                        "one who knows the scales can do.")  # fmt: skip


def _claim(name: str, title: str, source: str) -> Claim:
    return Claim(
        id=f"{name}-per-parameter",
        kind="I M",
        statement=f"{title} gives each parameter a rate of its own, smaller where the gradients are larger, and so "
        "copes with badly scaled features.",
        prediction="Steps do not depend on the size of the gradients, so the effective rate is inverse to it; on "
        "features of unequal scale fewer steps are needed than by SGD.",
        rule=f"rate against gradient: supported if for one stream at sizes {WITHIN[0]:g} to {WITHIN[1]:g} "
        f"the exponent of rate over size is within {EXPONENT:g} of -1. Races: supported if sgd takes at least "
        f"{FACTOR:g} times the steps until the loss stays under {SHARE:g} of the first, each at its best "
        "rate. Otherwise refuted; depends if the settings disagree.",
        positive=f"gradient descent with rates of 1/curvature set by hand gains at least {FACTOR:g}x",
        negative=f"with features of equal scale the gain is below {FACTOR:g}x",
        limits="Whole-batch gradients of a linear model, axes along the features and constant rates: a rule that works "
        "by coordinate cannot undo a scale that is turned against the axes. Gradients near epsilon or below the "
        "root of the smallest float32 get smaller steps.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"optimizer": name},
        source=source,
    )


CLAIMS = (
    _claim("rmsprop", "RMSprop", "Tieleman and Hinton (2012), Lecture 6.5 - RMSProp"),
    _claim("adam", "Adam", "Kingma and Ba (2015), Adam: A Method for Stochastic Optimization"),
)
