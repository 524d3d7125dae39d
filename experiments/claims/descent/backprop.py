"""backprop-is-chain-rule: a backward pass written by hand against automatic differentiation, in float64."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding
from experiments.claims.lab import Lab
from experiments.claims.rules import identity

DEPTHS = (1, 2, 4, 8, 16)
BOUND = 1e-10
"""Largest difference, as a share of the largest entry of the layer's gradient: rounding, grown on its way down."""
WRONG = 1e-2
"""A wrong backward pass has to be off by more."""
EXAMPLES, FEATURES, WIDTH, OUTPUTS = 32, 6, 8, 4


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


ACTIVATIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1.0, 0.01)),
    "elu": (lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
            lambda z: np.where(z > 0, 1.0, np.exp(np.minimum(z, 0)))),
}  # fmt: skip
"""Name -> value and slope, written anew."""


def _best_wrong(y: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Gradient of the categorical hinge: 1 at the best wrong class, -1 at the right one, where the margin is broken."""
    scores = (1 - y) * out
    wins = (scores == scores.max(axis=1, keepdims=True)) * (1 - y)
    broken = 1 + scores.max(axis=1) > (y * out).sum(axis=1)
    return broken[:, None] * (wins - y)


LOSSES: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "mean_squared_error": ("linear", lambda y, out: 2 * (out - y) / OUTPUTS),
    "mean_absolute_error": ("linear", lambda y, out: np.sign(out - y) / OUTPUTS),
    "huber": ("linear", lambda y, out: np.clip(out - y, -1, 1) / OUTPUTS),
    "hinge": ("linear", lambda y, out: np.where(y * out < 1, -y, 0.0) / OUTPUTS),
    "categorical_hinge": ("linear", _best_wrong),
    "binary_crossentropy": ("sigmoid", lambda y, out: (sigmoid(out) - y) / OUTPUTS),
    "categorical_crossentropy": ("softmax", lambda y, out: softmax(out) - y),
}
"""Name -> head, and the gradient of one example's loss by the output layer's pre-activations."""


def probe(lab: Lab) -> dict[str, Any]:
    found: dict[str, Any] = {"by_activation": {}, "by_loss": {loss: [0.0] * len(DEPTHS) for loss in LOSSES},
                             "without_slope": [], "nets": 0}  # fmt: skip
    wrong: list[list[float]] = [[] for _ in DEPTHS]
    for place, activation in enumerate([*ACTIVATIONS, "softmax"]):
        worst = [0.0] * len(DEPTHS)
        for k, depth in enumerate(DEPTHS):
            for other, loss in enumerate(LOSSES):
                for draw_ in range(lab.pick(1, 4)):
                    x, y, weights = net(lab.rng(place, depth, other, draw_), depth, loss)
                    automatic = by_tape(activation, loss, x, y, weights)
                    hand = backward(activation, loss, x, y, weights, lab.part("slope"))
                    off = difference(hand, automatic)
                    worst[k], found["by_loss"][loss][k] = max(worst[k], off), max(found["by_loss"][loss][k], off)
                    wrong[k].append(difference(backward(activation, loss, x, y, weights, False), automatic))
                    found["nets"] += 1
        found["by_activation"][activation] = worst
    found["without_slope"] = [min(each) for each in wrong]
    found["slope_of_line"] = along_a_line(lab)
    return found


def net(rng: np.random.Generator, depth: int, loss: str):
    """Inputs, targets and weights of a random net."""
    sizes = [FEATURES, *[WIDTH] * depth, OUTPUTS]
    weights = [(1.3 * rng.standard_normal((a, b)) / np.sqrt(a), 0.3 * rng.standard_normal(b))
               for a, b in itertools.pairwise(sizes)]  # fmt: skip
    classes = np.eye(OUTPUTS)[rng.integers(OUTPUTS, size=EXAMPLES)]
    drawn = {"hinge": 2 * classes - 1, "categorical_hinge": classes, "categorical_crossentropy": classes,
             "binary_crossentropy": classes}  # fmt: skip
    return rng.standard_normal((EXAMPLES, FEATURES)), drawn.get(loss, rng.standard_normal(classes.shape)), weights


def backward(activation: str, loss: str, x, y, weights, slope: bool) -> list[np.ndarray]:
    """Gradients of the mean loss by every kernel and bias, from the chain rule; ``slope`` False leaves out h'(z)."""
    inputs, zs = [x], []
    for kernel, bias in weights:
        zs.append(inputs[-1] @ kernel + bias)
        value = softmax if activation == "softmax" else ACTIVATIONS[activation][0]
        inputs.append(value(zs[-1]))
    delta = LOSSES[loss][1](y, zs[-1]) / len(x)
    found: list[np.ndarray] = []
    for layer in range(len(weights) - 1, -1, -1):
        found = [inputs[layer].T @ delta, delta.sum(axis=0), *found]
        if layer:
            delta = delta @ weights[layer][0].T
            if slope and activation == "softmax":  # its Jacobian is no diagonal: diag(p) - p pᵀ
                p = inputs[layer]
                delta = p * (delta - np.sum(delta * p, axis=1, keepdims=True))
            elif slope:
                delta = delta * ACTIVATIONS[activation][1](zs[layer - 1])
    return found


def by_tape(activation: str, loss: str, x, y, weights) -> list[np.ndarray]:
    """The same from TensorFlow's tape, through the components of the catalog."""
    import tensorflow as tf

    from custom import catalog

    variables = [tf.Variable(each) for pair in weights for each in pair]
    hidden: Any = catalog.ACTIVATIONS[activation].function
    of_example: Any = catalog.LOSSES[loss].function
    # From logits, as in training: given probabilities, the loss holds those under its floor at the floor.
    options = {} if LOSSES[loss][0] == "linear" else {"from_logits": True}
    with tf.GradientTape() as tape:
        a = tf.constant(x)
        for place in range(0, len(variables), 2):
            z = a @ variables[place] + variables[place + 1]
            a = hidden(z) if place < len(variables) - 2 else z
        mean = tf.reduce_mean(of_example(tf.constant(y), a, **options))
    return [np.array(g) for g in tape.gradient(mean, variables)]


def difference(found: list[np.ndarray], expected: list[np.ndarray]) -> float:
    """Largest difference of any gradient, as a share of the largest entry of the expected one."""
    return max(float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-300)) for a, b in zip(found, expected, strict=True))


def along_a_line(lab: Lab) -> float:
    """Relative difference of the tape's slope along a random line from a central difference of the loss itself."""
    x, y, weights = net(lab.rng(99), 2, "mean_squared_error")
    way = [(lab.rng(98, k).standard_normal(w.shape), lab.rng(97, k).standard_normal(b.shape))
           for k, (w, b) in enumerate(weights)]  # fmt: skip

    def loss(h: float) -> float:
        a = x
        for layer, ((w, b), (dw, db)) in enumerate(zip(weights, way, strict=True)):
            z = a @ (w + h * dw) + b + h * db
            a = np.tanh(z) if layer < len(weights) - 1 else z
        return float(np.mean((a - y) ** 2))

    flat = [each for pair in way for each in pair]
    slope = sum(np.sum(g * d) for g, d in zip(by_tape("tanh", "mean_squared_error", x, y, weights), flat, strict=True))
    return float(abs((loss(1e-5) - loss(-1e-5)) / 2e-5 / slope - 1))


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    worst, line = max(max(each) for each in n["by_activation"].values()), n["slope_of_line"]
    return Finding(
        verdict=identity(worst <= BOUND),
        effect=Effect("largest relative difference of a gradient from autodiff", worst),
        positive=Control(line < 1e-6, f"along a line the tape and a central difference differ by {line:.1e}"),
        negative=Control(min(n["without_slope"]) > WRONG,
                         f"without the activation's slope the gradients are off by at least "
                         f"{min(n['without_slope']):.2g}"),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    rows = ", ".join(f"{name} {max(each):.1e}" for name, each in n["by_activation"].items())
    return (
        f"In {n['nets']} random nets of {DEPTHS[0]} to {DEPTHS[-1]} hidden layers, under {len(LOSSES)} losses, the "
        f"gradients of the hand-written backward pass differed from those of automatic differentiation, in float64 and "
        f"as a share of the largest entry of a layer, by at most: {rows}. With the activation's slope left out of the "
        f"chain they were off by {min(n['without_slope']):.2g} or more."
    )


def draw(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    left_out = charts.Line("slope left out", DEPTHS, n["without_slope"])

    def panel(table, title: str) -> charts.Panel:
        drawn = [charts.Line(name, DEPTHS, np.maximum(each, 1e-17)) for name, each in table.items()]
        return charts.Panel([*drawn, left_out], "hidden layers", "largest relative difference", title, logx=True,
                            logy=True, across={"bound": BOUND}, limits=(1e-17, 1e3))  # fmt: skip

    figure = charts.lines(
        "A backward pass by hand against automatic differentiation",
        f"{n['nets']} random nets, float64",
        [panel(n["by_activation"], "by activation, worst of all losses"),
         panel(n["by_loss"], "by loss, worst of all activations")],
        note="Slope left out: the same backward pass without h'(z), at its best.", size=(3.2, 3.2),
    )  # fmt: skip
    for axes in figure.axes:
        axes.set_xticks(DEPTHS, [str(depth) for depth in DEPTHS])
        axes.minorticks_off()
    return figure


CLAIMS = (
    Claim(
        id="backprop-is-chain-rule",
        kind="I",
        statement="Backpropagation is the chain rule, applied layer by layer from the loss down.",
        prediction="A backward pass that multiplies the error by each layer's weights and slopes gives the gradients "
        "of automatic differentiation, whatever the loss and the activation.",
        rule=f"holds if, over {len(ACTIVATIONS) + 1} activations, {len(LOSSES)} losses and {DEPTHS[0]} to {DEPTHS[-1]} "
        f"hidden layers in float64, no gradient differs from automatic differentiation by more than {BOUND:g} of the "
        "largest entry in its layer.",
        positive="automatic differentiation agrees with a central difference of the loss along a line",
        negative=f"without the activation's slope the gradients are off by more than {WRONG:g}",
        limits="Away from kinks, where a slope is a convention; cross-entropies from logits. In float32 the difference "
        "is that of its rounding, about 1e9 times as large.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"slope": True},
        version=2,
        source="Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors",
    ),
)
