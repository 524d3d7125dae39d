"""adam-faster-than-sgd, adam-generalises-worse: what Adam gains on the way, and what it may lose at the end."""

import numpy as np

from experiments.claims import charts
from experiments.claims.activations.common import BOUNDED, TARGET, epochs_in_words, pace
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence, Trained
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, compare, least_power, overall

EPOCHS = 10
LEAST = 1.2
"""Smallest factor that counts, in epochs to the target."""
SAME = 1e-5
"""Largest difference of training losses, in nats, between two names of one rule."""
LONG = 20
"""Epochs where the end of training is judged."""
LEAST_ACCURACY = 0.005
"""Smallest difference of accuracies that counts."""
CRAWL = 1e-5


# --- faster ---------------------------------------------------------------------------------------------------------


def racers(lab: Lab) -> dict[str, Arm]:
    fast, slow = lab.part("fast"), lab.part("slow")
    both = list(dict.fromkeys((fast, slow)))
    return (
        {f"{name}, tuned rate": Arm(optimizer=name, epochs=EPOCHS) for name in both}
        | {f"{name}, default rate": Arm(optimizer=name, epochs=EPOCHS, tuned=False) for name in both}
        | {
            "crawl": Arm(optimizer="adam", epochs=EPOCHS, learning_rate=CRAWL, tuned=False),
            "plain": Arm(optimizer="sgd", epochs=EPOCHS, tuned=False),
            "plain again": Arm(
                optimizer="momentum", optimizer_args={"momentum": lab.part("twin_beta")}, epochs=EPOCHS, tuned=False
            ),
        }
    )


def race(evidence: Evidence, rates: str) -> Compared:
    fast, slow = evidence.lab.part("fast"), evidence.lab.part("slow")
    return pace(evidence[f"{slow}, {rates} rate"], evidence[f"{fast}, {rates} rate"], LEAST,
                f"epochs to a training loss of {TARGET:g}, {slow} over {fast}, {rates} rates")  # fmt: skip


def judge_race(evidence: Evidence) -> Finding:
    found = {rates: race(evidence, rates) for rates in ("default", "tuned")}
    crawl = evidence["crawl"].curve("train_loss")[:, -1]
    apart = float(np.abs(evidence["plain"].curve("train_loss") - evidence["plain again"].curve("train_loss")).max())
    settings = tuple(Setting(f"{rates} rates", each.verdict, each.effect) for rates, each in found.items())
    return Finding(
        verdict=overall(settings),
        effect=found["tuned"].effect,
        positive=Control(bool((crawl > TARGET).all()),
                         f"at a rate of {CRAWL:g} adam ends at a training loss of {crawl.mean():.3g}"),
        negative=Control(apart <= SAME, f"momentum with beta = 0, which is sgd, differs by {apart:.2g} in its losses"),
        settings=settings,
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell_race(evidence: Evidence, finding: Finding) -> str:
    words = []
    for rates, setting in zip(("default", "tuned"), finding.settings, strict=True):
        each = [f"{name} {epochs_in_words(evidence[label])} (rate {evidence[label].learning_rate:g})"
                for name in (evidence.lab.part("fast"), evidence.lab.part("slow"))
                for label in [f"{name}, {rates} rate"]]  # fmt: skip
        words.append(f"At {rates} rates, the mean epochs to a training loss of {TARGET:g} were {' and '.join(each)}: "
                     f"a factor of {setting.effect.words()}.")  # fmt: skip
    return " ".join([*words, "A net that does not get there counts as one epoch more than it was given."])


def draw_race(evidence: Evidence, finding: Finding):
    names = list(dict.fromkeys((evidence.lab.part("fast"), evidence.lab.part("slow"))))
    panels = [
        charts.Panel([charts.of_seeds(name, np.arange(1, EPOCHS + 1),
                                      evidence[f"{name}, {rates} rate"].curve("train_loss")) for name in names],
                     "epoch", "training loss (nats)", title=f"{rates} rates", logy=True, across={"target": TARGET})
        for rates in ("default", "tuned")
    ]  # fmt: skip
    return charts.lines("How fast Adam and plain SGD learn", evidence.where, panels,
                        note="Bands: 95 % interval of the mean over seeds.")  # fmt: skip


# --- generalises ----------------------------------------------------------------------------------------------------


def finishers(lab: Lab) -> dict[str, Arm]:
    width, last = lab.part("bottleneck")
    beta = lab.part("twin_beta")
    return {
        name: Arm(optimizer=name, epochs=LONG) for name in dict.fromkeys((lab.part("adaptive"), lab.part("rival")))
    } | {
        "bottleneck": Arm(optimizer="momentum", epochs=LONG, model_args={"width": width, "last": last}, tuned=False),
        "plain": Arm(optimizer="momentum", optimizer_args={"momentum": 0.0}, epochs=LONG, tuned=False),
        "plain again": Arm(optimizer="nag", optimizer_args={"momentum": beta}, epochs=LONG, tuned=False),
    }


def at_equal_loss(one: Trained, other: Trained) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Validation accuracies of both, by seed, where their training losses are equal: at the lowest that both reach.

    Between two epochs the accuracy is interpolated over the logarithm of the loss. Third: those losses.
    """
    losses = [np.maximum(each.curve("train_loss"), 1e-12) for each in (one, other)]
    level = np.max([np.min(np.where(np.isnan(loss), np.inf, loss), axis=1) for loss in losses], axis=0)
    found = [np.array([_reached(loss, metric, goal) for loss, metric, goal in zip(table, each.curve(), level,
                                                                                  strict=True)])
             for table, each in zip(losses, (one, other), strict=True)]  # fmt: skip
    return found[0], found[1], level


def _reached(loss: np.ndarray, metric: np.ndarray, level: float) -> float:
    """The metric where the loss first is at the level; NaN where that is never."""
    there = np.flatnonzero(loss <= level)
    if not len(there) or not np.isfinite(level):
        return float("nan")
    k = int(there[0])
    if k == 0 or loss[k] == loss[k - 1]:
        return float(metric[k])
    share = np.log(loss[k - 1] / level) / np.log(loss[k - 1] / loss[k])
    return float((1 - share) * metric[k - 1] + share * metric[k])


def judge_end(evidence: Evidence) -> Finding:
    adaptive, rival = evidence.lab.part("adaptive"), evidence.lab.part("rival")
    better, worse = evidence[rival], evidence[adaptive]
    even = at_equal_loss(better, worse)
    found = {
        "validation accuracy at equal training loss": compare(
            even[0], even[1], LEAST_ACCURACY, f"accuracy that {adaptive} is below {rival} at equal training loss"
        ),
        "test accuracy after the same epochs": compare(
            better.scores(), worse.scores(), LEAST_ACCURACY, f"test accuracy that {adaptive} is below {rival}"
        ),
    }
    settings = tuple(Setting(name, each.verdict, each.effect) for name, each in found.items())
    narrow = compare(better.scores(), evidence["bottleneck"].scores(), LEAST_ACCURACY, "")
    twins = evidence["plain"].scores() - evidence["plain again"].scores()
    return Finding(
        verdict=overall(settings),
        effect=settings[0].effect,
        positive=Control(narrow.verdict == "supported",
                         f"a net that is narrowed to {evidence.lab.part('bottleneck')[1]} units is "
                         f"{narrow.effect.words()} below"),
        negative=Control(abs(float(twins.mean())) < LEAST_ACCURACY,
                         f"momentum and nag at beta = 0, the same rule, differ by {twins.mean():.2g}"),
        settings=settings,
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell_end(evidence: Evidence, finding: Finding) -> str:
    adaptive, rival = evidence.lab.part("adaptive"), evidence.lab.part("rival")
    level = at_equal_loss(evidence[rival], evidence[adaptive])[2]
    even, end = finding.settings
    scores = [f"{name} {np.nanmean(evidence[name].scores()):.4f}" for name in (rival, adaptive)]
    return (
        f"Where the training losses of {rival} and {adaptive} are equal (on average {np.mean(level):.3g}, the lowest "
        f"that both reach in {LONG} epochs), the validation accuracy of {rival} minus that of {adaptive} is "
        f"{even.effect.words()}. On the test part, with the weights of the best epoch, they score "
        f"{' and '.join(scores)}: a difference of {end.effect.words()}. Differences from {LEAST_ACCURACY:g} on count."
    )


def draw_end(evidence: Evidence, finding: Finding):
    adaptive, rival = evidence.lab.part("adaptive"), evidence.lab.part("rival")
    names = list(dict.fromkeys((rival, adaptive)))
    ways = [charts.Line(name, np.nanmean(evidence[name].curve("train_loss"), axis=0),
                        np.nanmean(evidence[name].curve(), axis=0)) for name in names]  # fmt: skip
    epochs = np.arange(1, LONG + 1)
    panels = [
        charts.Panel([charts.of_seeds(name, epochs, evidence[name].curve("train_loss"), points=False)
                      for name in names], "epoch", "training loss", logy=True, title="On the training part"),
        charts.Panel(ways, "training loss", "validation accuracy", logx=True,
                     title="On examples not trained on, at equal loss"),
    ]  # fmt: skip
    return charts.lines("What a training loss is worth with each optimizer", f"{evidence.where}; tuned rates",
                          panels, note="Right: mean over seeds, a marker an epoch, training goes from right to left; "
                          "the higher curve generalises better. Band: 95 % interval.")  # fmt: skip


CLAIMS = (
    Claim(
        id="adam-faster-than-sgd",
        kind="T",
        statement="Adam converges sooner than SGD.",
        prediction="Adam reaches the target in fewer epochs, at the default rates and at tuned rates.",
        rule=f"at default and at tuned rates: supported if the interval of the epochs of SGD over those of Adam, to a "
        f"training loss of {TARGET:g}, is above 1 and the mean factor at least {LEAST:g}; refuted if the interval is "
        f"below {LEAST:g}; else undecided; {BOUNDED}. depends if the two disagree.",
        positive=f"adam at a rate of {CRAWL:g} does not get there",
        negative=f"momentum with beta = 0, which is sgd, has its training losses, to {SAME:g}",
        limits=f"A shallow net on small images, {EPOCHS} epochs, SGD without momentum and with a constant rate; the "
        "training loss alone, not what is learned.",
        judge=judge_race,
        tell=tell_race,
        draw=draw_race,
        arms=racers,
        parts={"fast": "adam", "slow": "sgd", "twin_beta": 0.0},
        source="Kingma and Ba (2015), Adam: A Method for Stochastic Optimization",
    ),
    Claim(
        id="adam-generalises-worse",
        kind="T",
        statement="Adam ends at a worse test accuracy than SGD with momentum, at equal training loss.",
        prediction="Each at its tuned rate, the accuracy on examples not trained on is lower with Adam, both where "
        "the training losses are equal and at the end.",
        rule=f"in either setting: supported if the interval of the accuracy lost is above 0 and its mean at least "
        f"{LEAST_ACCURACY:g}; refuted if the interval is below {LEAST_ACCURACY:g}; else undecided. depends if the "
        "two disagree. Equal training loss: the lowest that both runs of a seed reach; accuracy interpolated "
        "between epochs.",
        positive="a net narrowed to a few units has a worse test accuracy",
        negative=f"momentum and nag at beta = 0, the same rule, differ by less than {LEAST_ACCURACY:g}",
        limits=f"A small net without regularisation or falling rates, {LONG} epochs. At equal loss the validation "
        "part is scored, since the test part is read only once; the rates were tuned on it, for both alike.",
        judge=judge_end,
        tell=tell_end,
        draw=draw_end,
        arms=finishers,
        parts={"adaptive": "adam", "rival": "momentum", "bottleneck": (4, 2), "twin_beta": 0.0},
        source="Wilson et al. (2017), The Marginal Value of Adaptive Gradient Methods in Machine Learning",
    ),
)
