"""vanishing-sigmoid, tanh-vanishes-less, tanh-still-vanishes, relu-does-not-vanish: the gradient layer by layer."""

import math
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, least_power, mean, overall, ratio

DEEP = 20
"""Hidden layers of the deepest net; factors by layer at the start are taken in it."""
TRAINED = 10
"""Hidden layers of the nets that are followed through training."""
LEAST = 10 ** (1 / (DEEP - 1))
"""A gradient vanishes if it shrinks by this factor a layer: tenfold from top to bottom of the deepest net."""
WIDTH, EXAMPLES, BATCH, RATE = 64, 256, 64, 0.001
LOWEST = 1e-45
"""Smallest positive float32."""
WAYS = {"signal": "gradient by z", "weights": "gradient by weights"}
"""Flows: what backpropagation hands down (by the input z of each activation), and what learning uses."""

PARTS = {
    "sigmoid": {"activation": "sigmoid"},
    "tanh": {"activation": "tanh"},
    "relu": {"activation": "relu"},
    "sigmoid - 1/2": {"activation": "variant:centred_sigmoid"},
    "tanh + 1": {"activation": "variant:tanh_plus_one"},
    "relu, Glorot weights": {"activation": "relu", "initialiser": "glorot"},
    "0.25 x orthogonal": {"activation": "linear", "initialiser": "orthogonal", "gain": 0.25},
    "orthogonal": {"activation": "linear", "initialiser": "orthogonal"},
}
FOLLOWED = ("sigmoid", "tanh", "relu")


def probe(lab: Lab) -> dict[str, Any]:
    from experiments.claims.nets import Net

    data = lab.load("mnist-5k")
    x, y = data.train.x[:EXAMPLES], data.train.y[:EXAMPLES]
    depths = lab.pick((2, 6, TRAINED, DEEP), tuple(range(2, DEEP + 1, 2)))
    found: dict[str, Any] = {"depths": depths, "start": {}, "factor": {}, "bottom": {}, "training": {}}
    for arm, options in lab.parts.items():
        found["start"][arm] = {}
        bottoms = []
        for depth in depths if arm in FOLLOWED else (DEEP,):
            net = Net(x.shape[1:], data.outputs, data.task, depth=depth, width=WIDTH, **options)
            logs = np.stack([_logs(net, x, y, seed) for seed in range(lab.seeds)])
            bottoms.append(logs[:, 1, 0])
            found["start"][arm][depth] = np.round(logs.mean(axis=0), 3)
            if depth == DEEP:
                found["factor"][arm] = _factors(logs)
            if depth == TRAINED and arm in FOLLOWED:
                found["training"][arm] = _through_training(net, lab, data.train, x, y)
        if len(bottoms) > 1:
            by_depth = np.polynomial.polynomial.polyfit(depths, np.stack(bottoms), 1)[1]
            found["bottom"][arm] = 10**-by_depth
    return found


def _logs(net, x, y, seed: int | None = None) -> np.ndarray:
    """[flow, layer] log10 of the gradient's norm; by z root mean square over examples."""
    if seed is not None:
        net.reset(seed)
    by_z, by_kernel = net.backward(x, y)
    norms = [[np.linalg.norm(g) * math.sqrt(len(x)) for g in by_z[:-1]],
             [np.linalg.norm(g) for g in by_kernel[:-1]]]  # fmt: skip
    return np.log10(np.maximum(norms, LOWEST))


def _factors(logs: np.ndarray) -> dict[str, np.ndarray]:
    """Flow -> [seed] factor by which the norm shrinks for each layer down, from a straight line through the logs.

    Args:
        logs: ``[seed, flow, layer]``. By weights the lowest layer is left out: its kernel has another shape.
    """
    layers = np.arange(logs.shape[2])
    slope = {"signal": np.polynomial.polynomial.polyfit(layers, logs[:, 0].T, 1)[1],
             "weights": np.polynomial.polynomial.polyfit(layers[1:], logs[:, 1, 1:].T, 1)[1]}  # fmt: skip
    return {flow: 10**each for flow, each in slope.items()}


def _through_training(net, lab: Lab, train, x, y) -> dict[str, Any]:
    """The same after each epoch: mean logs [moment, flow, layer], and factors that are means over the epochs."""
    logs = []
    for seed in range(lab.seeds):
        net.reset(seed)
        moments = [_logs(net, x, y)]
        epochs = net.train(train.x, train.y, "adam", RATE, batch_size=BATCH, epochs=lab.pick(3, 5), seed=seed)
        moments += [_logs(net, x, y) for _ in epochs]
        logs.append(moments)
    table = np.array(logs)  # [seed, moment, flow, layer]
    return {"logs": np.round(table.mean(axis=0), 3), "factor": _factors(table[:, 1:].mean(axis=1))}


def shrinking(evidence: Evidence, arm: str) -> dict[str, np.ndarray]:
    """Setting -> [seed] factor by which the gradient shrinks for each layer down."""
    n = evidence.numbers
    start, later = n["factor"][arm], n["training"][arm]["factor"]
    return {f"{words}, {when}": np.array(factors[flow])
            for flow, words in WAYS.items()
            for when, factors in (("at the start", start), ("in training", later))}  # fmt: skip


def against_one(factors: np.ndarray) -> Compared:
    return ratio(factors, np.ones_like(factors), LEAST, "shrinks for each layer down by")


def _turned(verdict: str) -> str:
    return {"supported": "refuted", "refuted": "supported"}.get(verdict, verdict)


def _finding(evidence: Evidence, found: dict[str, Compared], turned: bool = False, relu: bool = True) -> Finding:
    factor = evidence.numbers["factor"]
    small, same = np.array(factor["0.25 x orthogonal"]["signal"]), np.array(factor["orthogonal"]["signal"])
    he = float(np.mean(factor["relu"]["signal"]))
    settings = tuple(Setting(name, _turned(each.verdict) if turned else each.verdict, each.effect)
                     for name, each in found.items())  # fmt: skip
    calm = bool((np.abs(same - 1) < 1e-3).all()) and (he < LEAST or not relu)
    return Finding(
        verdict=overall(settings),
        effect=settings[0].effect,
        positive=Control(bool((np.abs(small - 4) < 4e-3).all()),
                         f"linear layers of 0.25 x an orthogonal matrix shrink it by {small.mean():.5g} a layer"),
        negative=Control(calm, f"orthogonal linear layers change it by a factor of {same.mean():.5g} a layer"
                         + (f", relu with He weights by {he:.3g}" if relu else "")),
        settings=settings,
        power=least_power(list(found.values())),
    )  # fmt: skip


def judge_sigmoid(evidence: Evidence) -> Finding:
    found = {name: against_one(factors) for name, factors in shrinking(evidence, "sigmoid").items()}
    found["bottom weights, for each layer more"] = against_one(np.array(evidence.numbers["bottom"]["sigmoid"]))
    return _finding(evidence, found)


def judge_less(evidence: Evidence) -> Finding:
    sigmoid, tanh = shrinking(evidence, "sigmoid"), shrinking(evidence, "tanh")
    found = {name: ratio(sigmoid[name], tanh[name], LEAST, "factor a layer, sigmoid over tanh") for name in sigmoid}
    return _finding(evidence, found)


def judge_still(evidence: Evidence) -> Finding:
    found = {name: against_one(factors) for name, factors in shrinking(evidence, "tanh").items()}
    return _finding(evidence, found)


def judge_relu(evidence: Evidence) -> Finding:
    found = {f"He weights: {name}": against_one(each) for name, each in shrinking(evidence, "relu").items()}
    glorot = np.array(evidence.numbers["factor"]["relu, Glorot weights"]["signal"])
    found["Glorot weights: gradient by z, at the start"] = against_one(glorot)
    return _finding(evidence, found, turned=True, relu=False)


def tell_factors(evidence: Evidence, finding: Finding) -> str:
    rows = "; ".join(f"{each.name} {each.effect.words()}" for each in finding.settings)
    arm = finding.settings[0].name
    total = float(finding.effect.value ** (DEEP - 1))
    return (
        f"The gradient changed for each layer down by these factors (above 1 it shrinks): {rows}. "
        f"The first of them ({arm}) makes a factor of {total:.3g} between the top and the bottom of {DEEP} layers; "
        f"a factor of {LEAST:.3g} a layer counts as vanishing."
    )


def tell_less(evidence: Evidence, finding: Finding) -> str:
    at = {arm: mean(np.array(each["signal"]), "").value for arm, each in evidence.numbers["factor"].items()}
    rows = "; ".join(f"{each.name} {each.effect.words()}" for each in finding.settings)
    return (
        f"Sigmoid's factor over tanh's, for each layer: {rows}. "
        f"To take slope and centre apart, at the start the gradient by z shrinks for each layer by {at['sigmoid']:.3g} "
        f"with sigmoid, {at['sigmoid - 1/2']:.3g} once it is centred, {at['tanh + 1']:.3g} with tanh's slope and no "
        f"centre, and {at['tanh']:.3g} with both."
    )


def draw_depths(evidence: Evidence, finding: Finding):
    """The gradient by layer, one line a net from shallow to deep: a panel for each activation, and the controls."""
    import matplotlib as mpl

    from experiments.reports.figures.panels import panel_title
    from experiments.reports.sheets import sheet
    from experiments.reports.style import BASE, look

    n = evidence.numbers
    depths = n["depths"]
    figure, grid = sheet(
        3, 4, (2.0, 1.75), left=1.15, right=0.95, below=0.55, gaps=(0.18, 0.3),
        title=f"What becomes of the gradient on its way down, in nets of {min(depths)} to {max(depths)} hidden layers",
        subtitle=f"{evidence.where}; means of {evidence.lab.seeds} seeds, {WIDTH} units a layer; first and second row "
        "untrained",
        note="Read each line from right to left, as backpropagation goes: a line a net. Straight down to the left: "
        "every layer divides the gradient by the same number. The controls are linear nets where that number is known, "
        "1 and 4; with a quarter of the weights the outputs shrink on the way up as the gradient does on the way down, "
        "so all layers learn from equally little.")  # fmt: skip
    axes: Any = grid.subplots(sharey=True, sharex=True)
    shades = {depth: mpl.colormaps["viridis_r"](0.1 + 0.85 * depth / DEEP) for depth in depths}
    for row, flow in enumerate(WAYS):
        dashes: dict[str, Any] = {"orthogonal": "-", "0.25 x orthogonal": (0, (3, 1.5))}
        for name, words in (("orthogonal", "orthogonal"), ("0.25 x orthogonal", "a quarter of it")):
            logs = np.array(n["start"][name][str(DEEP)][row])
            _by_layer(axes[row, 3], logs, row, "black", dashes[name])
            above = row == 1 and name != "orthogonal"
            if row == 0 and name != "orthogonal":  # beside the falling line
                axes[row, 3].text(DEEP, 10 ** logs[7], words, size=BASE - 1, ha="right", va="top")
            else:
                axes[row, 3].text(1 + row, 10 ** (logs[-1] + (0.3 if above else -0.3)), words, size=BASE - 1, ha="left",
                                  va="bottom" if above else "top")  # fmt: skip
        for each, arm in zip(axes[row], FOLLOWED, strict=False):
            for depth in depths:
                _by_layer(each, n["start"][arm][str(depth)][row], row, shades[depth], "-")
            factor = np.mean(n["factor"][arm][flow])
            each.text(0.97, 0.05, f"÷ {factor:.3g} a layer", transform=each.transAxes, ha="right", va="bottom",
                      size=BASE - 0.5, color="#303030")  # fmt: skip
    for each, arm in zip(axes[2], FOLLOWED, strict=False):
        logs = n["training"][arm]["logs"]
        moments = {"before training": 0, "after 1 epoch": 1, f"after {len(logs) - 1} epochs": len(logs) - 1}
        for (words, moment), dash in zip(moments.items(), ("-", (0, (4, 1.5)), (0, (1.2, 1.2))), strict=True):
            _by_layer(each, logs[moment][0], 0, shades[TRAINED], dash, words)
    axes[2, 3].set_visible(False)
    handles, labels = axes[2, 0].get_legend_handles_labels()
    box, last = axes[2, 3].get_position(), axes[1, 3]
    figure.legend(handles, labels, loc="upper left", frameon=False, bbox_to_anchor=(box.x0, box.y1 - 0.05),
                  title=f"{TRAINED} layers, adam {RATE:g}", title_fontsize=BASE - 0.5, alignment="left")  # fmt: skip
    last.tick_params(labelbottom=True)
    for each, arm in zip(axes[0], (*FOLLOWED, "controls"), strict=True):
        panel_title(each, {"relu": "relu (He weights)", "controls": "linear nets (controls)"}.get(arm, arm))
        each.title.set_color(look(arm).colour if arm in FOLLOWED else "black")
    for each in (*axes[2, :3], last):
        each.set_xlabel("hidden layer (1 = bottom)")
    by = ("by the inputs z\n(handed down)", "by the weights\n(learned from)", "by the inputs z,\nin training")
    for each, which in zip(axes[:, 0], by, strict=True):
        each.set_ylabel(f"norm of the gradient\n{which}")
    axes[0, 0].set_yscale("log")
    low, high = (math.floor(each) for each in np.log10(axes[0, 0].get_ylim()))
    ticks = 10.0 ** np.arange(0 if high >= 0 else high, low, -3)
    axes[0, 0].set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes[0, 0].set_yticks([], minor=True)
    axes[0, 0].set_xlim(0, DEEP + 1)
    axes[0, 0].set_xticks([1, 5, 10, 15, 20])
    _scale(figure, axes, shades)
    return figure


def _scale(figure, axes, shades: dict[int, Any]) -> None:
    """The colours of the depths, right of the panels."""
    import matplotlib as mpl

    high, low, width = axes[0, -1].get_position(), axes[1, -1].get_position(), figure.get_figwidth()
    room = figure.add_axes((high.x1 + 0.2 / width, low.y0, 0.11 / width, high.y1 - low.y0))
    steps = mpl.colors.BoundaryNorm(np.arange(len(shades) + 1), len(shades))
    mapped = mpl.cm.ScalarMappable(steps, mpl.colors.ListedColormap(list(shades.values())))
    bar = figure.colorbar(mapped, cax=room)
    bar.set_ticks(np.arange(len(shades)) + 0.5, labels=[str(depth) for depth in shades])
    bar.set_label("hidden layers of the net")


def _by_layer(axes, logs, first: int, colour, dash, label: str = "") -> None:
    """One net; by weights without the lowest layer, whose kernel is larger."""
    y = 10 ** np.array(logs, float)[first:]
    axes.plot(np.arange(len(y)) + 1 + first, y, color=colour, linestyle=dash, linewidth=1.4, marker="o", markersize=2.6,
              label=label)  # fmt: skip


def _panel(rows: dict[str, Any], flow: int, title: str) -> charts.Panel:
    """At least four decades high: what hardly changes from layer to layer must look so."""
    drawn = [charts.Line(name, np.arange(1 + flow, len(logs[flow]) + 1), 10 ** np.array(logs[flow][flow:], float))
             for name, logs in rows.items()]  # fmt: skip
    values = np.concatenate([line.y for line in drawn])
    middle = math.sqrt(values.min() * values.max())
    limits = (min(values.min() / 2, middle / 100), max(values.max() * 2, middle * 100))
    return charts.Panel(drawn, "hidden layer (1 = bottom)", "norm of the gradient", title, logy=True, limits=limits)


def draw_slopes(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    names = ("sigmoid", "sigmoid - 1/2", "tanh + 1", "tanh")
    start = {name: n["start"][name][str(DEEP)] for name in names}
    panels = [_panel(start, flow, f"{words}, at the start") for flow, words in enumerate(WAYS.values())]
    later = {name: n["training"][name]["logs"][-1] for name in ("sigmoid", "tanh")}
    panels.append(_panel(later, 0, f"{WAYS['signal']}, after training"))
    return charts.lines("Slope or centre: what tanh has over sigmoid", _where(evidence), panels, size=(2.7, 2.5),
                        note="sigmoid - 1/2 has tanh's centre and sigmoid's slope; tanh + 1 has tanh's slope and no "
                        "centre. A horizontal line: nothing is lost from layer to layer.")  # fmt: skip


def _where(evidence: Evidence) -> str:
    return (f"{evidence.where}; {evidence.lab.seeds} seeds; {DEEP} layers at the start, {TRAINED} in training "
            f"(adam, rate {RATE:g})")  # fmt: skip


def draw_training(arm: str):
    def draw(evidence: Evidence, finding: Finding):
        n = evidence.numbers
        names = [arm, *(["relu, Glorot weights"] if arm == "relu" else []), "orthogonal", "0.25 x orthogonal"]
        start = {name: n["start"][name][str(DEEP)] for name in names}
        logs = n["training"][arm]["logs"]
        moments = {"before training": logs[0], "after 1 epoch": logs[1], f"after {len(logs) - 1} epochs": logs[-1]}
        panels = [_panel(start, 0, f"{WAYS['signal']}, at the start"),
                  *(_panel(moments, flow, f"{words}, in training")
                    for flow, words in enumerate(WAYS.values()))]  # fmt: skip
        return charts.lines(f"The gradient by layer in nets of {arm}", _where(evidence), panels, size=(2.7, 2.5),
                            note="A horizontal line: nothing is lost from layer to layer. Orthogonal: linear nets "
                            "where the factor a layer is known, 1 and 4.")  # fmt: skip

    return draw


POSITIVE = "linear layers of a quarter of an orthogonal matrix shrink the gradient by exactly 4 a layer"
MEASURED = (
    f"For each layer down, the factor by which the gradient's norm shrinks (a straight line through its logarithm): "
    f"by the activations' inputs z and by the weights, at the start in {DEEP} layers, and as mean over the epochs of "
    f"training {TRAINED} layers. "
)
IN_EACH = (
    f"In each setting supported if the interval over seeds is above 1 and the mean factor at least {LEAST:.3g}, "
    f"which is tenfold over {DEEP} layers; refuted if the interval is below {LEAST:.3g}; else undecided. "
    "depends if the settings disagree."
)


def _claim(name: str, statement: str, prediction: str, rule: str, limits: str, source: str, judge, tell, draw) -> Claim:
    calm = "orthogonal linear layers change it by exactly 1"
    return Claim(
        id=name,
        kind="M",
        statement=statement,
        prediction=prediction,
        rule=rule,
        positive=POSITIVE,
        negative=calm if name == "relu-does-not-vanish" else f"{calm}; relu with He weights by less than {LEAST:.3g}",
        limits=limits,
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts=PARTS,
        source=source,
    )


GLOROT = "Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural networks"
CLAIMS = (
    _claim(
        "vanishing-sigmoid",
        "With sigmoid the gradient shrinks layer by layer toward the bottom, and the deeper the net the worse.",
        "Its norm falls by a constant factor a layer, and at the bottom by that factor again for each layer more.",
        MEASURED + "As fifth setting the factor for the lowest weights, for each layer that a net has more. " + IN_EACH,
        "Glorot weights and a width of 64. Larger weights can hide the effect of the slope until they saturate it.",
        "Hochreiter (1991); " + GLOROT,
        judge_sigmoid,
        tell_factors,
        draw_depths,
    ),
    _claim(
        "tanh-vanishes-less",
        "With tanh the gradient vanishes less than with sigmoid.",
        "Sigmoid's factor a layer is larger than tanh's.",
        MEASURED + "Effect: sigmoid's factor over tanh's. " + IN_EACH,
        "Glorot weights, which are made for tanh. Centre and slope are taken apart at the start only.",
        "LeCun et al. (1998), Efficient BackProp; " + GLOROT,
        judge_less,
        tell_less,
        draw_slopes,
    ),
    _claim(
        "tanh-still-vanishes",
        "With tanh the gradient still vanishes in deep nets.",
        "Its norm falls by a constant factor a layer also with tanh.",
        MEASURED + IN_EACH,
        "Glorot weights keep tanh near its steepest point; with larger or smaller weights it does worse.",
        GLOROT,
        judge_still,
        tell_factors,
        draw_training("tanh"),
    ),
    _claim(
        "relu-does-not-vanish",
        "With ReLU the gradient does not vanish.",
        "Its norm does not fall from layer to layer.",
        MEASURED + "A fifth setting has Glorot in place of He weights. In each setting supported if the interval over "
        f"seeds is below {LEAST:.3g} a layer, which is tenfold over {DEEP} layers; refuted if it is above 1 and the "
        f"mean at least {LEAST:.3g}; else undecided. depends if the settings disagree.",
        "Whether it explodes is not judged. Half of the units pass nothing: He weights make up for it, others do not.",
        "Glorot, Bordes and Bengio (2011), Deep sparse rectifier neural networks; He et al. (2015)",
        judge_relu,
        tell_factors,
        draw_training("relu"),
    ),
)
