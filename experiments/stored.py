"""The tables of a folder: from its ledger, else from the files of its report."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments import frames
from experiments.errors import ResultsError
from experiments.ledger import LEDGER, Ledger

if TYPE_CHECKING:
    import pandas as pd


class Stored(NamedTuple):
    """The frames of a sweep, its facts, and the statistics where files have them."""

    frames: frames.Frames
    facts: dict[str, Any]
    statistics: "dict[str, pd.DataFrame]"


def stored(folder: Path) -> Stored:
    """What the folder holds; a ledger is newer than any report, so it comes first.

    Raises:
        ResultsError: there is neither ledger nor report, or a file of the report is damaged.
        LedgerError: the ledger cannot be used.
    """
    if (folder / LEDGER).is_file():
        with Ledger.read(folder / LEDGER) as ledger:
            if "plan" in ledger.facts():
                return Stored(frames.frames(ledger), frames.facts(ledger), {})
    if not (folder / "runs.parquet").is_file():
        raise ResultsError(
            f"no results in {folder}: there is neither {LEDGER} of a sweep nor runs.parquet of a report; "
            "run `python -m experiments sweep`, or name another folder"
        )
    try:
        return _of_report(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ResultsError(
            f"the report in {folder} cannot be read ({line}): write it again with `python -m experiments report`, "
            "or restore its files"
        ) from error


def _of_report(folder: Path) -> Stored:
    import pandas as pd

    from experiments.reports.tables import STATISTICS

    def parquet(name: str, columns: tuple[str, ...]) -> pd.DataFrame:
        path = folder / f"{name}.parquet"
        if not path.is_file():
            return pd.DataFrame()
        table = pd.read_parquet(path)
        if missing := [each for each in columns if each not in table]:
            raise ValueError(f"{path.name} has no column {', '.join(missing)}")
        return table

    def csv(name: str) -> pd.DataFrame | None:
        path = folder / f"{name}.csv"
        if not path.is_file():
            return None
        table = pd.read_csv(path)
        words = [each for each in ("constants", "edge", "outcome") if each in table]  # may be empty, which is no gap
        return table.astype(dict.fromkeys(words, object)).fillna(dict.fromkeys(words, ""))

    runs, timings = parquet("runs", frames.RUN_COLUMNS), csv("timings")
    statistics = {name: table for name in STATISTICS if (table := csv(name)) is not None}
    timings = pd.DataFrame() if timings is None else timings[list(frames.TIMING_COLUMNS)]
    environment = folder / "environment.json"
    facts = json.loads(environment.read_text(encoding="utf-8")) if environment.is_file() else {}
    if not isinstance(facts, dict):
        raise ValueError("environment.json holds no table")
    choices = _choices(runs, statistics.get("learning_rates"))
    curves, insights = parquet("curves", frames.CURVE_COLUMNS), parquet("diagnostics", frames.DIAGNOSTIC_COLUMNS)
    return Stored(frames.Frames(runs, curves, timings, insights, choices), facts, statistics)


def _choices(runs: "pd.DataFrame", trials: "pd.DataFrame | None") -> "pd.DataFrame":
    """What tuning chose, from the trials that are marked as chosen and the runs that were scored with them."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    if trials is None:
        return pd.DataFrame(rows, columns=list(frames.CHOICE_COLUMNS))
    chosen = trials[trials["chosen"].astype(bool)]
    for _, trial in chosen.iterrows():
        cell = {name: trial[name] for name in ("dataset", "model", "activation", "optimizer")}
        same = (runs[list(cell)] == pd.Series(cell)).all(axis=1) & (runs["constants"].fillna("") == trial["constants"])
        same &= (runs["learning_rate"] / trial["learning_rate"] - 1).abs() < 1e-4  # the file has six digits
        found = runs[same & runs["role"].isin(["tuned", "both", "deep"])]
        if found.empty:
            continue
        deep = found["role"].eq("deep").all()
        rows.append(cell | {
            "default_rate": trial["default"],
            "constants": re.findall(r"(\w+)=", trial["constants"]) if deep else [],
            "score": trial["mean"],
            "edge": trial["edge"],
            "all_diverged": bool(trial["diverged"] == trial["seeds"]),
            "scored": list(found["key"]),
            "tuned_learning_rate": float(found["learning_rate"].iloc[0]),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=list(frames.CHOICE_COLUMNS))
