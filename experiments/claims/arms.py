"""What a claim trains: arms, each a cell of the sweep with its own data, net, loss and rate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments import names
from experiments.datasets import Dataset
from experiments.heads import head_for
from experiments.initialisers import initialiser_for
from experiments.records import Run, arguments
from experiments.tuning.cell import Cell
from experiments.tuning.space import Tuning

TUNING = Tuning(strategy="grid", seeds=1, confirm=2)
"""How the learning rate of a tuned arm is found: half decades around the default, by validation, the best confirmed
with two further seeds. The same at every budget, so that the full one only adds scoring seeds."""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One side of a comparison. Everything that is not given is what a sweep would take.

    Attributes:
        dataset: name; the digits stand in for MNIST or CIFAR-10 where those are not there.
        model, model_args: named builder and its arguments.
        activation, activation_args: of the hidden layers; beside the catalog's names and ``keras:NAME``
            also ``variant:NAME`` (see ``experiments.variants``).
        optimizer, optimizer_args: the constants beside the rate.
        loss, head: of the output; by default those that fit the task.
        initialiser: by default the one made for the activation.
        epochs, batch_size: budget; ``batch_size`` 0 is the whole training part.
        learning_rate: by default the optimizer's; the middle of the grid where ``tuned``.
        tuned: whether the rate is tuned, by validation, with seeds of its own.
        seeds: scoring seeds, where not those of the budget.
    """

    dataset: str = "mnist-5k"
    model: str = "mlp"
    model_args: Mapping[str, int] = field(default_factory=dict)
    activation: str = "relu"
    activation_args: Mapping[str, Any] = field(default_factory=dict)
    optimizer: str = "adam"
    optimizer_args: Mapping[str, float] = field(default_factory=dict)
    loss: str | None = None
    head: str | None = None
    initialiser: str | None = None
    epochs: int = 10
    batch_size: int = 64
    learning_rate: float | None = None
    tuned: bool = True
    seeds: int | None = None

    def cell(self, data: Dataset, seeds: int) -> Cell:
        """The cell that the sweep trains.

        Args:
            data: the data set, or what stands in for it.
            seeds: scoring seeds of the budget.
        """
        head = head_for(data.task, data.outputs, self.head, self.loss)
        template = Run(
            dataset=data.name,
            fingerprint=data.fingerprint,
            model=self.model,
            model_args=arguments(dict(self.model_args)),
            activation=self.activation,
            activation_args=arguments(dict(self.activation_args)),
            optimizer=self.optimizer,
            optimizer_args=arguments(dict(self.optimizer_args)),
            loss=head.loss,
            head=head.activation,
            initialiser=self.initialiser or initialiser_for(self.activation),
            learning_rate=names.DEFAULT_RATES[self.optimizer] if self.learning_rate is None else self.learning_rate,
            batch_size=0 if self.optimizer == "batch_gd" else self.batch_size,
            epochs=self.epochs,
            seed=0,
        )
        tuning = TUNING if self.tuned else Tuning(strategy="none")
        return Cell(template, self.seeds or seeds, tuning, at_default=not self.tuned)
