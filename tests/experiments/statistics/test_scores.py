"""What a score frame has to hold, and which runs are compared where some are missing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.statistics import (
    cell_comparisons,
    cell_summary,
    friedman_nemenyi,
    paired_comparisons,
    performance_profile,
    probability_of_improvement,
    ranking_change,
    rankings,
    variance_decomposition,
)
from experiments.statistics.scores import balanced, blocks, check_scores, in_order


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


FUNCTIONS = {
    "cell_summary": lambda frame: cell_summary(frame, rng()),
    "paired_comparisons": paired_comparisons,
    "cell_comparisons": cell_comparisons,
    "variance_decomposition": variance_decomposition,
    "rankings": lambda frame: rankings(frame, "activation", rng()),
    "ranking_change": lambda frame: ranking_change(frame, frame.assign(score=frame["score"] ** 2)),
    "friedman_nemenyi": lambda frame: friedman_nemenyi(frame, minimum=2).scores,
    "performance_profile": lambda frame: performance_profile(frame, "optimizer", rng(), resamples=50),
    "probability_of_improvement": lambda frame: probability_of_improvement(frame, "optimizer", rng()),
}

FAULTS = {
    "column missing": (lambda frame: frame.drop(columns="seed"), r"lacks the columns \['seed'\]"),
    "no result": (lambda frame: frame.assign(status="failed"), "no row .* is a result"),
    "no score": (lambda frame: frame.assign(score=np.nan), "no finite score, the first: dataset digits"),
    "twice": (lambda frame: frame.assign(seed=0), "more than one score for dataset digits"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_frame_that_is_no_score_frame_is_told_what_is_wrong(name, fault, make_scores):
    spoil, message = FAULTS[fault]
    with pytest.raises(ValueError, match=message):
        FUNCTIONS[name](spoil(make_scores(np.full((2, 3, 4), 0.5))))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_missing_runs_divergence_and_the_order_of_rows_do_no_harm(name, untidy):
    expected = FUNCTIONS[name](untidy)
    shuffled = FUNCTIONS[name](untidy.sample(frac=1, random_state=1))
    assert len(expected)
    assert expected.equals(shuffled)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 3, 2), (3, 1, 1), (2, 2, 2), (2, 3, 12)])
def test_small_grids_do_no_harm(name, shape, make_scores):
    FUNCTIONS[name](make_scores(0.9 + 0.01 * rng().standard_normal(shape)))


@pytest.mark.parametrize("call", [paired_comparisons, lambda f, factor: rankings(f, factor, rng())])
def test_unknown_factor(call, untidy):
    with pytest.raises(ValueError, match=r"factor='model' is not one of \['activation', 'optimizer', 'loss'\]"):
        call(untidy, "model")


BAD_ARGUMENTS = {
    "alpha=5": lambda frame: paired_comparisons(frame, alpha=5),
    "margin=0": lambda frame: cell_comparisons(frame, margin=0),
    "confidence=95": lambda frame: cell_summary(frame, rng(), confidence=95),
}


@pytest.mark.parametrize("text", BAD_ARGUMENTS)
def test_bad_arguments(text, untidy):
    with pytest.raises(ValueError, match=f"{text} is not .* give"):
        BAD_ARGUMENTS[text](untidy)


def test_diverged_counts_and_failed_does_not(untidy):
    results = check_scores(untidy)
    assert (results["status"] == "diverged").sum() == 6
    assert len(results) == len(untidy) - 1


def test_names_stand_in_the_order_of_every_table():
    assert in_order(["zebra", "adam", "keras:Lion", "sgd", "relu", "sigmoid", "sgd"]) == [
        "sigmoid", "relu", "sgd", "adam", "keras:Lion", "zebra",
    ]  # fmt: skip


def test_blocks_put_each_score_in_its_place(make_scores):
    array = np.arange(24.0).reshape(2, 3, 4)
    array[1, 2, 3] = np.nan
    (by_activation,) = blocks(make_scores(array), "activation")
    (by_optimizer,) = blocks(make_scores(array), "optimizer")
    np.testing.assert_array_equal(by_activation.score, array)
    np.testing.assert_array_equal(by_optimizer.score, array.transpose(1, 0, 2))
    assert by_optimizer.levels == ["sgd", "momentum", "nag"]


def with_losses(make_scores, array, names=("hinge", "huber")):
    """A score frame from ``[loss][activation][optimizer][seed]``."""
    return pd.concat([make_scores(each).assign(loss=name) for name, each in zip(names, array, strict=True)])


def test_losses_are_a_third_factor_and_what_is_held_fast_are_the_pairs_of_the_others(make_scores):
    array = np.arange(24.0).reshape(2, 2, 2, 3)
    array[1, 1, 0] = np.nan  # tanh with sgd was not run with huber
    frame = with_losses(make_scores, array).sample(frac=1, random_state=0)
    (by_loss,) = blocks(frame, "loss")
    assert (by_loss.levels, by_loss.others[:2]) == (["hinge", "huber"], ["sigmoid, sgd", "sigmoid, momentum"])
    np.testing.assert_array_equal(by_loss.score, array.reshape(2, 4, 3))
    (by_optimizer,) = blocks(frame, "optimizer")
    assert by_optimizer.others == ["sigmoid, hinge", "sigmoid, huber", "tanh, hinge", "tanh, huber"]
    np.testing.assert_array_equal(by_optimizer.score[1, 1], array[1, 0, 1])


def test_what_takes_one_loss_is_given_one(make_scores):
    frame = with_losses(make_scores, np.full((2, 2, 2, 3), 0.5))
    for call in (cell_comparisons, variance_decomposition, lambda frame: cell_summary(frame, rng())):
        with pytest.raises(ValueError, match=r"has the losses \['hinge', 'huber'\]; select one"):
            call(frame)
        assert call(frame[frame["loss"] == "huber"]).equals(call(frame[frame["loss"] == "huber"].drop(columns="loss")))
    with pytest.raises(ValueError, match="lacks the column 'loss'"):
        paired_comparisons(make_scores(np.full((2, 2, 3), 0.5)), "loss")


BALANCED = [
    # present [condition][seed] -> conditions kept, seeds kept
    ("111 111", [1, 1], [1, 1, 1]),
    ("11111 11100", [1, 1], [1, 1, 1, 0, 0]),  # a condition weighs more than two seeds
    ("11111 11000", [1, 0], [1, 1, 1, 1, 1]),  # but two seeds are too few
    ("1110 0111", [1, 0], [1, 1, 1, 0]),
    ("11 11 01", [1, 1, 0], [1, 1]),
    ("000 111", [0, 1], [1, 1, 1]),
    ("00 00", [0, 0], [0, 0]),
]


@pytest.mark.parametrize(("present", "conditions", "seeds"), BALANCED)
def test_balanced_keeps_what_the_rule_says(present, conditions, seeds):
    array = np.array([[each == "1" for each in row] for row in present.split()])
    kept = balanced(array)
    np.testing.assert_array_equal(kept[0], np.array(conditions, bool))
    np.testing.assert_array_equal(kept[1], np.array(seeds, bool))


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 5), st.integers(1, 6), st.data())
def test_balanced_leaves_no_hole(conditions, seeds, data):
    cells = data.draw(st.lists(st.booleans(), min_size=conditions * seeds, max_size=conditions * seeds))
    present = np.array(cells).reshape(conditions, seeds)
    kept, shared = balanced(present)
    assert present[kept][:, shared].all()
    assert (kept.any() and shared.any()) == present.any()
