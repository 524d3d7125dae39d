"""rounding-error-accumulates: what short numbers cost the gradient, layer by layer."""

from itertools import pairwise
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, least_power, overall, ratio

DEPTHS = (2, 5, 10, 20)
WIDTH, EXAMPLES, CLASSES = 64, 64, 10
GROWS = 2.0
"""The error accumulates if it grows by this factor from the shallowest net to the deepest."""
LOST = 0.9
"""Relative error from which a gradient counts as lost."""
TINY = 1e-20
"""Stands for no error at all."""


def probe(lab: Lab) -> dict[str, Any]:
    """Relative error of each kernel's gradient against float64, from the same weights and inputs.

    These are rounded to bfloat16 first, so that every format holds them exactly and only the calculation differs.
    """
    errors: dict[str, Any] = {}
    again = []
    for activation in lab.part("activations"):
        formats = (*lab.part("formats"), "float16") if activation == "sigmoid" else lab.part("formats")
        found: dict[str, dict[str, list]] = {name: {str(depth): [] for depth in DEPTHS} for name in formats}
        for seed in range(lab.seeds):
            for depth in DEPTHS:
                start = _start(lab.rng(seed, depth), activation, depth)
                exact = _gradients(activation, *start, "float64")
                for name in formats:
                    found[name][str(depth)].append(_errors(_gradients(activation, *start, name), exact))
                if depth == DEPTHS[-1]:
                    kernels, x, y = start
                    order = lab.rng(seed).permutation(EXAMPLES)
                    again.append(max(_errors(_gradients(activation, kernels, x[order], y[order], "float64"), exact)))
        errors[activation] = found
    return {"errors": errors, "again": max(again)}


def _start(rng: np.random.Generator, activation: str, depth: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Kernels (He for relu, else Glorot), inputs and one-hot targets, all of them exact in bfloat16."""
    widths = [WIDTH] * (depth + 1) + [CLASSES]
    kernels = []
    for inputs, outputs in pairwise(widths):
        variance = 2 / inputs if activation == "relu" else 2 / (inputs + outputs)
        kernels.append(_short(rng.standard_normal((inputs, outputs)) * np.sqrt(variance)))
    return (
        kernels,
        _short(rng.standard_normal((EXAMPLES, WIDTH))),
        np.eye(CLASSES)[rng.integers(CLASSES, size=EXAMPLES)],
    )


def _short(values: np.ndarray) -> np.ndarray:
    """Cut to the 8 significant bits of bfloat16."""
    return (values.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32).astype(float)


def _gradients(activation: str, kernels, x, y, dtype: str) -> list[np.ndarray]:
    """By each kernel, bottom first: forward, loss and backpropagation all in one format."""
    import tensorflow as tf

    from custom import catalog

    function: Any = catalog.ACTIVATIONS[activation].function
    weights = [tf.constant(kernel, dtype) for kernel in kernels]
    with tf.GradientTape() as tape:
        tape.watch(weights)
        a = tf.constant(x, dtype)
        for weight in weights[:-1]:
            a = function(a @ weight)
        logs = tf.nn.log_softmax(a @ weights[-1])
        loss = -tf.reduce_mean(tf.reduce_sum(tf.constant(y, dtype) * logs, axis=1))
    return [tf.cast(g, "float64").numpy() for g in tape.gradient(loss, weights)]


def _errors(found: list[np.ndarray], exact: list[np.ndarray]) -> list[float]:
    """Relative error of each hidden kernel's gradient; as much as 1 where it is not even finite."""
    parts = [np.linalg.norm(g - true) / np.linalg.norm(true) for g, true in zip(found[:-1], exact[:-1], strict=True)]
    return [float(f"{part:.4g}") if np.isfinite(part) else 1.0 for part in parts]


def bottom(evidence: Evidence, activation: str, name: str, depth: int) -> np.ndarray:
    """[seed] relative error of the lowest kernel's gradient."""
    return np.maximum(np.array(evidence.numbers["errors"][activation][name][str(depth)])[:, 0], TINY)


def judge(evidence: Evidence) -> Finding:
    found: dict[str, Compared] = {}
    low, high = DEPTHS[0], DEPTHS[-1]
    for activation in evidence.lab.part("activations"):
        for name in evidence.lab.part("formats"):
            found[f"{activation}, {name}"] = ratio(
                bottom(evidence, activation, name, high), bottom(evidence, activation, name, low), GROWS,
                f"error of the lowest gradient in {high} layers over that in {low}")  # fmt: skip
    settings = tuple(Setting(name, each.verdict, each.effect) for name, each in found.items())
    half = float(bottom(evidence, "sigmoid", "float16", high).min())
    again = evidence.numbers["again"]
    return Finding(
        verdict=overall(settings),
        effect=settings[0].effect,
        positive=Control(half >= LOST, f"unscaled float16 gets the lowest gradient of {high} sigmoid layers wrong by "
                         f"{half:.3g} of its size"),
        negative=Control(again < 1e-10, f"float64 with the examples in another order differs by {again:.2g}"),
        settings=settings,
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    low, high = DEPTHS[0], DEPTHS[-1]
    rows = []
    for setting in finding.settings:
        activation, name = setting.name.split(", ")
        ends = [np.median(bottom(evidence, activation, name, depth)) for depth in (low, high)]
        rows.append(f"{setting.name} {ends[0]:.2g} to {ends[1]:.2g}, a factor of {setting.effect.words()}")
    half = np.median(bottom(evidence, "sigmoid", "float16", high))
    within = []
    for setting in finding.settings:
        activation, name = setting.name.split(", ")
        table = np.maximum(np.array(evidence.numbers["errors"][activation][name][str(high)]), TINY)
        within.append(f"{setting.name} {np.median(table[:, 0] / table[:, -1]):.2g}")
    return (
        f"Median relative error of the lowest gradient, from {low} to {high} hidden layers: {'; '.join(rows)}. "
        f"Within the deepest net the error at the bottom was, as a multiple of that at the top: {', '.join(within)}; "
        "near 1 the way down through the layers added little. "
        f"Unscaled float16 with sigmoid ends at {half:.2g}: its smallest number is larger than that gradient."
    )


def draw(evidence: Evidence, finding: Finding):
    """Above: the lowest layer, by depth of the net. Below: all layers of the deepest net."""
    by_depth, by_layer = [], []
    for activation in evidence.lab.part("activations"):
        errors = evidence.numbers["errors"][activation]
        names = [name for name in ("float16", *reversed(evidence.lab.part("formats"))) if name in errors]
        lowest = {name: np.stack([bottom(evidence, activation, name, depth) for depth in DEPTHS], axis=1)
                  for name in names}  # fmt: skip
        layers = {name: np.maximum(np.array(errors[name][str(DEPTHS[-1])]), TINY) for name in names}
        by_depth.append(charts.Panel([_line(name, DEPTHS, table) for name, table in lowest.items()], "hidden layers",
                                     "error, lowest layer", f"{activation}, lowest layer", logy=True))  # fmt: skip
        by_layer.append(charts.Panel([_line(name, range(1, DEPTHS[-1] + 1), table) for name, table in layers.items()],
                                     "hidden layer (1 = bottom)", "error", f"{activation}, {DEPTHS[-1]} layers",
                                     logy=True))  # fmt: skip
    return charts.lines("What rounding does to the gradient",
                        f"random inputs, {evidence.lab.seeds} seeds, {WIDTH} units a layer; relative error of the "
                        "gradient by a layer's weights, against float64", [*by_depth, *by_layer],
                        note="At 1 nothing of the gradient is right. Below, a level line: the way down through the "
                        "layers added little. Lines: median; bands: range over "
                        "seeds.", size=(2.7, 2.1))  # fmt: skip


def _line(name: str, x: Any, table: np.ndarray) -> charts.Line:
    return charts.Line(name, list(x), np.median(table, axis=0), table.min(axis=0), table.max(axis=0))


CLAIMS = (
    Claim(
        id="rounding-error-accumulates",
        kind="M",
        statement="The approximations of finite precision add up: the deeper the net, the less exact the gradient of "
        "its lowest layer.",
        prediction="In float32 and bfloat16 the lowest gradient is less exact in a deep net than in a shallow one.",
        rule=f"For each activation and format: supported if the interval over seeds of the relative error of the "
        f"lowest gradient in {DEPTHS[-1]} hidden layers over that in {DEPTHS[0]} is above 1 and its mean at least "
        f"{GROWS:g}; refuted if the interval is below {GROWS:g}; else undecided. depends if they differ.",
        positive=f"unscaled float16 loses at least {LOST:g} of the lowest gradient of {DEPTHS[-1]} sigmoid layers",
        negative="float64 with the examples in another order agrees to 1e-10",
        limits="Untrained nets, all arithmetic in one format; the errors of both passes count. Whether the error is "
        "large enough to harm training is not tested.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"activations": ("sigmoid", "tanh", "relu"), "formats": ("float32", "bfloat16")},
        source="Micikevicius et al. (2018), Mixed precision training, arXiv:1710.03740",
    ),
)
