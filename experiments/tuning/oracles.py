"""KerasTuner's oracles, asked and told. Imports KerasTuner (and with it Keras): only workers call this.

An oracle is made anew for each question and told again what is known, in the order of its trials. So what it
proposes depends on nothing but the question: not on who finished first, and not on how often it was killed.
"""

import contextlib
import io
import warnings
from collections.abc import Sequence
from typing import Any

from experiments.tuning.space import Space

ROUND = 4  # trials that are asked for before any of them is told; a grid comes in one go


def propose(strategy: str, space: Space, trials: int, epochs: int, seed: int,
            told: Sequence[Sequence[float]]) -> list[dict[str, Any]]:  # fmt: skip
    """The next round of trials; empty when the search is over.

    Args:
        strategy: ``grid``, ``random``, ``bayesian`` or ``hyperband``.
        space: what is searched.
        trials: budget of random and Bayesian search.
        epochs: the full budget of a run, which Hyperband divides.
        seed: of the oracle's own draws.
        told: the scores of the earlier rounds, larger is better.

    Returns:
        one dictionary a trial: parameter -> value, and ``epochs`` where Hyperband gives fewer.
    """
    if strategy in ("random", "bayesian") and sum(map(len, told)) >= trials:
        return []  # known without telling all over again, which costs a Gaussian process a trial
    import keras_tuner

    oracle = _oracle(keras_tuner, strategy, space, trials, epochs, seed)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        # A Gaussian process of five points, or of equal ones, has much to say about itself.
        warnings.simplefilter("ignore")
        for scores in told:
            # A grid waits for each result before it goes on, and makes nothing of it: asked and told one by one.
            rounds = [[score] for score in scores] if strategy == "grid" else [scores]
            for several in rounds:
                asked = [oracle.create_trial(f"tuner-{number}") for number in range(len(several))]
                for trial, score in zip(asked, several, strict=True):
                    _tell(oracle, trial, score)
        proposals: list[dict[str, Any]] = []
        while len(proposals) < ROUND or strategy == "grid":
            trial = oracle.create_trial(f"tuner-{len(proposals)}")
            if trial.status != "RUNNING":  # it waits for results, or it is done
                break
            proposals.append(_values(trial.hyperparameters.values, epochs))
            if strategy == "grid":
                _tell(oracle, trial, 0.0)
    return proposals


def _tell(oracle: Any, trial: Any, score: float) -> None:
    oracle.update_trial(trial.trial_id, {"score": score})
    trial.status = "COMPLETED"
    oracle.end_trial(trial)


def _oracle(keras_tuner: Any, strategy: str, space: Space, trials: int, epochs: int, seed: int) -> Any:
    hyperparameters = keras_tuner.HyperParameters()
    for name, given in space.items():
        if "choices" in given:
            hyperparameters.Choice(name, given["choices"])
        else:
            hyperparameters.Float(name, given["low"], given["high"], sampling="log")
    # Seed 0 would mean "draw one" to KerasTuner.
    common = {
        "objective": keras_tuner.Objective("score", "max"),
        "hyperparameters": hyperparameters,
        "seed": seed + 1,
    }
    tuners = keras_tuner.oracles
    if strategy == "grid":
        oracle = tuners.GridSearchOracle(max_trials=None, **common)
    elif strategy == "random":
        oracle = tuners.RandomSearchOracle(max_trials=trials, **common)
    elif strategy == "bayesian":
        oracle = tuners.BayesianOptimizationOracle(max_trials=trials, **common)
    else:
        oracle = tuners.HyperbandOracle(max_epochs=max(epochs, 2), factor=3, **common)
    # The ledger owns the trials: the oracle's own files would only be a second truth.
    oracle.save = lambda: None
    oracle._save_trial = lambda _trial: None
    oracle.verbose = 0
    return oracle


def _values(values: dict[str, Any], epochs: int) -> dict[str, Any]:
    """Without Hyperband's bookkeeping. A promoted trial trains from the start again: the run is its own record."""
    ours = {name: value for name, value in values.items() if not name.startswith("tuner/")}
    if values.get("tuner/epochs", epochs) < epochs:
        ours["epochs"] = int(values["tuner/epochs"])
    return ours
