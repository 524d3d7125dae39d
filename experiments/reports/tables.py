"""The tables: parquet, CSV, LaTeX. Fixed order, fixed digits, and no clock but in ``timings.csv``."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from experiments.reports.blocks import Block
from experiments.reports.evidence import Evidence
from experiments.reports.files import atomic, write_text
from experiments.reports.losses import compared
from experiments.reports.metrics import metric_of
from experiments.reports.survival import effect_frame, survivals
from experiments.reports.text import latex, rate
from experiments.reports.tuning import trials

NAMES = ["dataset", "fingerprint", "model", "activation", "optimizer", "loss", "head", "initialiser",
         "learning_rate", "batch_size", "epochs", "engine", "metric"]  # fmt: skip
NUMBERS = ["mean", "low", "high", "half_width", "sd", "iqm", "min", "max"]
SUMMARY = ["rates", *NAMES, "seeds", *NUMBERS, "interval", "done", "diverged", "failed", "oom", "missing"]

STATISTICS = (
    "comparisons",
    "cell_comparisons",
    "variance",
    "rankings",
    "ranking_changes",
    "learning_rates",
    "survival",
)
"""The tables that the statistics give, each a CSV file where there is anything to tell."""

IDENTITY = ["key", "dataset", "model", "activation", "optimizer", "learning_rate", "seed", "role", "status"]


def write_parquet(path: Path, frame: pd.DataFrame) -> Path:
    with atomic(path) as partial:
        frame.to_parquet(partial, index=False, compression="zstd")
    return path


def write_csv(path: Path, frame: pd.DataFrame, digits: str = "%.6f") -> Path:
    """Numbers in the format ``digits``, ``\\n`` at the end of each line, empty where there is nothing."""
    told = frame.assign(**{name: frame[name].map(inert) for name in frame if not is_numeric_dtype(frame[name])})
    return write_text(path, told.to_csv(index=False, float_format=digits, lineterminator="\n"))


def inert(value: Any) -> Any:
    """The value; a text that a spreadsheet would take for a formula, with a quote before it.

    >>> inert("=HYPERLINK(1)"), inert("-0.5"), inert("relu")
    ("'=HYPERLINK(1)", '-0.5', 'relu')
    """
    formula = isinstance(value, str) and re.match(r"[=+\-@\t\r]", value) and not re.fullmatch(r"[+-]?[\d.e+-]+", value)
    return f"'{value}" if formula else value


def summary_table(blocks: Sequence[Block]) -> pd.DataFrame:
    """A row a cell, as ``summary.csv`` has it: at tuned rates where they were tuned, and at default rates.

    Metrics are fractions of 1.
    """
    if not blocks:
        return pd.DataFrame(columns=SUMMARY)
    both = [part for block in blocks for part in (block, block.defaults) if part is not None]
    table = pd.concat([part.cells.assign(rates=part.rates or "default")[SUMMARY] for part in both], ignore_index=True)
    return table.assign(learning_rate=_rates(table["learning_rate"]))


def obsolete(folder: Path, found: Mapping[str, pd.DataFrame]) -> list[Path]:
    """Tables of an earlier report that this one does not have: they would be taken for its own."""
    return [path for name in STATISTICS if name not in found and (path := folder / f"{name}.csv").is_file()]


def statistics_tables(found: Sequence[Evidence]) -> dict[str, pd.DataFrame]:
    """File name -> table: what the statistics found, with every number that the page rounds or leaves out."""
    pairs, ranks, changes = [], [], []
    for each in found:
        for factor, table in each.pairs.items():
            wins = each.wins[factor]
            if len(table):
                pairs.append(_with_chance(table, wins))
        ranks += [table.assign(rates=rates) for (rates, _), table in each.ranks.items()]
        changes += [table for table in each.changes.values() if len(table)]
    for losses in compared([each.block for each in found]):
        pairs.append(_with_chance(losses.pairs, losses.wins))
        ranks.append(losses.ranks.assign(rates=losses.rates))
    together = {
        "comparisons": pairs,
        "cell_comparisons": [each.cells for each in found if len(each.cells)],
        "variance": [each.variance for each in found if len(each.variance)],
        "rankings": ranks,
        "ranking_changes": changes,
        "learning_rates": [table for each in found for table in [trials(each.block)] if len(table)],
        "survival": [table for table in [effect_frame(survivals([each.block for each in found]))] if len(table)],
    }
    return {name: pd.concat(parts, ignore_index=True) for name, parts in together.items() if parts}


def _with_chance(pairs: pd.DataFrame, wins: pd.DataFrame) -> pd.DataFrame:
    """The pairs, and how likely a run of the one beats a run of the other."""
    names = {"probability": "p_a_beats_b", "low": "p_a_beats_b_low", "high": "p_a_beats_b_high"}
    return pairs.merge(wins[["a", "b", *names]].rename(columns=names), on=["a", "b"], how="left")


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
