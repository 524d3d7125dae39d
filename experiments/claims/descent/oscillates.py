"""sgd-oscillates: at a constant rate, noisy gradients keep the weights hovering around the optimum."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.problems import Descent, Quadratic, gaussian
from experiments.claims.rules import compare, least_power, overall

STEPS, ROWS, BATCH, FEATURES = 4000, 200, 8, 4
RATE = 0.05
HALF = 0.5
"""Smallest share of the excess loss of the second quarter that is left in the last, for it to count as hovering."""
FLOOR = 1e-30
"""Added to every excess loss, so that logarithms exist."""
NOTHING = 1e-20
"""An excess loss below is none: what is left is rounding."""
CALMER = 0.1
"""Largest share of the constant rate's excess loss that a decaying rate may end with."""
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
FITS = 0.1
SETTINGS = {
    "noise at the optimum": "the same noise everywhere",
    "batches, noisy targets": "batches, no weights fit all",
    "batches, exact targets": "batches, some weights fit all",
}


@dataclass(frozen=True)
class Regression:
    """½ mean((Xw - y)²) with standard normal features; minimum at the least-squares weights."""

    design: np.ndarray
    targets: np.ndarray

    @property
    def minimum(self) -> np.ndarray:
        return np.linalg.lstsq(self.design, self.targets, rcond=None)[0]

    def value(self, w: np.ndarray) -> np.ndarray:
        return 0.5 * np.mean((w @ self.design.T - self.targets) ** 2, axis=-1)

    def excess(self, w: np.ndarray) -> np.ndarray:
        """Loss above the minimum, without the cancellation of a difference."""
        off = w - self.minimum
        return 0.5 * np.mean((off @ self.design.T) ** 2, axis=-1)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        return (w @ self.design.T - self.targets) @ self.design / len(self.targets)

    def batch_noise(self, rng: np.random.Generator):
        """Gradient of a random batch less that of all rows, drawn anew for each run and step."""

        def noise(w: np.ndarray) -> np.ndarray:
            index = rng.integers(len(self.targets), size=(len(w), BATCH))
            x = self.design[index]
            off = np.einsum("rbd,rd->rb", x, w) - self.targets[index]
            return np.einsum("rb,rbd->rd", off, x) / BATCH - self.gradient(w)

        return noise


def probe(lab: Lab) -> dict[str, Any]:
    """Excess loss of every run in the second and the last quarter, and its mean along the way."""
    runs = lab.pick(40, 100)
    rng = lab.rng(1)
    design, truth = rng.standard_normal((ROWS, FEATURES)), np.ones(FEATURES)
    unfit = lab.part("noise") * rng.standard_normal(ROWS)
    bowl = Quadratic((1.0,) * FEATURES)
    noisy, exact = Regression(design, design @ truth + unfit), Regression(design, design @ truth)
    start = np.full((runs, FEATURES), 3.0)
    problems: dict[str, Any] = {
        "noise at the optimum": (bowl, bowl.value, gaussian(lab.rng(2), lab.part("noise"))),
        "batches, noisy targets": (noisy, noisy.excess, noisy.batch_noise(lab.rng(3))),
        "batches, exact targets": (exact, exact.excess, exact.batch_noise(lab.rng(4))),
    }
    found: dict[str, Any] = {"early": {}, "late": {}, "curves": {}}
    every = np.unique(np.geomspace(1, STEPS, 80).astype(int))
    for name, (problem, excess, noise) in problems.items():
        take = {
            "constant rate": Descent("sgd", RATE).path(problem, start, STEPS, noise),
            "decaying rate": Descent("sgd", RATE).path(problem, start, STEPS, noise, _decay),
            "full batch": Descent("sgd", RATE).path(problem, start[:1], STEPS),
        }
        for way, path in take.items():
            above = excess(path) + FLOOR
            key = f"{name}: {way}"
            found["early"][key] = above[STEPS // 4 : STEPS // 2].mean(axis=0)
            found["late"][key] = above[3 * STEPS // 4 :].mean(axis=0)
            found["curves"][key] = np.exp(np.log(above).mean(axis=1))[every]
    line, unit = Quadratic((1.0,)), np.zeros((400, 1))
    settled = {rate: Descent("sgd", rate).path(line, unit, lab.pick(1500, 4000), gaussian(lab.rng(5), 1.0))[500:]
               for rate in RATES}  # fmt: skip
    return found | {
        "steps": every,
        "variance": [float((settled[rate] ** 2).mean()) for rate in RATES],
        "theory": [rate / (2 - rate) for rate in RATES],
        "crossings": [float((np.diff(np.sign(settled[rate]), axis=0) != 0).mean()) for rate in RATES],
    }


def _decay(t: int) -> float:
    """Constant at first, then about 2/t: sums to infinity, and its square does not."""
    return RATE / (1 + RATE * t / 2)


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    found = {}
    for name in SETTINGS:
        late, early = (np.array(n[when][f"{name}: constant rate"]) for when in ("late", "early"))
        left = np.where(late < NOTHING, 0.0, late / early)
        found[name] = compare(
            left, np.zeros_like(left), HALF, "excess loss of the last quarter over that of the second"
        )
    settings = tuple(Setting(name, each.verdict, each.effect) for name, each in found.items())
    off = max(abs(a / b - 1) for a, b in zip(n["variance"], n["theory"], strict=True))
    full = max(n["late"][f"{name}: full batch"][0] for name in SETTINGS)
    decayed = _decayed(n)
    return Finding(
        verdict=overall(settings),
        effect=found["batches, noisy targets"].effect,
        positive=Control(off <= FITS, f"variances of a line's noisy descent are within {off:.1%} of theory"),
        negative=Control(full < NOTHING and decayed <= CALMER,
                         f"full batches end {full:.1e} above the minimum; a decaying rate ends with at most "
                         f"{decayed:.2g} of the constant rate's excess loss"),
        settings=settings,
        power=least_power(list(found.values())),
    )  # fmt: skip


def _decayed(n) -> float:
    """Excess loss at the end with a decaying rate over that with the constant one, where there is noise to settle."""
    kinds = [name for name in SETTINGS if np.mean(n["late"][f"{name}: constant rate"]) >= NOTHING]
    return max((np.mean(n["late"][f"{name}: decaying rate"]) / np.mean(n["late"][f"{name}: constant rate"])
                for name in kinds), default=0.0)  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    rows = "; ".join(f"{SETTINGS[each.name]}: {each.effect.words()}" for each in finding.settings)
    late = {way: np.mean(n["late"][f"batches, noisy targets: {way}"]) for way in
            ("constant rate", "decaying rate", "full batch")}  # fmt: skip
    return (
        f"The excess loss in the last quarter of {STEPS} steps at a constant rate, over that in the second: {rows}. "
        f"With noisy targets it ended at {late['constant rate']:.2g} at the constant rate, {late['decaying rate']:.2g} "
        f"with a decaying one and {late['full batch']:.2g} on full batches. In a line the weight crossed the minimum "
        f"in {n['crossings'][0]:.0%} of the steps at rate x curvature {RATES[0]:g} and in {n['crossings'][-1]:.0%} at "
        f"{RATES[-1]:g}, and its variance there was {n['variance'][0]:.2g} and {n['variance'][-1]:.2g}."
    )


def draw(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    panels = [
        charts.Panel([charts.Line(way, n["steps"], n["curves"][f"{name}: {way}"], points=False)
                      for way in ("constant rate", "decaying rate", "full batch")],
                     "step", "excess loss", words, logx=True, logy=True, limits=(1e-14, 100))
        for name, words in SETTINGS.items()
    ]  # fmt: skip
    panels.append(charts.Panel(
        [charts.Line("measured", RATES, n["variance"], line=False),
         charts.Line("theory: rate / (2 - rate)", RATES, n["theory"], points=False)],
        "learning rate x curvature", "variance at the end", "how far it hovers", logx=True, logy=True))  # fmt: skip
    return charts.lines("Does SGD settle at a constant rate?",
                        f"quadratics with {FEATURES} weights, rate {RATE:g}; batches of {BATCH} of {ROWS} rows",
                        panels, note=f"Geometric mean over {len(n['late']['batches, noisy targets: constant rate'])} "
                        "runs. The decaying rate goes like 2/step. What falls out of the picture goes on to "
                        "rounding.", size=(2.3, 2.4))  # fmt: skip


CLAIMS = (
    Claim(
        id="sgd-oscillates",
        kind="M",
        statement="With a constant learning rate, SGD does not settle but oscillates around the optimum.",
        prediction="Its excess loss stops falling, while full batches or a decaying rate go on down.",
        rule=f"for three kinds of noise, over runs: supported if the excess loss of the last quarter is at least "
        f"{HALF:g} of that of the second, with an interval above 0; refuted if the interval is below {HALF:g}; else "
        f"undecided. An excess below {NOTHING:g} counts as none. depends if the kinds differ.",
        positive=f"on a line the variance at the end is within {FITS:.0%} of rate/(curvature (2 - rate curvature))",
        negative=f"full batches reach the minimum, and a decaying rate ends with at most {CALMER:g} of the excess loss",
        limits="Quadratic losses. Where the model can fit every example, as large nets may, the noise vanishes at the "
        "optimum, and with it the reason to hover.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"noise": 1.0},
        source="Robbins and Monro (1951), A stochastic approximation method; "
        "Bottou, Curtis and Nocedal (2018), Optimization methods for large-scale machine learning",
    ),
)
