"""Score frames for the tests of the statistics."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from experiments.statistics import self_check

CHECK_SEED = 20240229


def scores_from(array, dataset: str = "digits", model: str = "mlp") -> pd.DataFrame:
    """A score frame from ``[activation][optimizer][seed]``; NaN is a run that is missing."""
    array = np.asarray(array, float)
    a, o, s = np.nonzero(~np.isnan(array))
    return pd.DataFrame(
        {
            "dataset": dataset,
            "model": model,
            "activation": np.array(["sigmoid", "tanh", "relu", "elu"])[a],
            "optimizer": np.array(["sgd", "momentum", "nag", "rmsprop", "adam", "nadam"])[o],
            "seed": s,
            "score": array[a, o, s],
            "status": "done",
        }
    )


@pytest.fixture(scope="session")
def make_scores() -> Callable[..., pd.DataFrame]:
    return scores_from


@pytest.fixture(scope="session")
def untidy() -> pd.DataFrame:
    """Two blocks with all that happens: missing runs and cells, divergence, failures, more seeds for some."""
    rng = np.random.default_rng(5)
    effect = np.add.outer([0, 0.02, 0.03, 0.03], [-0.05, 0, 0, 0.01, 0.01])
    score = 0.9 + effect[..., None] + 0.01 * rng.standard_normal((4, 5, 5)) + 0.01 * rng.standard_normal(5)
    score[:, :, 3:] = np.nan
    score[2, 4, 3:] = 0.95, 0.96
    score[1, 2] = np.nan
    score[3, 0, 1] = np.nan
    first = scores_from(score)
    second = scores_from(score[:3, ::-1, :4], "mnist", "cnn")
    frame = pd.concat([first, second], ignore_index=True)
    lost = (frame["activation"] == "sigmoid") & (frame["optimizer"] == "sgd")
    frame.loc[lost, ["score", "status"]] = [0.1, "diverged"]
    failed = frame.iloc[[0]].assign(seed=9, score=np.nan, status="failed")
    return pd.concat([frame, failed], ignore_index=True)


@pytest.fixture(scope="session")
def checked() -> pd.DataFrame:
    """``self_check`` once for all tests that look at its rows."""
    return self_check(np.random.default_rng(CHECK_SEED), replications=1500, blocks=150)
