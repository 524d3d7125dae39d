"""The ledger's frames, checked and sorted: the same runs always give the same rows in the same order."""

import pandas as pd

from experiments.names import ACTIVATIONS, DATASETS, OPTIMIZERS

RUNS = {
    "key": "string",
    "dataset": "string",
    "dataset_title": "string",
    "fingerprint": "string",
    "canonical": "boolean",
    "provenance": "string",
    "model": "string",
    "activation": "string",
    "optimizer": "string",
    "loss": "string",
    "head": "string",
    "initialiser": "string",
    "learning_rate": "float64",
    "batch_size": "Int64",
    "epochs": "Int64",
    "seed": "Int64",
    "role": "string",
    "engine": "string",
    "status": "string",
    "metric": "string",
    "chance": "float64",
    "best_epoch": "Int64",
    "validation_metric": "float64",
    "test_accuracy": "float64",
    "test_metric": "float64",
    "test_loss": "float64",
    "last_test_metric": "float64",
    "last_test_loss": "float64",
    "parameters": "Int64",
    "state_bytes": "Int64",
    "diverged_step": "Int64",
    "error": "string",
    "constants": "string",
}
"""One row a run. ``test_accuracy`` is NaN for regression, ``test_metric`` is whatever ``metric`` names."""

CURVES = {
    "key": "string",
    "epoch": "Int64",
    "train_loss": "float64",
    "train_metric": "float64",
    "validation_loss": "float64",
    "validation_metric": "float64",
}

TIMINGS = {
    "key": "string",
    "seconds": "float64",
    "compile_seconds": "float64",
    "seconds_per_epoch": "float64",
    "peak_bytes": "Int64",
}
"""All that a clock or a memory meter gave."""

DIAGNOSTICS = {
    "key": "string",
    "when": "string",
    "layer": "string",
    "depth": "Int64",
    **dict.fromkeys(("gradient_norm", "weight_norm", "update_ratio", "dead", "saturated", "mean", "spread",
                     "rate_median", "rate_low", "rate_high"), "float64"),
}  # fmt: skip
"""One row a run, moment (``MOMENTS``) and layer; the layer ``optimizer`` has the effective rates."""

CHOICES = {
    "dataset": "string",
    "model": "string",
    "activation": "string",
    "optimizer": "string",
    "default_rate": "float64",
    "constants": "object",
    "score": "float64",
    "edge": "string",
    "all_diverged": "boolean",
    "scored": "object",
    "tuned_learning_rate": "float64",
}
"""One row a tuned cell: what was chosen, and how sure that it is no edge of what was tried."""

MOMENTS = ("start", "middle", "end")


def in_order(names: object, known: tuple[str, ...]) -> list[str]:
    """The names without repetition: the known ones first, in their fixed order, then the others.

    >>> in_order(["gelu", "tanh", "relu", "tanh"], ("relu", "tanh"))
    ['relu', 'tanh', 'gelu']
    """
    place = {name: number for number, name in enumerate(known)}
    unique = {str(name) for name in names}  # type: ignore[attr-defined]
    return sorted(unique, key=lambda name: (place.get(name, len(known)), name.casefold(), name))


def checked(frame: pd.DataFrame, columns: dict[str, str], what: str) -> pd.DataFrame:
    """The frame with the named columns first and of the named types, under a fresh index.

    Raises:
        ValueError: a column is missing from a frame that has rows.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing and len(frame):
        raise ValueError(
            f"The frame of {what} lacks the column(s) {', '.join(missing)}. "
            f"It has to hold {', '.join(columns)}; see experiments/reports/frames.py."
        )
    extra = sorted(str(name) for name in frame.columns if name not in columns)
    sorted_columns = frame.reindex(columns=[*columns, *extra]).reset_index(drop=True)
    return sorted_columns.astype(columns)


def sorted_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs by data set, model, activation, optimizer, settings and seed; names in their fixed order."""
    runs = checked(runs, RUNS, "runs")
    keyed = runs.assign(
        _dataset=_rank(runs["dataset"], DATASETS),
        _activation=_rank(runs["activation"], ACTIVATIONS),
        _optimizer=_rank(runs["optimizer"], OPTIMIZERS),
    )
    by = ["_dataset", "fingerprint", "model", "loss", "head", "epochs", "engine", "_activation", "_optimizer",
          "initialiser", "learning_rate", "batch_size", "constants", "seed", "key"]  # fmt: skip
    keyed = keyed.sort_values(by, kind="stable", ignore_index=True)
    return keyed.drop(columns=["_dataset", "_activation", "_optimizer"])


def sorted_curves(curves: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Curves in the order of the runs; what belongs to no run is left out."""
    return _follow(checked(curves, CURVES, "curves"), runs, ["epoch"])


def sorted_timings(timings: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Timings in the order of the runs; what belongs to no run is left out."""
    return _follow(checked(timings, TIMINGS, "timings"), runs, [])


def sorted_diagnostics(diagnostics: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Diagnostics in the order of the runs, from start to end, layer by layer."""
    found = checked(diagnostics, DIAGNOSTICS, "diagnostics")
    when = found["when"].map({name: place for place, name in enumerate(MOMENTS)})
    return _follow(found.assign(_when=when), runs, ["_when", "depth", "layer"]).drop(columns="_when")


def sorted_choices(choices: pd.DataFrame) -> pd.DataFrame:
    """Choices by data set, model, activation and optimizer; those of the rate alone come first."""
    found = checked(choices, CHOICES, "choices")
    constants = [tuple(each) if isinstance(each, list | tuple) else () for each in found["constants"]]
    scored = [tuple(each) if isinstance(each, list | tuple) else () for each in found["scored"]]
    keyed = found.assign(
        constants=pd.Series(constants, index=found.index, dtype="object"),
        scored=pd.Series(scored, index=found.index, dtype="object"),
        _dataset=_rank(found["dataset"], DATASETS),
        _activation=_rank(found["activation"], ACTIVATIONS),
        _optimizer=_rank(found["optimizer"], OPTIMIZERS),
        _deep=[len(each) for each in constants],
    )
    by = ["_dataset", "model", "_activation", "_optimizer", "_deep", "tuned_learning_rate", "score"]
    keyed = keyed.sort_values(by, kind="stable", ignore_index=True)
    return keyed.drop(columns=["_dataset", "_activation", "_optimizer", "_deep"])


def _follow(frame: pd.DataFrame, runs: pd.DataFrame, then: list[str]) -> pd.DataFrame:
    place = pd.Series(range(len(runs)), index=runs["key"], dtype="float64")
    frame = frame.assign(_place=frame["key"].map(place[~place.index.duplicated()]))
    frame = frame[frame["_place"].notna()].sort_values(["_place", *then], kind="stable", ignore_index=True)
    return frame.drop(columns="_place")


def _rank(names: pd.Series, known: tuple[str, ...]) -> pd.Series:
    order = {name: number for number, name in enumerate(in_order(names.dropna().unique(), known))}
    return names.map(order).astype("float64")
