"""relu-benefits-kept: whether leaky ReLU, ELU and Maxout keep what ReLU has."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.activations.common import TARGET, denied, epochs_in_words, pace
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import least_power, mean, overall

DEPTH, WIDTH = 12, 64
KEPT = 0.8
"""Smallest factor by layer that counts as no vanishing: a tenth is left after ten layers."""
SLOWER = 1.2
"""Smallest factor of epochs to the target that counts as slower."""
WIDE = 1e30


def probe(lab: Lab) -> dict[str, Any]:
    """Slopes for positive inputs, and the norm of the gradient by layer in a deep net before training."""
    from custom import catalog
    from experiments.claims.autodiff import slope
    from experiments.claims.nets import Net

    z = np.geomspace(1 / WIDE, WIDE, lab.pick(2001, 20001)).astype(np.float32)
    data = lab.load("mnist-5k")
    x, y = data.train.x[:500], data.train.y[:500]
    found: dict[str, Any] = {"slope_off": {}, "norms": {}}
    for name in dict.fromkeys(["relu", lab.part("vanishing"), *lab.part("rivals")]):
        function: Any = catalog.ACTIVATIONS[name].function
        one = _against_zero(function) if name == "maxout" else function
        found["slope_off"][name] = float(np.abs(slope(one, z) - 1).max())
        net = Net(data.input_shape, data.outputs, activation=name, depth=DEPTH, width=WIDTH)
        rows = []
        for seed in range(lab.seeds):
            net.reset(seed)
            # The first kernel has another shape, and so has the output's.
            rows.append([float(np.linalg.norm(g)) for g in net.gradients(x, y)[1:-1]])
        found["norms"][name] = rows
    return found


def _against_zero(maxout):
    """z -> max(z, 0): the piece that wins for z > 0 against one that is constant."""
    import tensorflow as tf

    return lambda z: maxout(tf.stack([z, tf.zeros_like(z)], axis=-1))


def by_layer(evidence: Evidence, name: str) -> np.ndarray:
    """[seed] factor by which a layer changes the gradient's norm on its way down."""
    norms = np.maximum(np.array(evidence.numbers["norms"][name], float), 1e-30)
    return (norms[:, 0] / norms[:, -1]) ** (1 / (norms.shape[1] - 1))


def arms(lab: Lab) -> dict[str, Arm]:
    return {name: Arm(activation=name) for name in dict.fromkeys(["relu", *lab.part("rivals")])}


def judge(evidence: Evidence) -> Finding:
    settings, speeds = [], []
    for name in evidence.lab.part("rivals"):
        off = evidence.numbers["slope_off"][name]
        settings.append(Setting(f"{name}: slope", "supported" if off == 0 else "refuted",
                                Effect("largest distance of the slope from 1", off)))  # fmt: skip
        kept = mean(by_layer(evidence, name), f"gradient kept by layer, {name}")
        settings.append(Setting(f"{name}: gradient", _handed_down(kept), kept))
        speed = pace(evidence[name], evidence["relu"], SLOWER, f"epochs of {name} over those of relu")
        speeds.append(speed)
        settings.append(Setting(f"{name}: speed", denied(speed).verdict, speed.effect))
    bad = evidence.lab.part("vanishing")
    vanishing, own = (float(by_layer(evidence, name).mean()) for name in (bad, "relu"))
    off = evidence.numbers["slope_off"]
    return Finding(
        verdict=overall(settings),
        effect=max((speed.effect for speed in speeds), key=lambda effect: effect.value),
        positive=Control(vanishing < 0.5 and off[bad] > 0.5,
                         f"{bad} keeps {vanishing:.2g} of the gradient by layer, and its slope is off 1 by up to "
                         f"{off[bad]:.2g}"),
        negative=Control(own >= KEPT and off["relu"] == 0,
                         f"relu itself keeps {own:.2g} by layer, and its slope is off 1 by {off['relu']:.2g}"),
        settings=tuple(settings),
        power=least_power(speeds),
    )  # fmt: skip


def _handed_down(kept: Effect) -> str:
    low, high = (kept.value if end is None else end for end in (kept.low, kept.high))
    return "supported" if low >= KEPT else "refuted" if high < KEPT else "undecided"


def tell(evidence: Evidence, finding: Finding) -> str:
    rivals = evidence.lab.part("rivals")
    off = ", ".join(f"{name} {evidence.numbers['slope_off'][name]:.2g}" for name in rivals)
    kept = ", ".join(f"{name} {mean(by_layer(evidence, name), '').words()}" for name in ("relu", *rivals, "sigmoid"))
    speed = ", ".join(f"{name} {epochs_in_words(evidence[name])}" for name in ("relu", *rivals))
    factors = ", ".join(setting.effect.words() for setting in finding.settings if setting.name.endswith("speed"))
    return (
        f"For inputs from {1 / WIDE:g} to {WIDE:g} the slope is off 1 by at most: {off}. Share of the gradient's norm "
        f"that a layer of an untrained net of {DEPTH} layers hands down: {kept}. Mean epochs to a training loss of "
        f"{TARGET:g} at tuned rates: {speed}; as factors of relu's: {factors}."
    )


def draw(evidence: Evidence, finding: Finding):
    names = list(dict.fromkeys(["relu", *evidence.lab.part("rivals"), "sigmoid"]))
    layers = np.arange(2, DEPTH + 1)
    by_depth = [charts.of_seeds(name, layers, np.array(evidence.numbers["norms"][name], float)) for name in names]
    trained = [charts.of_seeds(name, np.arange(1, curves.shape[1] + 1), curves) for name in names
               if name in evidence.trained for curves in [evidence[name].curve("train_loss")]]  # fmt: skip
    return charts.lines(
        "What the kin of ReLU keep", f"{evidence.where}; adam, tuned rates",
        [charts.Panel(by_depth, "hidden layer, from the bottom", "norm of the gradient",
                      f"Before training, {DEPTH} layers", logy=True),
         charts.Panel(trained, "epoch", "training loss (nats)", "Training, 2 layers", logy=True,
                      across={"target": TARGET})],
        note="Bands: 95 % interval of the mean over seeds.")  # fmt: skip


CLAIMS = (
    Claim(
        id="relu-benefits-kept",
        kind="I T",
        statement="Leaky ReLU, ELU and Maxout keep the benefits of ReLU: no saturation for z > 0, a gradient that "
        "reaches the bottom, fast training.",
        prediction="Slope 1 for z > 0, no vanishing in a deep net, and no more epochs to the target than ReLU.",
        rule=f"for each rival: slope supported if autodiff gives exactly 1 for all float32 z from {1 / WIDE:g} to "
        f"{WIDE:g}, else refuted; gradient supported if the interval of the share of its norm that a layer hands down "
        f"in an untrained net of {DEPTH} layers is at least {KEPT:g}, refuted if it is below, else undecided; speed "
        f"supported if the interval of its epochs to a training loss of {TARGET:g} over those of ReLU is below "
        f"{SLOWER:g}, refuted if it is above 1 and the mean factor at least {SLOWER:g}, else undecided, as "
        "where it misses the target in some seed and would be supported. depends if some are supported and others "
        "refuted.",
        positive="sigmoid has another slope, and its gradient vanishes",
        negative="relu keeps its own benefits",
        limits="Gradients before training, under each one's own initial weights. Epochs, not seconds: Maxout has twice "
        "the weights and ELU an exponential.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        arms=arms,
        parts={"rivals": ("leaky_relu", "elu", "maxout"), "vanishing": "sigmoid"},
    ),
)
