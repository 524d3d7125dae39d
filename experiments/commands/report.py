"""``report``: tables, figures and the page from a ledger."""

import argparse
from pathlib import Path

from experiments.commands.parser import OK, Verbs, with_out
from experiments.errors import MissingLedger

PAGES = ("report.html", "report.md")
"""The page to open first, where it was written."""


def add(verbs: Verbs) -> None:
    with_out(
        verbs.add(
            "report",
            run,
            "write tables, figures and the page from a ledger",
            "report",
            "report --out results/smoke",
        )
    )


def run(given: argparse.Namespace) -> int:
    written = write(given.out)
    for path in written:
        print(path)
    print(f"report: {page(given.out)}")
    return OK


def write(out: Path) -> list[Path]:
    """Write the report of the sweep in ``out``; returns its files."""
    from experiments import frames, reports
    from experiments.ledger import LEDGER, Ledger

    with Ledger.read(out / LEDGER) as ledger:
        if "plan" not in ledger.facts():
            raise MissingLedger(f"the ledger {out / LEDGER} holds no sweep, only runs of claims: run `sweep` first")
        tables = frames.frames(ledger)
        facts = frames.facts(ledger)
    return reports.write_report(
        out, tables.runs, tables.curves, tables.timings, facts, tables.diagnostics, tables.choices
    )


def page(out: Path) -> Path:
    """The page of the report in ``out`` to open first."""
    return next((out / name for name in PAGES if (out / name).exists()), out / PAGES[-1])
