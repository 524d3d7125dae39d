"""Diagnostics by layer, summed up over the runs of each activation."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.reports.blocks import Block
from experiments.reports.frames import MOMENTS

SPREAD = (0.1, 0.9)
"""Quantiles that tell how far runs lie apart."""


def by_layer(block: Block, value: str, moments: Sequence[str] = MOMENTS, *, ratio: bool = False) -> pd.DataFrame:
    """One row an activation, moment and layer, over all optimizers and seeds.

    Args:
        block: the comparison; runs that diverged count as far as they were measured.
        value: a column of the diagnostics.
        moments: which moments.
        ratio: whether ratios matter, not differences: then ``middle`` is the geometric mean, over
            values above zero; else it is the plain mean.

    Returns:
        ``row`` (the activation's label), ``when``, ``depth``, ``middle``, ``low`` and ``high`` (10 and 90 %
        quantiles over runs), ``runs`` (that went in) and ``left_out`` (zero or not finite).
    """
    found = block.diagnostics
    columns = ["row", "when", "depth", "middle", "low", "high", "runs", "left_out"]
    if found.empty:
        return pd.DataFrame(columns=columns)
    known = found[found["when"].isin(list(moments)) & found["depth"].notna() & found[value].notna()]
    x = known[value].to_numpy(dtype=float)
    usable = np.isfinite(x) & ((x > 0) | (not ratio))
    rows = []
    for (row, when, depth), places in known.groupby(["row", "when", "depth"], sort=False).indices.items():
        mine = x[places][usable[places]]
        if not len(mine):
            continue
        middle = float(np.exp(np.log(mine).mean())) if ratio else float(mine.mean())
        low, high = np.quantile(mine, SPREAD)
        rows.append((row, when, int(depth), middle, low, high, len(mine), len(places) - len(mine)))
    return pd.DataFrame(rows, columns=columns)


def effective_rates(block: Block) -> pd.DataFrame:
    """One row an optimizer: state bytes, and its effective rate |change| / |gradient| at start and end.

    The rate is the geometric mean, over activations and seeds, of each run's median over parameters.

    Returns:
        ``column`` (the optimizer's label), ``least``, ``most`` (state bytes), ``rate_start``, ``rate_end``,
        ``update_start``, ``update_end`` (update-to-weight ratio, geometric mean over layers as well);
        NaN where not measured.
    """
    found = block.diagnostics
    rows = []
    for column in block.columns:
        runs = block.runs[(block.runs["column"] == column) & block.runs["value"].notna()]
        state = runs["state_bytes"].dropna()
        row = {
            "column": column,
            "least": state.min() if len(state) else np.nan,
            "most": state.max() if len(state) else np.nan,
        }
        for name, value in (("rate", "rate_median"), ("update", "update_ratio")):
            for when in ("start", "end"):
                x = np.empty(0)
                if len(found):
                    mine = found[(found["column"] == column) & (found["when"] == when)]
                    x = mine[value].dropna().to_numpy(dtype=float)
                x = x[np.isfinite(x) & (x > 0)]
                row[f"{name}_{when}"] = float(np.exp(np.log(x).mean())) if len(x) else np.nan
        rows.append(row)
    return pd.DataFrame(rows)
