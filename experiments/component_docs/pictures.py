"""A small picture of each component: function and derivative, loss and gradient, or a path."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.conformance.figures import save
from experiments.conformance.paths import QUADRATIC, STEPS_OF_SLOW
from experiments.reports.figures.panels import plain_powers
from experiments.reports.sheets import sheet
from experiments.reports.style import BASE, ORANGE, SPOKEN_LOSSES, look, theme

if TYPE_CHECKING:
    from custom.spec import Spec

PANEL = (2.9, 2.0)


def draw(spec: "Spec", path: Path) -> None:
    """Write the picture of a component as a PNG."""
    with theme():
        save({"activation": _activation, "loss": _loss, "optimizer": _optimizer}[spec.kind](spec), path)


def _two(title: str, subtitle: str, *, gap: float = 0.8) -> tuple[Figure, Axes, Axes]:
    figure, grid = sheet(1, 2, PANEL, title=title, subtitle=subtitle, left=0.65, right=0.2, gaps=(gap, 0.3), below=0.5)
    left, right = grid.subplots(squeeze=False)[0]
    return figure, left, right


def _array(x: Any) -> np.ndarray:
    import keras

    return np.array(keras.ops.convert_to_numpy(x))


ROWS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    # what the picture's z is, z -> the row that is given, derivative -> the entry that is shown
    "softmax": ("p₁ of the scores (z, 0)", lambda z: np.stack([z, 0 * z], axis=-1), lambda slope: slope[:, 0, 0]),
    "maxout": ("the pieces (z, -z / 2)", lambda z: np.stack([z, -z / 2], axis=-1),
               lambda slope: slope[:, 0] - slope[:, 1] / 2),
}  # fmt: skip


def _activation(spec: "Spec") -> Figure:
    z = np.linspace(-4, 4, 401, dtype=np.float32)
    told, row, entry = ROWS.get(spec.name, ("", lambda z: z, lambda slope: slope))
    assert spec.function is not None
    assert spec.gradient is not None
    values, slopes = _array(spec.function(row(z))), entry(_array(spec.gradient(row(z))))
    values = values[:, 0] if values.ndim > 1 else values
    if spec.kinks or spec.name == "maxout":  # a jump is no steep line
        slopes = np.where(np.abs(z) < 1e-6, np.nan, slopes)
    figure, left, right = _two(spec.name, told or "as it comes: arguments at their defaults")
    for axes, y, label in ((left, values, "f(z)"), (right, slopes, "f'(z)")):
        axes.plot(z, y, color=look(spec.name).colour, linewidth=2)
        axes.set(xlabel="z", ylabel=label)
        _room(axes, y)
    return figure


def _loss(spec: "Spec") -> Figure:
    chances, numbers = np.linspace(0.01, 0.99, 197), np.linspace(-3, 3, 241)
    ones = np.ones
    cases: dict[str, tuple[str, str, np.ndarray, list[tuple[str, Any, Any, dict[str, Any]]]]] = {
        "binary_crossentropy": ("one answer", "p", chances, [
            ("y = 1", ones((197, 1)), chances[:, None], {}), ("y = 0", 0 * ones((197, 1)), chances[:, None], {})]),
        "categorical_crossentropy": ("two classes, the first is right", "p₁", chances, [
            ("", np.tile([1.0, 0.0], (197, 1)), np.stack([chances, 1 - chances], -1), {})]),
        "sparse_categorical_crossentropy": ("two classes, class 0 is right", "p₀", chances, [
            ("", np.zeros(197, int), np.stack([chances, 1 - chances], -1), {})]),
        "huber": ("one output", "ŷ - y", numbers, [
            ("δ = 1", 0 * ones((241, 1)), numbers[:, None], {}),
            ("δ = 0.5", 0 * ones((241, 1)), numbers[:, None], {"delta": 0.5})]),
        "hinge": ("one output", "ŷ", numbers, [
            ("y = 1", ones((241, 1)), numbers[:, None], {}), ("y = -1", -ones((241, 1)), numbers[:, None], {})]),
        "categorical_hinge": ("two classes, the wrong one's score is -1", "score of the right class", numbers, [
            ("default", np.tile([1.0, 0.0], (241, 1)), np.stack([numbers, 0 * numbers - 1], -1), {}),
            ("strict", np.tile([1.0, 0.0], (241, 1)), np.stack([numbers, 0 * numbers - 1], -1), {"strict": True})]),
    }  # fmt: skip
    plain: tuple[str, str, np.ndarray, list[Any]] = (
        "one output",
        "ŷ - y",
        numbers,
        [("", 0 * ones((241, 1)), numbers[:, None], {})],
    )
    told, label, x, lines = cases.get(spec.name, plain)
    assert spec.function is not None
    assert spec.gradient is not None
    figure, left, right = _two(spec.name, told)
    colour = SPOKEN_LOSSES.get(spec.name.replace("_", " "), ORANGE)
    for number, (name, y, p, arguments) in enumerate(lines):
        p = p.astype(np.float32)
        y = y if y.dtype.kind == "i" else y.astype(np.float32)
        loss, slope = _array(spec.function(y, p, **arguments)), _array(spec.gradient(y, p, **arguments))[:, 0]
        for axes, values in ((left, loss), (right, slope)):
            axes.plot(x, values, color=colour, linewidth=2, linestyle=("-", (0, (4, 1.5)))[number], label=name)
    for axes, what in ((left, "loss"), (right, "gradient")):
        axes.set(xlabel=label, ylabel=what)
        if "crossentropy" in spec.name and axes is right:
            axes.set_ylim(-20.5, 20.5 if len(lines) > 1 else 0.5)
        if len(lines) > 1:
            axes.legend(frameon=False, fontsize=BASE - 1, handlelength=2.4)
    return figure


def _optimizer(spec: "Spec") -> Figure:
    from experiments.conformance import optimizers

    rate = QUADRATIC.rates[spec.name]
    steps = QUADRATIC.steps * STEPS_OF_SLOW.get(spec.name, 1)
    path = optimizers.walk("keras", spec.factory(learning_rate=rate), lambda _, w: QUADRATIC.slope(w),
                           np.array(QUADRATIC.start), steps, "float32")  # fmt: skip
    figure, left, right = _two(spec.name, f"{steps} steps at learning rate {rate:g} down ½ (w₁² + 10 w₂²), from the "
                               "ring to the star")  # fmt: skip
    colour = look(spec.name).colour
    framed = np.concatenate([path, [QUADRATIC.minimum]])
    low, high = framed.min(axis=0), framed.max(axis=0)
    pad = 0.12 * (high - low) + 0.02
    x, y = np.meshgrid(*(np.linspace(a, b, 120) for a, b in zip(low - pad, high + pad, strict=True)))
    heights = QUADRATIC.value(np.stack([x, y], axis=-1))
    left.contour(x, y, heights, levels=np.quantile(heights, np.linspace(0.02, 0.95, 9)), colors="#C8C8C8",
                 linewidths=0.6)  # fmt: skip
    left.plot(path[:, 0], path[:, 1], color=colour, linewidth=1.3, marker="o", markersize=2.2)
    left.scatter(*QUADRATIC.start, s=30, facecolors="white", edgecolors="black", zorder=5)
    left.scatter(*QUADRATIC.minimum, s=60, marker="*", color="black", zorder=5)
    left.set(xlabel="w₁", ylabel="w₂")
    right.plot(QUADRATIC.value(path), color=colour, linewidth=1.8)
    right.set_yscale("log")
    right.set(xlabel="step", ylabel="value")
    plain_powers(right)
    return figure


def _room(axes: Axes, values: np.ndarray) -> None:
    """A frame that leaves the line free, and does not blow up a constant."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    pad = max(0.08 * (high - low), 0.1)
    axes.set_ylim(low - pad, high + pad)
