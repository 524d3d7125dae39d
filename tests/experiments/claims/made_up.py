"""Claims that say something about nothing, for tests of what surrounds claims."""

import os
from dataclasses import replace
from typing import Any

from experiments.claims import charts
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding
from experiments.claims.lab import Lab
from experiments.claims.rules import compare, identity


def probe(lab: Lab) -> dict[str, Any]:
    """Its own process and a random number; what the parts tell it to do."""
    if lab.part("trouble") == "raise":
        raise ValueError("no such\n  number")
    if lab.part("trouble") == "die":
        os._exit(9)
    return {"value": lab.part("value"), "pid": os.getpid(), "drawn": lab.rng(1).random(), "odd": (1, 2)}


def judge(evidence: Evidence) -> Finding:
    value = evidence.numbers["value"]
    if value is None:
        raise TypeError("no number to compare")
    return Finding(
        verdict=identity(value == 1),
        effect=Effect("value", value),
        positive=Control(value >= 0, f"{value} is not below 0"),
        negative=Control(True, "nothing"),
    )


def tell(evidence: Evidence, finding: Finding) -> str:
    return f"The value is {finding.effect.value:g}, a <b>& more</b> | less."


def draw(evidence: Evidence, finding: Finding):
    panel = charts.Panel([charts.Line("relu", [0, 1], [0, finding.effect.value])], "x", "y")
    return charts.lines("A line", "made up", [panel])


NUMBER = Claim(
    id="number",
    kind="I",
    statement="The value is <i>one</i> | exactly.",
    prediction="It is 1.",
    rule="holds if it is 1.",
    positive="it is not negative",
    negative="nothing happens",
    limits="None.",
    judge=judge,
    tell=tell,
    draw=draw,
    probe=probe,
    parts={"value": 1, "trouble": "", "range": (0, 1)},
)


def arms(lab: Lab) -> dict[str, Arm]:
    plain = Arm(dataset="digits", epochs=2, batch_size=256, activation=lab.part("activation"), tuned=False)
    return {"fast": plain, "again": plain, "tuned": replace(plain, tuned=True), "slow": replace(plain, optimizer="sgd")}


def judge_trained(evidence: Evidence) -> Finding:
    found = compare(evidence["fast"].scores(), evidence["slow"].scores(), 0.01, "accuracy")
    same = compare(evidence["fast"].scores(), evidence["again"].scores(), 0.01, "accuracy")
    return Finding(
        verdict=found.verdict,
        effect=found.effect,
        power=found.power,
        positive=Control(evidence["tuned"].choice is not None, "a rate was chosen"),
        negative=Control(same.verdict == "refuted", "an arm does not differ from itself"),
    )


TRAINED = replace(
    NUMBER, id="trained", kind="T", probe=None, arms=arms, judge=judge_trained, parts={"activation": "relu"}
)
