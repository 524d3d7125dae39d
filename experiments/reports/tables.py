"""The tables: parquet, CSV, LaTeX. Fixed order, fixed digits, and no clock but in ``timings.csv``."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from experiments.reports.blocks import Block
from experiments.reports.files import atomic, write_text
from experiments.reports.metrics import metric_of
from experiments.reports.text import latex, rate

NAMES = ["dataset", "fingerprint", "model", "activation", "optimizer", "loss", "head", "initialiser",
         "learning_rate", "batch_size", "epochs", "engine", "metric"]  # fmt: skip
NUMBERS = ["mean", "low", "high", "half_width", "sd", "min", "max"]
SUMMARY = [*NAMES, "seeds", *NUMBERS, "interval", "done", "diverged", "failed", "oom", "missing"]

IDENTITY = ["key", "dataset", "model", "activation", "optimizer", "learning_rate", "seed", "role", "status"]


def write_parquet(path: Path, frame: pd.DataFrame) -> Path:
    with atomic(path) as partial:
        frame.to_parquet(partial, index=False, compression="zstd")
    return path


def write_csv(path: Path, frame: pd.DataFrame) -> Path:
    """Six digits behind the point, ``\\n`` at the end of each line, empty where there is nothing."""
    return write_text(path, frame.to_csv(index=False, float_format="%.6f", lineterminator="\n"))


def summary_table(blocks: Sequence[Block]) -> pd.DataFrame:
    """A row a cell, as ``summary.csv`` has it. Metrics are fractions of 1."""
    if not blocks:
        return pd.DataFrame(columns=SUMMARY)
    table = pd.concat([block.cells[SUMMARY] for block in blocks], ignore_index=True)
    return table.assign(learning_rate=_rates(table["learning_rate"]))


def timings_table(timings: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """A row a run, with what tells a reader which run it is."""
    columns = [name for name in timings.columns if name != "key"]
    table = runs[IDENTITY].merge(timings, on="key", how="inner", validate="many_to_one")
    return table.assign(learning_rate=_rates(table["learning_rate"]))[[*IDENTITY, *columns]]


def _rates(values: pd.Series) -> pd.Series:
    """Learning rates are no decimals of 1: ten significant digits, none that say nothing."""
    told = [f"{value:.10g}" if pd.notna(value) else None for value in values]
    return pd.Series(told, index=values.index, dtype="string")


HEADS = ("data set", "model", "activation", "optimizer", "rate", "metric", "seeds", "mean",
         "95\\,\\% interval", "sd", "min", "max", "div.", "failed")  # fmt: skip


def summary_latex(table: pd.DataFrame) -> str:
    """The summary as a ``longtable``; accuracies in percent."""
    head = " & ".join(HEADS) + r" \\"
    lines = [
        r"% \usepackage{booktabs,longtable}; compile with LuaLaTeX or XeLaTeX where names are not Latin",
        r"\begin{longtable}{lllllllrrrrrrr}",
        r"\toprule",
        head,
        r"\midrule",
        r"\endhead",
        *(_latex_row(row) for _, row in table.iterrows()),
        r"\bottomrule",
        r"\end{longtable}",
    ]
    return "\n".join(lines) + "\n"


def _latex_row(row: pd.Series) -> str:
    metric = metric_of(str(row["metric"]))
    word = r"accuracy (\%)" if row["metric"] == "accuracy" else r"$R^2$" if row["metric"] == "r2" else None
    absent = r"\textemdash{}"
    number = {name: metric.number(row[name]) if pd.notna(row[name]) else absent for name in NUMBERS}
    interval = f"[{number['low']}, {number['high']}]" if pd.notna(row["low"]) else absent
    rates = rate(float(row["learning_rate"])) if pd.notna(row["learning_rate"]) else absent
    fields = [
        *(latex(row[name]) for name in ("dataset", "model", "activation", "optimizer")),
        rates,
        word or latex(row["metric"]),
        str(row["seeds"]),
        number["mean"],
        interval,
        *(number[name] for name in ("sd", "min", "max")),
        str(row["diverged"]),
        str(row["failed"]),
    ]
    # A row that starts with a bracket would be read as an argument of the line break before it.
    return "{}" + " & ".join(fields) + r" \\"
