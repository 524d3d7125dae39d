"""same-sign-gradients: what inputs that are all positive do to the gradient of a unit's weights."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import compare, least_power, overall, ratio

WIDTH, EXAMPLES = 64, 1000
BATCHES = (1, 4, 16, 64, 256)
JUDGED = (1, 64)
"""Batch sizes that the verdict rests on: where the argument is exact, and what is usual."""
MORE = 0.5
"""Smallest surplus of one-signed units that counts, as a share of all units."""
LONGER = 1.2
"""Smallest factor by which the path must be longer to count as zigzag."""
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
PASSES = 3
SHIFT = 1e4
"""Added to every input, it must give all weights of a unit one sign whatever the batch."""


def probe(lab: Lab) -> dict[str, Any]:
    """A softmax layer above random sigmoid units: fed with their outputs, or with these less their mean."""
    from experiments.claims.nets import Net

    data = lab.load("mnist-5k")
    x, y = data.train.x[:EXAMPLES], data.train.y[:EXAMPLES]
    net = Net(x.shape[1:], data.outputs, data.task, activation="sigmoid", depth=1, width=WIDTH)
    targets = np.eye(data.outputs)[y]
    signs: dict[str, list] = {"positive": [], "centred": [], "shifted": []}
    walks: dict[str, dict[str, list]] = {"positive": {}, "centred": {}}
    for seed in range(lab.seeds):
        net.reset(seed)
        h = net.outputs(x)[0].astype(float)
        centre = h.mean(axis=0)
        inputs = {"positive": h - (centre if lab.part("positive") == "centred" else 0.0), "centred": h - centre,
                  "shifted": h + SHIFT}  # fmt: skip
        # The same errors for all: with a bias, inputs that are moved serve the same outputs.
        error = _softmax(h @ (0.1 * lab.rng(seed, 1).standard_normal((WIDTH, data.outputs)))) - targets
        for name, fed in inputs.items():
            signs[name].append([_one_signed(fed, error, batch, lab.rng(seed, 2)) for batch in BATCHES])
        for name in walks:
            for batch in BATCHES:
                path = _walk(inputs[name], targets, batch, lab.rng(seed, 3))
                walks[name].setdefault(str(batch), []).append(path)
    return {"signs": signs, "walks": walks, "least": float(h.min())}


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _one_signed(h: np.ndarray, error: np.ndarray, batch: int, rng: np.random.Generator) -> float:
    """Share of units, over 100 batches, for which the gradient by every one of their weights has the same sign."""
    found = []
    for _ in range(100):
        rows = rng.choice(len(h), batch, replace=False)
        gradient = h[rows].T @ error[rows]
        found.append(np.mean(np.abs(np.sign(gradient).sum(axis=0)) == len(gradient)))
    return float(np.mean(found))


def _walk(h: np.ndarray, targets: np.ndarray, batch: int, rng: np.random.Generator) -> list[float]:
    """Plain SGD from 0, all rates side by side, each with a bias.

    Returns:
        length of the weights' path over their displacement, loss and rate, at the rate with the lowest final loss.
    """
    rates = np.array(RATES)[:, None, None]
    w = np.zeros((len(RATES), h.shape[1], targets.shape[1]))
    b = np.zeros((len(RATES), 1, targets.shape[1]))
    length = np.zeros(len(RATES))
    for _ in range(PASSES):
        order = rng.permutation(len(h))
        for first in range(0, len(h), batch):
            rows = order[first : first + batch]
            error = (_softmax(h[rows] @ w + b) - targets[rows]) / len(rows)
            step = -rates * (h[rows].T @ error)
            w, b = w + step, b - rates * error.sum(axis=1, keepdims=True)
            length += np.linalg.norm(step, axis=(1, 2))
    p = (_softmax(h @ w + b) * targets).sum(axis=-1)
    loss = -np.log(np.maximum(p, 1e-12)).mean(axis=1)
    best = int(loss.argmin())
    return [float(length[best] / np.linalg.norm(w[best])), float(loss[best]), RATES[best]]


def shares(evidence: Evidence, name: str) -> np.ndarray:
    """[seed, batch size] share of one-signed units."""
    return np.array(evidence.numbers["signs"][name])


def walk(evidence: Evidence, name: str, batch: int) -> np.ndarray:
    """[seed, 3] path over displacement, loss, rate."""
    return np.array(evidence.numbers["walks"][name][str(batch)])


def judge(evidence: Evidence) -> Finding:
    positive, centred = shares(evidence, "positive"), shares(evidence, "centred")
    found = {}
    for batch in JUDGED:
        at = BATCHES.index(batch)
        found[f"one sign, batch {batch}"] = compare(positive[:, at], centred[:, at], MORE,
                                                    "surplus of one-signed units")  # fmt: skip
    for batch in JUDGED:
        lengths = [walk(evidence, name, batch)[:, 0] for name in ("positive", "centred")]
        found[f"zigzag, batch {batch}"] = ratio(lengths[0], lengths[1], LONGER, "path, positive over centred inputs")
    settings = tuple(Setting(name, each.verdict, each.effect) for name, each in found.items())
    shifted, alone = shares(evidence, "shifted").min(), centred[:, 0].max()
    return Finding(
        verdict=overall(settings),
        effect=settings[0].effect,
        positive=Control(bool(shifted > 0.99), f"inputs moved by {SHIFT:g} make {shifted:.3g} of the units one-signed "
                         "in every batch size"),
        negative=Control(bool(alone < 0.01), f"of single centred examples {alone:.2g} of the units are"),
        settings=settings,
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    positive, centred = (shares(evidence, name).mean(axis=0) for name in ("positive", "centred"))
    rows = ", ".join(f"{a:.3g} against {b:.3g} in batches of {batch}"
                     for a, b, batch in zip(positive, centred, BATCHES, strict=True))  # fmt: skip
    paths = "; ".join(f"batch {batch}: {walk(evidence, 'positive', batch)[:, 0].mean():.3g} against "
                      f"{walk(evidence, 'centred', batch)[:, 0].mean():.3g} (loss "
                      f"{walk(evidence, 'positive', batch)[:, 1].mean():.3f} against "
                      f"{walk(evidence, 'centred', batch)[:, 1].mean():.3f})" for batch in JUDGED)  # fmt: skip
    return (
        f"Share of units whose weights all get a gradient of one sign, with positive and with centred inputs: {rows}. "
        f"Length of the path over the distance it led, each at its best rate, after {PASSES} passes: {paths}."
    )


def draw(evidence: Evidence, finding: Finding):
    names = {"positive": "positive inputs", "centred": "centred inputs"}
    one_sign = charts.Panel([charts.of_seeds(label, BATCHES, shares(evidence, name)) for name, label in names.items()],
                            "batch size", "share of one-signed units", "Do a unit's weights pull alike?",
                            logx=True)  # fmt: skip
    lengths = {name: np.stack([walk(evidence, name, batch) for batch in BATCHES], axis=1) for name in names}
    zigzag = charts.Panel([charts.of_seeds(label, BATCHES, lengths[name][:, :, 0]) for name, label in names.items()],
                          "batch size", "path length / displacement", "Is the path a detour?", logx=True,
                          across={"straight": 1.0})  # fmt: skip
    reached = charts.Panel([charts.of_seeds(label, BATCHES, lengths[name][:, :, 1]) for name, label in names.items()],
                           "batch size", "training loss (nats)", f"Where {PASSES} passes led", logx=True)  # fmt: skip
    return charts.lines("What inputs that are all positive do to the gradients of a unit",
                        f"{evidence.where}; {evidence.lab.seeds} seeds; softmax layer above {WIDTH} sigmoid units, "
                        "best rates", [one_sign, zigzag, reached], size=(2.7, 2.5),
                        note="Centred: the same inputs less their mean, so the same functions can be learned. "
                        "Bands: 95 % interval of the mean over seeds.")  # fmt: skip


CLAIMS = (
    Claim(
        id="same-sign-gradients",
        kind="M",
        statement="If all inputs of a unit are positive, the gradients by its weights share one sign, and so the path "
        "of the weights zigzags.",
        prediction="Units above sigmoid outputs are one-signed and go a longer way than with the inputs' mean removed.",
        rule=f"For batches of {JUDGED[0]} and {JUDGED[1]}: one sign is supported if the interval of the surplus of "
        f"one-signed units over centred inputs is above 0 and its mean at least {MORE:g}, refuted if it is below "
        f"{MORE:g}; zigzag is supported if the interval of the quotient of the paths' length over displacement is "
        f"above 1 and its mean at least {LONGER:g}, refuted if it is below {LONGER:g}; else "
        "undecided. depends if they differ.",
        positive=f"inputs moved by {SHIFT:g} make all units one-signed in every batch size",
        negative="single centred examples make none",
        limits="One layer above fixed sigmoid units, plain SGD. For one example the shared sign is exact algebra; in a "
        "batch the examples' errors have both signs and the sum need not share one.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"positive": "positive"},
        source="LeCun et al. (1998), Efficient BackProp, section 4.3",
    ),
)
