"""step-is-one-update: one mini-batch, one update; N/B updates make an epoch."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding
from experiments.claims.lab import Lab
from experiments.claims.rules import identity

EXAMPLES = 600
SIZES = (1, 4, 7, 32, 64, 128, 200, 300, 600)
DIVIDED = 4
"""Batches that make one update where gradients are accumulated."""
CLOSE = 1e-4
"""Largest relative difference of the weights from a replay in float64."""
RATE = 0.1
FEW = 64
"""From this batch size on an epoch has so few updates that each of them shows."""


def probe(lab: Lab) -> dict[str, Any]:
    """Updates of an epoch, counted where the weights change, and the weights at its end against a replay."""
    from experiments.claims.nets import Net, scaled

    data = lab.load("mnist-5k")
    x, y = data.train.x[:EXAMPLES], data.train.y[:EXAMPLES]
    flat = np.array(scaled(x), float).reshape(len(x), -1)
    net = Net(data.input_shape, data.outputs, depth=0)
    accumulated = {"gradient_accumulation_steps": DIVIDED}
    own = dict(accumulated) if lab.part("accumulated") else {}
    found: dict[str, Any] = {"examples": len(x), "updates": {}, "batches": {}, "seen": {}, "away": {}, "short": {}}
    for size in SIZES:
        net.reset(0)
        start = [np.array(v.numpy(), float) for v in net.model.trainable_variables]
        count = changes(net, x, y, size, own)
        found["batches"][f"{size}"], found["updates"][f"{size}"] = count
        end = [v.numpy() for v in net.model.trainable_variables]
        order, replay = replayed(flat, y, start, size, count[0])
        found["seen"][f"{size}"] = [int((order == times).sum()) for times in (0, 1)]
        found["away"][f"{size}"] = apart(end, replay, start)
        found["short"][f"{size}"] = apart(end, replayed(flat, y, start, size, count[0] - 1)[1], start)
    net.reset(0)
    found["divided"] = {f"{size}": changes(net, x, y, size, accumulated)[1] for size in (4, 7, 32)}
    return found


def changes(net, x: np.ndarray, y: np.ndarray, size: int, constants: dict[str, Any]) -> tuple[int, int]:
    """Batches fed in an epoch, and how often the weights changed."""
    kernel = net.kernels[0]
    before, changed, fed = kernel.numpy(), 0, 0

    def look(made: int) -> None:
        nonlocal before, changed, fed
        now, fed = kernel.numpy(), made
        changed += bool((now != before).any())
        before = now

    for _ in net.train(x, y, "sgd", RATE, batch_size=size, epochs=1, constants=constants, each=look):
        pass
    return fed, changed


def replayed(x: np.ndarray, y: np.ndarray, start: list[np.ndarray], size: int, updates: int):
    """How often each example was used, and the weights after so many updates of softmax regression in float64."""
    from experiments.training.order import batches

    kernel, bias = (each.copy() for each in start)
    used = np.zeros(len(x), int)
    for index in batches(0, 1, len(x), size)[:updates]:
        used[index] += 1
        z = x[index] @ kernel + bias
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(index)), y[index]] -= 1
        kernel -= RATE * x[index].T @ p / len(index)
        bias -= RATE * p.mean(axis=0)
    return used, [kernel, bias]


def apart(end: list[np.ndarray], replay: list[np.ndarray], start: list[np.ndarray]) -> float:
    """Distance of two ends, as a share of the way from the start."""
    way = np.sqrt(sum(np.sum((a - b) ** 2) for a, b in zip(end, start, strict=True)))
    gap = np.sqrt(sum(np.sum((a - b) ** 2) for a, b in zip(end, replay, strict=True)))
    return float(gap / max(way, 1e-30))


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    total = n["examples"]
    off = [abs(n["updates"][f"{size}"] - total // size) for size in SIZES]
    once = all(n["seen"][f"{size}"] == [total % size, total - total % size] for size in SIZES)
    away = max(n["away"].values())
    rare, short = n["divided"], min(n["short"][f"{size}"] for size in SIZES if size >= FEW)
    return Finding(
        verdict=identity(max(off) == 0 and once and away <= CLOSE),
        effect=Effect("largest difference of the updates of an epoch from N/B, rounded down", max(off), unit="updates"),
        positive=Control(n["batches"][f"{SIZES[-1]}"] == 1 and short > 10 * CLOSE,
                         f"all {SIZES[-1]} examples are {n['batches'][f'{SIZES[-1]}']} batch; from batches of {FEW} "
                         f"on, a replay with one update fewer ends at least {short:.1%} of the way off"),
        negative=Control(all(count < total // int(size) for size, count in rare.items()),
                         f"with gradients accumulated over {DIVIDED} batches, batches of 4 change the weights "
                         f"{rare['4']} times instead of {total // 4}"),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    some = ", ".join(f"{n['updates'][f'{size}']} with batches of {size}" for size in (1, 7, 64, 600))
    return (
        f"In an epoch over {n['examples']} examples the weights changed as often as this: {some}. The weights at its "
        f"end are those of a replay in float64 with one update a batch, to {max(n['away'].values()):.1e} of the way "
        f"that they went. Where the batch does not divide the examples, the rest is left out of that epoch: "
        f"{n['seen']['7'][0]} of {n['examples']} with batches of 7, {n['seen']['64'][0]} with 64. With gradients "
        f"accumulated over {DIVIDED} batches, batches of 4 gave {n['divided']['4']} updates."
    )


def draw(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    sizes = [int(size) for size in n["divided"]]
    counted = charts.Line("counted in an epoch", SIZES, [n["updates"][f"{size}"] for size in SIZES], line=False)
    law = charts.Line("N / B", SIZES, [n["examples"] / size for size in SIZES], points=False)
    rare = charts.Line(f"gradients of {DIVIDED} batches accumulated", sizes, list(n["divided"].values()), line=False)
    panel = charts.Panel([counted, law, rare], "batch size B", "changes of the weights in an epoch",
                         logx=True, logy=True)  # fmt: skip
    return charts.lines("How often the weights change in an epoch",
                        f"{evidence.where}; the first {n['examples']}, softmax regression", [panel],
                        size=(4.0, 2.8))  # fmt: skip


CLAIMS = (
    Claim(
        id="step-is-one-update",
        kind="I",
        statement="A step is one update of the weights from one mini-batch; an epoch over N examples in batches of B "
        "has N/B steps.",
        prediction="Counted where the weights change, an epoch has N/B updates, rounded down, and each uses B examples "
        "that no other uses.",
        rule=f"holds if for batches of {', '.join(map(str, SIZES))} out of {EXAMPLES} the weights change exactly "
        "N/B times, rounded down, no example is used twice, N mod B are left out, and the weights at the end are "
        f"within {CLOSE:g} of the way from those of a float64 replay with one update a batch.",
        positive=f"all examples are one batch, and from batches of {FEW} on a replay with one update fewer ends "
        f"elsewhere",
        negative=f"with gradients accumulated over {DIVIDED} batches there are fewer updates than batches",
        limits="Where B does not divide N, this library leaves the rest out of the epoch; others make one smaller "
        "batch of it, and have one update more.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"accumulated": False},
    ),
)
