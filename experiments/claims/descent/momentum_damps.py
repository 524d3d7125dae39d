"""momentum-damps: fewer oscillations and a faster way down a ravine."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.problems import Descent, ravine, steps_to
from experiments.claims.rules import overall

CONDITIONS = (10.0, 100.0, 1000.0)
FACTOR = 1.5
"""Smallest saving of steps that counts."""
STEPS = 4000


def probe(lab: Lab) -> dict[str, Any]:
    """Steps to a thousandth of the first excess, each rule at its best rate of a fine grid."""
    start = np.array([10.0, 1.0])
    rates = np.geomspace(1e-3, 3.9, lab.pick(60, 150))
    plain, other = lab.part("plain"), lab.part("momentum")
    found: dict[str, Any] = {"conditions": list(CONDITIONS), "steps": {}, "turns": {}, "rate": {}, "paths": {}}
    for name, (optimizer, constants) in {"plain": plain, "momentum": other}.items():
        for condition in (1.0, *CONDITIONS):
            problem = ravine(condition)
            tries = []
            for rate in rates / problem.smoothness:
                path = Descent(optimizer, rate, constants).path(problem, start, STEPS)
                tries.append((int(steps_to(problem, path)), float(rate), path))
            steps, rate, path = min(tries, key=lambda each: each[:2])
            key = f"{name} {condition:g}"
            found["steps"][key], found["rate"][key] = steps, rate
            found["turns"][key] = int((np.diff(np.sign(path[: steps + 1, 1])) != 0).sum())
            if condition == 100.0:
                found["paths"][optimizer if name == "momentum" else "sgd"] = path[: min(steps, 60) + 1].tolist()
    return found


def judge(evidence: Evidence) -> Finding:
    steps = evidence.numbers["steps"]
    settings = [
        Setting(f"condition {condition:g}", "supported" if gain >= FACTOR else "refuted",
                Effect("steps of plain descent over those with momentum", gain, unit="x"))
        for condition in CONDITIONS
        for gain in [steps[f"plain {condition:g}"] / steps[f"momentum {condition:g}"]]
    ]  # fmt: skip
    round_gain = steps["plain 1"] / steps["momentum 1"]
    hard = steps["plain 1000"]
    return Finding(
        verdict=overall(settings),
        effect=settings[1].effect,
        positive=Control(hard > 10 * steps["plain 10"],
                         f"the ravine of condition 1000 costs plain descent {hard} steps, the one of 10 only "
                         f"{steps['plain 10']}"),
        negative=Control(round_gain <= 1.0, f"in a round bowl the factor is {round_gain:.2g}"),
        settings=tuple(settings),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    rows = [f"{n['steps'][f'plain {c:g}']} against {n['steps'][f'momentum {c:g}']} steps at condition number {c:g} "
            f"({n['turns'][f'plain {c:g}']} against {n['turns'][f'momentum {c:g}']} crossings of the valley floor)"
            for c in CONDITIONS]  # fmt: skip
    return (
        f"Each at its own best rate, plain descent and momentum took {'; '.join(rows)}. "
        f"In a round bowl momentum gained nothing ({n['steps']['plain 1']} against {n['steps']['momentum 1']})."
    )


def draw(evidence: Evidence, finding: Finding):
    problem = ravine(100.0)
    walked = {name: np.array(path) for name, path in evidence.numbers["paths"].items()}
    return charts.paths("The way down a ravine", "condition number 100, each at its best rate, first 60 steps",
                        problem.value, walked, problem.minimum,
                        note="White: start. Star: minimum. A marker a step.")  # fmt: skip


CLAIMS = (
    Claim(
        id="momentum-damps",
        kind="M",
        statement="Momentum damps the oscillation across a ravine and goes down it faster.",
        prediction="On an ill-conditioned quadratic, each at its best rate, momentum needs fewer steps.",
        rule=f"supported in a setting if plain descent takes at least {FACTOR:g} times the steps of momentum, refuted "
        "otherwise; depends if the settings disagree.",
        positive="plain descent takes ten times as long at condition number 1000 as at 10",
        negative="in a round bowl momentum gains nothing",
        limits="Quadratics without noise and with beta = 0.9; beyond some condition number a larger beta is needed.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"plain": ("sgd", {}), "momentum": ("momentum", {"momentum": 0.9})},
        source="Polyak (1964), Some methods of speeding up the convergence of iteration methods",
    ),
)
