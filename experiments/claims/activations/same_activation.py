"""same-activation-in-a-layer: uniform layers against layers whose units are of several kinds."""

import numpy as np

from experiments.claims import charts
from experiments.claims.activations.common import SMALL, denied, points
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, compare, least_power, overall

LEAST = 0.5
"""Smallest gain of test accuracy that counts, in percentage points."""
DATA = {"mnist-5k": {}, "spirals": SMALL}
MIXES = ("relu+tanh", "relu+sigmoid", "relu+tanh+sigmoid")
SPLIT = "relu+relu"


def arms(lab: Lab) -> dict[str, Arm]:
    found = {}
    for data, budget in DATA.items():
        for name in lab.part("uniform"):
            found[f"{name}, {data}"] = Arm(dataset=data, activation=name, **budget)
        for mix in MIXES:
            # He's weights as for relu, which has at least a third of the units.
            found[f"{mix}, {data}"] = Arm(dataset=data, activation=f"variant:{mix}", initialiser="he", **budget)
    return found | {
        "linear": Arm(dataset="spirals", activation=lab.part("flat"), **SMALL),
        "relu": Arm(dataset="spirals", activation="relu", tuned=False, **SMALL),
        SPLIT: Arm(dataset="spirals", activation=f"variant:{SPLIT}", initialiser="he", tuned=False, **SMALL),
    }


def rival(evidence: Evidence, data: str) -> str:
    """The uniform layer that validation likes best."""
    return max(evidence.lab.part("uniform"),
               key=lambda name: evidence[f"{name}, {data}"].scores("validation_metric").mean())  # fmt: skip


def gains(evidence: Evidence) -> dict[str, Compared]:
    return {f"{mix}, {name_of(evidence, data)}": compare(
                points(evidence[f"{mix}, {data}"]), points(evidence[f"{rival(evidence, data)}, {data}"]), LEAST,
                f"test accuracy gained by {mix} over {rival(evidence, data)} on {name_of(evidence, data)}", "points")
            for data in DATA for mix in MIXES}  # fmt: skip


def name_of(evidence: Evidence, data: str) -> str:
    return evidence[f"{MIXES[0]}, {data}"].runs[0].dataset


def judge(evidence: Evidence) -> Finding:
    found = gains(evidence)
    settings = [Setting(name, denied(each).verdict, each.effect) for name, each in found.items()]
    bent = compare(points(evidence["relu+tanh, spirals"]), points(evidence["linear"]), LEAST, "", "points")
    split = float(np.abs(points(evidence[SPLIT]) - points(evidence["relu"])).mean())
    return Finding(
        verdict=overall(settings),
        effect=max((each.effect for each in found.values()), key=lambda effect: effect.value),
        positive=Control(bent.verdict == "supported",
                         f"against uniform {evidence.lab.part('flat')} layers on the spirals a mix gains "
                         f"{bent.effect.words()}"),
        negative=Control(split < LEAST,
                         f"a layer of two groups, both relu, differs from relu by {split:.2g} points on average"),
        settings=tuple(settings),
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    rows = []
    for data in DATA:
        best = rival(evidence, data)
        uniform = ", ".join(f"{name} {points(evidence[f'{name}, {data}']).mean():.2f} %"
                            for name in evidence.lab.part("uniform"))  # fmt: skip
        mixed = ", ".join(f"{mix} {points(evidence[f'{mix}, {data}']).mean():.2f} % (gain over {best} "
                          f"{gains(evidence)[f'{mix}, {name_of(evidence, data)}'].effect.words()})"
                          for mix in MIXES)  # fmt: skip
        rows.append(f"On {name_of(evidence, data)}, uniform layers had a test accuracy of {uniform}; mixed ones of "
                    f"{mixed}.")  # fmt: skip
    return " ".join(rows)


def draw(evidence: Evidence, finding: Finding):
    panels = {f"test accuracy (%): {name_of(evidence, data)}": {
                  **{name: points(evidence[f"{name}, {data}"]) for name in evidence.lab.part("uniform")},
                  **{mix: points(evidence[f"{mix}, {data}"]) for mix in MIXES}}
              for data in DATA}  # fmt: skip
    return charts.seeds("Layers of one kind of unit, and of several", f"{evidence.where}; adam, tuned rates", panels)


CLAIMS = (
    Claim(
        id="same-activation-in-a-layer",
        kind="T",
        statement="All units of a layer share one activation.",
        prediction="Mixing activations within a layer gains nothing over the best uniform layer.",
        rule=f"for each mix and data set, against the uniform layer with the best mean validation accuracy: supported "
        f"if the interval of the test accuracy gained by mixing is below {LEAST:g} points; refuted if it is above 0 "
        f"and the mean at least {LEAST:g}; else undecided. depends if some are supported and others refuted.",
        positive="a mix gains over a uniform linear layer",
        negative="two groups of the same activation are no mix, and change nothing",
        limits="That mixing gains nothing makes it a convention, no law. Fixed equal groups of relu, tanh and sigmoid, "
        "two hidden layers.",
        judge=judge,
        tell=tell,
        draw=draw,
        arms=arms,
        parts={"uniform": ("relu", "tanh", "sigmoid"), "flat": "linear"},
    ),
)
