"""tanh-binary-head: a tanh output with labels of -1 and 1, beside sigmoid with cross-entropy."""

import numpy as np

from experiments.claims import charts
from experiments.claims.activations.common import SMALL, denied, points
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, compare, least_power, overall

DATA = ("breast_cancer", "spirals")
LOSSES = {"squared error": "mean_squared_error", "hinge": "hinge"}
MARGIN = 1.0
"""Smallest loss of test accuracy that counts, in percentage points."""
ALIKE = 2.0
USUAL, KIN, IDLE = "sigmoid, cross-entropy", "sigmoid, squared error", "tanh, hardly trained"


def arms(lab: Lab) -> dict[str, Arm]:
    found = {}
    for data in DATA:
        found[f"{USUAL}, {data}"] = Arm(dataset=data, **SMALL)
        for name, loss in LOSSES.items():
            rate = lab.part("rate")
            found[f"tanh, {name}, {data}"] = Arm(dataset=data, head="tanh", loss=loss, learning_rate=rate,
                                                 tuned=rate is None, **SMALL)  # fmt: skip
    spirals = {"dataset": "spirals", "loss": "mean_squared_error", **SMALL}
    found[KIN] = Arm(head="sigmoid", **spirals)
    found[f"{KIN}, other side"] = Arm(head="tanh", **spirals)
    found[IDLE] = Arm(head="tanh", learning_rate=1e-6, tuned=False, **spirals)
    return found


def losses(evidence: Evidence) -> dict[str, Compared]:
    """Accuracy that the tanh head loses, by loss and data."""
    return {f"{name}, {data}": compare(points(evidence[f"{USUAL}, {data}"]),
                                       points(evidence[f"tanh, {name}, {data}"]), MARGIN,
                                       f"accuracy lost by tanh with {name} on {data}", "points")
            for data in DATA for name in LOSSES}  # fmt: skip


def judge(evidence: Evidence) -> Finding:
    found = losses(evidence)
    settings = [Setting(name, denied(each).verdict, each.effect) for name, each in found.items()]
    idle = compare(points(evidence[f"{USUAL}, spirals"]), points(evidence[IDLE]), MARGIN, "", "points")
    kin = float(np.mean(points(evidence[KIN]) - points(evidence[f"{KIN}, other side"])))
    return Finding(
        verdict=overall(settings),
        effect=max((each.effect for each in found.values()), key=lambda effect: effect.value),
        positive=Control(idle.verdict == "supported", f"a tanh head at a rate of 1e-6 loses {idle.effect.words()}"),
        negative=Control(abs(kin) <= ALIKE,
                         f"with squared error on both sides, tanh loses {kin:.2f} points to sigmoid on the spirals"),
        settings=tuple(settings),
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    usual = ", ".join(f"{points(evidence[f'{USUAL}, {data}']).mean():.1f} % on {data}" for data in DATA)
    words = [f"{points(evidence[f'tanh, {name}']).mean():.1f} % (loss against sigmoid: "
             f"{each.effect.words()}) with {name}" for name, each in losses(evidence).items()]  # fmt: skip
    return (
        f"Sigmoid with cross-entropy answered {usual} of the test examples rightly. A tanh output with labels of -1 "
        f"and 1, at its own tuned rate, had {'; '.join(words)}."
    )


def draw(evidence: Evidence, finding: Finding):
    panels = {}
    for place, data in enumerate(DATA):
        title = evidence.data[place] if place < len(evidence.data) else data
        panels[f"test accuracy (%): {title}"] = {
            USUAL: points(evidence[f"{USUAL}, {data}"]),
            **{f"tanh, {name}": points(evidence[f"tanh, {name}, {data}"]) for name in LOSSES},
        }
    return charts.seeds("Two ways to answer yes or no", f"{evidence.where}; adam, tuned rates", panels)


CLAIMS = (
    Claim(
        id="tanh-binary-head",
        kind="T",
        statement="tanh can be the output of a binary classifier, with labels of -1 and 1.",
        prediction="With hinge loss or squared error it is as accurate as sigmoid with cross-entropy.",
        rule=f"for each loss and data set: supported if the interval of the test accuracy that tanh loses against "
        f"sigmoid with cross-entropy is below {MARGIN:g} points; refuted if it is above 0 and the mean at least "
        f"{MARGIN:g}; else undecided. depends if some are supported and others refuted.",
        positive="a tanh head that was hardly trained is seen to lose",
        negative=f"tanh(z) = 2 sigmoid(2z) - 1: with squared error the two differ by {ALIKE:g} points at most",
        limits="Accuracy alone: a tanh output is no probability, and hinge does not try to make it one. The test parts "
        "are small.",
        judge=judge,
        tell=tell,
        draw=draw,
        arms=arms,
        parts={"rate": None},
    ),
)
