"""metric-is-not-loss: accuracy has no gradient to train by, and the two can part ways in one run."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import compare, least_power, overall, share

DIRECTIONS, EXAMPLES = 200, 1000
STEPS = (1e-6, 1e-4, 1e-2)
"""Length of a step, relative to the weights."""
SMALL = STEPS[0]
FLAT = 0.95
"""Share of small steps that must leave the accuracy where it is."""
EPOCHS = 30
WORSE = 0.1
"""By how much the validation loss must rise over its lowest, as a share of it."""
KEPT = 0.002
"""How much validation accuracy may be lost meanwhile."""
SHARPER = 5.0


def probe(lab: Lab) -> dict[str, Any]:
    from experiments import models
    from experiments.training.compiled import CompiledTrainer
    from experiments.training.setup import prepare

    data = lab.load("mnist-5k")
    run = Arm(epochs=EPOCHS, tuned=False).cell(data, 1).template
    trainer = CompiledTrainer(prepare(run, data))
    found: dict[str, Any] = {"loss": [], "accuracy": [], "seen": len(data.validation)}
    for seed in range(lab.seeds):
        trainer.reset(
            lab.part("rate"), models.initial_weights(trainer.model, trainer.setup.built, run.initialiser, seed)
        )
        rows = []
        for epoch in range(1, EPOCHS + 1):
            trainer.epoch(seed, epoch)
            loss, hits = trainer.evaluate("validation")
            rows.append((loss, hits / len(data.validation)))
            if epoch == 1 and seed == 0:
                found |= _directions(lab, trainer, data.train)
        found["loss"].append([loss for loss, _ in rows])
        found["accuracy"].append([accuracy for _, accuracy in rows])
    # The same answers said five times as firmly: accuracy cannot tell the difference, the loss must.
    before = trainer.evaluate("validation")
    for variable in trainer.model.layers[-1].weights:
        variable.assign(SHARPER * variable)
    after = trainer.evaluate("validation")
    return found | {"sharper": {"loss": [before[0], after[0]], "right": [before[1], after[1]]}}


def _directions(lab: Lab, trainer, part) -> dict[str, Any]:
    """In how many random directions a step changes what is measured on 1,000 examples, by the length of the step."""
    from experiments.claims.nets import scaled

    rng = lab.rng(3)
    x, y = scaled(part.x[:EXAMPLES]), part.y[:EXAMPLES]
    start = trainer.weights()
    metric = lab.part("metric")
    at = _measure(trainer, x, y)
    moved: dict[str, list[int]] = {name: [0] * len(STEPS) for name in (metric, "loss")}
    for _ in range(DIRECTIONS):
        direction = [rng.standard_normal(w.shape).astype(np.float32) for w in start]
        for number, step in enumerate(STEPS):
            length = step * np.sqrt(sum((w**2).sum() for w in start) / sum((d**2).sum() for d in direction))
            trainer.set_weights([w + length * d for w, d in zip(start, direction, strict=True)])
            now = _measure(trainer, x, y)
            for name in moved:
                moved[name][number] += now[name] != at[name]
    trainer.set_weights(start)
    return {"moved": {"metric": moved[metric], "loss": moved["loss"]}}


def _measure(trainer, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    from scipy.special import log_softmax

    z = trainer.model(x, training=False).numpy().astype(float)
    picked = log_softmax(z, axis=1)[np.arange(len(y)), y]
    return {"accuracy": float((z.argmax(axis=1) == y).mean()), "loss": -float(picked.mean())}


def parted(evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """For each seed, from the epoch of the lowest validation loss to the last: relative rise of the loss, and change
    of the accuracy."""
    loss, accuracy = evidence.array("loss"), evidence.array("accuracy")
    rows, best = np.arange(len(loss)), loss.argmin(axis=1)
    return loss[:, -1] / loss[rows, best] - 1, accuracy[:, -1] - accuracy[rows, best]


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    metric, loss = n["moved"]["metric"], n["moved"]["loss"]
    still = share(DIRECTIONS - metric[0], DIRECTIONS, f"share of steps of {SMALL:g} that leave the metric")
    flat = "supported" if still.value >= FLAT else "refuted"
    rise, change = parted(evidence)
    zeros = np.zeros(len(rise))
    worse = compare(rise, zeros, WORSE, "relative rise of the validation loss over its lowest")
    kept = compare(change + 2 * KEPT, zeros, KEPT, "change of validation accuracy meanwhile")
    what, value, low, high, _ = kept.effect
    low, high = (None if end is None else end - 2 * KEPT for end in (low, high))
    effect = Effect(what, value - 2 * KEPT, low, high)
    settings = (
        Setting("the metric is flat", flat, still),
        Setting("the loss worsens in a run", worse.verdict, worse.effect),
        Setting("while accuracy does not", kept.verdict, effect),
    )
    sharper = n["sharper"]
    return Finding(
        verdict=overall(settings),
        effect=worse.effect,
        positive=Control(
            sharper["right"][0] == sharper["right"][1] and sharper["loss"][0] != sharper["loss"][1],
            f"with all scores times {SHARPER:g} the right answers are {sharper['right'][0]:g} and "
            f"{sharper['right'][1]:g}, the loss {sharper['loss'][0]:.3f} and {sharper['loss'][1]:.3f}",
        ),
        negative=Control(loss[-1] == DIRECTIONS and loss[0] >= FLAT * DIRECTIONS,
                         f"the loss changes in {loss[0]} of {DIRECTIONS} directions at the same step"),
        settings=settings,
        power=least_power([worse, kept]),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    rise, change = (setting.effect for setting in finding.settings[1:])
    best = evidence.array("loss").argmin(axis=1) + 1
    counts = [f"{m} of {DIRECTIONS} steps of {step:g} changed it ({loss} the loss)"
              for step, m, loss in zip(STEPS, n["moved"]["metric"], n["moved"]["loss"], strict=True)]  # fmt: skip
    return (
        f"{evidence.lab.part('metric').capitalize()} on {EXAMPLES:,} examples, in random directions from the weights: "
        f"{'; '.join(counts)}. In training, the validation loss was lowest after {best.mean():.1f} epochs on average; "
        f"after {EPOCHS} it had risen by {100 * rise.value:.0f} % ({100 * (rise.low or 0):.0f} to "
        f"{100 * (rise.high or 0):.0f}) of that, and validation accuracy had changed by "
        f"{100 * change.value:+.2f} points ({100 * (change.low or 0):+.2f} to {100 * (change.high or 0):+.2f})."
    )


def draw(evidence: Evidence, finding: Finding):
    epochs = np.arange(1, EPOCHS + 1)
    n = evidence.numbers
    shares = {each: np.array(n["moved"][key]) / DIRECTIONS for each, key in (("loss", "loss"), ("accuracy", "metric"))}
    panels = [
        charts.Panel([charts.of_seeds("loss", epochs, evidence.array("loss"), points=False)], "epoch",
                     "validation loss", "What is trained"),
        charts.Panel([charts.of_seeds("accuracy", epochs, evidence.array("accuracy"), points=False)], "epoch",
                     "validation accuracy", "What is judged"),
        charts.Panel([charts.Line(each, STEPS, values) for each, values in shares.items()],
                     "length of a random step / length of the weights", "share of directions with a change",
                     "Is there a slope?", logx=True, limits=(-0.03, 1.05)),
    ]  # fmt: skip
    where = f"{', '.join(evidence.data)}, {len(n['loss'])} seeds; adam, rate {evidence.lab.part('rate'):g}"
    return charts.lines("The metric is not the loss", where, panels,
                        note="Bands: 95 % interval of the mean over seeds.")  # fmt: skip


CLAIMS = (
    Claim(
        id="metric-is-not-loss",
        kind="I M",
        statement="The loss is what trains and the metric what judges: accuracy has no gradient, and it can improve "
        "while the loss worsens.",
        prediction="Small steps leave accuracy as it is; late in training the validation loss rises and accuracy does "
        "not fall.",
        rule=f"flat: supported if at least {FLAT:.0%} of {DIRECTIONS} random steps of {SMALL:g} of the weights' length "
        f"leave the metric on {EXAMPLES:,} examples exactly as it is. Parting: supported if the interval of the rise "
        f"of the validation loss, from its lowest to epoch {EPOCHS}, is above 0 and the mean at least {WORSE:.0%}; "
        f"refuted if the interval is below that. Accuracy: supported if the interval of its change meanwhile is above "
        f"-{2 * KEPT:g} and the mean at least -{KEPT:g}; refuted if the interval is below -{KEPT:g}. Else undecided; "
        "depends if they disagree.",
        positive=f"{SHARPER:g} times the scores change the loss and no answer",
        negative="the loss does change in those directions",
        limits=f"One net at a rate above the default, for {EPOCHS} epochs; with early stopping the two part less.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"rate": 0.003, "metric": "accuracy"},
    ),
)
