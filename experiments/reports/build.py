"""Write the report: every file whole or not at all, the pages last, so that their links hold."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.reports import frames, style, tables
from experiments.reports.blocks import blocks
from experiments.reports.evidence import FACTORS, MARGIN, Evidence, across, evidence
from experiments.reports.facts import steady
from experiments.reports.figures import critical, pictures
from experiments.reports.files import save_figure, write_text
from experiments.reports.html.page import html_page
from experiments.reports.page import page


def write_report(
    out_dir: Path,
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    timings: pd.DataFrame,
    facts: Mapping[str, Any],
    diagnostics: pd.DataFrame | None = None,
    choices: pd.DataFrame | None = None,
    margin: float = MARGIN,
) -> list[Path]:
    """Write tables, figures, ``report.md`` and ``report.html`` under ``out_dir``.

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

    Returns:
        The files written, in order.

    Raises:
        ValueError: a frame lacks a column.
    """
    out_dir = Path(out_dir)
    runs = frames.sorted_runs(runs)
    curves = frames.sorted_curves(curves, runs)
    timings = frames.sorted_timings(timings, runs)
    diagnostics = frames.sorted_diagnostics(pd.DataFrame() if diagnostics is None else diagnostics, runs)
    choices = frames.sorted_choices(pd.DataFrame() if choices is None else choices)
    made = blocks(runs, curves, timings, facts, diagnostics, choices)
    found = [evidence(block, margin) for block in made]
    summary = tables.summary_table(made)
    environment = json.dumps(steady(facts), indent=2, sort_keys=True, ensure_ascii=True)
    return [
        tables.write_parquet(out_dir / "runs.parquet", runs),
        tables.write_parquet(out_dir / "curves.parquet", curves),
        tables.write_parquet(out_dir / "diagnostics.parquet", diagnostics),
        tables.write_csv(out_dir / "timings.csv", tables.timings_table(timings, runs)),
        tables.write_csv(out_dir / "summary.csv", summary),
        *(
            tables.write_csv(out_dir / f"{name}.csv", table, "%.6g")
            for name, table in tables.statistics_tables(found).items()
        ),
        write_text(out_dir / "summary.tex", tables.summary_latex(summary)),
        write_text(out_dir / "environment.json", environment + "\n"),
        *write_figures(out_dir / "figures", found),
        write_text(out_dir / "report.md", page(found, runs, timings, facts)),
        write_text(out_dir / "report.html", html_page(found, runs, timings, facts, out_dir)),
    ]


def write_figures(out_dir: Path, found: Sequence[Evidence]) -> list[Path]:
    """Each picture of each block, and those over all blocks; the same runs give the same bytes."""
    written: list[Path] = []
    with style.theme():
        for block in (each.block for each in found):
            for picture in pictures(block):
                written += save_figure(picture.draw(block), out_dir / f"{block.slug}-{picture.name}")
        names = [each.block.name for each in found if each.block.runs["value"].notna().any()]
        for factor in FACTORS:
            test = across(found, factor)
            if test is not None and test.possible:
                written += save_figure(critical.draw(test, factor, names), out_dir / f"ranks-{factor}")
    return written
