"""huber-resists-outliers: the losses of a regression with 0 to 30 % of its targets spoiled, scored on clean data.

The rate is fixed and the last weights count. Tuning and the best epoch go by R² on the validation part, whose
targets are spoiled as well: that measure follows the outliers, and would choose for every loss what suits MSE.
"""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import compare, least_power, overall

DATA: dict[str, dict[str, Any]] = {
    "noisy_line": {"model_args": {"depth": 0}, "epochs": 60},
    "diabetes": {"model_args": {"depth": 1, "width": 16}, "epochs": 100},
}
"""A straight line is linear regression; for the patients there is a small hidden layer."""
SHARES = (0, 10, 20, 30)
"""Percent of the training and validation targets that are outliers."""
RATE, BATCH = 0.01, 32
LEAST = 0.05
"""Smallest gain of R² that counts."""
SPOILED = 0.1
"""What 30 % of outliers must cost MSE, in R², for the experiment to say anything."""
SCORE = "last_test_metric"


def _set(data: str, share: int) -> str:
    return f"{data}+outliers{share}" if share else data


def arms(lab: Lab) -> dict[str, Arm]:
    made = {}
    for data, setting in DATA.items():
        options: dict[str, Any] = {"optimizer": "adam", "learning_rate": RATE, "batch_size": BATCH, "tuned": False}
        for share in SHARES:
            for loss in (lab.part("plain"), *lab.part("robust")):
                made[f"{loss}, {_set(data, share)}"] = Arm(dataset=_set(data, share), loss=loss, **setting, **options)
    return made


def scores(evidence: Evidence, loss: str, data: str, share: int) -> np.ndarray:
    """``[seed]`` R² on the clean test part."""
    return evidence[f"{loss}, {_set(data, share)}"].scores(SCORE)


def judge(evidence: Evidence) -> Finding:
    plain, robust = evidence.lab.part("plain"), evidence.lab.part("robust")
    found = {
        f"{loss}, {data}, {share} %": compare(scores(evidence, loss, data, share), scores(evidence, plain, data, share),
                                             LEAST, f"test R² above {plain}")
        for data in DATA for share in SHARES if share for loss in robust
    }  # fmt: skip
    settings = [Setting(name, each.verdict, each.effect) for name, each in found.items()]
    harm = min(
        float((scores(evidence, plain, data, 0) - scores(evidence, plain, data, SHARES[-1])).mean()) for data in DATA
    )
    clean = max(
        abs(float((scores(evidence, loss, data, 0) - scores(evidence, plain, data, 0)).mean()))
        for data in DATA
        for loss in robust
    )
    return Finding(
        verdict=overall(settings),
        effect=min((each.effect for each in found.values()), key=lambda effect: effect.value),
        positive=Control(harm >= SPOILED, f"{SHARES[-1]} % of outliers cost {plain} at least {harm:.2f} of R²"),
        negative=Control(clean < LEAST, f"without outliers the losses differ by at most {clean:.3f} of R²"),
        settings=tuple(settings),
        power=least_power(list(found.values())),
    )


def tell(evidence: Evidence, finding: Finding) -> str:
    losses = (evidence.lab.part("plain"), *evidence.lab.part("robust"))
    rows = []
    for data in DATA:
        each = [
            f"{loss} {', '.join(f'{scores(evidence, loss, data, share).mean():.2f}' for share in SHARES)}"
            for loss in dict.fromkeys(losses)
        ]
        rows.append(f"{data}: {'; '.join(each)}")
    return (
        f"Mean R² on clean test data with {', '.join(map(str, SHARES))} % of the training targets spoiled. "
        f"{'. '.join(rows)}. The smallest gain over {evidence.lab.part('plain')} was {finding.effect.words()}."
    )


def draw(evidence: Evidence, finding: Finding):
    losses = dict.fromkeys((evidence.lab.part("plain"), *evidence.lab.part("robust")))
    panels = []
    for data in DATA:
        drawn = [
            charts.of_seeds(loss.replace("_", " "), SHARES,
                            np.stack([scores(evidence, loss, data, share) for share in SHARES], axis=1))
            for loss in losses
        ]  # fmt: skip
        panels.append(charts.Panel(drawn, "spoiled training targets (%)", "R² on clean test data",
                                   data.replace("_", " "), across={"": 0.0}))  # fmt: skip
    count = len(next(iter(evidence.trained.values())).runs)
    where = f"{count} seeds; adam, rate {RATE:g}"
    note = (
        "Dashed: what a constant scores, the mean of the test targets. Outliers lie 5 to 15 deviations above the mean. "
        "Bands: 95 % interval of the mean over seeds."
    )
    return charts.lines("What outliers among the targets do to each loss", where, panels, note)


CLAIMS = (
    Claim(
        id="huber-resists-outliers",
        kind="T",
        statement="Huber and MAE suffer less from outliers among the targets than MSE.",
        prediction="With 10 to 30 % of the training targets spoiled, they explain more of clean test data.",
        rule=f"for each data set, share of outliers and loss: supported if the interval of the test R² above that of "
        f"MSE is above 0 and the mean at least {LEAST:g}; refuted if the interval is below {LEAST:g}; else undecided. "
        "depends if the settings disagree.",
        positive=f"{SHARES[-1]} % of outliers cost MSE at least {SPOILED:g} of R² on each data set",
        negative=f"without outliers no loss differs from MSE by {LEAST:g} of R²",
        limits="One draw of gross outliers on one side, delta 1, a fixed rate. Outliers on both sides harm MSE less.",
        judge=judge,
        tell=tell,
        draw=draw,
        arms=arms,
        parts={"plain": "mean_squared_error", "robust": ("huber", "mean_absolute_error")},
        source="Huber (1964), Robust estimation of a location parameter",
    ),
)
