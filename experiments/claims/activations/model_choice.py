"""model-choice-is-empirical: whether the best model of one data set is the best of another."""

from itertools import permutations

import numpy as np
from scipy.stats import kendalltau

from experiments.claims import charts
from experiments.claims.activations.common import DEEP, SMALL, points
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, compare, least_power, mean, overall

LEAST = 1.0
"""Smallest test accuracy lost that counts, in percentage points."""
APART = 0.2
"""Smallest drop of Kendall's tau that counts."""
MODELS = {"linear": ("linear", {}), "sigmoid": ("sigmoid", {}), "tanh": ("tanh", {}), "relu": ("relu", {}),
          "relu, 6 layers": ("relu", DEEP)}  # fmt: skip
BENT, FLAT = "spirals, relu", "spirals, linear"


def arms(lab: Lab) -> dict[str, Arm]:
    found = {f"{model} on {data}": Arm(dataset=data, activation=activation, model_args=size, **budget(data))
             for data in lab.part("datasets") for model, (activation, size) in MODELS.items()}  # fmt: skip
    spirals = {"dataset": "spirals", **SMALL}
    return found | {BENT: Arm(activation="relu", **spirals), FLAT: Arm(activation="linear", **spirals)}


def budget(data: str) -> dict:
    return {} if data.startswith("mnist") else SMALL


def tables(evidence: Evidence, what: str = "test_metric") -> dict[str, np.ndarray]:
    """Name of the data as it was -> [model, seed]; what stands in for two data sets counts once."""
    found = {}
    for data in reversed(evidence.lab.part("datasets")):
        trained = [evidence[f"{model} on {data}"] for model in MODELS]
        found[trained[0].runs[0].dataset] = np.array([points(each, what) for each in trained])
    return dict(reversed(found.items()))


def cost(evidence: Evidence) -> dict[tuple[str, str], np.ndarray]:
    """(from, to) -> [seed] test accuracy lost by taking the model that did best elsewhere, by validation."""
    test = tables(evidence)
    winner = {data: int(table.mean(axis=1).argmax()) for data, table in tables(evidence, "validation_metric").items()}
    return {(one, other): test[other][winner[other]] - test[other][winner[one]]
            for one, other in permutations(test, 2)}  # fmt: skip


def agreement(evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """[seed] mean Kendall's tau of the models' order: between data sets, and between a seed and the next of one."""
    test = tables(evidence)
    seeds = min(table.shape[1] for table in test.values())
    across = [[_tau(test[one][:, seed], test[other][:, seed]) for one, other in permutations(test, 2)]
              for seed in range(seeds)]  # fmt: skip
    within = [[_tau(table[:, seed], table[:, (seed + 1) % seeds]) for table in test.values()] for seed in range(seeds)]
    return np.mean(across, axis=1), np.mean(within, axis=1)


def _tau(one: np.ndarray, other: np.ndarray) -> float:
    """Kendall's tau; 0 where all are tied, and there is no order to agree with."""
    return float(np.nan_to_num(kendalltau(one, other).statistic))


def compared(evidence: Evidence) -> dict[str, Compared]:
    across, within = agreement(evidence)
    lost = np.mean(list(cost(evidence).values()), axis=0)
    return {
        "order": compare(within, across, APART, "Kendall's tau between seeds of one data set above that between sets"),
        "cost": compare(
            lost, np.zeros(len(lost)), LEAST, "test accuracy lost with the best model of another data set", "points"
        ),
    }


def judge(evidence: Evidence) -> Finding:
    found = compared(evidence)
    settings = [Setting(name, each.verdict, each.effect) for name, each in found.items()]
    straight = compare(points(evidence[BENT]), points(evidence[FLAT]), 10.0, "", "points")
    same = float(np.mean([_split(test, validation) for test, validation in
                          zip(tables(evidence).values(), tables(evidence, "validation_metric").values(),
                              strict=True)]))  # fmt: skip
    return Finding(
        verdict=overall(settings),
        effect=found["cost"].effect,
        positive=Control(straight.verdict == "supported",
                         f"a linear model taken over to the spirals loses {straight.effect.words()}"),
        negative=Control(abs(same) < LEAST,
                         f"taken over from other seeds of the same data set, the best model loses {same:.2f} points"),
        settings=tuple(settings),
        power=least_power(list(found.values())),
    )  # fmt: skip


def _split(test: np.ndarray, validation: np.ndarray) -> float:
    """Test accuracy that the winner of the odd seeds loses against that of the even ones."""
    even, odd = (int(validation[:, start::2].mean(axis=1).argmax()) for start in (0, 1))
    return float((test[even] - test[odd]).mean())


def tell(evidence: Evidence, finding: Finding) -> str:
    validation, names = tables(evidence, "validation_metric"), list(MODELS)
    best = ", ".join(f"{names[int(table.mean(axis=1).argmax())]} on {data}" for data, table in validation.items())
    across, within = agreement(evidence)
    lost = cost(evidence)
    by_target = ", ".join(f"{mean(np.mean([d for (_, to), d in lost.items() if to == data], axis=0), '').words()} on "
                          f"{data}" for data in validation)  # fmt: skip
    return (
        f"By validation the best of {len(MODELS)} models was: {best}. The order of the models agrees between data sets "
        f"with a Kendall's tau of {mean(across, '').words()}, and between seeds of one data set of "
        f"{mean(within, '').words()}. Taking the best model of another data set loses {finding.effect.words()} of test "
        f"accuracy on average over all pairs; by where it is taken to: {by_target}."
    )


def draw(evidence: Evidence, finding: Finding):
    from scipy.stats import rankdata

    test = tables(evidence)
    places = np.arange(len(test))
    placed = np.stack([rankdata(-table, axis=0).mean(axis=1) for table in test.values()])
    scores = np.stack([table.mean(axis=1) for table in test.values()])
    figure = charts.lines(
        "The order of models from one data set to the next", f"{evidence.where}; adam, tuned rates",
        [charts.Panel([charts.Line(model, places, placed[:, k]) for k, model in enumerate(MODELS)], "",
                      "mean rank (1 is best)", limits=(len(MODELS) + 0.3, 0.7)),
         charts.Panel([charts.Line(model, places, scores[:, k]) for k, model in enumerate(MODELS)], "",
                      "mean test accuracy (%)")],
        note="Lines only lead the eye from one data set to the next; where they cross, the order changes.",
        size=(3.4, 2.5))  # fmt: skip
    for axes in figure.axes[:2]:
        axes.set_xticks(places, [data.replace("_", "\n") for data in test])
        axes.set_xlim(-0.3, len(test) - 0.7)
    return figure


CLAIMS = (
    Claim(
        id="model-choice-is-empirical",
        kind="T",
        statement="Which model suits a task is found by trying: the best on one data set need not be so on another.",
        prediction="The order of models changes between data sets, and the best model of another one costs accuracy.",
        rule=f"order: supported if the interval of Kendall's tau between seeds of one data set less that between data "
        f"sets is above 0 and the mean at least {APART:g}, refuted if the interval is below {APART:g}; cost: the same "
        f"of the test accuracy lost with the best model (by validation) of another data set, mean over all pairs, with "
        f"{LEAST:g} points; else undecided. depends if one is supported and the other refuted.",
        positive="a linear model is far behind on the spirals",
        negative=f"the best model of other seeds of the same data set costs less than {LEAST:g} points",
        limits="Five dense nets on a handful of data sets that were picked to differ; among similar tasks more would "
        "carry over.",
        judge=judge,
        tell=tell,
        draw=draw,
        arms=arms,
        parts={"datasets": ("mnist-5k", "digits", "breast_cancer", "spirals")},
    ),
)
