"""zero-centred-helps: sigmoid's mean and sigmoid's slope, taken apart.

Two activations of slope 1/4 at 0 (sigmoid, sigmoid - 1/2) and two of slope 1 (tanh + 1, tanh): in each pair only the
centre differs, and across the pairs only the slope (and the range that goes with it).
"""

import numpy as np

from experiments.claims import charts
from experiments.claims.activations.common import BOUNDED, SHAPES, TARGET, epochs_in_words, epochs_to, pace
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, least_power, overall, ratio

LEAST = 1.2
"""Smallest factor that counts, in epochs to the target."""
SAME = 1e-6
PAIRS = (("slope 1/4", "sigmoid", "sigmoid - 1/2"), ("slope 1", "tanh + 1", "tanh"))
"""Name of the pair, its label that is not centred, its label that is."""
NEAR, FAR = "tanh, default rate", "tanh + 10, default rate"


def arms(lab: Lab) -> dict[str, Arm]:
    names = dict(lab.part("activations"))
    made = {f"{label}, {shape}": Arm(activation=name, model_args=size)
            for shape, size in SHAPES.items() for label, name in names.items()}  # fmt: skip
    flat = {f"{label}, no hidden layer": Arm(activation=name, model_args={"depth": 0}, tuned=False)
            for label, name in (("sigmoid", "sigmoid"), ("sigmoid - 1/2", "variant:centred_sigmoid"))}  # fmt: skip
    made |= flat | {"control tanh": Arm(activation="tanh")}
    return made | {name: Arm(activation=activation, tuned=False) for name, activation in
                          ((NEAR, "tanh"), (FAR, "variant:tanh_plus_ten"))}  # fmt: skip


def centring(evidence: Evidence) -> dict[str, Compared]:
    return {f"{slope}, {shape}": pace(evidence[f"{shifted}, {shape}"], evidence[f"{centred}, {shape}"], LEAST,
                                      f"epochs of {shifted} over those of {centred}, {shape}")
            for shape in SHAPES for slope, shifted, centred in PAIRS}  # fmt: skip


def steepening(evidence: Evidence) -> dict[str, Compared]:
    """The other way through the square: the slope differs, the centre does not."""
    pairs = (("sigmoid", "tanh + 1"), ("sigmoid - 1/2", "tanh"))
    return {f"{flat} over {steep}, {shape}": pace(evidence[f"{flat}, {shape}"], evidence[f"{steep}, {shape}"],
                                                  LEAST, "")
            for shape in SHAPES for flat, steep in pairs}  # fmt: skip


def judge(evidence: Evidence) -> Finding:
    found = centring(evidence)
    settings = [Setting(name, each.verdict, each.effect) for name, each in found.items()]
    off, on = (np.nan_to_num(evidence[name].curve("train_loss")[:, -1], nan=10.0) for name in (FAR, NEAR))
    far = ratio(off, on, LEAST, "")
    usual = epochs_to(evidence["control tanh"])
    there = bool((usual < evidence["control tanh"].runs[0].epochs + 1).all())
    one, two = (evidence[f"{label}, no hidden layer"].curve("train_loss") for label in ("sigmoid", "sigmoid - 1/2"))
    apart = float(np.abs(one - two).max())
    return Finding(
        verdict=overall(settings),
        effect=found["slope 1/4, 2 layers"].effect,
        positive=Control(far.verdict == "supported" and there,
                         f"tanh gets there in {usual.mean():.1f} epochs, and tanh + 10 ends with a training loss "
                         f"{far.effect.words()} that of tanh"),
        negative=Control(apart <= SAME, f"without a hidden layer the losses differ by {apart:.2g} at most"),
        settings=tuple(settings),
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    labels = [label for _, *pair in PAIRS for label in pair]
    epochs = "; ".join(
        f"with {shape} " + ", ".join(f"{label} {epochs_in_words(evidence[f'{label}, {shape}'])}" for label in labels)
        for shape in SHAPES
    )
    centres = ", ".join(f"{each.effect.words()} ({name})" for name, each in centring(evidence).items())
    slopes = ", ".join(f"{each.effect.words()} ({name})" for name, each in steepening(evidence).items())
    return (
        f"Mean epochs to a training loss of {TARGET:g}, at tuned rates: {epochs}. Epochs without centring over those "
        f"with it, slope kept: {centres}. Epochs with the flat over those with the steep one, centre kept: {slopes}. "
        "A net that does not get there counts as one epoch more than it was given."
    )


def draw(evidence: Evidence, finding: Finding):
    panels = []
    for shape in SHAPES:
        drawn = []
        for label in (label for _, *pair in PAIRS for label in pair):
            curves = evidence[f"{label}, {shape}"].curve("train_loss")
            drawn.append(charts.of_seeds(label, np.arange(1, curves.shape[1] + 1), curves))
        panels.append(charts.Panel(drawn, "epoch", "training loss (nats)", shape.replace("layers", "hidden layers"),
                                   logy=True, across={"target": TARGET}))  # fmt: skip
    return charts.lines("Centre and slope, one at a time", f"{evidence.where}; adam, tuned rates", panels,
                        note="Same colour: same slope at 0 (sigmoid 1/4, tanh 1), with and without centring. "
                        "Bands: 95 % interval of the mean over seeds.")  # fmt: skip


CLAIMS = (
    Claim(
        id="zero-centred-helps",
        kind="T",
        statement="The outputs of sigmoid are not centred on 0, which slows learning; tanh, which is, learns faster "
        "for it.",
        prediction="With the slope kept, the centred activation of a pair reaches the target in fewer epochs.",
        rule=f"for each slope and depth: supported if the interval of the epochs without centring over those with it, "
        f"to a training loss of {TARGET:g}, is above 1 and the mean factor at least {LEAST:g}; refuted if the interval "
        f"is below {LEAST:g}; else undecided; {BOUNDED}. depends if some are supported and others refuted.",
        positive=f"tanh gets there, and at the default rate tanh + 10 ends with {LEAST:g} times its training loss",
        negative=f"without a hidden layer sigmoid and sigmoid - 1/2 have the same losses, to {SAME:g}",
        limits="Adam and Glorot's initial weights throughout; a plain gradient step may feel the mean more. Pixels "
        "between 0 and 1 are not centred either, so the first layer gains nothing.",
        judge=judge,
        tell=tell,
        draw=draw,
        arms=arms,
        parts={"activations": (("sigmoid", "sigmoid"), ("sigmoid - 1/2", "variant:centred_sigmoid"),
                               ("tanh + 1", "variant:tanh_plus_one"), ("tanh", "tanh"))},
        source="LeCun, Bottou, Orr and Müller (1998), Efficient backprop, section 4.4",
    ),
)  # fmt: skip
