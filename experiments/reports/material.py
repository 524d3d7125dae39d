"""What a report is made from: the ledger's frames, checked and sorted, and the blocks cut from them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from experiments.reports import frames
from experiments.reports.blocks import Block, blocks


class Material(NamedTuple):
    """The columns are those of ``frames``."""

    runs: pd.DataFrame
    curves: pd.DataFrame
    timings: pd.DataFrame
    diagnostics: pd.DataFrame
    choices: pd.DataFrame
    blocks: list[Block]


def material(
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    timings: pd.DataFrame,
    facts: Mapping[str, Any],
    diagnostics: pd.DataFrame | None = None,
    choices: pd.DataFrame | None = None,
) -> Material:
    """The order of the rows given does not matter.

    Raises:
        ValueError: a frame lacks a column.
    """
    runs = frames.sorted_runs(runs)
    curves = frames.sorted_curves(curves, runs)
    timings = frames.sorted_timings(timings, runs)
    diagnostics = frames.sorted_diagnostics(pd.DataFrame() if diagnostics is None else diagnostics, runs)
    choices = frames.sorted_choices(pd.DataFrame() if choices is None else choices)
    made = blocks(runs, curves, timings, facts, diagnostics, choices)
    return Material(runs, curves, timings, diagnostics, choices, made)
