"""activation-ranking: ReLU's family, tanh, sigmoid, in this order? And what always taking ReLU costs."""

from typing import Any

import numpy as np
from scipy.stats import rankdata

from experiments.claims import charts
from experiments.claims.activations.common import denied, points
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, compare, least_power, mean, overall

BLOCKS: dict[str, dict[str, Any]] = {
    "mlp": {"dataset": "mnist", "model": "mlp", "epochs": 5, "batch_size": 128},
    "cnn": {"dataset": "cifar10-4k", "model": "cnn-slim", "epochs": 4, "batch_size": 32},
}
"""As in the plan ``default``, so that the runs of its sweep are reused."""
LEAST = 0.5
"""Smallest difference of test accuracy that counts, in percentage points, between places of the ranking."""
REGRET = 1.0
"""Smallest loss of test accuracy that counts, in percentage points, by always taking the favourite."""
LINE = "linear"


def arms(lab: Lab) -> dict[str, Arm]:
    rates = dict.fromkeys(family(lab), lab.part("rate"))
    found = {f"{name}, {block}": Arm(activation=name, learning_rate=rates.get(name),
                                     tuned=rates.get(name) is None, **given)
             for block, given in BLOCKS.items() for name in candidates(lab)}  # fmt: skip
    return found | {LINE: Arm(activation="linear", tuned=False, **BLOCKS["mlp"])}


def family(lab: Lab) -> list[str]:
    return [*lab.part("family"), *lab.pick((), lab.part("more"))]


def candidates(lab: Lab) -> list[str]:
    return list(dict.fromkeys([*family(lab), lab.part("middle"), lab.part("last")]))


def name_of(evidence: Evidence, block: str) -> str:
    run = evidence[f"{evidence.lab.part('middle')}, {block}"].runs[0]
    return f"{run.dataset}, {run.model}"


def compared(evidence: Evidence, block: str) -> dict[str, Compared]:
    lab = evidence.lab
    scores = {name: points(evidence[f"{name}, {block}"]) for name in candidates(lab)}
    kin = np.mean([scores[name] for name in family(lab)], axis=0)
    best = max(scores, key=lambda name: evidence[f"{name}, {block}"].scores("validation_metric").mean())
    favourite, where = lab.part("favourite"), name_of(evidence, block)
    return {
        "family first": compare(kin, scores[lab.part("middle")], LEAST,
                                f"test accuracy of the ReLU family above {lab.part('middle')}, {where}", "points"),
        "last": compare(scores[lab.part("middle")], scores[lab.part("last")], LEAST,
                        f"test accuracy of {lab.part('middle')} above {lab.part('last')}, {where}", "points"),
        "favourite": denied(compare(scores[best], scores[favourite], REGRET,
                                    f"regret of {favourite} against {best}, {where}", "points")),
    }  # fmt: skip


def ranks(evidence: Evidence, block: str) -> dict[str, np.ndarray]:
    """[seed] rank of each activation, 1 the best, ties shared."""
    names = candidates(evidence.lab)
    table = rankdata([-points(evidence[f"{name}, {block}"]) for name in names], axis=0)
    return dict(zip(names, table, strict=True))


def judge(evidence: Evidence) -> Finding:
    found = {f"{question}, {name_of(evidence, block)}": each
             for block in BLOCKS for question, each in compared(evidence, block).items()}  # fmt: skip
    settings = [Setting(name, each.verdict, each.effect) for name, each in found.items()]
    names = candidates(evidence.lab)
    everyone = np.array([points(evidence[f"{name}, mlp"]) for name in names])
    bent = compare(np.max(everyone, axis=0), points(evidence[LINE]), LEAST, "", "points")
    # Names dealt round, one place further with each seed: what is left of an order then is chance.
    dealt = np.stack([np.roll(everyone[:, seed], seed) for seed in range(everyone.shape[1])], axis=1)
    shuffled = compare(dealt[0], dealt[-1], LEAST, "", "points")
    return Finding(
        verdict=overall(settings),
        effect=compared(evidence, "mlp")["family first"].effect,
        positive=Control(bent.verdict == "supported",
                         f"a linear net is behind the best by {bent.effect.words()} ({name_of(evidence, 'mlp')})"),
        negative=Control(shuffled.verdict != "supported",
                         f"with the names dealt round, first and last differ by {shuffled.effect.words()}"),
        settings=tuple(settings),
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    rows = []
    for block in BLOCKS:
        placed = sorted(ranks(evidence, block).items(), key=lambda item: item[1].mean())
        words = ", ".join(f"{name} {mean(rank, '').words()}" for name, rank in placed)
        regret = compared(evidence, block)["favourite"].effect
        rows.append(f"On {name_of(evidence, block)} the mean ranks over seeds were {words}; {regret.what}: "
                    f"{regret.words()}.")  # fmt: skip
    return " ".join(rows)


def draw(evidence: Evidence, finding: Finding):
    panels = {f"test accuracy (%): {name_of(evidence, block)}": {
                  name: points(evidence[f"{name}, {block}"]) for name in candidates(evidence.lab)}
              for block in BLOCKS}  # fmt: skip
    return charts.seeds("Activations in the order of the textbooks", f"{evidence.where}; adam, tuned rates", panels)


CLAIMS = (
    Claim(
        id="activation-ranking",
        kind="T",
        statement="Use ReLU first: the ReLU family does best, tanh is behind it, and sigmoid comes last.",
        prediction="The order shows on both data sets, and the best activation gains little over ReLU.",
        rule=f"on each data set: the family's mean test accuracy against tanh, and tanh against sigmoid: supported if "
        f"the interval of the difference is above 0 and the mean at least {LEAST:g} points, refuted if the interval is "
        f"below {LEAST:g}; ReLU first: supported if the interval of the accuracy that ReLU loses to the activation "
        f"with the best mean validation accuracy is below {REGRET:g}, refuted if it is above 0 and the mean at least "
        f"{REGRET:g}; else undecided. depends if some are supported and others refuted.",
        positive="a linear net is behind the best",
        negative="with the names dealt round over the seeds no order is left",
        limits="A few epochs, a shallow dense net and a small convolutional one, adam. Ranks say which is ahead, not "
        "by how much.",
        judge=judge,
        tell=tell,
        draw=draw,
        arms=arms,
        parts={"family": ("relu", "elu"), "more": ("leaky_relu", "prelu"), "middle": "tanh",
               "last": "sigmoid", "favourite": "relu", "rate": None},
    ),
)  # fmt: skip
