"""descent-lowers-loss: a small step against the gradient lowers the loss, by the rate times the squared gradient."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.problems import Descent, Quadratic, ravine
from experiments.claims.rules import mean, overall

SIZES = np.r_[np.geomspace(0.01, 1, 9), np.geomspace(1.3, 10, 9)]
"""Rates, times the largest curvature L."""
NEAR = 0.05
"""Largest relative difference of the drop from η‖g‖² at η = 0.01/L."""
CONDITION, DIMENSIONS = 100.0, 10
EXAMPLES, WIDTH, EPOCHS = 192, 16, 5
SETTINGS = ("quadratic", "net at the start", "net after training")
Gradient = Callable[[np.ndarray], np.ndarray]


class Mlp:
    """Softmax cross-entropy of a tanh net with one hidden layer, in float64, as a function of all its weights."""

    def __init__(self, x: np.ndarray, y: np.ndarray, shapes: list[tuple[int, ...]]):
        self.x, self.y, self.shapes = x, y, shapes

    def _split(self, w: np.ndarray) -> list[np.ndarray]:
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        return [part.reshape(shape) for part, shape in zip(np.split(w, ends[:-1]), self.shapes, strict=True)]

    def _forward(self, w: np.ndarray):
        a, b, c, d = self._split(w)
        hidden = np.tanh(self.x @ a + b)
        out = hidden @ c + d
        out = out - out.max(axis=1, keepdims=True)
        return hidden, out - np.log(np.exp(out).sum(axis=1, keepdims=True)), c

    def value(self, w: np.ndarray) -> float:
        return -float(np.mean(self._forward(w)[1][np.arange(len(self.y)), self.y]))

    def gradient(self, w: np.ndarray) -> np.ndarray:
        hidden, logs, c = self._forward(w)
        delta = np.exp(logs)
        delta[np.arange(len(self.y)), self.y] -= 1
        delta /= len(self.y)
        below = (delta @ c.T) * (1 - hidden**2)
        parts = [self.x.T @ below, below.sum(axis=0), hidden.T @ delta, delta.sum(axis=0)]
        return np.concatenate([part.ravel() for part in parts])


def probe(lab: Lab) -> dict[str, Any]:
    """Drop of the loss in one step over η‖g‖², by setting, case and rate."""
    sign = lab.part("direction")
    bowl = Quadratic(tuple(np.geomspace(1, CONDITION, DIMENSIONS)))
    starts = lab.rng(1).standard_normal((20, DIMENSIONS))
    found: dict[str, Any] = {"drop": {"quadratic": [drops(bowl, w, bowl.smoothness, sign) for w in starts]}}
    for name in SETTINGS[1:]:
        found["drop"][name] = []
    found["largest"] = {name: [] for name in SETTINGS[1:]}
    for problem, moments in nets(lab):
        for name, w in zip(SETTINGS[1:], moments, strict=True):
            largest = sharpness(problem.gradient, w, lab.rng(2))
            found["largest"][name].append(largest)
            found["drop"][name].append(drops(problem, w, largest, sign))
    axis = np.array([0.0, 1.0])
    steep = ravine(CONDITION)
    found["steepest"] = {f"{size:g}": float(one_step(steep, axis, size / CONDITION, -1)) for size in (1.0, 1.9, 2.1)}
    found["walks"] = {f"{size:g}": steep.value(Descent("sgd", size / CONDITION).path(steep, np.array([10.0, 1.0]), 60))
                      for size in (0.5, 1.9, 2.1)}  # fmt: skip
    return found


def nets(lab: Lab):
    """The training loss of a small net by seed, with its weights at the start and after some epochs."""
    from experiments.claims.nets import Net, scaled

    data = lab.load("mnist-5k")
    x, y = data.train.x[:EXAMPLES], data.train.y[:EXAMPLES]
    net = Net(data.input_shape, data.outputs, activation="tanh", depth=1, width=WIDTH)
    flat = np.array(scaled(x), float).reshape(len(x), -1)
    for seed in range(lab.seeds):
        net.reset(seed)
        variables = net.model.trainable_variables
        start = np.concatenate([np.array(v.numpy(), float).ravel() for v in variables])
        for _ in net.train(x, y, "sgd", 0.1, batch_size=32, epochs=EPOCHS, seed=seed):
            pass
        end = np.concatenate([np.array(v.numpy(), float).ravel() for v in variables])
        yield Mlp(flat, np.asarray(y, int), [tuple(v.shape) for v in variables]), (start, end)


def sharpness(gradient: Gradient, w: np.ndarray, rng: np.random.Generator) -> float:
    """Largest curvature at w (Lanczos iteration on differences of the gradient)."""
    h, size = 1e-4, len(w)

    def curved(v: np.ndarray) -> np.ndarray:
        v = v.ravel() / np.linalg.norm(v)
        return (gradient(w + h * v) - gradient(w - h * v)) / (2 * h)

    operator = LinearOperator((size, size), lambda v: curved(v) * np.linalg.norm(v), dtype=float)
    start = rng.standard_normal(size)
    return float(eigsh(operator, k=1, which="LA", v0=start, tol=1e-3, return_eigenvectors=False)[0])


def one_step(problem, w: np.ndarray, rate: float, sign: float) -> float:
    """Drop of the loss over η‖g‖²; ``sign`` -1 goes against the gradient, as the catalog's rule does."""
    g = problem.gradient(w)
    delta = -sign * Descent("sgd", rate).steps(g[None])[0]
    return float((problem.value(w) - problem.value(w + delta)) / (rate * g @ g))


def drops(problem, w: np.ndarray, largest: float, sign: float) -> list[float]:
    return [one_step(problem, w, size / largest, sign) for size in SIZES]


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    settings = []
    for name in SETTINGS:
        table = np.array(n["drop"][name])
        near, falls = np.abs(table[:, 0] - 1) <= NEAR, table[:, SIZES <= 1 + 1e-9] > 0
        effect = mean(table[:, 0], "drop of the loss over rate x squared gradient, at 0.01/L")
        settings.append(Setting(name, "supported" if near.all() and falls.all() else "refuted", effect))
    steep = n["steepest"]
    return Finding(
        verdict=overall(settings),
        effect=settings[2].effect,
        positive=Control(abs(steep["1"] - 0.5) < 1e-9,
                         f"along the steepest axis, at 1/L, the drop is {steep['1']:.3f} of rate x squared gradient; "
                         "theory says 1 - 1/2"),
        negative=Control(steep["2.1"] < 0 < steep["1.9"],
                         f"along that axis the drop is {steep['1.9']:.3f} at 1.9/L and {steep['2.1']:.3f} at 2.1/L"),
        settings=tuple(settings),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    rows = "; ".join(f"{each.name} {each.effect.words()}" for each in finding.settings)
    risen = ", ".join(f"{np.mean(np.array(n['drop'][name])[:, -1] < 0):.0%} of the cases for the "
                      f"{name}" for name in SETTINGS)  # fmt: skip
    sharp = {name: np.mean(each) for name, each in n["largest"].items()}
    falls = np.mean(
        np.concatenate([(np.array(n["drop"][name])[:, SIZES <= 1 + 1e-9] > 0).ravel() for name in SETTINGS])
    )
    return (
        "At a rate of 0.01/L, L being the largest curvature there, the drop of the loss in one step over the rate "
        f"times the squared gradient was: {rows}. Of all steps at rates up to 1/L {falls:.0%} lowered the loss; at "
        f"10/L it rose in {risen}. L of the net was {sharp[SETTINGS[1]]:.3g} at the start and {sharp[SETTINGS[2]]:.3g} "
        f"after {EPOCHS} epochs."
    )


def draw(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    curves = [charts.of_seeds(name, SIZES, np.clip(np.array(n["drop"][name]), -3, 3)) for name in SETTINGS]
    walks = [charts.Line(f"rate {size}/L", np.arange(61), each, points=False) for size, each in n["walks"].items()]
    panels = [
        charts.Panel(curves, "rate x largest curvature L", "drop of the loss / (rate x |g|²)", "one step", logx=True,
                     across={"first order": 1.0, "no gain": 0.0}, down={"2/L": 2.0}, limits=(-2.2, 1.4)),
        charts.Panel(walks, "step", "loss", f"many steps, ravine of condition {CONDITION:g}", logy=True),
    ]  # fmt: skip
    return charts.lines("What one step against the gradient does to the loss, by its rate", evidence.where,
                        panels, note=f"Bands: 95 % interval over {len(n['drop']['quadratic'])} starts of the "
                        f"quadratic and {len(n['drop'][SETTINGS[1]])} seeds of the net.")  # fmt: skip


CLAIMS = (
    Claim(
        id="descent-lowers-loss",
        kind="I M",
        statement="A small enough step against the gradient lowers the loss, by about the rate times the squared "
        "gradient.",
        prediction="One step at 0.01/L, L being the largest curvature, lowers it by that much; no step up to 1/L "
        "raises it.",
        rule=f"for the quadratic and for a net at the start and after {EPOCHS} epochs: supported if in every case the "
        f"drop at 0.01/L is within {NEAR:.0%} of rate x squared gradient and the loss falls at every rate tried up to "
        "1/L; else refuted; depends if these differ.",
        positive="along the steepest axis of a ravine a step of 1/L lowers the loss by half of rate x squared gradient",
        negative="along that axis a step of 2.1/L raises the loss, where one of 1.9/L lowers it",
        limits="The loss of all the examples that the gradient is of; the step of a mini-batch may raise the loss of "
        "the others. Curvature is that at the start of the step.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"direction": -1},
    ),
)
