"""``explain``: why a cell, or a run, came out as it did."""

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from experiments import checks, names
from experiments.commands.parser import OK, Verbs, suggest, with_out
from experiments.commands.plots import glyphs
from experiments.errors import MissingLedger, PlanError, printable

if TYPE_CHECKING:
    from experiments.ledger import Ledger
    from experiments.reports.blocks import Block

KEY = re.compile(r"[0-9a-f]{6,16}")
"""A run's key, or its first digits."""


def add(verbs: Verbs) -> None:
    explain = verbs.add(
        "explain",
        run,
        "tell why a cell or a run did well or badly: numbers, curves, gradients, and the rule that speaks",
        "explain relu adam",
        "explain sigmoid sgd --dataset mnist --model mlp",
        "explain relu adam --out results/smoke",
        "explain 7e814e52b77e9308",
    )
    what = explain.add_argument("cell", nargs="+", metavar="CELL", help="activation and optimizer, or the key of a run")
    suggest(what, lambda: (*names.ACTIVATIONS, *names.OPTIMIZERS))
    suggest(explain.add_argument("--dataset", metavar="NAME", help="only on this data set"), lambda: names.DATASETS)
    suggest(explain.add_argument("--model", metavar="NAME", help="only with this model"), lambda: names.MODELS)
    with_out(explain)


def run(given: argparse.Namespace) -> int:
    from experiments.ledger import LEDGER, Ledger

    with Ledger.read(given.out / LEDGER) as ledger:
        if "plan" not in ledger.facts():
            raise MissingLedger(
                f"the ledger {given.out / LEDGER} holds no sweep, only runs of claims: run `sweep` first"
            )
        told = _run(ledger, given) if len(given.cell) == 1 else _cells(ledger, given)
    print("\n".join(map(printable, told)))
    return OK


def _run(ledger: "Ledger", given: argparse.Namespace) -> list[str]:
    """One run, by its key."""
    from experiments.commands.told_run import run_lines

    (key,) = given.cell
    if not KEY.fullmatch(key):
        raise PlanError(f"{key!r} is no cell and no run: give activation and optimizer, such as `explain relu adam`, "
                        "or the first 6 digits or more of a run's key, see runs.parquet")  # fmt: skip
    found = [each for each in ledger.planned_keys() if each.startswith(key)]
    if len(found) != 1:
        many = f"{len(found)} runs have keys that begin with" if found else "no run of this sweep has the key"
        raise PlanError(f"{many} {key!r}: see the column key of {given.out / 'runs.parquet'}")
    run = ledger.planned_run(found[0])
    assert run is not None, "it was found among the planned ones"
    return run_lines(run, ledger.outcome(found[0]), glyphs(sys.stdout))


def _cells(ledger: "Ledger", given: argparse.Namespace) -> list[str]:
    """One cell on each data set and model that has it."""
    from experiments.commands.told_cell import cell_lines

    if len(given.cell) != 2:
        raise PlanError(f"a cell is an activation and an optimizer, but {len(given.cell)} names were given: "
                        "say for example `explain relu adam`")  # fmt: skip
    blocks = _chosen(_blocks(ledger), given, given.out)
    told: list[str] = []
    for block in blocks:
        same = block.cells[block.cells["activation"].eq(given.cell[0]) & block.cells["optimizer"].eq(given.cell[1])]
        # A pair of names that was run in several settings makes several cells.
        for row, column in zip(same["row"], same["column"], strict=True):
            told += ([""] if told else []) + cell_lines(block, row, column, glyphs(sys.stdout))
    if not told:
        raise PlanError(f"{' with '.join(given.cell)} was not asked for together in {given.out}: give another cell")
    return told


def _blocks(ledger: "Ledger") -> list["Block"]:
    import pandas as pd

    from experiments import frames
    from experiments.reports import frames as sorting
    from experiments.reports.blocks import blocks

    tables = frames.frames(ledger)
    if tables.runs.empty:
        raise MissingLedger(f"no run of {ledger.path} has ended yet: wait for the first, or see `status`")
    runs = sorting.sorted_runs(tables.runs)
    return blocks(
        runs,
        sorting.sorted_curves(tables.curves, runs),
        sorting.sorted_timings(pd.DataFrame(), runs),
        frames.facts(ledger),
        sorting.sorted_diagnostics(tables.diagnostics, runs),
        sorting.sorted_choices(tables.choices),
    )


def _chosen(blocks: list["Block"], given: argparse.Namespace, out: Path) -> list["Block"]:
    """The blocks that are meant; a name that none of them has is refused, and the nearest one told."""
    where = f"in {out}"
    for value, what, there in (
        (given.dataset, "data set", [block.dataset for block in blocks]),
        (given.model, "model", [block.model for block in blocks]),
        (given.cell[0], "activation", [name for block in blocks for name in block.cells["activation"]]),
        (given.cell[1], "optimizer", [name for block in blocks for name in block.cells["optimizer"]]),
    ):
        if value is not None:
            checks.one_of(value, f"{what} {where}", list(dict.fromkeys(there)))
    return [block for block in blocks if given.dataset in (None, block.dataset) and given.model in (None, block.model)]
