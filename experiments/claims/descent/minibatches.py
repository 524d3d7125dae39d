"""minibatch-faster, minibatches-reach-batch: small batches against the whole training part."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import below, least_power, overall, ratio

EPOCHS = 40
FACTOR = 1.5
"""Smallest factor that counts, in epochs and in seconds to the target."""
MARGIN = 0.02
"""Losses that differ by less, in nats, count as equal."""
UPDATES = 5000
FEATURES = 50
BATCH = 10
DECAY = 1e-2
"""L2 penalty of the convex problem."""
MINI = "sgd, mini-batches"
WHOLE = "batch_gd"


def arms(lab: Lab) -> dict[str, Arm]:
    optimizer, size = lab.part("mini")
    return {
        WHOLE: Arm(optimizer="batch_gd", epochs=EPOCHS),
        MINI: Arm(optimizer=optimizer, batch_size=size, epochs=EPOCHS),
    }


def racers(lab: Lab) -> dict[str, Arm]:
    return arms(lab) | {
        "crawl": Arm(optimizer="batch_gd", epochs=EPOCHS, learning_rate=1e-5, tuned=False),
        "one": Arm(optimizer="batch_gd", epochs=EPOCHS, learning_rate=0.1, tuned=False),
        "same": Arm(optimizer="sgd", batch_size=0, epochs=EPOCHS, learning_rate=0.1, tuned=False),
    }


# --- faster ---------------------------------------------------------------------------------------------------------


def target(evidence: Evidence) -> float:
    """The validation accuracy that the slower of the two ends with, on average."""
    return float(min(np.nanmean(evidence[name].curve()[:, -1]) for name in (WHOLE, MINI)))


def seconds(evidence: Evidence, name: str) -> np.ndarray:
    """[seed] to the target: epochs times the arm's median seconds an epoch."""
    each = float(np.nanmedian(evidence[name].curve("seconds")))
    return evidence[name].epochs_to(target(evidence)) * each


def judge_faster(evidence: Evidence) -> Finding:
    goal = target(evidence)
    whole, mini = (evidence[name].epochs_to(goal) for name in (WHOLE, MINI))
    found = {
        "epochs": ratio(whole, mini, FACTOR, f"epochs to {goal:.3f} of the full batch over those of mini-batches"),
        "seconds": ratio(seconds(evidence, WHOLE), seconds(evidence, MINI), FACTOR,
                         f"seconds to {goal:.3f} of the full batch over those of mini-batches"),
    }  # fmt: skip
    settings = tuple(Setting(f"equal {name}", each.verdict, each.effect) for name, each in found.items())
    crawl = evidence["crawl"].epochs_to(goal)
    end = float(evidence["one"].curve()[:, -1].mean())
    one, same = (evidence[name].epochs_to(end) for name in ("one", "same"))
    return Finding(
        verdict=overall(settings),
        effect=settings[1].effect,
        positive=Control(bool((crawl > EPOCHS).all()),
                         f"at a rate of 1e-5 the full batch needs {crawl.mean():.0f} epochs, where {EPOCHS} were "
                         "trained"),
        negative=Control(bool(np.max(one / same) < FACTOR) and bool(np.max(same / one) < FACTOR),
                         f"sgd with a batch of everything needs {np.mean(same / one):.2f} times the epochs of batch_gd "
                         "at the same rate"),
        settings=settings,
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell_faster(evidence: Evidence, finding: Finding) -> str:
    goal = target(evidence)
    words = [f"{label} {np.mean(evidence[name].epochs_to(goal)):.1f} epochs and "
             f"{np.mean(seconds(evidence, name)):.3g} s (rate {evidence[name].learning_rate:g})" for label, name in
             (("the full batch", WHOLE), (f"batches of {evidence.lab.part('mini')[1]}", MINI))]  # fmt: skip
    return (
        f"To a validation accuracy of {goal:.3f}, each at its tuned rate, {' and '.join(words)}: factors of "
        f"{finding.settings[0].effect.words()} in epochs and {finding.settings[1].effect.words()} in seconds. "
        "An epoch is one update for the full batch; seconds are those of the training updates alone."
    )


def draw_faster(evidence: Evidence, finding: Finding):
    epochs, panels = np.arange(1, EPOCHS + 1), []
    for axis in ("epochs", "seconds"):
        drawn = []
        for name in (WHOLE, MINI):
            scale = 1.0 if axis == "epochs" else float(np.nanmedian(evidence[name].curve("seconds")))
            drawn.append(charts.of_seeds(name, epochs * scale, evidence[name].curve(), points=False))
        panels.append(charts.Panel(drawn, "epoch" if axis == "epochs" else "seconds of training", "validation accuracy",
                                   title=f"Equal {axis}", across={"target": target(evidence)},
                                   logx=axis == "seconds"))  # fmt: skip
    return charts.lines("Small batches against the full batch", f"{evidence.where}; tuned rates, batch "
                        f"{evidence.lab.part('mini')[1]}", panels,
                        note="Bands: 95 % interval of the mean over seeds.")  # fmt: skip


# --- reach ----------------------------------------------------------------------------------------------------------


def probe(lab: Lab) -> dict[str, Any]:
    """Softmax regression with a penalty, a convex problem, from the full batch and from mini-batches."""
    x, y = _problem(lab)
    step = 1 / (np.linalg.eigvalsh(x.T @ x / len(x)).max() / 2 + DECAY)
    shown = np.unique(np.geomspace(1, UPDATES, 40).astype(int))
    blind = round(lab.part("blind") * len(x))
    found: dict[str, Any] = {"updates": shown.tolist(), "rate": step, "examples": len(x)}
    ways = {
        "constant": (BATCH, len(x), lambda _: step),
        "falling": (BATCH, len(x), lambda t: step / (1 + 50 * t / UPDATES)),
        "everything": (len(x), len(x), lambda _: step),
        "blind": (min(BATCH, blind), blind, lambda t: step / (1 + 50 * t / UPDATES)),
    }
    found["whole"] = _walk(x, y, np.arange(len(x))[None], lambda _: step, shown)
    for name, (size, of, rate) in ways.items():
        runs = 1 if name == "everything" else lab.seeds
        found[name] = [_walk(x, y, _order(lab, seed, size, of), rate, shown) for seed in range(runs)]
    return found


def _problem(lab: Lab) -> tuple[np.ndarray, np.ndarray]:
    """The first principal components of a few hundred images, and a 1, scaled to a mean square of 1; labels."""
    data = lab.load("mnist-500")
    x = data.train.x.reshape(len(data.train), -1).astype(float)
    x = x - x.mean(axis=0)
    left, sizes, _ = np.linalg.svd(x, full_matrices=False)
    x = (left * sizes)[:, :FEATURES]
    x = np.hstack([x / np.sqrt(np.mean(np.sum(x**2, axis=1)) / FEATURES), np.ones((len(x), 1))])
    return x, np.eye(data.outputs)[data.train.y]


def _order(lab: Lab, seed: int, size: int, of: int) -> np.ndarray:
    """[update, batch] rows, a fresh permutation of the first ``of`` examples each epoch."""
    rng = lab.rng(seed, 7)
    passes = -(-UPDATES * size // (of // size * size)) if size < of else 50
    rows = [rng.permutation(of)[: of // size * size].reshape(-1, size) for _ in range(passes)]
    return np.concatenate(rows)


def _walk(x: np.ndarray, y: np.ndarray, order: np.ndarray, rate, shown: np.ndarray) -> list[float]:
    """Loss on everything after the updates that are shown."""
    w, losses = np.zeros((x.shape[1], y.shape[1])), []
    there = set(shown.tolist())
    for t in range(1, UPDATES + 1):
        rows = order[(t - 1) % len(order)]
        w = w - rate(t) * (x[rows].T @ (_softmax(x[rows] @ w) - y[rows]) / len(rows) + DECAY * w)
        if t in there:
            chances = np.maximum(np.sum(_softmax(x @ w) * y, axis=1), 1e-300)
            losses.append(float(-np.log(chances).mean() + 0.5 * DECAY * np.sum(w**2)))
    return losses


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def excess(evidence: Evidence, name: str) -> np.ndarray:
    """[seed] final loss above that of the full batch."""
    return evidence.array(name)[:, -1] - evidence.array("whole")[-1]


def judge_reach(evidence: Evidence) -> Finding:
    net = evidence[MINI].curve("train_loss")[:, -1] - evidence[WHOLE].curve("train_loss")[:, -1]
    what = "training loss above that of the full batch"
    found = {
        f"a net, {EPOCHS} passes each": below(net, MARGIN, what, "nats"),
        "convex, equal updates, constant rate": below(excess(evidence, "constant"), MARGIN, what, "nats"),
        "convex, equal updates, falling rate": below(excess(evidence, "falling"), MARGIN, what, "nats"),
    }
    settings = tuple(Setting(name, each.verdict, each.effect) for name, each in found.items())
    everything, blind = excess(evidence, "everything"), below(excess(evidence, "blind"), MARGIN, what, "nats")
    return Finding(
        verdict=overall(settings),
        effect=settings[-1].effect,
        positive=Control(bool(np.max(np.abs(everything)) < MARGIN),
                         f"a mini-batch of everything ends {np.max(np.abs(everything)):.1g} nats from the full batch"),
        negative=Control(blind.verdict == "refuted", f"mini-batches from {evidence.lab.part('blind'):.0%} of the "
                         f"examples end {blind.effect.words()} above"),
        settings=settings,
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell_reach(evidence: Evidence, finding: Finding) -> str:
    net, constant, falling = (setting.effect.words() for setting in finding.settings)
    passes = UPDATES * BATCH // evidence.numbers["examples"]
    return (
        f"After {EPOCHS} passes over the training part the loss of a net trained with mini-batches, less that of the "
        f"full batch, is {net}. On a convex problem after {UPDATES:,} updates, which are {UPDATES:,} passes for the "
        f"full batch and about {passes:,} for batches of {BATCH}, the difference is {constant} with a constant rate "
        f"and {falling} with one that falls. Differences under {MARGIN:g} nats count as none."
    )


def draw_reach(evidence: Evidence, finding: Finding):
    epochs = np.arange(1, EPOCHS + 1)
    net = [charts.of_seeds(label, epochs, evidence[name].curve("train_loss"), points=False)
           for name, label in ((WHOLE, WHOLE), (MINI, "sgd, constant rate"))]  # fmt: skip
    n = evidence.numbers
    convex = [charts.Line(WHOLE, n["updates"], n["whole"], points=False)]
    convex += [charts.of_seeds(label, n["updates"], evidence.array(name), points=False) for label, name in
               (("sgd, constant rate", "constant"), ("sgd, falling rate", "falling"),
                (f"{evidence.lab.part('blind'):.0%} of the data", "blind"))]  # fmt: skip
    panels = [charts.Panel(net, "epoch", "training loss", title="A net, equal passes", logy=True),
              charts.Panel(convex, "update", "loss on everything", title="Convex, equal updates", logx=True,
                           logy=True)]  # fmt: skip
    return charts.lines("Do mini-batches reach what the full batch reaches?", evidence.where, panels,
                        note=f"Right: softmax regression on {FEATURES} principal components of {n['examples']:,} "
                        "images. Bands: 95 % interval of the mean over seeds.")  # fmt: skip


CLAIMS = (
    Claim(
        id="minibatch-faster",
        kind="T",
        statement="Mini-batches reach the target sooner than the full batch.",
        prediction="Each at its tuned rate, in fewer passes over the data and in fewer seconds.",
        rule=f"in epochs and in seconds: supported if the interval of the factor is above 1 and its mean at least "
        f"{FACTOR:g}; refuted if the interval is below {FACTOR:g}; else undecided. depends if the two disagree. "
        "The target is what the slower of the two ends with.",
        positive="the full batch at a rate of 1e-5 does not get there",
        negative=f"sgd whose batch is everything needs the epochs of batch_gd, within a factor of {FACTOR:g}",
        limits="One core and a small net, where the full batch gains nothing from parallel hardware. Seconds are "
        "read while other training may run beside; the median epoch counts.",
        judge=judge_faster,
        tell=tell_faster,
        draw=draw_faster,
        arms=racers,
        parts={"mini": ("sgd", 64)},
        source="Bottou, Curtis and Nocedal (2018), Optimization Methods for Large-Scale Machine Learning",
    ),
    Claim(
        id="minibatches-reach-batch",
        kind="T",
        statement="With enough updates, mini-batches reach what the full batch reaches.",
        prediction="The training loss ends no higher: for a net after equal passes, for a convex problem after equal "
        "updates, when the full batch has converged.",
        rule=f"in each setting: supported if the 95 % interval of the loss above that of the full batch lies below "
        f"{MARGIN:g} nats, refuted if it lies above, else undecided; depends if the settings disagree.",
        positive="a mini-batch that holds everything ends where the full batch does",
        negative="mini-batches from a part of the examples do not get there",
        limits="Training loss, not the score on new examples. The convex problem is small enough for the full batch to "
        "converge; the net's is not: there the full batch has made one update a pass.",
        judge=judge_reach,
        tell=tell_reach,
        draw=draw_reach,
        probe=probe,
        arms=arms,
        parts={"mini": ("sgd", 64), "blind": 0.1},
        source="Robbins and Monro (1951), A Stochastic Approximation Method",
    ),
)
