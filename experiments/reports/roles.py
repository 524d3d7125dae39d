"""Which runs make which ranking: at tuned rates, at default rates, with other constants tuned too."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

TRIAL, DEEP = "trial", "deep"
RATES = {"tuned": ("tuned", "both"), "default": ("default", "both")}
"""Ranking -> the roles of its runs: a run whose tuned rate is the default serves both."""


def tunes(runs: pd.DataFrame, facts: Mapping[str, Any]) -> bool:
    """Whether learning rates are tuned, as the plan says or as the runs show."""
    strategy = (facts.get("tuning") or {}).get("strategy", "none")
    return strategy != "none" or bool(runs["role"].isin(["tuned", "both", TRIAL, DEEP]).any())


def at(runs: pd.DataFrame, rates: str) -> pd.DataFrame:
    """The scoring runs at ``tuned`` or at ``default`` rates."""
    return runs[runs["role"].isin(RATES[rates]).fillna(False)]


def scoring(runs: pd.DataFrame) -> pd.DataFrame:
    """All runs that read test data and are ranked."""
    return runs[runs["role"].isin(["default", "tuned", "both"]).fillna(False)]
