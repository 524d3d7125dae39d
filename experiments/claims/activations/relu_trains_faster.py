"""relu-trains-faster: than sigmoid and tanh, in epochs and in seconds, each at its tuned rate."""

import numpy as np

from experiments.claims import charts
from experiments.claims.activations.common import BOUNDED, SHAPES, TARGET, epochs_in_words, epochs_to, pace, seconds_to
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, least_power, overall

LEAST = 1.2
"""Smallest factor that counts, in epochs or seconds to the target."""
CRAWL, TWIN = "relu, small rate", "leaky_relu, slope 1e-6"


def arms(lab: Lab) -> dict[str, Arm]:
    names = dict.fromkeys([lab.part("fast"), *lab.part("slow")])
    return {f"{name}, {shape}": Arm(activation=name, model_args=size)
            for shape, size in SHAPES.items() for name in names} | {
        "relu": Arm(activation="relu", tuned=False),
        "relu, tuned": Arm(activation="relu"),
        CRAWL: Arm(activation="relu", learning_rate=lab.part("crawl"), tuned=False),
        TWIN: Arm(activation="leaky_relu", activation_args={"negative_slope": 1e-6}, tuned=False),
    }  # fmt: skip


def compared(evidence: Evidence, measure) -> dict[str, Compared]:
    """Each rival in each net: how many times as long it takes."""
    fast = evidence.lab.part("fast")
    return {f"against {slow}, {shape}": pace(evidence[f"{slow}, {shape}"], evidence[f"{fast}, {shape}"], LEAST,
                                             f"time of {slow} over that of {fast}, {shape}", measure)
            for shape in SHAPES for slow in evidence.lab.part("slow")}  # fmt: skip


def judge(evidence: Evidence) -> Finding:
    epochs, seconds = compared(evidence, epochs_to), compared(evidence, seconds_to)
    settings = [Setting(name, each.verdict, each.effect) for name, each in epochs.items()]
    clock = [Setting(f"{name}, in seconds", each.verdict, each.effect) for name, each in seconds.items()]
    crawl = evidence[CRAWL].curve("train_loss")
    quick = evidence["relu, tuned"]
    tuned, tuned_for = epochs_to(quick), quick.runs[0].epochs
    twin = pace(evidence[TWIN], evidence["relu"], LEAST, "")
    return Finding(
        verdict=overall(settings),
        effect=min((each.effect for each in epochs.values()), key=lambda effect: effect.value),
        positive=Control(bool((crawl > TARGET).all() and (tuned < tuned_for + 1).all()),
                         f"relu gets there in {tuned.mean():.1f} of {tuned_for} epochs, and at a rate of "
                         f"{evidence.lab.part('crawl'):g} is at a training loss of {crawl[:, -1].mean():.2f} at the "
                         "end"),
        negative=Control(twin.verdict != "supported" and twin.effect.value < LEAST,
                         f"leaky_relu with a slope of 1e-6, a relu to six digits, takes {twin.effect.words()}"),
        settings=(*settings, *clock),
        power=least_power(list(epochs.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    names = dict.fromkeys([evidence.lab.part("fast"), *evidence.lab.part("slow")])
    words = ["; ".join([f"with {shape} " + ", ".join(f"{name} {epochs_in_words(evidence[f'{name}, {shape}'])}"
                                                    for name in names)]) for shape in SHAPES]  # fmt: skip
    epochs = ", ".join(f"{name} {each.effect.words()}" for name, each in compared(evidence, epochs_to).items())
    seconds = ", ".join(f"{name} {each.effect.words()}" for name, each in compared(evidence, seconds_to).items())
    return (
        f"Mean epochs to a training loss of {TARGET:g}, each at its tuned rate: {'; '.join(words)}. "
        f"The rivals' epochs over those of {evidence.lab.part('fast')}: {epochs}. In seconds: {seconds}. "
        "A net that does not get there counts as one epoch more than it was given, so its factor is a lower bound."
    )


def draw(evidence: Evidence, finding: Finding):
    names = dict.fromkeys([evidence.lab.part("fast"), *evidence.lab.part("slow")])
    panels = []
    for shape in SHAPES:
        table = {name: evidence[f"{name}, {shape}"].curve("train_loss") for name in names}
        drawn = [charts.of_seeds(name, np.arange(1, curves.shape[1] + 1), curves) for name, curves in table.items()]
        panels.append(charts.Panel(drawn, "epoch", "training loss (nats)", shape.replace("layers", "hidden layers"),
                                   logy=True, across={"target": TARGET}))  # fmt: skip
    return charts.lines("How fast each activation learns", f"{evidence.where}; adam, tuned rates", panels,
                        note="Bands: 95 % interval of the mean over seeds.")  # fmt: skip


CLAIMS = (
    Claim(
        id="relu-trains-faster",
        kind="T",
        statement="Nets with ReLU train faster than nets with sigmoid or tanh.",
        prediction=f"At tuned rates, ReLU reaches a training loss of {TARGET:g} in fewer epochs and seconds.",
        rule=f"for each rival and depth: supported if the interval of the rival's epochs to a training loss of "
        f"{TARGET:g} over ReLU's is above 1 and their mean factor at least {LEAST:g}; refuted if the interval is below "
        f"{LEAST:g}; else undecided; {BOUNDED}. depends if some are supported and others refuted. "
        "Seconds are listed by the same rule, and do not decide, since they belong to one machine.",
        positive="relu gets there, and at a rate of 1e-5 does not",
        negative=f"leaky_relu with a slope of 1e-6 is not {LEAST:g} times as slow as relu, both at the default rate",
        limits="Dense nets of two and six layers under adam. Seconds are those of small nets on few cores, where most "
        "of a step is not the activation.",
        judge=judge,
        tell=tell,
        draw=draw,
        arms=arms,
        parts={"fast": "relu", "slow": ("sigmoid", "tanh"), "crawl": 1e-5},
        source="Krizhevsky, Sutskever and Hinton (2012), ImageNet classification, section 3.1",
    ),
)
