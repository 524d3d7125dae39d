"""softmax-not-hidden: as an activation of hidden layers, against ReLU with equal tuning."""

import numpy as np

from experiments.claims import charts
from experiments.claims.activations.common import DEEP, SMALL, points
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, compare, least_power, overall

LEAST = 1.0
"""Smallest difference of test accuracy that counts, in percentage points."""
SAME = 1e-6
NETS = {"images, 2 layers": {}, "images, 6 layers": {"model_args": DEEP}, "spirals, 2 layers": {"dataset": "spirals",
                                                                                               **SMALL}}  # fmt: skip
MUTE = "one softmax unit"


def arms(lab: Lab) -> dict[str, Arm]:
    found = {f"{name}, {net}": Arm(activation=name, **given)
             for net, given in NETS.items() for name in dict.fromkeys(["relu", lab.part("hidden")])}  # fmt: skip
    flat = {f"{name}, no hidden layer": Arm(activation=name, model_args={"depth": 0}, tuned=False)
            for name in ("relu", "softmax")}  # fmt: skip
    # The softmax of one unit is 1 whatever goes in: nothing gets through the last hidden layer.
    return found | flat | {MUTE: Arm(activation="softmax", model_args={"last": 1}, tuned=False)}


def losses(evidence: Evidence) -> dict[str, Compared]:
    hidden = evidence.lab.part("hidden")
    return {net: compare(points(evidence[f"relu, {net}"]), points(evidence[f"{hidden}, {net}"]), LEAST,
                         f"test accuracy lost by {hidden} against relu, {net}", "points") for net in NETS}  # fmt: skip


def judge(evidence: Evidence) -> Finding:
    found = losses(evidence)
    settings = [Setting(net, each.verdict, each.effect) for net, each in found.items()]
    mute = evidence[MUTE].scores()
    chance = evidence[MUTE].outcomes[0].chance
    one, two = (evidence[f"{name}, no hidden layer"].curve("train_loss") for name in ("relu", "softmax"))
    apart = float(np.abs(one - two).max())
    return Finding(
        verdict=overall(settings),
        effect=min((each.effect for each in found.values()), key=lambda effect: effect.value),
        positive=Control(float(mute.mean()) < chance + 0.02,
                         f"with one softmax unit on top the net has {mute.mean():.3f}, where chance is {chance:.3f}"),
        negative=Control(apart <= SAME, f"without a hidden layer the losses differ by {apart:.2g} at most"),
        settings=tuple(settings),
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    hidden = evidence.lab.part("hidden")
    rows = [f"{net}: {points(evidence[f'relu, {net}']).mean():.1f} % with relu, "
            f"{points(evidence[f'{hidden}, {net}']).mean():.1f} % with {hidden} (lost: "
            f"{each.effect.words()})" for net, each in losses(evidence).items()]  # fmt: skip
    chance = evidence["relu, spirals, 2 layers"].outcomes[0].chance
    return (
        f"Mean test accuracy, each at its own tuned rate. {'; '.join(rows)}. The commonest class of the spirals "
        f"makes {100 * chance:.0f} %, that of the images {100 * evidence[MUTE].outcomes[0].chance:.0f} %."
    )


def draw(evidence: Evidence, finding: Finding):
    panels = []
    for net in NETS:
        drawn = []
        for name in dict.fromkeys(["relu", evidence.lab.part("hidden")]):
            curves = 100 * evidence[f"{name}, {net}"].curve()
            drawn.append(charts.of_seeds(name, np.arange(1, curves.shape[1] + 1), curves, points=curves.shape[1] < 15))
        panels.append(charts.Panel(drawn, "epoch", "validation accuracy (%)", net, limits=(0, 102)))
    return charts.lines("Softmax in the hidden layers", f"{evidence.where}; adam, tuned rates", panels,
                        note="Bands: 95 % interval of the mean over seeds.", size=(2.6, 2.5))  # fmt: skip


CLAIMS = (
    Claim(
        id="softmax-not-hidden",
        kind="T",
        statement="Softmax is for the output; in hidden layers it does worse than ReLU.",
        prediction="With equal tuning, hidden softmax loses accuracy against ReLU.",
        rule=f"for each net: supported if the interval of the test accuracy lost against ReLU is above 0 and the mean "
        f"at least {LEAST:g} points; refuted if the interval is below {LEAST:g}; else undecided. depends if some are "
        "supported and others refuted.",
        positive="a layer of one softmax unit is constant, and the net on it stays at chance",
        negative=f"without a hidden layer the two nets have the same losses, to {SAME:g}",
        limits="Dense layers without normalisation. Softmax over a few units, as in attention, is another matter.",
        judge=judge,
        tell=tell,
        draw=draw,
        arms=arms,
        parts={"hidden": "softmax"},
    ),
)
