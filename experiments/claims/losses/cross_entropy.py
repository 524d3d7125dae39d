"""cross-entropy-gradient: p - y. softmax-needs-cross-entropy: what a squared error after softmax does to training."""

from typing import Any

import numpy as np
from scipy.special import expit, softmax

from experiments.claims import charts
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import compare, identity, least_power, overall, slope

CLASSES = 10
SCALES = (1.0, 10.0, 100.0, 1e4)
BOUND = 1e-6
"""Largest allowed distance of a gradient from p - y: eight float32 roundings of a number near 1."""
OFF = 0.01

MARGINS = np.arange(0.0, 30.5, 0.5)
CONFIDENT = 10.0
"""A mistake with this logit margin: the wrong class has a probability of 0.9996."""
FACTOR = 10.0
TAIL = (6.0, 12.0)
EPOCHS, LEAST_EPOCHS, LEAST_ACCURACY = 10, 1.0, 0.005
OPTIMIZERS = ("adam", "sgd")
CROSS_ENTROPY = "sparse_categorical_crossentropy"


def probe_gradient(lab: Lab) -> dict[str, Any]:
    rng = lab.rng(1)
    rows = lab.pick(2000, 20000)
    off: dict[str, list[float]] = {"classes": [], "binary": [], "other": []}
    for scale in SCALES:
        z = (scale * rng.standard_normal((rows, CLASSES))).astype(np.float32)
        y = np.eye(CLASSES, dtype=np.float32)[rng.integers(CLASSES, size=rows)]
        one = z[:, :1]
        yes = rng.integers(2, size=(rows, 1)).astype(np.float32)
        wanted = softmax(z.astype(float), axis=1) - y
        for part in ("classes", "other"):
            off[part].append(float(np.abs(_gradient(lab.part(part), y, z) - wanted).max()))
        wanted_one = expit(one.astype(float)) - yes
        off["binary"].append(float(np.abs(_gradient(lab.part("binary"), yes, one) - wanted_one).max()))
    margins = np.arange(0.0, 120.0, 0.5)
    z = _mistakes(margins)
    y = np.eye(CLASSES, dtype=np.float32)[np.ones(len(z), int)]
    wanted = softmax(z.astype(float), axis=1) - y
    two_steps = _gradient(lab.part("classes"), y, z, logits=False)
    bad = np.abs(two_steps - wanted).max(axis=1) > OFF
    return {
        "off": off,
        "margins": margins[:81],
        "wanted": np.linalg.norm(wanted, axis=1)[:81],
        "from logits": np.linalg.norm(_gradient(lab.part("classes"), y, z), axis=1)[:81],
        "in two steps": np.linalg.norm(two_steps, axis=1)[:81],
        "other": np.linalg.norm(_gradient(lab.part("other"), y, z), axis=1)[:81],
        "two steps hold to": float(margins[bad.argmax()]) if bad.any() else None,
        "smallest": float(np.abs(wanted).max()),
    }


def probe_mistakes(lab: Lab) -> dict[str, Any]:
    """Size of the gradient by the logits where a wrong class leads by a margin."""
    z = _mistakes(MARGINS)
    y = np.eye(CLASSES, dtype=np.float32)[np.ones(len(z), int)]
    sizes = {"cross-entropy": _gradient("categorical_crossentropy", y, z), "other": _gradient(lab.part("other"), y, z)}
    return {name: np.linalg.norm(each, axis=1) for name, each in sizes.items()}


def _mistakes(margins: np.ndarray) -> np.ndarray:
    """Logits ``[margin, class]``: class 0 leads, class 1 is right, all but class 0 are equal."""
    z = np.zeros((len(margins), CLASSES), np.float32)
    z[:, 0] = margins
    return z


def _gradient(loss: str, y: np.ndarray, z: np.ndarray, logits: bool = True) -> np.ndarray:
    """dL/dz of each row. Cross-entropy takes logits where it may, all else is put behind the softmax."""
    from custom import catalog
    from experiments.claims.autodiff import slope

    function: Any = catalog.LOSSES[loss].function
    head: Any = catalog.ACTIVATIONS["softmax"].function
    if "crossentropy" in loss and logits:
        return slope(lambda x: function(y, x, True), z).astype(float)
    return slope(lambda x: function(y, head(x)), z).astype(float)


def judge_gradient(evidence: Evidence) -> Finding:
    off = {name: max(each) for name, each in evidence.numbers["off"].items()}
    worst = max(off["classes"], off["binary"])
    return Finding(
        verdict=identity(worst <= BOUND),
        effect=Effect("largest distance of the gradient from p - y", worst),
        positive=Control(evidence.numbers["smallest"] > 0.99,
                         f"at a confident mistake p - y reaches {evidence.numbers['smallest']:.3g}"),
        negative=Control(off["other"] > 0.1,
                         f"the gradient of {evidence.lab.part('other')} after softmax is up to {off['other']:.2g} off"),
    )  # fmt: skip


def tell_gradient(evidence: Evidence, finding: Finding) -> str:
    off, hold = evidence.numbers["off"], evidence.numbers["two steps hold to"]
    until = (
        f"is off by more than {OFF:g} from a margin of {hold:g} on"
        if hold is not None
        else "agrees over all margins tried"
    )
    return (
        f"For random logits of size {', '.join(f'{s:g}' for s in SCALES)} the gradient by the logits was at most "
        f"{max(off['classes']):.1e} (softmax) and {max(off['binary']):.1e} (sigmoid) away from p - y in float64. "
        f"Where softmax and cross-entropy are calculated one after the other, and the right class has a tiny "
        f"probability, the gradient {until}."
    )


def draw_gradient(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    names = {"loss of logits": "from logits", "softmax, then loss": "in two steps",
             evidence.lab.part("other").replace("_", " "): "other"}  # fmt: skip
    drawn = [charts.Line(label, n["margins"], n[name], points=False) for label, name in names.items()]
    drawn.append(charts.Line("p - y", n["margins"][::6], n["wanted"][::6], line=False))
    panel = charts.Panel(drawn, "lead of the wrong class over the right one (logits)", "size of the gradient by logits")
    note = "Where the claim holds, the curve goes through the points."
    return charts.lines(
        "The gradient of cross-entropy is p - y", f"{CLASSES} classes, float32", [panel], note, (4.2, 2.7)
    )


def arms(lab: Lab) -> dict[str, Arm]:
    return {
        f"{name}, {optimizer}": Arm(optimizer=optimizer, epochs=EPOCHS, head="softmax", loss=loss)
        for optimizer in OPTIMIZERS
        for name, loss in (("cross-entropy", CROSS_ENTROPY), ("other", lab.part("other")))
    }


def target(evidence: Evidence, optimizer: str) -> float:
    """The validation accuracy that the worse of the two ends with, on average."""
    return float(min(evidence[f"{name}, {optimizer}"].curve()[:, -1].mean() for name in ("cross-entropy", "other")))


def judge_training(evidence: Evidence) -> Finding:
    own, other = evidence.array("cross-entropy"), evidence.array("other")
    at = int(np.flatnonzero(CONFIDENT == MARGINS)[0])
    kept = (own / own[0])[at] / max((other / other[0])[at], 1e-30)
    settings = [
        Setting(f"gradient at a lead of {CONFIDENT:g}", "supported" if kept >= FACTOR else "refuted",
                Effect("share of the gradient that is left, cross-entropy over the other", float(kept), unit="x"))
    ]  # fmt: skip
    found = []
    for optimizer in OPTIMIZERS:
        right, wrong = (evidence[f"{name}, {optimizer}"] for name in ("cross-entropy", "other"))
        goal = target(evidence, optimizer)
        slower = compare(wrong.epochs_to(goal), right.epochs_to(goal), LEAST_EPOCHS, f"more epochs to {goal:.3f}",
                         "epochs")  # fmt: skip
        worse = compare(right.scores(), wrong.scores(), LEAST_ACCURACY, "test accuracy lost")
        settings += [Setting(f"{optimizer}, epochs to target", slower.verdict, slower.effect),
                     Setting(f"{optimizer}, test accuracy", worse.verdict, worse.effect)]  # fmt: skip
        found += [slower, worse]
    tail = (TAIL[0] <= MARGINS) & (TAIL[1] >= MARGINS)
    falls = slope(MARGINS[tail], np.log(np.maximum(other[tail], 1e-30)), "")
    return Finding(
        verdict=overall(settings),
        effect=settings[1].effect,
        positive=Control(abs(falls.value + 1) < 0.1,
                         f"its log gradient falls by {-falls.value:.3g} a unit of the lead (theory: 1)"),
        negative=Control(float((own / own[0]).min()) >= 0.99,
                         f"that of cross-entropy keeps at least {(own / own[0]).min():.2g} of its size"),
        settings=tuple(settings),
        power=least_power(found),
    )  # fmt: skip


def tell_training(evidence: Evidence, finding: Finding) -> str:
    own, other = evidence.array("cross-entropy"), evidence.array("other")
    at = int(np.flatnonzero(CONFIDENT == MARGINS)[0])
    name = evidence.lab.part("other")
    rows = []
    for optimizer in OPTIMIZERS:
        goal = target(evidence, optimizer)
        pair = [evidence[f"{each}, {optimizer}"] for each in ("cross-entropy", "other")]
        epochs = [each.epochs_to(goal).mean() for each in pair]
        rows.append(f"with {optimizer}, {epochs[0]:.1f} against {epochs[1]:.1f} epochs to a validation accuracy of "
                    f"{goal:.3f} and a test accuracy of {pair[0].scores().mean():.4f} against "
                    f"{pair[1].scores().mean():.4f}")  # fmt: skip
    return (
        f"Where a wrong class leads by {CONFIDENT:g}, cross-entropy has {own[at] / own[0]:.2g} times the gradient that "
        f"it has where all classes are equal, {name} {other[at] / other[0]:.1e} times. At tuned rates, cross-entropy "
        f"against {name}: {'; '.join(rows)}."
    )


def draw_training(evidence: Evidence, finding: Finding):
    own, other = evidence.array("cross-entropy"), evidence.array("other")
    shown = MARGINS <= 15
    labels = {"cross-entropy": "cross-entropy", "other": evidence.lab.part("other").replace("_", " ")}
    panels = [
        charts.Panel([charts.Line(labels["cross-entropy"], MARGINS[shown], (own / own[0])[shown], points=False),
                      charts.Line(labels["other"], MARGINS[shown], (other / other[0])[shown], points=False)],
                     "lead of the wrong class (logits)", "gradient, 1 at no lead", "At a mistake", logy=True)
    ]  # fmt: skip
    for optimizer in OPTIMIZERS:
        drawn = [charts.of_seeds(labels[name], np.arange(1, EPOCHS + 1), evidence[f"{name}, {optimizer}"].curve())
                 for name in labels]  # fmt: skip
        panels.append(charts.Panel(drawn, "epoch", "validation accuracy", f"Training with {optimizer}"))
    return charts.lines("Softmax with cross-entropy, and with a squared error", f"{evidence.where}; tuned rates",
                        panels, note="Bands: 95 % interval of the mean over seeds.")  # fmt: skip


CLAIMS = (
    Claim(
        id="cross-entropy-gradient",
        kind="I",
        statement="The gradient of cross-entropy by the logits is the probability less the target, p - y.",
        prediction="So it is for softmax and for sigmoid, at logits of any size.",
        rule=f"holds if no entry of the gradient is more than {BOUND:g} away from p - y in float64, for random logits "
        f"with deviations {', '.join(f'{s:g}' for s in SCALES)}.",
        positive="at a confident mistake p - y is about 1 in size",
        negative="a squared error after softmax has another gradient",
        limits="For losses that take logits. In two steps, float32 loses tiny probabilities and their gradient.",
        judge=judge_gradient,
        tell=tell_gradient,
        draw=draw_gradient,
        probe=probe_gradient,
        parts={"classes": "categorical_crossentropy", "binary": "binary_crossentropy", "other": "mean_squared_error"},
        source="Bridle (1990), Probabilistic interpretation of feedforward classification network outputs",
    ),
    Claim(
        id="softmax-needs-cross-entropy",
        kind="M T",
        statement="Softmax has to be trained with cross-entropy: with a squared error it trains badly.",
        prediction="The squared error loses its gradient at confident mistakes, takes longer and ends worse.",
        rule=f"gradient: supported if the share that is left at a lead of {CONFIDENT:g} is at least {FACTOR:g} times "
        f"as large with cross-entropy. Training, for adam and sgd at tuned rates: supported if the interval of the "
        f"epochs saved to the worse one's final accuracy is above 0 and their mean at least {LEAST_EPOCHS:g}, and "
        f"likewise for test accuracy with {LEAST_ACCURACY:g}; refuted if the interval is below that; else undecided. "
        "Each is a setting; depends if they disagree.",
        positive="the log gradient of the squared error falls by 1 a unit of the lead, within 0.1",
        negative="the gradient of cross-entropy does not fall with the lead",
        limits="A shallow net that rarely makes confident mistakes at its start; worse starts were not tried.",
        judge=judge_training,
        tell=tell_training,
        draw=draw_training,
        probe=probe_mistakes,
        arms=arms,
        parts={"other": "mean_squared_error"},
    ),
)  # fmt: skip
