"""rmsprop-eases-vanishing: whether the lowest layers of a deep sigmoid net move again, and whether that helps."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import compare, least_power, overall, ratio

DEPTHS = (5, 10, 20)
TRAINED = 10
WIDTH, EXAMPLES, STEPS = 64, 256, 10
REGAINS = 10.0
"""The bottom regains size if, relative to the top, its updates are this many times those of plain SGD."""
BETTER = 0.05
"""Smallest gain in accuracy that counts."""
SCALES = (1.0, 1e-2, 1e-4)
"""Gradients of known size, well above epsilon, for the controls."""
NOTHING = 1e-30


def probe(lab: Lab) -> dict[str, Any]:
    """Size of the first updates by layer, with our own rules on the gradients of one net."""
    from experiments.claims.nets import Net

    data = lab.load("mnist-5k")
    x, y = data.train.x[:EXAMPLES], data.train.y[:EXAMPLES]
    rules = {"plain": lab.part("plain"), "scaled": lab.part("scaled")}
    found: dict[str, dict[str, list]] = {name: {str(depth): [] for depth in DEPTHS} for name in rules}
    gradients: dict[str, list] = {str(depth): [] for depth in DEPTHS}
    for depth in DEPTHS:
        net = Net(x.shape[1:], data.outputs, data.task, activation=lab.part("activation"), depth=depth, width=WIDTH)
        for seed in range(lab.seeds):
            for name, rule in rules.items():
                net.reset(seed)
                first = [float(np.linalg.norm(g)) for g in net.backward(x, y)[1][:-1]]
                moved = _moved(net, x, y, *rule)
                found[name][str(depth)].append([float(f"{each:.4g}") for each in moved])
            gradients[str(depth)].append([float(f"{each:.4g}") for each in first])
    return {"moved": found, "gradients": gradients, "known": {name: _known(*rule) for name, rule in rules.items()}}


def _rule(optimizer: str, rate: float):
    """delta, slots of the catalog's rule, for one array."""
    from custom import catalog

    spec = catalog.OPTIMIZERS[optimizer]
    made = spec.factory(learning_rate=rate)
    function: Any = spec.function
    return made.initial_slots, lambda g, t, slots: function(g, t, rate, slots, **made.constants)


def _moved(net, x, y, optimizer: str, rate: float) -> list[float]:
    """For each hidden kernel, the mean length of an update over the weights' norm, in the first STEPS updates."""
    initial, update = _rule(optimizer, rate)
    start = [np.asarray(kernel.numpy(), float) for kernel in net.kernels]
    slots = [initial(w) for w in start]
    lengths = np.zeros(len(start))
    values = list(start)
    for t in range(1, STEPS + 1):
        for k, g in enumerate(net.backward(x, y)[1]):
            delta, slots[k] = update(g.astype(float), t, slots[k])
            values[k] = values[k] + delta
            lengths[k] += np.linalg.norm(delta)
            net.kernels[k].assign(values[k].astype(np.float32))
    return [float(length / STEPS / np.linalg.norm(w)) for length, w in zip(lengths, start, strict=True)][:-1]


def _known(optimizer: str, rate: float) -> list[float]:
    """Size of an update after STEPS equal gradients of each of SCALES, over that of the largest."""
    initial, update = _rule(optimizer, rate)
    gradient = np.array(SCALES)
    slots = initial(gradient)
    delta = gradient
    for t in range(1, STEPS + 1):
        delta, slots = update(gradient, t, slots)
    return (np.abs(delta) / np.abs(delta[0])).tolist()


def arms(lab: Lab) -> dict[str, Arm]:
    size = {"depth": TRAINED, "width": WIDTH, "last": WIDTH}
    return {name: Arm(activation=lab.part("activation"), optimizer=lab.part(name)[0], model_args=size)
            for name in ("plain", "scaled")}  # fmt: skip


def evenness(evidence: Evidence, name: str, depth: int) -> np.ndarray:
    """[seed] update of the lowest hidden layer over that of the highest, each relative to its weights."""
    moved = np.maximum(np.array(evidence.numbers["moved"][name][str(depth)]), NOTHING)
    return moved[:, 0] / moved[:, -1]


def judge(evidence: Evidence) -> Finding:
    scaled, plain = evidence.lab.part("scaled")[0], evidence.lab.part("plain")[0]
    found = {f"updates, {depth} layers": ratio(evenness(evidence, "scaled", depth), evenness(evidence, "plain", depth),
                                               REGAINS, f"bottom over top, {scaled} over {plain}")
             for depth in DEPTHS}  # fmt: skip
    found[f"accuracy, {TRAINED} layers"] = compare(evidence["scaled"].scores(), evidence["plain"].scores(), BETTER,
                                                   f"test accuracy of {scaled} above {plain}")  # fmt: skip
    settings = tuple(Setting(name, each.verdict, each.effect) for name, each in found.items())
    known = evidence.numbers["known"]
    return Finding(
        verdict=overall(settings),
        effect=settings[DEPTHS.index(TRAINED)].effect,
        positive=Control(known["scaled"][-1] > 0.9, f"from a gradient {SCALES[-1]:g} times as large {scaled} makes an "
                         f"update {known['scaled'][-1]:.3g} times as large"),
        negative=Control(abs(known["plain"][-1] / SCALES[-1] - 1) < 0.01, f"{plain} one {known['plain'][-1]:.3g} times "
                         "as large"),
        settings=settings,
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    names = {name: evidence.lab.part(name)[0] for name in ("plain", "scaled")}
    rows = "; ".join(f"{depth} layers: " + ", ".join(f"{np.median(evenness(evidence, name, depth)):.2g} with {word}"
                                                     for name, word in names.items()) for depth in DEPTHS)  # fmt: skip
    scores = ", ".join(f"{word} {evidence[name].scores().mean():.3f} (rate {evidence[name].learning_rate:g})"
                       for name, word in names.items())  # fmt: skip
    chance = evidence["plain"].outcomes[0].chance
    return (
        f"Relative update of the lowest hidden layer over that of the highest, in the first {STEPS} updates: {rows}. "
        f"Test accuracy of {TRAINED} layers at tuned rates, where guessing gets {chance:.3f}: {scores}; the difference "
        f"is {finding.settings[-1].effect.words()}."
    )


def draw(evidence: Evidence, finding: Finding):
    names = dict.fromkeys(("plain", "scaled"))
    words = {name: evidence.lab.part(name)[0] for name in names}
    if words["plain"] == words["scaled"]:
        words["scaled"] += ", again"
    panels = []
    for depth in (TRAINED, DEPTHS[-1]):
        drawn = []
        for name in names:
            table = np.maximum(np.array(evidence.numbers["moved"][name][str(depth)]), NOTHING)
            table = table / table[:, -1:]
            drawn.append(charts.Line(words[name], np.arange(1, depth + 1), np.median(table, axis=0), table.min(axis=0),
                                     table.max(axis=0)))  # fmt: skip
        panels.append(charts.Panel(drawn, "hidden layer (1 = bottom)", "update / weights, over the top's",
                                   f"First {STEPS} updates, {depth} layers", logy=True))  # fmt: skip
    epochs = np.arange(1, evidence["plain"].runs[0].epochs + 1)
    curves = [charts.of_seeds(words[name], epochs, evidence[name].curve()) for name in names]
    panels.append(charts.Panel(curves, "epoch", "validation accuracy", f"Training, {TRAINED} layers, tuned rates",
                               across={"guessing": evidence["plain"].outcomes[0].chance}))  # fmt: skip
    return charts.lines(f"Updates by layer in a deep net of {evidence.lab.part('activation')}", evidence.where, panels,
                        size=(2.7, 2.5), note="Left and middle: median and range over seeds; a horizontal line: all "
                        "layers move alike. Right: mean and 95 % interval.")  # fmt: skip


CLAIMS = (
    Claim(
        id="rmsprop-eases-vanishing",
        kind="M T",
        statement="RMSprop eases the vanishing gradient: it gives the updates of the lowest layers their size back.",
        prediction="In deep sigmoid nets its updates are more even over the layers than those of plain SGD, and the "
        "net learns more.",
        rule=f"Updates of the lowest over those of the highest hidden layer, relative to their weights, RMSprop's over "
        f"SGD's, for each depth: supported if the interval is above 1 and the mean at least {REGAINS:g}, refuted if "
        f"the interval is below {REGAINS:g}. Accuracy of {TRAINED} layers, tuned: supported if the interval of the "
        f"gain is above 0 and the mean at least {BETTER:g}, refuted if it is below {BETTER:g}. Else undecided; "
        "depends if they disagree.",
        positive=f"a gradient of {SCALES[-1]:g} gets more than 0.9 of the update of a gradient of 1",
        negative="with plain SGD it gets as many times less",
        limits="Below epsilon, 1e-7 here, a gradient is not scaled up any more. "
        "Even updates do not mean a useful direction.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        arms=arms,
        parts={"activation": "sigmoid", "plain": ("sgd", 0.1), "scaled": ("rmsprop", 0.001)},
        source="Tieleman and Hinton (2012), Neural networks for machine learning, lecture 6.5",
    ),
)
