"""Write the report: every file whole or not at all, the pages last, so that their links hold."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.places import own
from experiments.reports import tables
from experiments.reports.evidence import MARGIN, evidence
from experiments.reports.facts import steady
from experiments.reports.files import write_text
from experiments.reports.html.page import html_page
from experiments.reports.material import material
from experiments.reports.page import page
from experiments.reports.pictures import write_figures


def write_report(
    out_dir: Path,
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    timings: pd.DataFrame,
    facts: Mapping[str, Any],
    diagnostics: pd.DataFrame | None = None,
    choices: pd.DataFrame | None = None,
    margin: float = MARGIN,
    style: str = "screen",
) -> list[Path]:
    """Write tables, figures, ``report.md`` and ``report.html`` under ``out_dir``; in another style, figures alone.

    The order of the rows given does not matter. All files but ``timings.csv``, the figures
    ``*-time``, the section *Time and memory* of ``report.md``, and ``report.html`` (which tells times, and
    verdicts on claims found beside it) depend only on what was trained.

    Args:
        out_dir: made if it is not there; files of an earlier report are replaced.
        runs: one row a run, ``frames.RUNS``.
        curves: one row an epoch of a run, ``frames.CURVES``.
        timings: one row a run, ``frames.TIMINGS``.
        facts: what no frame holds, see ``facts.Facts``; every entry may be left out.
        diagnostics: one row a run, moment and layer, ``frames.DIAGNOSTICS``.
        choices: one row a tuned cell, ``frames.CHOICES``.
        margin: the smallest difference of interest, in units of the stored metric.
        style: one of ``formats.STYLES``; all but ``screen`` write figures alone, in their own folder.

    Returns:
        The files written, in order.

    Raises:
        ValueError: a frame lacks a column.
        UserError: there is no such style, or the folder of the figures is a link.
    """
    out_dir = Path(out_dir)
    figures = own(out_dir / "figures")
    runs, curves, timings, diagnostics, choices, blocks = material(runs, curves, timings, facts, diagnostics, choices)
    title = f"Figures: {facts['plan']}" if facts.get("plan") else "Figures"
    if style != "screen":
        return write_figures(figures, blocks, style, title)
    found = [evidence(block, margin) for block in blocks]
    statistics = tables.statistics_tables(found)
    for path in tables.obsolete(out_dir, statistics):
        path.unlink()
    summary = tables.summary_table(blocks)
    environment = json.dumps(steady(facts), indent=2, sort_keys=True, ensure_ascii=True)
    return [
        tables.write_parquet(out_dir / "runs.parquet", runs),
        tables.write_parquet(out_dir / "curves.parquet", curves),
        tables.write_parquet(out_dir / "diagnostics.parquet", diagnostics),
        tables.write_csv(out_dir / "timings.csv", tables.timings_table(timings, runs)),
        tables.write_csv(out_dir / "summary.csv", summary),
        *(tables.write_csv(out_dir / f"{name}.csv", table, "%.6g") for name, table in statistics.items()),
        write_text(out_dir / "summary.tex", tables.summary_latex(summary)),
        write_text(out_dir / "environment.json", environment + "\n"),
        *write_figures(figures, blocks, style, title),
        write_text(out_dir / "report.md", page(found, runs, timings, facts, statistics)),
        write_text(out_dir / "report.html", html_page(found, runs, timings, facts, out_dir)),
    ]
