"""gradient-not-best-direction: how far the gradient points aside, and whether that is what makes descent slow."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.problems import Quadratic
from experiments.claims.rules import below, overall

CONDITIONS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
JUDGED = (10.0, 100.0, 1000.0)
DIMENSIONS = 10
COSINE = 0.9
"""Largest mean cosine that counts as pointing aside: 26 degrees."""
SLOW = 5
"""Fewest steps, each of the best length, that count as slow; the right direction needs one."""
SHARE, STEPS = 1e-3, 6000


def probe(lab: Lab) -> dict[str, Any]:
    """Steps to a thousandth of the first excess, and cosines on the way, from random starts."""
    starts = lab.rng(1).standard_normal((lab.pick(30, 100), DIMENSIONS))
    found: dict[str, Any] = {"cosine": {}, "steps": {}, "constant": {}, "crawl": {}, "start": {}, "newton": 0.0}
    for condition in CONDITIONS:
        bowl = Quadratic(tuple(np.geomspace(1, condition, DIMENSIONS)))
        key = f"{condition:g}"
        searched = descend(bowl, starts, lab.part("direction"), None)
        constant = descend(bowl, starts, "gradient", 2 / (1 + condition))
        found["start"][key] = cosine(bowl, starts, lab.part("direction"))
        found["steps"][key], found["cosine"][key] = searched
        found["constant"][key], found["crawl"][key] = constant
        found["newton"] = max(found["newton"], float(descend(bowl, starts, "newton", None)[0].max()))
    worst = Quadratic((1.0, 100.0))
    found["worst"] = float(cosine(worst, np.array([[10.0, 1.0]]), "gradient")[0])
    return found


def towards(bowl: Quadratic, w: np.ndarray, direction: str) -> np.ndarray:
    return -bowl.gradient(w) / (np.array(bowl.curvatures) if direction == "newton" else 1.0)


def cosine(bowl: Quadratic, w: np.ndarray, direction: str) -> np.ndarray:
    """Of the angle between a direction of descent and the way to the minimum."""
    p = towards(bowl, w, direction)
    return np.sum(-w * p, axis=-1) / (np.linalg.norm(w, axis=-1) * np.linalg.norm(p, axis=-1))


def descend(bowl: Quadratic, starts: np.ndarray, direction: str, rate: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Steps needed and mean cosine on the way, by start; without a rate each step has the best length there is."""
    w, first = starts, bowl.value(starts)
    steps, total = np.zeros(len(w)), np.zeros(len(w))
    for _ in range(STEPS):
        going = bowl.value(w) > SHARE * first
        if not going.any():
            break
        p = towards(bowl, w, direction)
        curved = np.sum(np.array(bowl.curvatures) * p**2, axis=-1)
        length = rate if rate else -np.sum(bowl.gradient(w) * p, axis=-1) / curved
        with np.errstate(invalid="ignore"):
            total = np.where(going, total + cosine(bowl, w, direction), total)
        w = np.where(going[:, None], w + np.reshape(length, (-1, 1)) * p, w)
        steps += going
    return steps, total / steps


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    settings, power = [], 1.0
    for condition in JUDGED:
        key = f"{condition:g}"
        aside = below(np.array(n["cosine"][key]), COSINE, "cosine between the negative gradient and the way")
        slow = float(np.median(n["steps"][key])) >= SLOW
        power = min(power, aside.power)
        verdict = aside.verdict if slow or aside.verdict == "refuted" else "refuted"
        settings.append(Setting(f"condition {key}", verdict, aside.effect))
    expected = 2 * np.sqrt(100) / 101
    round_cosine, round_steps = min(n["cosine"]["1"]), max(n["steps"]["1"])
    return Finding(
        verdict=overall(settings),
        effect=settings[1].effect,
        positive=Control(abs(n["worst"] - expected) < 1e-9,
                         f"at the worst point of a ravine of condition 100 the cosine is {n['worst']:.3f}, in theory "
                         f"{expected:.3f}"),
        negative=Control(round_cosine > 1 - 1e-9 and round_steps == 1 and n["newton"] == 1,
                         f"in a round bowl the cosine is {round_cosine:.4f} and {round_steps:.0f} step does it; "
                         f"Newton's direction needs {n['newton']:.0f} everywhere"),
        settings=tuple(settings),
        power=power,
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    rows = [f"at condition number {c:g} the cosine was {np.mean(n['cosine'][f'{c:g}']):.2f} on the way and the median "
            f"start needed {np.median(n['steps'][f'{c:g}']):.0f} steps" for c in JUDGED]  # fmt: skip
    last = f"{JUDGED[-1]:g}"
    return (
        f"With every step of the best possible length along it, {'; '.join(rows)}; Newton's direction needed "
        f"{n['newton']:.0f}. With a constant rate of 2/(largest + smallest curvature) it took "
        f"{np.median(n['constant'][last]):.0f} steps at condition number {last}, at a mean cosine of "
        f"{np.mean(n['crawl'][last]):.2f}."
    )


def draw(evidence: Evidence, finding: Finding):
    n = evidence.numbers

    def line(label: str, what: str) -> charts.Line:
        table = np.array([n[what][f"{c:g}"] for c in CONDITIONS]).T
        low, middle, high = np.quantile(table, [0.1, 0.5, 0.9], axis=0)
        return charts.Line(label, CONDITIONS, middle, low, high)

    best, constant = "best length at each step", "one constant rate"
    panels = [
        charts.Panel([line(best, "cosine"), line(constant, "crawl"), line("at the random start", "start")],
                     "condition number", "cosine to the way to the minimum", "where the gradient points",
                     logx=True, limits=(0, 1.05)),
        charts.Panel([line(best, "steps"), line(constant, "constant"),
                      charts.Line("Newton's direction", CONDITIONS, [n["newton"]] * len(CONDITIONS))],
                     "condition number", "steps to 1/1000 of the excess", "what it costs", logx=True, logy=True),
    ]  # fmt: skip
    return charts.lines("How far the gradient points aside, and what that costs",
                        f"quadratics with {DIMENSIONS} weights, {len(n['steps']['1'])} random starts", panels,
                        note="Lines: median over starts; bands: from the 10th to the 90th in a hundred. "
                        "Constant rate: 2 / (largest + smallest curvature).")  # fmt: skip


CLAIMS = (
    Claim(
        id="gradient-not-best-direction",
        kind="M",
        statement="The negative gradient is not the direction to the minimum, which is why plain descent is slow.",
        prediction="On ill-conditioned quadratics it points well aside, and even steps of the best length are many.",
        rule=f"for condition numbers {', '.join(map('{:g}'.format, JUDGED))}, over random starts, each step as long as "
        f"is best along the gradient: supported if the interval of the mean cosine on the way is below {COSINE:g} and "
        f"the median start needs at least {SLOW} steps; refuted if the interval is above {COSINE:g} or fewer steps "
        "do; else undecided. depends if the condition numbers differ.",
        positive="at the worst point of a ravine the cosine is 2 sqrt(condition) / (condition + 1)",
        negative="in a round bowl the gradient points at the minimum and one step does it, as Newton's does everywhere",
        limits="Quadratics with evenly spread logarithms of the curvature, without noise. What a constant rate needs "
        "more than the best lengths is no matter of direction.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"direction": "gradient"},
        source="Kantorovich's inequality for the worst angle; Akaike (1959) for the zigzag of steepest descent",
    ),
)
