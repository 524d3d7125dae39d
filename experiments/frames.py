"""The ledger as tidy tables: what the report, the statistics and a notebook start from."""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.ledger import Ledger

if TYPE_CHECKING:
    import pandas as pd


class Frames(NamedTuple):
    """``runs`` has a row a run, ``curves`` one an epoch; ``timings`` holds all that a clock or a memory meter
    gave, so that the others are identical from one sweep to the next. ``diagnostics`` has a row for each run,
    moment and layer; ``choices`` one for each tuned cell."""

    runs: "pd.DataFrame"
    curves: "pd.DataFrame"
    timings: "pd.DataFrame"
    diagnostics: "pd.DataFrame"
    choices: "pd.DataFrame"


RUN_COLUMNS = (
    "key", "dataset", "dataset_title", "fingerprint", "canonical", "provenance", "model", "activation",
    "optimizer", "loss", "head", "initialiser", "learning_rate", "batch_size", "epochs", "seed", "role",
    "engine", "status", "metric", "chance", "best_epoch", "validation_metric", "test_accuracy",
    "test_metric", "test_loss", "last_test_metric", "last_test_loss", "parameters", "state_bytes",
    "diverged_step", "error", "constants",
)  # fmt: skip
CURVE_COLUMNS = ("key", "epoch", "train_loss", "train_metric", "validation_loss", "validation_metric")
TIMING_COLUMNS = ("key", "seconds", "compile_seconds", "seconds_per_epoch", "peak_bytes")
DIAGNOSTIC_COLUMNS = (
    "key", "when", "layer", "depth", "gradient_norm", "weight_norm", "update_ratio", "dead", "saturated",
    "mean", "spread", "rate_median", "rate_low", "rate_high",
)  # fmt: skip
CHOICE_COLUMNS = (
    "dataset", "model", "activation", "optimizer", "default_rate", "constants", "score", "edge",
    "all_diverged", "scored", "tuned_learning_rate",
)  # fmt: skip

TOLD = (set(CHOICE_COLUMNS) - {"tuned_learning_rate"}) | {"values"}
"""What the ledger tells of a choice."""


def frames(ledger: Ledger) -> Frames:
    """The tables of all finished runs, in the order of the plan."""
    import pandas as pd

    sets = {data["name"]: data for data in ledger.facts().get("datasets", [])}
    runs, curves, timings, insights = [], [], [], []
    for role, run, outcome in ledger.records():
        data = sets.get(run.dataset, {})
        accuracy = outcome.test_metric if outcome.metric == "accuracy" else None
        runs.append((
            run.key, run.dataset, data.get("title", run.dataset), run.fingerprint, data.get("canonical"),
            data.get("provenance", ""), run.model_label, run.activation, run.optimizer, run.loss, run.head,
            run.initialiser, run.learning_rate, run.batch_size, run.epochs, run.seed,
            role, run.engine, outcome.status, outcome.metric, outcome.chance,
            outcome.best_epoch, outcome.validation_metric, accuracy, outcome.test_metric, outcome.test_loss,
            outcome.last_test_metric, outcome.last_test_loss, outcome.parameters, outcome.state_bytes,
            outcome.step, outcome.error, ", ".join(f"{name}={value}" for name, value in run.optimizer_args),
        ))  # fmt: skip
        curves += [(run.key, e.epoch, e.train_loss, e.train_metric, e.validation_loss, e.validation_metric)
                   for e in outcome.curve]  # fmt: skip
        insights += [(run.key, *(row.get(name, math.nan) for name in DIAGNOSTIC_COLUMNS[1:]))
                     for row in outcome.diagnostics]  # fmt: skip
        by_epoch = [e.seconds for e in outcome.curve]
        timings.append((run.key, outcome.seconds, outcome.compile_seconds,
                        sum(by_epoch) / len(by_epoch) if by_epoch else None, outcome.peak_bytes))  # fmt: skip
    table = pd.DataFrame(runs, columns=list(RUN_COLUMNS))
    numbers = ("learning_rate", "chance", "validation_metric", "test_accuracy", "test_metric", "test_loss",
               "last_test_metric", "last_test_loss")  # fmt: skip
    table = table.astype(dict.fromkeys(numbers, "float64") | {"diverged_step": "Int64"})
    return Frames(table, pd.DataFrame(curves, columns=list(CURVE_COLUMNS)),
                  pd.DataFrame(timings, columns=list(TIMING_COLUMNS)),
                  pd.DataFrame(insights, columns=list(DIAGNOSTIC_COLUMNS)), _choices(ledger))  # fmt: skip


def _choices(ledger: Ledger) -> "pd.DataFrame":
    import pandas as pd

    rows = []
    for row in ledger.choices():
        if not set(row) >= TOLD:  # of an older version: it follows from the trials, and is only a copy
            continue
        tuned = {f"tuned_{name}": value for name, value in row["values"].items()}
        told = {name: value for name, value in row.items() if name not in ("values", "position")}
        rows.append(told | tuned)
    return pd.DataFrame(rows, columns=None if rows else list(CHOICE_COLUMNS))


def facts(ledger: Ledger) -> dict[str, Any]:
    """What the report tells beside the tables: plan, command, data, versions, what was asked for."""
    told = ledger.facts()
    asked = ledger.planned()
    planned = [run for run in asked if not run.tuning]
    machines = ledger.machines()
    machine = machines[0] if machines else {}
    told |= {
        "planned_runs": len(planned),  # so far: those at a tuned rate are known once it is chosen
        "planned_trials": len(asked) - len(planned),
        "planned_cells": list(dict.fromkeys(
            (run.dataset, run.model_label, run.activation, run.optimizer) for run in planned
        )),
        "versions": {"python": machine.get("python", ""), **machine.get("versions", {})},
        "cores": machine.get("cores", 0),
        "commit": ", ".join(dict.fromkeys(each["commit"] for each in machines if each.get("commit"))),
        "wall_seconds": told.get("wall_seconds", 0.0),
    }  # fmt: skip
    return told
