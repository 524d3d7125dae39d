"""Ledgers made from a formula, and their blocks."""

from pathlib import Path

import pytest

from experiments.reports import frames
from experiments.reports.blocks import Block, blocks
from experiments.reports.evidence import evidence
from experiments.reports.files import write_text
from experiments.reports.html import scripts
from experiments.reports.html.page import html_page
from tests.experiments.reports.made_up import Ledger, make, trouble, tuning_trouble


def cut(ledger: Ledger) -> list[Block]:
    """The blocks of a ledger, as ``write_report`` cuts them."""
    runs = frames.sorted_runs(ledger.runs)
    return blocks(
        runs,
        frames.sorted_curves(ledger.curves, runs),
        frames.sorted_timings(ledger.timings, runs),
        ledger.facts,
        frames.sorted_diagnostics(ledger.diagnostics, runs),
        frames.sorted_choices(ledger.choices),
    )


@pytest.fixture(scope="session")
def cut_up():
    """``cut``, for tests that look at blocks."""
    return cut


@pytest.fixture(scope="session")
def made():
    """``make``, for tests that need a ledger of their own."""
    return make


@pytest.fixture(scope="session")
def ledger() -> Ledger:
    """The usual grid, with everything that can go wrong in it once."""
    return make(
        status=trouble,
        drop=lambda row: (row["activation"], row["optimizer"]) == ("prelu", "nadam"),
        tuning=1,
        datasets=(("mnist", "MNIST", True),),
    )


@pytest.fixture(scope="session")
def tuned_block(tuned) -> Block:
    (block,) = cut(tuned)
    return block


@pytest.fixture(scope="session")
def tuned() -> Ledger:
    """The usual grid with rates tuned, and with betas tuned too in two cells."""
    return make(tuned=True, deep=(("relu", "adam"), ("tanh", "adam")), status=tuning_trouble)


@pytest.fixture(scope="session", autouse=True)
def vega():
    """The scripts of Vega, for tests that run them; to put them together takes seconds, so others go without."""
    real = scripts.vega
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scripts, "vega", lambda: "/* Vega */")
        yield real


def write_page(ledger: Ledger, folder: Path) -> str:
    """``report.html`` of a ledger, without tables and figures."""
    runs = frames.sorted_runs(ledger.runs)
    found = [evidence(block) for block in cut(ledger)]
    text = html_page(found, runs, frames.sorted_timings(ledger.timings, runs), ledger.facts, folder)
    return write_text(folder / "report.html", text).read_text("utf-8")


@pytest.fixture(scope="session")
def page_in():
    """``write_page``, for tests that look at the page."""
    return write_page
