"""Heads: what fits together, how targets are coded, where a yes begins."""

import keras
import numpy as np
import pytest

from experiments import names
from experiments.errors import PlanError
from experiments.heads import DEFAULTS, Head, head_for
from experiments.training.setup import make_loss

OUTPUTS = {"classes": 4, "binary": 1, "regression": 1}
LABELS = {
    "classes": np.array([0, 3, 1, 2, 1], np.int32),
    "binary": np.array([0, 1, 1, 0, 1], np.int32),
    "regression": np.array([-1.5, 0.0, 2.0, 0.3, 0.1], np.float32),
}


def allowed(task: str, head: str, loss: str) -> bool:
    try:
        head_for(task, OUTPUTS[task], head, loss)
    except PlanError:
        return False
    return True


FITTING = [
    (task, head, loss)
    for task in DEFAULTS
    for head in names.HEADS
    for loss in names.LOSSES
    if allowed(task, head, loss)
]


@pytest.mark.parametrize(("task", "pair"), DEFAULTS.items())
def test_default_is_the_textbooks(task, pair):
    head = head_for(task, OUTPUTS[task])
    assert (head.activation, head.loss) == pair
    assert head.metric == ("r2" if task == "regression" else "accuracy")
    assert head.from_logits == (task != "regression")


@pytest.mark.parametrize(
    ("task", "head", "loss", "words"),
    [
        ("regression", None, "binary_crossentropy", "mean_squared_error"),
        ("regression", None, "hinge", "huber"),
        ("binary", None, "sparse_categorical_crossentropy", "binary_crossentropy"),
        ("binary", None, "categorical_hinge", "hinge"),
        ("classes", "linear", None, "softmax or sigmoid"),
        ("classes", "tanh", "categorical_crossentropy", "softmax or sigmoid"),
        ("binary", "tanh", None, "softmax or sigmoid"),
        # One output: its softmax is 1 whatever the net does.
        ("binary", "softmax", None, "sigmoid"),
        ("regression", "softmax", None, "linear"),
    ],
)
def test_what_does_not_fit_is_refused_and_says_what_does(task, head, loss, words):
    with pytest.raises(PlanError, match=words):
        head_for(task, OUTPUTS[task], head, loss)


def perfect(head: Head, y: np.ndarray) -> np.ndarray:
    """What a net that knows everything puts out (before the head where the loss takes logits)."""
    if head.task == "regression":
        return y.reshape(-1, 1)
    high, low = {"tanh": (1.0, -1.0), "linear": (1.0, -1.0)}.get(head.activation, (1.0, 0.0))
    if head.from_logits:
        high, low = 30.0, -30.0
    elif not head.signed:
        low = max(low, 0.0)
    if head.task == "classes":
        return np.where(np.eye(head.outputs)[y] > 0, high, low).astype(np.float32)
    return np.where(y > 0, high, low).astype(np.float32).reshape(-1, 1)


@pytest.mark.parametrize(("task", "head", "loss"), FITTING)
def test_targets_are_coded_so_that_a_perfect_net_has_the_least_loss_and_all_answers_right(task, head, loss):
    chosen, y = head_for(task, OUTPUTS[task], head, loss), LABELS[task]
    target = chosen.encode(y)
    sparse = loss.startswith("sparse")
    assert target.shape == ((len(y),) if sparse else (len(y), OUTPUTS[task]))
    assert target.dtype == (np.int32 if sparse else np.float32)
    function, right = make_loss(chosen), perfect(chosen, y)
    least = float(keras.ops.convert_to_numpy(function(target, right)))
    for wrong in (right[::-1].copy(), np.full_like(right, right.mean())):
        assert least < float(keras.ops.convert_to_numpy(function(target, wrong)))
    if task == "binary":
        assert ((right > chosen.threshold) == (y > 0).reshape(-1, 1)).all()
        assert np.array_equal(target > (0 if chosen.signed else 0.5), (y > 0).reshape(-1, 1))
    if task == "classes" and not sparse:
        assert np.array_equal(target.argmax(1), y)


@pytest.mark.parametrize(
    ("head", "loss", "threshold"),
    [
        ("sigmoid", "binary_crossentropy", 0.0),
        ("sigmoid", "mean_squared_error", 0.5),
        ("sigmoid", "hinge", 0.5),
        ("tanh", "mean_squared_error", 0.0),
        ("tanh", "hinge", 0.0),
        ("linear", "hinge", 0.0),
        ("linear", "huber", 0.5),
    ],
)
def test_threshold_is_the_middle_of_the_two_answers(head, loss, threshold):
    assert head_for("binary", 1, head, loss).threshold == threshold


def test_every_loss_fits_some_task():
    assert {loss for _, _, loss in FITTING} == set(names.LOSSES)


@pytest.mark.parametrize(
    ("task", "y", "chance"),
    [("classes", [0, 0, 0, 1, 2], 0.6), ("binary", [0, 1, 1, 1], 0.75), ("regression", [0.5, 2.0], 0.0)],
)
def test_chance_is_the_share_of_the_commonest_class_or_0_for_r2(task, y, chance):
    assert head_for(task, 3 if task == "classes" else 1).chance(np.array(y)) == chance


@pytest.mark.parametrize(
    ("head", "loss", "threshold"),
    [
        ("sigmoid", "binary_crossentropy", 0.0),  # takes logits
        ("sigmoid", "mean_squared_error", 0.5),
        ("sigmoid", "hinge", 0.5),
        ("linear", "mean_squared_error", 0.5),
        ("linear", "huber", 0.5),
        ("linear", "hinge", 0.0),
        ("tanh", "mean_squared_error", 0.0),
        ("sigmoid", "plugin:mine", 0.5),
        ("tanh", "plugin:mine", 0.0),
        ("linear", "plugin:mine", 0.0),  # logits, as nobody else speaks of them there
        (None, "plugin:mine", 0.5),
    ],
)
def test_where_a_yes_begins(head, loss, threshold):
    assert head_for("binary", 1, head, loss).threshold == threshold
