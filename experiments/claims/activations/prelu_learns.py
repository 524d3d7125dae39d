"""prelu-learns-slope: where alpha goes, layer by layer, and whether it is worth it."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.activations.common import points
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, compare, least_power, overall

START = 0.25
"""Where alpha begins."""
MOVED = 0.02
"""Smallest root mean square change of alpha, and difference between layers, that counts."""
LEAST = 0.5
"""Smallest gain of test accuracy that counts, in percentage points."""
DEPTH, WIDTH = 3, 64
TRUTH = 0.6


def probe(lab: Lab) -> dict[str, Any]:
    """Alpha of every layer after each epoch, and two cases where its way is known."""
    from experiments.claims.nets import Net

    data = lab.load("mnist-5k")
    part = data.train
    net = Net(data.input_shape, data.outputs, activation="prelu", depth=DEPTH, width=WIDTH)
    alphas = [v for v in net.model.trainable_variables if v.name == "prelu_alpha"]
    means, moved = [], []
    for seed in range(lab.pick(3, 8)):
        net.reset(seed)
        history = [[float(np.mean(a)) for a in alphas]]
        for _ in net.train(part.x, part.y, "adam", lab.part("rate"), batch_size=64, epochs=lab.pick(4, 10), seed=seed):
            history.append([float(np.mean(a)) for a in alphas])
        means.append(history)
        moved.append([float(np.sqrt(np.mean((np.array(a) - START) ** 2))) for a in alphas])
    z = lab.rng(1).standard_normal(512).astype(np.float32)
    return {"means": means, "moved": moved, "found": _fitted(z), "untouched": _fitted(np.abs(z) + 0.01)}


def _fitted(z: np.ndarray) -> float:
    """Alpha of a single PReLU after 200 steps of descent towards a rectifier of slope TRUTH, on inputs z."""
    import tensorflow as tf

    from custom.activations.parametric import PReLU, prelu

    layer = PReLU(START, shared_by="layer")
    layer.build((None, 1))
    x = tf.constant(z[:, None])
    y = prelu(x, TRUTH)
    for _ in range(200):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(layer(x) - y))
        layer.alpha.assign_sub(0.2 * tape.gradient(loss, layer.alpha.value))
    return float(layer.alpha)


def arms(lab: Lab) -> dict[str, Arm]:
    return {label: Arm(activation=name, activation_args=dict(given))
            for label, (name, given) in (("learned", lab.part("learner")), ("fixed", lab.part("fixed")))}  # fmt: skip


def compared(evidence: Evidence) -> dict[str, Compared]:
    moved, means = evidence.array("moved"), evidence.array("means")
    bottom, top = means[:, -1, 0], means[:, -1, -1]
    if bottom.mean() < top.mean():
        bottom, top = top, bottom
    return {
        "alpha moves": compare(moved.mean(axis=1), np.zeros(len(moved)), MOVED,
                               "root mean square change of alpha, mean over layers"),
        "alpha differs by layer": compare(bottom, top, MOVED, "mean alpha of the first layer from that of the last"),
        "it pays": compare(points(evidence["learned"]), points(evidence["fixed"]), LEAST,
                           f"test accuracy gained over a fixed slope of {START:g}", "points"),
    }  # fmt: skip


def judge(evidence: Evidence) -> Finding:
    found = compared(evidence)
    settings = [Setting(name, each.verdict, each.effect) for name, each in found.items()]
    right, still = evidence.numbers["found"], evidence.numbers["untouched"]
    return Finding(
        verdict=overall(settings),
        effect=found["alpha moves"].effect,
        positive=Control(abs(right - TRUTH) < 0.01, f"a single unit that imitates a slope of {TRUTH:g} finds "
                         f"{right:.4f}"),
        negative=Control(still == START, f"where no input is negative, alpha ends at {still:.6g}"),
        settings=tuple(settings),
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    means, found = evidence.array("means"), compared(evidence)
    ends = ", ".join(f"{value:.3f}" for value in means[:, -1].mean(axis=0))
    learned, fixed = (points(evidence[label]).mean() for label in ("learned", "fixed"))
    return (
        f"From {START:g}, the mean alpha of the layers went to {ends} (bottom to top, after {means.shape[1] - 1} "
        f"epochs); single alphas moved by {found['alpha moves'].effect.words()} (root mean square). The first layer's "
        f"mean differs from the last one's by {found['alpha differs by layer'].effect.words()}. At tuned rates the "
        f"test accuracy was {learned:.2f} % with a learned slope and {fixed:.2f} % with the fixed one, a gain of "
        f"{found['it pays'].effect.words()}."
    )


def draw(evidence: Evidence, finding: Finding):
    means = evidence.array("means")
    epochs = np.arange(means.shape[1])
    drawn = [charts.of_seeds(f"layer {layer + 1}", epochs, means[:, :, layer]) for layer in range(means.shape[2])]
    scores = {"prelu": points(evidence["learned"]), "leaky_relu": points(evidence["fixed"])}
    gain = [charts.of_seeds(name, np.arange(1, curves.shape[1] + 1), 100 * curves)
            for name, label in zip(scores, ("learned", "fixed"), strict=True)
            for curves in [evidence[label].curve()]]  # fmt: skip
    figure = charts.lines(
        "Where PReLU takes its slope, and what it gains", f"{evidence.where}; adam",
        [charts.Panel(drawn, "epoch", "mean alpha of a layer", f"Slope by layer, {DEPTH} layers",
                      across={"start": START}),
         charts.Panel(gain, "epoch", "validation accuracy (%)", f"Learned against fixed at {START:g}")],
        note="Layer 1 is the bottom. Bands: 95 % interval of the mean over seeds. Right: two layers, tuned rates; "
        "fixed slope: leaky_relu.")  # fmt: skip
    figure.axes[0].set_xticks(epochs[:: 1 + len(epochs) // 8])
    return figure


CLAIMS = (
    Claim(
        id="prelu-learns-slope",
        kind="M",
        statement="PReLU learns its slope: alpha leaves its start, differs from layer to layer, and does better for it "
        "than a fixed slope.",
        prediction="Alpha moves, the first layer's mean differs from the last one's, and test accuracy rises.",
        rule=f"moves: supported if the interval of alpha's root mean square change, mean over layers, is above 0 and "
        f"its mean at least {MOVED:g}; differs: the same of the mean alphas of the first and last layer; pays: the "
        f"same of the test accuracy gained over leaky ReLU with a slope of {START:g}, with {LEAST:g} points. Each is "
        "refuted if its interval is below that number, else undecided. depends if some are supported and others are "
        "refuted.",
        positive=f"a single unit that imitates a slope of {TRUTH:g} finds it",
        negative="without a negative input alpha stays where it is, exactly",
        limits="Small dense nets and one alpha a unit; the paper that found slopes to fall with depth used deep "
        "convolutional nets.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        arms=arms,
        parts={"rate": 1e-3, "learner": ("prelu", {}), "fixed": ("leaky_relu", {"negative_slope": START})},
        source="He, Zhang, Ren and Sun (2015), Delving deep into rectifiers",
    ),
)
