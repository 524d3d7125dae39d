"""What is raced over: the same cells, data, model and epochs for all."""

from dataclasses import asdict, dataclass, replace
from typing import Any

ACTIVATIONS = ("sigmoid", "tanh", "relu", "elu")
OPTIMIZERS = ("sgd", "rmsprop", "adam")


@dataclass(frozen=True)
class Task:
    """
    Attributes:
        title: for people.
        dataset, model, batch_size, epochs: of every run.
        seeds: of each of the 12 cells.
    """

    title: str
    dataset: str
    model: str
    batch_size: int
    epochs: int
    seeds: int

    @property
    def cells(self) -> list[dict[str, Any]]:
        return [{"activation": a, "optimizer": o} for a in ACTIVATIONS for o in OPTIMIZERS]

    @property
    def runs(self) -> int:
        return len(self.cells) * self.seeds

    def chosen(self, number: int, rounds: int, runs: int) -> list[dict[str, Any]]:
        """Runs that a rival trains in a round: together the rounds go through the cells, and then through the seeds."""
        everything = [{**cell, "seed": seed} for seed in range(self.seeds) for cell in self._mixed()]
        runs = min(runs or -(-len(everything) // rounds), len(everything))
        return [everything[(number * runs + i) % len(everything)] for i in range(runs)]

    def _mixed(self) -> list[dict[str, Any]]:
        """The cells in an order that has each activation and each optimizer early: a stride of 5 through 12."""
        return [self.cells[5 * i % len(self.cells)] for i in range(len(self.cells))]

    def given(self, data_dir: str | None, runs: list[dict[str, Any]]) -> dict[str, Any]:
        """What a rival's script is told."""
        return {**asdict(self), "data_dir": data_dir, "runs": runs}


TASKS = {
    "mlp": Task("MNIST, MLP with hidden layers of 128 and 64", "mnist", "mlp", 128, 10, 5),
    "cnn": Task("CIFAR-10, CNN with filters 32, 64, 64", "cifar10-5k", "cnn", 128, 4, 2),
}


def task(name: str, epochs: int | None, seeds: int | None) -> Task:
    found = TASKS[name]
    return replace(found, epochs=epochs or found.epochs, seeds=seeds or found.seeds)
