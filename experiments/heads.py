"""The output side of a net: head activation, loss, target coding and metric, by task."""

from dataclasses import dataclass

import numpy as np

from experiments.errors import PlanError
from experiments.names import PLUGIN

DEFAULTS = {
    "classes": ("softmax", "sparse_categorical_crossentropy"),
    "binary": ("sigmoid", "binary_crossentropy"),
    "regression": ("linear", "mean_squared_error"),
}
"""Task -> (head, loss): the textbook's match."""

LOGITS = {
    ("softmax", "sparse_categorical_crossentropy"),
    ("softmax", "categorical_crossentropy"),
    ("sigmoid", "binary_crossentropy"),
}
"""Pairs where the loss takes logits and applies the head itself: the same function, without overflow."""


@dataclass(frozen=True)
class Head:
    """How a task is answered and scored.

    Attributes:
        activation: ``softmax``, ``sigmoid``, ``tanh`` or ``linear``.
        loss: name of the loss.
        task: ``classes``, ``binary`` or ``regression``.
        outputs: width of the output layer.
    """

    activation: str
    loss: str
    task: str
    outputs: int

    @property
    def from_logits(self) -> bool:
        return (self.activation, self.loss) in LOGITS

    @property
    def metric(self) -> str:
        return "r2" if self.task == "regression" else "accuracy"

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Targets as the loss wants them: ``[N, outputs]`` float32, or ``[N]`` int32 where it is sparse."""
        if self.loss == "sparse_categorical_crossentropy":
            return y.astype(np.int32)
        if self.task == "classes":
            one_hot = np.eye(self.outputs, dtype=np.float32)[y]
            # Hinge and a tanh head speak of -1 and 1, all else (categorical hinge too) of 0 and 1.
            return 2 * one_hot - 1 if self.signed else one_hot
        y = y.astype(np.float32).reshape(-1, 1)
        return 2 * y - 1 if self.task == "binary" and self.signed else y

    @property
    def signed(self) -> bool:
        return self.loss == "hinge" or (self.activation == "tanh" and self.loss != "categorical_hinge")

    @property
    def threshold(self) -> float:
        """The output above which a binary answer is yes: half-way between the answers, 0 for logits.

        What a plugin's loss takes from a linear head counts as a logit: to fit 0 and 1 themselves there are losses that
        come along.
        """
        if self.activation == "sigmoid" and not self.from_logits:
            return 0.5
        own = self.loss.startswith(PLUGIN) and self.activation == "linear"
        return 0.0 if self.from_logits or self.signed or own else 0.5

    def chance(self, y: np.ndarray) -> float:
        """The metric of a net that has learned nothing: the share of the commonest class, or R² = 0."""
        if self.task == "regression":
            return 0.0
        return float(np.bincount(y).max() / len(y))


def head_for(task: str, outputs: int, head: str | None = None, loss: str | None = None) -> Head:
    """The head of a task, by default the textbook's.

    Raises:
        PlanError: the loss cannot take what the head gives, or does not fit the task.
    """
    default_head, default_loss = DEFAULTS[task]
    own = bool(loss and loss.startswith(PLUGIN))
    if loss and "hinge" in loss and not own:
        default_head = "linear"  # a margin of 1 cannot be met by outputs between 0 and 1
    head, loss = head or default_head, loss or default_loss
    allowed = {
        "classes": {"sparse_categorical_crossentropy", "categorical_crossentropy", "categorical_hinge",
                    "mean_squared_error", "mean_absolute_error", "huber", "hinge", "binary_crossentropy"},
        "binary": {"binary_crossentropy", "mean_squared_error", "mean_absolute_error", "huber", "hinge"},
        "regression": {"mean_squared_error", "mean_absolute_error", "huber"},
    }[task]  # fmt: skip
    if loss not in allowed and not own:
        raise PlanError(f"loss {loss!r} does not fit a task of {task}: choose one of {', '.join(sorted(allowed))}")
    if "crossentropy" in loss and not own and head not in ("softmax", "sigmoid"):
        raise PlanError(f"loss {loss!r} needs probabilities, head {head!r} gives none: use softmax or sigmoid")
    if head == "softmax" and outputs == 1:
        raise PlanError(f"the softmax of the one output of a task of {task} is always 1: use head {default_head}")
    return Head(head, loss, task, outputs)
