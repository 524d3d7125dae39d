"""relu-trains-faster: than sigmoid and tanh, in epochs and in seconds, each at its tuned rate."""

import numpy as np

from experiments.claims import charts
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import compare, least_power, overall

EPOCHS = 15
LEAST = 1.0
"""Smallest saving that counts, in epochs to the target."""


def arms(lab: Lab) -> dict[str, Arm]:
    names = [lab.part("fast"), *lab.part("slow")]
    return {name: Arm(activation=name, optimizer="adam", epochs=EPOCHS) for name in dict.fromkeys(names)} | {
        "relu, rate 1e-5": Arm(activation="relu", optimizer="adam", epochs=EPOCHS, learning_rate=1e-5, tuned=False)
    }


def target(evidence: Evidence) -> float:
    """The validation accuracy that the slowest arm ends with, on average: all reach it, more or less."""
    names = [evidence.lab.part("fast"), *evidence.lab.part("slow")]
    return float(min(evidence[name].curve()[:, -1].mean() for name in names))


def judge(evidence: Evidence) -> Finding:
    goal, fast = target(evidence), evidence.lab.part("fast")
    found = {slow: compare(evidence[slow].epochs_to(goal), evidence[fast].epochs_to(goal), LEAST,
                           f"epochs to {goal:.3f} saved against {slow}", "epochs")
             for slow in evidence.lab.part("slow")}  # fmt: skip
    settings = [Setting(f"against {slow}", each.verdict, each.effect) for slow, each in found.items()]
    crawl = evidence["relu, rate 1e-5"].epochs_to(goal)
    same = evidence[fast].epochs_to(0.0)
    return Finding(
        verdict=overall(settings),
        effect=min((each.effect for each in found.values()), key=lambda effect: effect.value),
        positive=Control(bool((crawl > EPOCHS).all()), f"at a rate of 1e-5 relu needs {crawl.mean():.1f} epochs"),
        negative=Control(bool((same == 1).all()), "a target of 0 is reached by all in the first epoch"),
        settings=tuple(settings),
        power=least_power(list(found.values())),
    )


def tell(evidence: Evidence, finding: Finding) -> str:
    goal = target(evidence)
    words = [f"{name} {np.mean(evidence[name].epochs_to(goal)):.1f}"
             for name in [evidence.lab.part("fast"), *evidence.lab.part("slow")]]  # fmt: skip
    return f"Mean epochs to a validation accuracy of {goal:.3f}, each at its tuned rate: {', '.join(words)}."


def draw(evidence: Evidence, finding: Finding):
    names = [evidence.lab.part("fast"), *evidence.lab.part("slow")]
    drawn = [charts.of_seeds(name, np.arange(1, EPOCHS + 1), evidence[name].curve()) for name in names]
    panel = charts.Panel(drawn, "epoch", "validation accuracy", across={"target": target(evidence)})
    return charts.lines("How fast each activation learns", f"{evidence.where}; adam, tuned rates", [panel],
                        note="Bands: 95 % interval of the mean over seeds.")  # fmt: skip


CLAIMS = (
    Claim(
        id="relu-trains-faster",
        kind="T",
        statement="Nets with ReLU train faster than nets with sigmoid or tanh.",
        prediction="At tuned rates, ReLU reaches the final accuracy of the slowest in fewer epochs.",
        rule=f"for each rival: supported if the interval of the epochs saved is above 0 and their mean at least "
        f"{LEAST:g}; refuted if the interval is below {LEAST:g}; else undecided. depends if the rivals differ.",
        positive="relu at a rate of 1e-5 does not get there",
        negative="a target of 0 is reached at once",
        limits="A shallow net on small images; the advantage is said to grow with depth.",
        judge=judge,
        tell=tell,
        draw=draw,
        arms=arms,
        parts={"fast": "relu", "slow": ("sigmoid", "tanh")},
        source="Krizhevsky, Sutskever and Hinton (2012), ImageNet classification, section 3.1",
    ),
)
