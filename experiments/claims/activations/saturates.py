"""sigmoid-saturates, tanh-saturates: flat tails, and how much of a net stands on them before and after training."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import compare, least_power, overall

FLAT = 0.05
"""A unit is saturated on an example where its slope is under a twentieth of the activation's largest slope."""
LEAST = 0.05
"""Smallest growth of the saturated share, in parts of all unit-example pairs, that matters."""
DEPTH, WIDTH = 3, 64
RATES = (0.001, 0.01)
EXAMPLES = 1000
WIDE = 200.0


def probe(lab: Lab) -> dict[str, Any]:
    from experiments.claims.autodiff import activation, slope
    from experiments.claims.nets import Net

    name = lab.part("activation")
    function = activation(name)
    z = np.linspace(0, WIDE, lab.pick(4001, 40001)).astype(np.float32)
    slopes = np.stack([slope(function, z), slope(function, -z)]).astype(float)
    peak = float(slopes.max())
    flat = z[(slopes < FLAT * peak).all(axis=0)]
    gone = z[(slopes == 0).all(axis=0)]
    allowed = 4 * peak * np.exp(-lab.part("decay") * z.astype(float)) * (1 + 1e-5) + 1.2e-38
    data = lab.load("mnist-5k")
    x, y = data.train.x, data.train.y
    watched = x[lab.rng(0).permutation(len(x))[:EXAMPLES]]
    seeds, epochs = lab.pick(3, 6), lab.pick(5, 20)

    def share(net: Net, kind: str, largest: float) -> list[float]:
        inner = activation(kind)
        return [float((slope(inner, each) < FLAT * largest).mean()) for each in _inputs(net, watched)]

    net = Net(data.input_shape, data.outputs, data.task, activation=name, depth=DEPTH, width=WIDTH)
    found: dict[str, Any] = {"before": [], "after": {f"{rate:g}": [] for rate in RATES}, "score": {}}
    for seed in range(seeds):
        net.reset(seed)
        found["before"].append(share(net, name, peak))
    for rate in RATES:
        scores = []
        for seed in range(seeds):
            net.reset(seed)
            for _ in net.train(x, y, "adam", rate, batch_size=64, epochs=epochs, seed=seed):
                pass
            found["after"][f"{rate:g}"].append(share(net, name, peak))
            scores.append(net.score(data.test.x, data.test.y))
        found["score"][f"{rate:g}"] = float(np.mean(scores))
    net.gain = lab.part("blown up")
    net.reset(0)
    blown = share(net, name, peak)
    plain = Net(data.input_shape, data.outputs, data.task, activation="linear", depth=DEPTH, width=WIDTH)
    for _ in plain.train(x, y, "adam", RATES[-1], batch_size=64, epochs=2):
        pass
    shown = np.linspace(-10, 10, 201).astype(np.float32)
    return found | {
        "epochs": epochs, "peak": peak, "above": float((slopes / allowed).max()),
        "rises": int((np.diff(slopes, axis=1) > 4e-7 * peak).sum()),
        "flat_from": float(flat.min()) if len(flat) else None, "gone_from": float(gone.min()) if len(gone) else None,
        "blown": blown, "linear": share(plain, "linear", 1.0),
        "z": shown.tolist(), "slope": (slope(function, shown) / peak).tolist(),
    }  # fmt: skip


def _inputs(net, x: np.ndarray) -> list[np.ndarray]:
    """What goes into each hidden activation, bottom first."""
    import keras

    from experiments.claims.nets import scaled

    layers = [layer for layer in net.model.layers if layer.name.endswith("_activation")]
    inside = keras.Model(net.model.inputs, [layer.input for layer in layers])
    return [each.numpy() for each in inside(scaled(x), training=False)]


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    before = evidence.array("before")
    compared = {}
    for rate, after in n["after"].items():
        for layer in range(DEPTH):
            compared[f"rate {rate}, layer {layer + 1}"] = compare(
                np.array(after, float)[:, layer], before[:, layer], LEAST, "growth of the saturated share"
            )
    settings = [Setting(name, each.verdict, each.effect) for name, each in compared.items()]
    tails = n["above"] <= 1 and n["rises"] == 0
    return Finding(
        verdict=overall(settings) if tails else "fails",
        effect=max((each.effect for each in compared.values()), key=lambda effect: effect.value),
        positive=Control(min(n["blown"]) > 0.5,
                         f"with kernels {evidence.lab.part('blown up'):g} times as large {min(n['blown']):.0%} and "
                         "more of each layer is saturated"),
        negative=Control(max(n["linear"]) == 0, f"of a trained linear net {max(n['linear']):.0%} is saturated"),
        settings=tuple(settings),
        power=least_power(list(compared.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n, name = evidence.numbers, evidence.lab.part("activation")
    flat = "nowhere" if n["flat_from"] is None else f"from |z| = {n['flat_from']:.3g} on"
    gone = "" if n["gone_from"] is None else f" and is exactly 0 in float32 from {n['gone_from']:.3g} on"
    first = ", ".join(f"{share:.1%}" for share in evidence.array("before").mean(axis=0))
    rows = [f"{', '.join(f'{share:.1%}' for share in np.array(after).mean(axis=0))} at a learning rate of {rate} (test "
            f"accuracy {n['score'][rate]:.3f})" for rate, after in n["after"].items()]  # fmt: skip
    best = max(finding.settings, key=lambda setting: setting.effect.value)
    return (
        f"The slope of {name} is under {FLAT:.0%} of its peak {flat}{gone}. Of all pairs of a unit and an example, "
        f"that flat part held, from the bottom layer to the top, {first} at the start, and after {n['epochs']} epochs "
        f"{'; '.join(rows)}. The largest growth, at {best.name}, was {best.effect.words()}."
    )


def draw(evidence: Evidence, finding: Finding):
    n, name = evidence.numbers, evidence.lab.part("activation")
    flat = {} if n["flat_from"] is None else {"flat": n["flat_from"]}
    curve = charts.Panel([charts.Line(name, n["z"], n["slope"], points=False)], "input z", "slope / largest slope",
                         "Flat tails", across={f"{FLAT:g}": FLAT}, down=flat)  # fmt: skip
    layers = np.arange(1, DEPTH + 1)
    drawn = [charts.of_seeds("at the start", layers, evidence.array("before"))]
    drawn += [charts.of_seeds(f"trained, rate {rate}", layers, np.array(after)) for rate, after in n["after"].items()]
    inside = charts.Panel(drawn, "hidden layer, 1 at the bottom", "saturated share of unit-example pairs",
                          "Who stands there, before and after training", across={f"+{LEAST:g}": LEAST})  # fmt: skip
    count = len(n["before"])
    figure = charts.lines(f"{name} saturates in its tails: how much of a net is there?",
                        f"{evidence.where}, {count} seeds; {DEPTH} x {WIDTH} units, adam, {n['epochs']} epochs",
                        [curve, inside],
                        note=f"Saturated: slope under {FLAT:.0%} of the largest. Bands: 95 % interval over seeds."
                        )  # fmt: skip
    figure.axes[1].set_xticks(layers)
    return figure


def _claim(name: str, decay: float) -> Claim:
    return Claim(
        id=f"{name}-saturates",
        kind="I M",
        statement=f"{name} saturates: its slope goes to 0 in the tails, and training drives units there.",
        prediction=f"The slope falls like e^(-{decay:g}|z|), and the saturated share of a layer grows in training.",
        rule=f"fails if a slope by autodiff, for |z| up to {WIDE:g}, is above 4 x peak x e^(-{decay:g}|z|) or rises "
        f"outward, by more than rounding. Else by hidden layer and learning rate ({', '.join(f'{r:g}' for r in RATES)})"
        f": supported if the 95 % interval, over seeds, of the growth of the saturated share (slope under {FLAT:g} of "
        f"the peak) is above 0 and its mean at least {LEAST:g}; refuted if the interval is below {LEAST:g}; else "
        "undecided. depends if the settings disagree.",
        positive="kernels 50 times as large saturate more than half of every layer",
        negative="a trained linear net has no saturated unit",
        limits=f"{DEPTH} hidden layers of {WIDTH} units with Glorot kernels, adam, and few epochs: larger kernels, "
        "larger rates or longer training saturate more.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"activation": name, "decay": decay, "blown up": 50.0},
        source="Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural networks",
    )


CLAIMS = (_claim("sigmoid", 1.0), _claim("tanh", 2.0))
