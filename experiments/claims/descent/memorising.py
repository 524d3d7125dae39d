"""training-drives-error-to-zero: repeated backpropagation memorises a few hundred examples, even with wrong labels."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import below, least_power, overall

DATA = "mnist-500"
EPOCHS = 100
NEAR = 0.01
"""An error share below this is near 0."""
STUCK = 0.5
"""Without updates at least this share stays wrong."""
SHUFFLED = "shuffled labels"


def arms(lab: Lab) -> dict[str, Arm]:
    still = Arm(dataset=DATA, optimizer="adam", epochs=EPOCHS, learning_rate=lab.part("control_rate"), tuned=False)
    return {name: Arm(dataset=DATA, optimizer=name, epochs=EPOCHS) for name in lab.part("optimizers")} | {
        "still": still
    }


def probe(lab: Lab) -> dict[str, Any]:
    """Adam on the same examples with labels that mean nothing, and on one example of each class."""
    from experiments.claims.nets import Net

    data = lab.load(DATA)
    train = data.train
    net = Net(data.input_shape, data.outputs, data.task, width=128)
    found: dict[str, Any] = {"examples": len(train), "losses": [], "errors": [], "few": []}
    first = np.unique(train.y, return_index=True)[1]
    for seed in range(lab.seeds):
        net.reset(seed)
        y = lab.rng(seed).permutation(train.y)
        passes = net.train(train.x, y, "adam", lab.part("shuffled_rate"), batch_size=64, epochs=EPOCHS, seed=seed)
        found["losses"].append([loss for _, loss in passes])
        found["errors"].append(1 - net.score(train.x, y))
        net.reset(seed)
        for _ in net.train(train.x[first], train.y[first], "adam", 0.001, batch_size=64, epochs=EPOCHS, seed=seed):
            pass
        found["few"].append(1 - net.score(train.x[first], train.y[first]))
    return found


def errors(evidence: Evidence, label: str) -> np.ndarray:
    """[seed] share of training examples wrong in the last epoch; a run that diverged has learned nothing."""
    if label == SHUFFLED:
        return evidence.array("errors")
    return 1 - np.nan_to_num(evidence[label].curve("train_metric")[:, -1])


def judge(evidence: Evidence) -> Finding:
    labels = [*evidence.lab.part("optimizers"), SHUFFLED]
    found = {label: below(errors(evidence, label), NEAR, f"training error, {label}") for label in labels}
    settings = tuple(Setting(label, each.verdict, each.effect) for label, each in found.items())
    still, few = errors(evidence, "still"), evidence.array("few")
    return Finding(
        verdict=overall(settings),
        effect=max((each.effect for each in found.values()), key=lambda effect: effect.value),
        positive=Control(bool((few < NEAR).all()), f"of one example of each class {few.max():.0%} stay wrong at most"),
        negative=Control(bool((still > STUCK).all()), f"with a rate of {evidence.lab.part('control_rate'):g} at least "
                         f"{still.min():.0%} stay wrong"),
        settings=settings,
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    words = [f"{setting.effect.words()} with {setting.name}" for setting in finding.settings]
    return (
        f"After {EPOCHS} passes over {evidence.numbers['examples']:,} examples the share that the net still gets wrong "
        f"is {', '.join(words)}. With a learning rate of {evidence.lab.part('control_rate'):g} it is "
        f"{errors(evidence, 'still').mean():.2f}. The shuffled labels have nothing to do with the images, so a low "
        "error there is memory alone."
    )


def draw(evidence: Evidence, finding: Finding):
    epochs = np.arange(1, EPOCHS + 1)
    named = {name: evidence[name].curve("train_loss") for name in evidence.lab.part("optimizers")}
    named["adam, shuffled labels"] = evidence.array("losses")
    named["adam, no updates"] = evidence["still"].curve("train_loss")
    lines = [charts.of_seeds(label, epochs, table, points=False) for label, table in named.items()]
    final = {label: 100 * errors(evidence, arm) for label, arm in
             zip(named, [*evidence.lab.part("optimizers"), SHUFFLED, "still"], strict=True)}  # fmt: skip
    share = [charts.of_seeds(label, epochs, 100 * (1 - evidence[arm].curve("train_metric")), points=False)
             for label, arm in zip(final, [*evidence.lab.part("optimizers"), None, "still"], strict=True)
             if arm]  # fmt: skip
    panels = [charts.Panel(lines, "epoch", "training loss", logy=True, title="Loss"),
              charts.Panel(share, "epoch", "wrong on the training part, %", title="Error",
                           across={"near 0": 100 * NEAR})]  # fmt: skip
    return charts.lines("Training until nothing is left to learn", evidence.where, panels,
                        note="Bands: 95 % interval of the mean over seeds. Shuffled labels: loss only, rate "
                        f"{evidence.lab.part('shuffled_rate'):g}.")  # fmt: skip


CLAIMS = (
    Claim(
        id="training-drives-error-to-zero",
        kind="T",
        statement="Repeated backpropagation brings the training error near zero.",
        prediction=f"After {EPOCHS} passes over a few hundred examples a net gets almost all of them right, whichever "
        "optimizer, and even if the labels are shuffled.",
        rule=f"for each setting: supported if the 95 % interval of the mean training error is below {NEAR:g}, refuted "
        "if it is above, else undecided; depends if the settings disagree.",
        positive="one example of each class is learned without an error",
        negative=f"with a rate of 0 more than {STUCK:.0%} stay wrong",
        limits="A net with far more weights than examples. How many passes it takes depends on rate and optimizer; "
        "rates are tuned for validation accuracy, not for the training error. It says nothing about new examples.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        arms=arms,
        parts={"optimizers": ("adam", "sgd"), "control_rate": 0.0, "shuffled_rate": 0.001},
        source="Zhang et al. (2017), Understanding deep learning requires rethinking generalization",
    ),
)
