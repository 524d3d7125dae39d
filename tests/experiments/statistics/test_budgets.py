"""Scores at equal epochs, seconds and gradient evaluations, on curves that can be read by eye."""

import numpy as np
import pandas as pd
import pytest

from experiments.statistics import comparison_at, paired_comparisons


def curve(optimizer, scores, seconds, gradients, seed=0, **more):
    epochs = len(scores)
    names = {"dataset": "digits", "model": "mlp", "activation": "relu", "optimizer": optimizer, "seed": seed}
    named = {"epoch": range(1, epochs + 1), "score": scores, "seconds": seconds, "gradients": gradients}
    return pd.DataFrame(names | named | more)


@pytest.fixture
def curves():
    return pd.concat(
        [
            curve("batch_gd", [0.2, 0.3, 0.4, 0.5], 0.5, 1),
            curve("adam", [0.7, 0.8, 0.9, 0.85], 1.0, 100),
        ]
    )


READ_BY_EYE = [
    # axis, budget, batch_gd: score and state, adam: score and state
    ("epochs", 1, (0.2, "reached"), (0.7, "reached")),
    ("epochs", 3.5, (0.4, "reached"), (0.9, "reached")),
    ("epochs", None, (0.5, "reached"), (0.85, "reached")),
    ("epochs", 5, (np.nan, "ended before"), (np.nan, "ended before")),
    ("seconds", 0.3, (np.nan, "not yet"), (np.nan, "not yet")),
    ("seconds", 1.2, (0.3, "reached"), (0.7, "reached")),
    ("seconds", None, (0.5, "reached"), (0.8, "reached")),
    ("seconds", 3, (np.nan, "ended before"), (0.9, "reached")),
    ("gradients", None, (0.5, "reached"), (np.nan, "not yet")),
    ("gradients", 250, (np.nan, "ended before"), (0.8, "reached")),
]


@pytest.mark.parametrize(("axis", "budget", "batch_gd", "adam"), READ_BY_EYE)
def test_read_by_eye(axis, budget, batch_gd, adam, curves):
    table = comparison_at(curves, axis, None if budget is None else [budget]).set_index("optimizer")
    for optimizer, (score, state) in (("batch_gd", batch_gd), ("adam", adam)):
        assert table.loc[optimizer, "score"] == pytest.approx(score, nan_ok=True)
        assert table.loc[optimizer, "state"] == state


def test_spent_and_budget_are_told(curves):
    table = comparison_at(curves, "seconds", [1.2, 2]).set_index(["budget", "optimizer"])
    assert table["spent"].to_dict() == {
        (1.2, "adam"): 1,
        (1.2, "batch_gd"): 1,
        (2, "adam"): 2,
        (2, "batch_gd"): 2,
    }


def test_rounding_of_summed_seconds_costs_no_epoch():
    table = comparison_at(curve("adam", [0.1, 0.2, 0.3], 0.1, 1), "seconds", [0.3])
    assert table.loc[0, "score"] == 0.3


@pytest.mark.parametrize("scores", [[0.5, np.nan, np.nan], [0.5]], ids=["NaN after", "nothing after"])
def test_a_diverged_run_is_at_chance_from_then_on(scores):
    lost = curve("sgd", scores, 1.0, 1, status="diverged", chance=0.1)
    fine = curve("adam", [0.5, 0.6, 0.7], 1.0, 1, status="done", chance=0.1)
    table = comparison_at(pd.concat([lost, fine]), "epochs", [1, 3]).set_index(["budget", "optimizer"])["score"]
    assert table.to_dict() == {(1, "sgd"): 0.5, (3, "sgd"): 0.1, (1, "adam"): 0.5, (3, "adam"): 0.7}
    by_default = comparison_at(pd.concat([lost, fine]))
    assert set(by_default["budget"]) == {3}
    assert set(by_default["state"]) == {"reached"}


def test_what_was_reached_is_a_score_frame():
    rng = np.random.default_rng(0)
    frames = [
        curve(name, top + 0.01 * rng.standard_normal(3), 1.0, 1, seed)
        for name, top in (("sgd", 0.5), ("adam", 0.9))
        for seed in range(4)
    ]
    table = comparison_at(pd.concat(frames), "seconds", [2.0])
    assert list(paired_comparisons(table[table["state"] == "reached"])["verdict"]) == ["adam better"]


FAULTS = {
    "axis": (lambda c: comparison_at(c, "steps"), "axis='steps' is not one of"),
    "column": (
        lambda c: comparison_at(c.drop(columns="gradients"), "gradients"),
        r"lack the columns \['gradients'\]",
    ),
    "twice": (
        lambda c: comparison_at(pd.concat([c, c])),
        "epoch 1 of digits, mlp, relu, batch_gd, 0 stands twice",
    ),
    "not finite": (lambda c: comparison_at(c.assign(score=np.nan)), "did not diverge"),
    "no chance": (lambda c: comparison_at(c.assign(status="diverged")), "no chance level"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults(fault, curves):
    call, message = FAULTS[fault]
    with pytest.raises(ValueError, match=message):
        call(curves)
