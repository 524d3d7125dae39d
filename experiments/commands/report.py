"""``report``: tables, figures and the page from a ledger."""

import argparse
from pathlib import Path

from experiments.commands.parser import OK, Verbs, suggest, with_out
from experiments.errors import MissingLedger
from experiments.reports.formats import STYLES, formats

PAGES = ("report.html", "report.md")
"""The page to open first, where it was written."""
STAMP = ".reported"
"""A file that says which state of the ledger the report is of; it is written last."""


def add(verbs: Verbs) -> None:
    report = verbs.add(
        "report",
        run,
        "write tables, figures and the page from a ledger",
        "report",
        "report --out results/smoke",
        "report --style paper",
    )
    with_out(report)
    style = report.add_argument("--style", default="screen", metavar="NAME",
                                help="paper, slides: the figures alone, sized for these (screen)")  # fmt: skip
    suggest(style, lambda: STYLES)


def run(given: argparse.Namespace) -> int:
    formats(given.style)  # a misspelt one is told before any work
    for path in write(given.out, given.style):
        print(path)
    print(f"report: {page(given.out)}" if given.style == "screen" else f"figures: {given.out / 'figures/index.html'}")
    return OK


def write(out: Path, style: str = "screen") -> list[Path]:
    """Write the report of the sweep in ``out``; returns its files."""
    from experiments import frames, reports
    from experiments.ledger import LEDGER, Ledger
    from experiments.reports.files import write_text

    with Ledger.read(out / LEDGER) as ledger:
        if "plan" not in ledger.facts():
            raise MissingLedger(f"the ledger {out / LEDGER} holds no sweep, only runs of claims: run `sweep` first")
        state = ledger.state()
        tables = frames.frames(ledger)
        facts = frames.facts(ledger)
    paths = reports.write_report(
        out, tables.runs, tables.curves, tables.timings, facts, tables.diagnostics, tables.choices, style=style
    )
    if style == "screen":
        write_text(out / STAMP, state + "\n")
    return paths


def is_current(out: Path) -> bool:
    """Whether the report in ``out`` was written to its end, and shows what the ledger holds now."""
    from experiments.ledger import LEDGER, Ledger

    with Ledger.read(out / LEDGER, quick=True) as ledger:
        stamp = out / STAMP
        return stamp.is_file() and stamp.read_text().strip() == ledger.state() and page(out).is_file()


def page(out: Path) -> Path:
    """The page of the report in ``out`` to open first."""
    return next((out / name for name in PAGES if (out / name).exists()), out / PAGES[-1])
