"""The report: from the ledger's frames to tables, figures and a page.

Data flows one way: ``frames`` checks and sorts what the ledger gave, ``blocks``
cuts it into one comparison each, ``summary`` reduces seeds to cells, ``figures``,
``tables`` and ``page`` show them, ``build`` writes the files. Nothing here trains
or imports a training backend, and this package itself imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["write_report"]


def write_report(
    out_dir: Path,
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    timings: pd.DataFrame,
    facts: Mapping[str, Any],
    diagnostics: pd.DataFrame | None = None,
    choices: pd.DataFrame | None = None,
    margin: float = 0.005,
    style: str = "screen",
) -> list[Path]:
    """Write the whole report under ``out_dir`` and return the files. See ``build.write_report``."""
    from experiments.reports.build import write_report as write

    return write(out_dir, runs, curves, timings, facts, diagnostics, choices, margin, style)
