"""linear-collapse, nonlinearity-needed: many linear layers are one, and one cannot bend."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import compare, least_power, overall

# linear-collapse

SLOPES = (0.5, 1.0, 2.0)
"""c of h(z) = c z."""
LAYERS = (1, 2, 3, 5, 10, 20)
WIDTH = 64
BOUND = 10.0
"""Errors of float32 up to this many times its spacing (2^-23) for each layer count as rounding."""
FOLDS = 0.01
"""A net does not fold if its best affine map leaves more than this share of its outputs' variation."""
GAIN = 0.01
"""Smallest gain in accuracy that counts."""


def probe_collapse(lab: Lab) -> dict[str, Any]:
    """Layers by our own activation in float32, against weights that were multiplied out in float64."""
    from custom import catalog

    stacked: Any = catalog.ACTIVATIONS[lab.part("activation")].function
    bent: Any = catalog.ACTIVATIONS[lab.part("bent")].function
    errors: dict[str, list[float]] = {}
    left: dict[str, list[float]] = {"stacked": [], "bent": []}
    for c in SLOPES:
        errors[f"{c:g}"] = []
        for depth in LAYERS:
            rng = lab.rng(depth)
            x = rng.standard_normal((1000, WIDTH)).astype(np.float32)
            kernels = (rng.standard_normal((depth, WIDTH, WIDTH)) / np.sqrt(WIDTH)).astype(np.float32)
            biases = rng.standard_normal((depth, WIDTH)).astype(np.float32)
            options = {"c": c} if lab.part("activation") == "linear" else {}
            y = _forward(lambda z, options=options: stacked(z, **options), x, kernels, biases)
            fold, shift = np.eye(WIDTH), np.zeros(WIDTH)
            for kernel, bias in zip(kernels.astype(float), biases.astype(float), strict=True):
                fold, shift = c * fold @ kernel, c * (shift @ kernel + bias)
            folded = x @ fold + shift
            errors[f"{c:g}"].append(float(np.abs(y - folded).max() / np.abs(folded).max() / 2**-23))
            if c == 1.0:
                left["stacked"].append(_left_by_affine(x, y))
                left["bent"].append(_left_by_affine(x, _forward(bent, x, kernels, biases)))
    return {"errors": errors, "left": left}


def _forward(activation, x: np.ndarray, kernels: np.ndarray, biases: np.ndarray) -> np.ndarray:
    a = x
    for kernel, bias in zip(kernels, biases, strict=True):
        a = np.asarray(activation(a @ kernel + bias))
    return a.astype(float)


def _left_by_affine(x: np.ndarray, y: np.ndarray) -> float:
    """Share of the variance of y that its best affine map of x leaves on examples that were not fitted."""
    half = len(x) // 2
    design = np.concatenate([x, np.ones((len(x), 1))], axis=1).astype(float)
    best = np.linalg.lstsq(design[:half], y[:half], rcond=None)[0]
    return float(((y[half:] - design[half:] @ best) ** 2).sum() / ((y[half:] - y[half:].mean(axis=0)) ** 2).sum())


def arms_collapse(lab: Lab) -> dict[str, Arm]:
    return {
        "linear, 3 layers": Arm(activation=lab.part("activation")),
        "linear, 1 layer": Arm(activation="linear", model_args={"depth": 0}),
        "relu, 3 layers": Arm(activation=lab.part("bent")),
    }


def judge_collapse(evidence: Evidence) -> Finding:
    n = evidence.numbers
    each_layer = np.array([n["errors"][f"{c:g}"] for c in SLOPES]) / np.array(LAYERS)
    worst = float(each_layer.max())
    gain = compare(evidence["linear, 3 layers"].scores(), evidence["linear, 1 layer"].scores(), GAIN,
                   "accuracy gained by two more linear layers")  # fmt: skip
    trained = {"supported": "refuted", "refuted": "supported"}.get(gain.verdict, gain.verdict)
    bent = max(n["left"]["bent"])
    loss = {label: float(evidence[label].curve("train_loss")[:, -1].mean()) for label in evidence.trained}
    ends = {label: evidence[label].curve("train_loss")[:, -1] for label in evidence.trained}
    fits = bool((ends["relu, 3 layers"] < ends["linear, 1 layer"]).all())
    return Finding(
        verdict=trained if worst <= BOUND else "fails",
        effect=gain.effect,
        positive=Control(n["errors"]["1"][0] <= BOUND, f"a single layer differs by {n['errors']['1'][0]:.2g} spacings"),
        negative=Control(bent > FOLDS and fits,
                         f"relu layers leave {bent:.2g} of the variation to no affine map, and end training with a "
                         f"loss of {loss['relu, 3 layers']:.3g} against {loss['linear, 1 layer']:.3g}"),
        settings=(Setting("folded weights", "holds" if worst <= BOUND else "fails",
                          Effect("largest difference a layer", worst, unit="spacings of float32")),
                  Setting("training", trained, gain.effect)),
        power=gain.power,
    )  # fmt: skip


def tell_collapse(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    scores = ", ".join(f"{label} {evidence[label].scores().mean():.4f}" for label in evidence.trained)
    return (
        f"With c = {', '.join(f'{c:g}' for c in SLOPES)} and up to {LAYERS[-1]} layers, the net and one layer of "
        f"multiplied-out weights (c^3 for three layers) differ by at most {finding.settings[0].effect.value:.3g} "
        f"spacings of float32 a layer. The best affine map leaves {max(n['left']['stacked']):.2g} of the variation of "
        f"the stack's outputs, and up to {max(n['left']['bent']):.2g} of those of a net of "
        f"{evidence.lab.part('bent')}. Trained, the test accuracies are: {scores}; two more linear layers changed it "
        f"by {finding.effect.words()}."
    )


def draw_collapse(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    floor = 1e-16
    folding = charts.Panel(
        [charts.Line("linear", LAYERS, np.maximum(n["left"]["stacked"], floor)),
         charts.Line("relu", LAYERS, np.maximum(n["left"]["bent"], floor))],
        "layers", "share left by the best affine map", "Random nets: do they fold?", logy=True)  # fmt: skip
    names = {"linear, 3 layers": "linear", "linear, 1 layer": "linear, 1 layer", "relu, 3 layers": "relu"}
    epochs = np.arange(1, evidence["linear, 1 layer"].runs[0].epochs + 1)
    panels = []
    for what, words in (("train_loss", "training loss"), ("validation_metric", "validation accuracy")):
        drawn = [charts.of_seeds(name, epochs, evidence[label].curve(what)) for label, name in names.items()]
        panels.append(charts.Panel(drawn, "epoch", words, "Trained nets: do they gain?"))
    where = f"{evidence.where}; adam, tuned rates"
    return charts.lines("Are three linear layers more than one?", where, [folding, *panels],
                        note="linear and relu have three layers in the trained nets. An affine map leaves only "
                        "rounding of a stack of linear layers. Bands: 95 % interval.", size=(2.7, 2.5))  # fmt: skip


# nonlinearity-needed

SOLVED = 0.2
"""Smallest gain in accuracy over the linear net that counts as learning the pattern."""
PLAIN = 0.05
"""On a straight line a nonlinear net may not gain more than this share of the variance."""


def probe_neighbour(lab: Lab) -> dict[str, Any]:
    """That there is a pattern: accuracy of the nearest training example's class."""
    data = lab.load(lab.part("pattern"))
    x, test = data.train.x.astype(float), data.test.x.astype(float)
    nearest = ((test[:, None] - x[None]) ** 2).sum(axis=-1).argmin(axis=1)
    return {"neighbour": float(np.mean(data.train.y[nearest] == data.test.y))}


def arms_needed(lab: Lab) -> dict[str, Arm]:
    names = ("linear", *lab.part("nonlinear"))
    found = {name: Arm(dataset=lab.part("pattern"), activation=name, epochs=40) for name in names}
    line = {f"{name}, straight line": Arm(dataset="noisy_line", activation=name, epochs=40, learning_rate=0.003,
                                          tuned=False) for name in ("linear", "relu")}  # fmt: skip
    return found | line


def judge_needed(evidence: Evidence) -> Finding:
    found = {name: compare(evidence[name].scores(), evidence["linear"].scores(), SOLVED,
                           f"accuracy of {name} above linear") for name in evidence.lab.part("nonlinear")}  # fmt: skip
    settings = tuple(Setting(name, each.verdict, each.effect) for name, each in found.items())
    neighbour = evidence.numbers["neighbour"]
    line = (evidence["relu, straight line"].scores() - evidence["linear, straight line"].scores()).mean()
    return Finding(
        verdict=overall(settings),
        effect=min((each.effect for each in found.values()), key=lambda effect: effect.value),
        positive=Control(neighbour > 0.9, f"the nearest neighbour's class is right in {neighbour:.3f} of the cases"),
        negative=Control(bool(line < PLAIN), f"on a straight line relu explains {line:+.3f} of the variance more"),
        settings=settings,
        power=least_power(list(found.values())),
    )


def tell_needed(evidence: Evidence, finding: Finding) -> str:
    arms = ("linear", *evidence.lab.part("nonlinear"))
    scores = ", ".join(f"{name} {evidence[name].scores().mean():.3f}" for name in dict.fromkeys(arms))
    chance = evidence["linear"].outcomes[0].chance
    gains = "; ".join(f"{each.name} {each.effect.words()}" for each in finding.settings)
    return (
        f"Test accuracy, at tuned rates, where chance is {chance:.3f}: {scores}. Above the linear net: {gains}. "
        f"The nearest training example gets {evidence.numbers['neighbour']:.3f}."
    )


def draw_needed(evidence: Evidence, finding: Finding):
    arms = dict.fromkeys(("linear", *evidence.lab.part("nonlinear")))
    drawn = [charts.of_seeds(name, np.arange(1, 41), evidence[name].curve(), points=False) for name in arms]
    chance = evidence["linear"].outcomes[0].chance
    known = {"chance": chance, "nearest neighbour": evidence.numbers["neighbour"]}
    panel = charts.Panel(drawn, "epoch", "validation accuracy", across=known, limits=(0.4, 1.06))
    return charts.lines("Telling two spirals apart, with and without a nonlinearity",
                        f"{evidence.data[0]}, {evidence.lab.seeds} seeds; adam, tuned rates, equal nets", [panel],
                        note="Bands: 95 % interval of the mean over seeds.", size=(4.0, 2.6))  # fmt: skip


CLAIMS = (
    Claim(
        id="linear-collapse",
        kind="I T",
        statement="Stacked layers with h(z) = cz are one linear map (for three layers with the factor c^3).",
        prediction="Multiplied-out weights give the same outputs; three trained linear layers do no better than one.",
        rule=f"fails if the outputs of the stack and of its multiplied-out weights differ, relative to the largest, by "
        f"more than {BOUND:g} spacings of float32 a layer. Else supported if the interval of the accuracy that two "
        f"more linear layers gain is below {GAIN:g}; refuted if it is above 0 and the mean gain at least {GAIN:g}; "
        "else undecided.",
        positive="a single layer is its own fold",
        negative=f"of relu layers the best affine map leaves more than {FOLDS:g} of the variation, and they end "
        "with a lower training loss than one linear layer, in every seed",
        limits="Depth changes how a linear stack learns, not what it can express. Rounding differs from one map's.",
        judge=judge_collapse,
        tell=tell_collapse,
        draw=draw_collapse,
        probe=probe_collapse,
        arms=arms_collapse,
        parts={"activation": "linear", "bent": "relu"},
        version=2,
        source="Saxe, McClelland and Ganguli (2014), arXiv:1312.6120",
    ),
    Claim(
        id="nonlinearity-needed",
        kind="T",
        statement="Without a nonlinearity in its hidden layers a net does not learn a pattern that is not linear.",
        prediction="On two spirals the same net tells the classes apart with tanh or ReLU, and not without.",
        rule=f"for each activation: supported if the interval of its accuracy above the linear net's is above 0 and "
        f"the mean at least {SOLVED:g}; refuted if the interval is below {SOLVED:g}; else "
        "undecided. depends if they differ.",
        positive="the nearest neighbour's class is right in more than nine cases of ten",
        negative=f"on a straight line relu explains less than {PLAIN:g} of the variance more than linear",
        limits="Two spirals in the plane and a fixed number of epochs: what needs longer counts as failed. Nonlinear "
        "features of the inputs would do as well as a nonlinear layer.",
        judge=judge_needed,
        tell=tell_needed,
        draw=draw_needed,
        probe=probe_neighbour,
        arms=arms_needed,
        parts={"pattern": "spirals", "nonlinear": ("tanh", "relu")},
        source="Minsky and Papert (1969), Perceptrons",
    ),
)
