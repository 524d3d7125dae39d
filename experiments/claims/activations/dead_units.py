"""dying-relu, leaky-revives, prelu-revives, elu-revives, maxout-never-dies: which units come back from below zero.

Half of the hidden units are silenced before training: their biases are lowered until the largest input that a
unit gets on the whole training set lies a margin below 0, a small one for a quarter of the units and a larger one
for another quarter. All else is as usual. Who comes back? Beside that, whole nets are trained at a much too large
rate: how many units end up dead, or lost with a net that diverged?

A unit is *silent* where none of its inputs z (for Maxout: none of its pieces) is above 0 on any training example,
and *dead* where the slope of its activation is exactly 0 on all of them. Plain SGD, so that nothing moves a
weight but a gradient.
"""

from functools import partial
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, compare, least_power, overall

MILD, LARGE = 0.05, 1.0
"""Rates of plain SGD."""
MARGINS = (0.1, 1.0)
"""How far below 0 a silenced unit's largest input lies."""
EPOCHS = 10
REVIVED = 0.2
"""Smallest share of the silenced units that must come back beyond those of ReLU."""
KILLED = 0.1
"""Smallest share of all units by which a large rate must raise the dead."""
ACCURACY = 0.01
HALF, MOST = 0.5, 0.75
LAYERS = ("first layer", "second layer")


def arms(lab: Lab) -> dict[str, Arm]:
    return {
        f"{label}, rate {rate:g}": Arm(activation=name, optimizer="sgd", learning_rate=rate, tuned=False, epochs=EPOCHS)
        for label, name in lab.part("nets").items()
        for rate in (MILD, LARGE)
    }


def probe(lab: Lab) -> dict[str, Any]:
    nets = lab.part("nets")
    measured = {name: _net(lab, name) for name in dict.fromkeys(nets.values())}
    return {label: measured[name] for label, name in nets.items()}


def _net(lab: Lab, activation: str) -> dict[str, Any]:
    """All that is measured with one activation: lists ``[seed][layer][epoch from 0]``."""
    from experiments.training.compiled import CompiledTrainer
    from experiments.training.setup import prepare

    data = lab.load("mnist-5k")
    run = Arm(activation=activation, optimizer="sgd", tuned=False).cell(data, 1).template
    trainer = CompiledTrainer(prepare(run, data))
    look = _Look(trainer.model, data.train.x)
    found: dict[str, Any] = {}
    rows = [_silenced(trainer, look, lab, seed, run) for seed in range(lab.seeds)]
    for number, margin in enumerate(MARGINS):
        found[f"back {margin:g}"] = [row[0][number] for row in rows]
    found["dead at start"] = [row[1] for row in rows]
    for rate in (MILD, LARGE) if activation == lab.part("nets")["relu"] else (LARGE,):
        runs = [_plain(trainer, look, rate, seed, run) for seed in range(lab.seeds)]
        found[f"dead, rate {rate:g}"], found[f"lost, rate {rate:g}"] = map(list, zip(*runs, strict=True))
    return found


def _silenced(trainer, look: "_Look", lab: Lab, seed: int, run) -> tuple[list, float]:
    """Share of the silenced units that are above 0 somewhere, by margin, layer and epoch; share of them dead at the
    start."""
    from experiments import models

    trainer.reset(MILD, models.initial_weights(trainer.model, trainer.setup.built, run.initialiser, seed))
    orders = [lab.rng(seed, layer).permutation(units) for layer, units in enumerate(look.units)]
    quarters = [np.split(order[: len(order) // 4 * 2], 2) for order in orders]  # [layer][margin]
    for layer, groups in enumerate(quarters):
        for units, margin in zip(groups, MARGINS, strict=True):
            look.lower(layer, units, margin)
    _, dead = look.now()
    start = float(np.concatenate([each[np.concatenate(q)] for each, q in zip(dead, quarters, strict=True)]).mean())
    table = []
    for epoch in range(EPOCHS + 1):
        if epoch:
            trainer.epoch(seed, epoch)
        silent, _ = look.now()
        table.append([[float(1 - each[q[number]].mean()) for each, q in zip(silent, quarters, strict=True)]
                      for number in range(len(MARGINS))])  # fmt: skip
    return np.transpose(table, (1, 2, 0)).tolist(), start


def _plain(trainer, look: "_Look", rate: float, seed: int, run) -> tuple[list, list]:
    """Share of dead and of lost units by layer and epoch: where a run diverges, the last share of dead stays, and
    all are lost."""
    from experiments import models

    trainer.reset(rate, models.initial_weights(trainer.model, trainer.setup.built, run.initialiser, seed))
    table = [[float(each.mean()) for each in look.now()[1]]]
    lost = [table[0]]
    for epoch in range(1, EPOCHS + 1):
        losses, *_ = trainer.epoch(seed, epoch)
        going = np.isfinite(losses).all() and all(np.isfinite(w).all() for w in trainer.weights())
        if not going:
            left = EPOCHS + 1 - len(table)
            table, lost = table + [table[-1]] * left, lost + [[1.0] * len(look.units)] * left
            break
        table.append([float(each.mean()) for each in look.now()[1]])
        lost.append(table[-1])
    return np.transpose(table).tolist(), np.transpose(lost).tolist()


class _Look:
    """What the hidden units of a net do on the whole training set."""

    def __init__(self, model, x: np.ndarray):
        import keras

        from experiments.claims.nets import scaled

        self.x = scaled(x)
        self.activations = [layer for layer in model.layers if layer.name.endswith("_activation")]
        self.affine = [model.get_layer(layer.name.removesuffix("_activation")) for layer in self.activations]
        self.inside = keras.Model(model.inputs, [layer.output for layer in self.affine])
        self.units = [layer.output.shape[-1] for layer in self.activations]

    def now(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """For each layer, which units are silent and which are dead, ``[unit]``."""
        import tensorflow as tf

        silent, dead = [], []
        for activation, units, z in zip(self.activations, self.units, self.inside(self.x), strict=True):
            with tf.GradientTape() as tape:
                tape.watch(z)
                a = activation(z)
            slope = tape.gradient(a, z).numpy().reshape(len(z), units, -1)
            silent.append((z.numpy().reshape(len(z), units, -1) <= 0).all(axis=(0, 2)))
            dead.append((slope == 0).all(axis=(0, 2)))
        return silent, dead

    def lower(self, layer: int, units: np.ndarray, margin: float) -> None:
        """Lower the biases of some units until the largest input of each is at -margin."""
        outputs = self.inside(self.x)
        z = (outputs[layer] if isinstance(outputs, list | tuple) else outputs).numpy()
        pieces = z.shape[1] // self.units[layer]
        channels = (units[:, None] * pieces + np.arange(pieces)).ravel()
        bias = self.affine[layer].bias
        value = np.array(bias)
        value[channels] -= z[:, channels].max(axis=0) + margin
        bias.assign(value)


def back(evidence: Evidence, label: str, margin: float) -> np.ndarray:
    """``[seed, layer, epoch]`` share of the silenced units that are above 0 somewhere."""
    return np.array(evidence.numbers[label][f"back {margin:g}"], float)


def of_all(table: np.ndarray) -> np.ndarray:
    """``[seed, layer, epoch]`` of shares -> ``[seed, epoch]`` over both layers, which have 128 and 64 units."""
    return np.round(table.transpose(0, 2, 1) @ [2 / 3, 1 / 3], 12)


def share(evidence: Evidence, what: str, label: str, rate: float) -> np.ndarray:
    """``[seed, epoch]`` share of all units that are ``dead`` or ``lost``."""
    return of_all(np.array(evidence.numbers[label][f"{what}, rate {rate:g}"], float))


def _setting(name: str, compared: Compared) -> Setting:
    return Setting(name, compared.verdict, compared.effect)


def _accuracy(evidence: Evidence, label: str) -> Compared:
    """What ReLU loses against another at the large rate. Reported beside the verdict."""
    scores = {each: evidence[f"{each}, rate {LARGE:g}"].scores() for each in ("relu", label)}
    return compare(scores[label], scores["relu"], ACCURACY, f"test accuracy of {label} above relu, rate {LARGE:g}")


def judge_dying(evidence: Evidence) -> Finding:
    stay = {
        f"silenced by {margin:g}, {layer}": compare(
            1 - back(evidence, "relu", margin)[:, number, -1], np.full(evidence.lab.seeds, HALF), MOST - HALF,
            "share that stays silent, beyond a half")
        for margin in MARGINS for number, layer in enumerate(LAYERS)
    }  # fmt: skip
    mild, large = (share(evidence, "dead", "relu", rate)[:, -1] for rate in (MILD, LARGE))
    kill = compare(large, mild, KILLED, f"more dead units at a rate of {LARGE:g} than of {MILD:g}")
    judged = [_setting(name, each) for name, each in stay.items()] + [_setting("a large rate kills", kill)]
    start = np.mean(evidence.numbers["relu"]["dead at start"])
    return Finding(
        verdict=overall(judged),
        effect=kill.effect,
        positive=Control(bool(start == 1), f"{start:.0%} of the silenced units have slope 0 everywhere at the start"),
        negative=Control(bool(mild.mean() <= 0.05), f"{mild.mean():.1%} are dead after {EPOCHS} epochs at a mild rate"),
        settings=(*judged, _setting("accuracy that it costs against leaky_relu", _accuracy(evidence, "leaky_relu"))),
        power=least_power([*stay.values(), kill]),
    )


def judge_revives(label: str, evidence: Evidence) -> Finding:
    ends = {
        (each, margin): of_all(back(evidence, each, margin))[:, -1] for each in ("relu", label) for margin in MARGINS
    }
    # fmt: off
    found = {f"silenced by {margin:g}": compare(ends[label, margin], ends["relu", margin], REVIVED,
                                                "share revived, beyond that of relu") for margin in MARGINS}
    # fmt: on
    lost, kept = (share(evidence, "lost", each, LARGE)[:, -1] for each in ("relu", label))
    found["fewer units lost at a large rate"] = compare(lost, kept, KILLED, f"lost share of relu less that of {label}")
    judged = [_setting(name, each) for name, each in found.items()]
    start = np.mean(evidence.numbers["relu"]["dead at start"])
    first = max(float(back(evidence, "relu", margin)[:, 0].max()) for margin in MARGINS)
    return Finding(
        verdict=overall(judged),
        effect=judged[0].effect,
        positive=Control(bool(start == 1), f"{start:.0%} of the silenced relu units have slope 0 at the start"),
        negative=Control(first == 0, f"in the first layer {first:.0%} of the silenced relu units come back"),
        settings=(*judged, _setting("accuracy at a large rate", _accuracy(evidence, label))),
        power=least_power(list(found.values())),
    )


def tell(label: str, evidence: Evidence, finding: Finding) -> str:
    other = "leaky_relu" if label == "relu" else label
    shares = [
        f"{each} {', '.join(f'{np.mean(back(evidence, each, m)[:, k, -1]):.0%}' for k in (0, 1))}"
        f" with the largest input at -{m:g}"
        for each in dict.fromkeys(("relu", other))
        for m in MARGINS
    ]
    rates = [
        f"{each} {share(evidence, 'dead', each, LARGE)[:, -1].mean():.0%} "
        f"({share(evidence, 'lost', each, LARGE)[:, -1].mean():.0%} with the nets that diverged)"
        for each in dict.fromkeys(("relu", other))
    ]
    scores = {each: evidence[f"{each}, rate {LARGE:g}"] for each in ("relu", other)}
    cost = _accuracy(evidence, other).effect
    return (
        f"Of the units silenced at the start, these shares (first, second layer) were above 0 on some training example "
        f"after {EPOCHS} epochs: {'; '.join(shares)}. Dead on the whole training set after training from the usual "
        f"start at a rate of {LARGE:g}: {'; '.join(rates)}; at a rate of {MILD:g}, "
        f"{share(evidence, 'dead', 'relu', MILD)[:, -1].mean():.0%} of relu's. At the large rate the test accuracy of "
        f"{other} less that of relu was {cost.words()} ({scores[other].scores().mean():.3f} against "
        f"{scores['relu'].scores().mean():.3f}); diverged: {scores[other].diverged} and {scores['relu'].diverged} of "
        f"{len(scores['relu'].runs)} runs."
    )


def draw(label: str, evidence: Evidence, finding: Finding):
    shown = list(evidence.numbers) if label == "relu" else ["relu", label]
    epochs = np.arange(EPOCHS + 1)
    rows = []
    for number, (layer, what, words) in enumerate(
        zip(LAYERS, ("dead", "lost"), ("that are dead", "dead or in a diverged net"), strict=True)
    ):
        rows += [
            charts.Panel([charts.of_seeds(each, epochs, back(evidence, each, margin)[:, number]) for each in shown],
                         "epoch", "share of the silenced units\nthat are back",
                         f"{layer.capitalize()}, largest input {-margin:g}", limits=(-0.03, 1.03))
            for margin in MARGINS
        ]  # fmt: skip
        rows.append(
            charts.Panel([charts.of_seeds(each, epochs, share(evidence, what, each, LARGE)) for each in shown],
                         "epoch", f"share of all units\n{words}", f"None silenced, rate {LARGE:g}",
                         limits=(-0.03, 1.03)))  # fmt: skip
    note = (
        f"Left and middle: rate {MILD:g}, half of the units silenced before training; back: above 0 on some training "
        "example. Dead: slope 0 on every one. Bands: 95 % interval of the mean over seeds."
    )
    title = "Which units come back from below zero, and which die"
    return charts.lines(title, f"{evidence.where}; plain SGD", rows, note)


NETS = {name: name for name in ("relu", "leaky_relu", "prelu", "elu", "maxout")}
BESIDE = (
    f"The accuracy at rate {LARGE:g} (smallest effect {ACCURACY:g}) is reported and does not count for the verdict."
)
LIMITS = (
    "A net of two hidden layers with plain SGD; momentum, weight decay or normalisation also move a silent unit. "
    f"Silence deeper than -{MARGINS[-1]:g} and longer training were not tried."
)


def _revives(name: str, label: str, statement: str, source: str = "", more: str = "") -> Claim:
    return Claim(
        id=name,
        kind="M T",
        statement=statement,
        prediction=f"More of the silenced units come back with {label} than with relu; fewer are lost at a large rate.",
        rule=f"silenced units, for each margin {MARGINS}: supported if the interval of the share that is back, less "
        f"that of relu, is above 0 and the mean at least {REVIVED:g}; refuted if the interval is below {REVIVED:g}; "
        f"else undecided. Units that are dead or in a diverged net at rate {LARGE:g}: likewise for the share of relu "
        f"less that of {label}, with {KILLED:g}. depends if these three disagree. {BESIDE}",
        positive="all silenced relu units have slope 0 at the start",
        negative="no silenced relu unit of the first layer comes back",
        limits=f"{LIMITS} {more}".strip(),
        judge=partial(judge_revives, label),
        tell=partial(tell, label),
        draw=partial(draw, label),
        probe=probe,
        arms=arms,
        parts={"nets": NETS},
        source=source,
    )


CLAIMS = (
    Claim(
        id="dying-relu",
        kind="M T",
        statement="ReLU units that are at or below 0 on all data get no gradient and do not come back; a large rate "
        "makes such units.",
        prediction=f"Silenced ReLU units stay silent, and at a rate of {LARGE:g} many units die.",
        rule=f"silenced units, for each margin {MARGINS} and layer: supported if the interval of the share that stays "
        f"is above {HALF:g} and the mean at least {MOST:g}; refuted if the interval is below {MOST:g}; else undecided. "
        f"A large rate kills: likewise for the dead share at rate {LARGE:g} less that at {MILD:g}, above 0 and at "
        f"least {KILLED:g}. depends if these disagree. {BESIDE}",
        positive="all silenced units have slope 0 at the start",
        negative="at a mild rate at most 5 % of the units die",
        limits=LIMITS,
        judge=judge_dying,
        tell=partial(tell, "relu"),
        draw=partial(draw, "relu"),
        probe=probe,
        arms=arms,
        parts={"nets": NETS},
        source="Maas, Hannun and Ng (2013), Rectifier nonlinearities improve neural network acoustic models",
    ),
    _revives("leaky-revives", "leaky_relu", "Leaky ReLU keeps a small gradient below 0, so its silent units revive.",
             "Maas, Hannun and Ng (2013), Rectifier nonlinearities improve neural network acoustic models"),
    _revives("prelu-revives", "prelu", "PReLU keeps a gradient below 0, so its silent units revive.",
             "He, Zhang, Ren and Sun (2015), Delving deep into rectifiers"),
    _revives("elu-revives", "elu", "ELU keeps a gradient below 0, so its silent units revive.",
             "Clevert, Unterthiner and Hochreiter (2016), Fast and accurate deep network learning by ELUs",
             "In float32 the slope of ELU, exp(z), is exactly 0 below about -104: such a unit is dead as well."),
    _revives("maxout-never-dies", "maxout", "A Maxout unit always passes a gradient through one of its pieces, so it "
             "never dies.", "Goodfellow et al. (2013), Maxout networks"),
)  # fmt: skip
