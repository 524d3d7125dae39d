"""head-matches-task: the textbook's head and loss for a task, against others that could do it too."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import compare, least_power, overall

ACCURACY, R2, CALIBRATION = 0.01, 0.05, 0.02
"""Smallest effects of interest: test accuracy, test R², expected calibration error."""
HARM = 0.3
BINS = 10
SETS: dict[str, dict[str, Any]] = {
    "mnist-5k": {},
    "breast_cancer": {"batch_size": 32, "epochs": 20},
    "diabetes": {"batch_size": 32, "epochs": 30},
}
LINE: dict[str, Any] = {
    "dataset": "noisy_line", "batch_size": 32, "epochs": 30, "optimizer": "adam", "learning_rate": 0.01, "tuned": False,
}  # fmt: skip
TASKS = {"mnist-5k": "classes", "breast_cancer": "binary", "diabetes": "regression"}
Pair = tuple[str, str]


def name(pair: Pair) -> str:
    """``sigmoid + binary crossentropy``."""
    return f"{pair[0]} + {pair[1].removeprefix('sparse_').removeprefix('categorical_').replace('_', ' ')}"


def arms(lab: Lab) -> dict[str, Arm]:
    made = {}
    for data, options in SETS.items():
        for pair in (lab.part("right")[TASKS[data]], *lab.part("wrong")[TASKS[data]]):
            made[f"{data}: {name(pair)}"] = Arm(dataset=data, head=pair[0], loss=pair[1], **options)
    return made | {
        "line: linear": Arm(head="linear", loss="mean_squared_error", **LINE),
        "line: sigmoid": Arm(head="sigmoid", loss="mean_squared_error", **LINE),
        "line: huber": Arm(head="linear", loss="huber", **LINE),
    }


def probe(lab: Lab) -> dict[str, Any]:
    """Calibration: nets of the same kind, at the default rate, whose outputs are read as probabilities."""
    return {
        data: {name(pair): _calibration(lab, data, pair)
               for pair in dict.fromkeys(map(tuple, (lab.part("right")[TASKS[data]], *lab.part("wrong")[TASKS[data]])))}
        for data in ("mnist-5k", "breast_cancer")
    }  # fmt: skip


def _calibration(lab: Lab, name: str, pair: Pair) -> dict[str, Any]:
    from experiments import models
    from experiments.training.compiled import CompiledTrainer
    from experiments.training.setup import prepare

    data = lab.load(name)
    arm = Arm(dataset=name, head=pair[0], loss=pair[1], tuned=False, **SETS[name])
    run = arm.cell(data, 1).template
    trainer = CompiledTrainer(prepare(run, data))
    errors, tables = [], []
    for seed in range(lab.seeds):
        trainer.reset(
            run.learning_rate, models.initial_weights(trainer.model, trainer.setup.built, run.initialiser, seed)
        )
        for epoch in range(1, run.epochs + 1):
            trainer.epoch(seed, epoch)
        p = probabilities(trainer, data.test.x)
        confident, right = p.max(axis=1), p.argmax(axis=1) == data.test.y
        error, table = reliability(confident, right)
        errors.append(error)
        tables.append(table)
    return {"error": errors, "reliability": np.sum(tables, axis=0)}


def probabilities(trainer, x: np.ndarray) -> np.ndarray:
    """What a user would take the outputs for: probabilities, clipped to 0 to 1 and scaled to a sum of 1."""
    from scipy.special import expit, softmax

    from experiments.claims.nets import scaled

    head = trainer.setup.head
    out = trainer.model(scaled(x), training=False).numpy().astype(float)
    if head.from_logits:
        out = softmax(out, axis=1) if head.activation == "softmax" else expit(out)
    elif head.activation == "tanh":
        out = (out + 1) / 2
    out = np.clip(out, 1e-6, 1 - 1e-6)
    out = np.hstack([1 - out, out]) if head.task == "binary" else out
    return out / out.sum(axis=1, keepdims=True)


def reliability(confident: np.ndarray, right: np.ndarray) -> tuple[float, np.ndarray]:
    """Expected calibration error, and ``[bin, (count, sum of confidence, right answers)]``."""
    place = np.minimum((confident * BINS).astype(int), BINS - 1)
    table = np.array([[np.sum(place == b), confident[place == b].sum(), right[place == b].sum()] for b in range(BINS)])
    return float(np.abs(table[:, 1] - table[:, 2]).sum() / len(right)), table


def _pairs(evidence: Evidence, data: str) -> tuple[str, list[str]]:
    """The right pair and the others, by name."""
    right, wrong = (evidence.lab.part(part)[TASKS[data]] for part in ("right", "wrong"))
    return name(right), [name(pair) for pair in wrong]


def _shown(evidence: Evidence, data: str) -> str:
    """The data set that was trained on, which may stand in for another."""
    return evidence[f"{data}: {_pairs(evidence, data)[0]}"].runs[0].dataset


def judge(evidence: Evidence) -> Finding:
    found = {}
    for data in SETS:
        right, wrong = _pairs(evidence, data)
        shown = _shown(evidence, data)
        least, what = (R2, "R²") if TASKS[data] == "regression" else (ACCURACY, "accuracy")
        for other in wrong:
            found[f"{shown}, {what} against {other}"] = compare(
                evidence[f"{data}: {right}"].scores(), evidence[f"{data}: {other}"].scores(), least,
                f"test {what} above that of {other}")  # fmt: skip
            if data in evidence.numbers:
                worse, better = (np.array(evidence.numbers[data][each]["error"]) for each in (other, right))
                found[f"{shown}, calibration against {other}"] = compare(
                    worse, better, CALIBRATION, "calibration error less")  # fmt: skip
    settings = [Setting(label, each.verdict, each.effect) for label, each in found.items()]
    line = {each: evidence[f"line: {each}"].scores().mean() for each in ("linear", "sigmoid", "huber")}
    harm, same = line["linear"] - line["sigmoid"], abs(line["linear"] - line["huber"])
    return Finding(
        verdict=overall(settings),
        effect=settings[0].effect,
        positive=Control(bool(harm >= HARM), f"on a line a sigmoid loses {harm:.2f} of R²: it has no negative outputs"),
        negative=Control(bool(same < R2), f"on a line the same head with Huber differs by {same:.3f} of R²"),
        settings=tuple(settings),
        power=least_power(list(found.values())),
    )


def tell(evidence: Evidence, finding: Finding) -> str:
    rows = []
    for data in SETS:
        right, wrong = _pairs(evidence, data)
        each = []
        for pair in dict.fromkeys((right, *wrong)):
            error = f", calibration error {np.mean(evidence.numbers[data][pair]['error']):.3f}" \
                if data in evidence.numbers else ""  # fmt: skip
            each.append(f"{pair} {evidence[f'{data}: {pair}'].scores().mean():.3f}{error}")
        what = "R²" if TASKS[data] == "regression" else "accuracy"
        rows.append(f"{_shown(evidence, data)} (test {what}): {'; '.join(each)}")
    verdicts = [setting.verdict for setting in finding.settings]
    return (
        f"{'. '.join(rows)}. The matched head was better by an amount that matters in {verdicts.count('supported')} of "
        f"{len(verdicts)} comparisons; such a gain is excluded in {verdicts.count('refuted')}."
    )


def _label(pair: str) -> str:
    """With the loss first: a label that begins with an activation would have the colour of all others with it."""
    head, loss = pair.split(" + ")
    return f"{loss}, {head}"


def draw(evidence: Evidence, finding: Finding):
    panels = []
    for data in SETS:
        right, wrong = _pairs(evidence, data)
        tables = {pair: evidence[f"{data}: {pair}"].curve() for pair in dict.fromkeys((right, *wrong))}
        curves = [charts.of_seeds(_label(pair), np.arange(1, table.shape[1] + 1), table, points=False)
                  for pair, table in tables.items()]  # fmt: skip
        what = "R²" if TASKS[data] == "regression" else "accuracy"
        panels.append(
            charts.Panel(
                curves,
                "epoch",
                f"validation {what}",
                _shown(evidence, data),
                limits=(0.6, 1.02) if TASKS[data] == "binary" else None,
            )
        )
    for data, pairs in evidence.numbers.items():
        drawn = []
        for pair, measured in pairs.items():
            count, said, right_ = np.array(measured["reliability"]).T
            full = count >= 20
            drawn.append(charts.Line(_label(pair), said[full] / count[full], right_[full] / count[full]))
        drawn.append(charts.Line("perfectly calibrated", [0, 1], [0, 1], points=False))
        panels.append(charts.Panel(drawn, "confidence in the answer", "share of right answers",
                                   _shown(evidence, data), limits=(0, 1.03)))  # fmt: skip
    return charts.lines("Heads and losses, matched to the task and not", evidence.where, panels,
                        note="First row and bands: tuned rates, 95 % interval of the mean over seeds. Calibration: "
                        "default rate, test part, all seeds together, bins with at least 20 answers.")  # fmt: skip


RIGHT = {
    "classes": ("softmax", "sparse_categorical_crossentropy"),
    "binary": ("sigmoid", "binary_crossentropy"),
    "regression": ("linear", "mean_squared_error"),
}
WRONG = {
    "classes": (("linear", "mean_squared_error"), ("sigmoid", "binary_crossentropy")),
    "binary": (("linear", "mean_squared_error"),),
    "regression": (("sigmoid", "mean_squared_error"), ("tanh", "mean_squared_error")),
}

CLAIMS = (
    Claim(
        id="head-matches-task",
        kind="T",
        statement="The head and the loss have to match the task: sigmoid and binary cross-entropy for two classes, "
        "softmax and categorical cross-entropy for several, linear and MSE for numbers.",
        prediction="Other pairs score worse on the test part and give worse probabilities.",
        rule=f"for each other pair: supported if the interval of what the matched one gains is above 0 and the mean at "
        f"least {ACCURACY:g} of accuracy, {R2:g} of R² or {CALIBRATION:g} of the expected calibration error "
        f"({BINS} bins); refuted if the interval is below that; else undecided. depends if the settings disagree.",
        positive=f"on a noisy line, a sigmoid for standardised targets loses at least {HARM:g} of R²",
        negative=f"with the same head, Huber and MSE differ by less than {R2:g} of R² there",
        limits="Small data sets; a squared error also trains a proper score, so it need not be far off. Calibration is "
        "that of nets at the default rate.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        arms=arms,
        parts={"right": RIGHT, "wrong": WRONG},
        source="Bishop (1995), Neural networks for pattern recognition, chapter 6",
    ),
)
