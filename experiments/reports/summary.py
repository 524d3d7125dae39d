"""Seeds to cells, cells to levels: pure functions, frame in, frame out."""

import warnings
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from experiments.statistics import interquartile_mean

BLOCK = ["dataset", "fingerprint", "model", "loss", "head", "epochs", "engine"]
"""What has to be equal for runs to be compared in one picture."""

ARM = ["activation", "optimizer", "initialiser", "learning_rate", "batch_size", "constants"]
"""What may differ within a picture. Runs that agree in BLOCK and ARM are seeds of one cell."""

CELL = BLOCK + ARM

FEW = 10
"""Below this many seeds the interval is Student's t; BCa covers too little there (72 % with 3 seeds)."""

RESAMPLES = 2_000

RANGE = {"accuracy": (0.0, 1.0), "r2": (-np.inf, 1.0)}
"""What a metric can be. An interval is cut there, which takes nothing from its coverage."""


def counted(runs: pd.DataFrame) -> pd.Series:
    """The number that each run counts with.

    ``done`` counts with its test metric, ``diverged`` at chance level, since it is a
    result and a bad one; so does an R² that is infinite. Anything else is no result and gives NaN.
    """
    status = runs["status"].fillna("")
    value = runs["test_metric"].where(status.eq("done"))
    return value.mask(status.eq("diverged") | np.isinf(value), runs["chance"]).astype("float64").rename("value")


def validated(runs: pd.DataFrame) -> pd.Series:
    """The number that each trial counts with when a rate is chosen: like ``counted``, by validation.

    A metric that is no number counts at chance, as it does in tuning.
    """
    status = runs["status"].fillna("")
    value = runs["validation_metric"].fillna(runs["chance"]).where(status.eq("done"))
    return value.mask(status.eq("diverged") | np.isinf(value), runs["chance"]).astype("float64").rename("value")


def t_half_width(sd: np.ndarray, n: np.ndarray, level: float = 0.95) -> np.ndarray:
    """Half the width of Student's interval, t_{n-1} s / sqrt(n); NaN for fewer than two values.

    >>> round(float(t_half_width(np.array(1.0), np.array(3))), 3)
    2.484
    """
    n = np.asarray(n, dtype=float)
    df = np.where(n > 1, n - 1, np.nan)
    return stdtrit(df, 0.5 + level / 2) * np.asarray(sd, dtype=float) / np.sqrt(np.where(n > 0, n, np.nan))


def bca_interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Bias-corrected and accelerated bootstrap interval of a mean, with a fixed stream of resamples."""
    from scipy.stats import bootstrap

    if np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a degenerate sample gives NaN, which is dealt with below
        found = bootstrap(
            (values,), np.mean, confidence_level=level, n_resamples=RESAMPLES, rng=np.random.default_rng(0)
        ).confidence_interval
    if np.isfinite([found.low, found.high]).all():
        return float(found.low), float(found.high)
    half = float(t_half_width(values.std(ddof=1), np.asarray(len(values)), level))
    return float(values.mean() - half), float(values.mean() + half)


def cells(runs: pd.DataFrame, seeds: Sequence[int] = ()) -> pd.DataFrame:
    """One row a cell, in the order of the runs.

    Args:
        runs: scoring runs with the columns of ``frames.RUNS``.
        seeds: the seeds that were planned; one without a run counts as missing.

    Returns:
        The columns of CELL, ``metric``, ``seeds`` (that count), ``mean``, ``low`` and ``high``
        (95 % interval, cut at what the metric can be), ``half_width`` (before the cut), ``iqm`` (interquartile mean),
        ``interval`` (``t``, ``bca`` or empty), ``sd``, ``min``, ``max``, ``done``, ``diverged``,
        ``failed`` (``oom`` and results without a number included), ``oom`` and ``missing``.
        NaN where there is nothing to compute from.
    """
    status = runs["status"].fillna("")
    value = counted(runs)
    marked = runs[CELL].assign(
        metric=runs["metric"],
        value=value,
        done=(status.eq("done") & value.notna()).astype(int),
        diverged=(status.eq("diverged") & value.notna()).astype(int),
        failed=value.isna().astype(int),
        oom=status.eq("oom").astype(int),
        missing=runs["seed"].isin(list(seeds)).astype(int),
    )
    grouped = marked.groupby(CELL, sort=False, dropna=False)
    table = grouped.agg(
        metric=("metric", "last"),
        seeds=("value", "count"),
        mean=("value", "mean"),
        sd=("value", "std"),
        iqm=("value", _interquartile_mean),
        min=("value", "min"),
        max=("value", "max"),
        done=("done", "sum"),
        diverged=("diverged", "sum"),
        failed=("failed", "sum"),
        oom=("oom", "sum"),
        missing=("missing", "sum"),
    ).reset_index()
    table["missing"] = (len(seeds) - table["missing"]).clip(lower=0)
    half = t_half_width(table["sd"].to_numpy(), table["seeds"].to_numpy())
    table["low"], table["high"] = table["mean"] - half, table["mean"] + half
    table["interval"] = np.where(np.isfinite(half), "t", "")
    if (table["seeds"] >= FEW).any():
        number = grouped.ngroup()
        for row in np.flatnonzero(table["seeds"] >= FEW):
            values = marked["value"][number == row].dropna().to_numpy()
            table.loc[row, ["low", "high", "interval"]] = [*bca_interval(values), "bca"]
    table["half_width"] = (table["high"] - table["low"]) / 2
    for metric, (least, most) in RANGE.items():
        cut = table.loc[table["metric"] == metric, ["low", "high"]].clip(least, most)
        table.loc[cut.index, ["low", "high"]] = cut
    return table[[*CELL, "metric", "seeds", "mean", "low", "high", "half_width", "interval", "sd", "iqm", "min",
                  "max", "done", "diverged", "failed", "oom", "missing"]]  # fmt: skip


def _interquartile_mean(values: pd.Series) -> float:
    found = values.dropna().to_numpy()
    return interquartile_mean(found) if len(found) else float("nan")


def fill_grid(table: pd.DataFrame, pairs: Iterable[tuple[str, str]], missing: int) -> pd.DataFrame:
    """The cells of one block, with a row for each (activation, optimizer) pair that has no run."""
    there = set(zip(table["activation"], table["optimizer"], strict=True))
    absent = [pair for pair in pairs if pair not in there]
    if not absent:
        return table
    first = table.iloc[0]
    rows = pd.DataFrame(absent, columns=["activation", "optimizer"])
    rows = rows.assign(**{name: first[name] for name in [*BLOCK, "metric"]})
    rows = rows.assign(seeds=0, done=0, diverged=0, failed=0, oom=0, missing=max(missing, 1), interval="")
    rows = rows.reindex(columns=table.columns).astype(table.dtypes.to_dict())
    return pd.concat([table, rows], ignore_index=True)


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Cells with a result, the best first; equal means keep their order."""
    with_result = table[table["mean"].notna()]
    return with_result.sort_values("mean", ascending=False, kind="stable", ignore_index=True)


def overlaps(table: pd.DataFrame) -> tuple[int, int, float]:
    """How far intervals overlap: a rough reading, not a test.

    Returns:
        How many of the other cells overlap with the best one, how many others have an
        interval at all, and the share of all pairs of cells that overlap (NaN without pairs).
    """
    known = ranked(table)
    known = known[known["low"].notna() & known["high"].notna()]
    low, high = known["low"].to_numpy(), known["high"].to_numpy()
    if len(known) < 2:
        return 0, 0, float("nan")
    touch = (low[:, None] <= high[None, :]) & (low[None, :] <= high[:, None])
    pairs = touch[np.triu_indices(len(known), k=1)]
    return int(touch[0, 1:].sum()), len(known) - 1, float(pairs.mean())


def levels(runs: pd.DataFrame, factor: str, over: str) -> pd.DataFrame:
    """The mean of each level of one factor, averaged over the other: the best level first.

    Averages are taken over the same cells for every level: over the levels of ``over``
    and the seeds for which every level has a result. The interval is Student's over the
    seeds' averages, so it tells how far seeds move a level, not how far other levels of
    ``over`` would.

    Args:
        runs: runs of one block, with ``value``, ``seed`` and both factors as columns.
        factor: name of the column to rank.
        over: name of the column to average over.

    Returns:
        ``level``, ``mean``, ``low``, ``high``, ``seeds``, ``cells`` (how many levels of ``over``
        went in) and ``balanced`` (False where no cells are common to all levels: then each
        level is averaged over what it has, without an interval).
    """
    known = runs[runs["value"].notna()]
    names = [list(dict.fromkeys(known[column])) for column in (factor, over)]
    seeds = sorted(set(known["seed"]))
    cube = np.full((len(names[0]), len(names[1]), len(seeds)), np.nan)
    places = [known[column].map({name: n for n, name in enumerate(listed)}).to_numpy(dtype=int)
              for column, listed in ((factor, names[0]), (over, names[1]), ("seed", seeds))]  # fmt: skip
    cube[tuple(places)] = known["value"]
    there = np.isfinite(cube)
    by_column = cube[:, there.all(axis=(0, 2)), :]
    by_seed = cube[:, :, there.all(axis=(0, 1))]
    common = by_column if by_column.size >= by_seed.size else by_seed
    balanced = bool(common.size)
    if balanced:
        each = common.mean(axis=1)
        mean, n = each.mean(axis=1), each.shape[1]
        sd = each.std(axis=1, ddof=1) if n > 1 else np.full(len(mean), np.nan)
        half = t_half_width(sd, np.full(len(mean), n))
    else:
        common, n = cube, len(seeds)
        mean = np.array([row[np.isfinite(row)].mean() for row in cube])
        half = np.full(len(mean), np.nan)
    table = pd.DataFrame({
        "level": names[0], "mean": mean, "low": mean - half, "high": mean + half,
        "seeds": n, "cells": common.shape[1], "balanced": balanced,
    })  # fmt: skip
    return table.sort_values("mean", ascending=False, kind="stable", ignore_index=True)
