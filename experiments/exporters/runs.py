"""What is exported of a run, whatever it is exported to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from experiments.errors import LedgerError
from experiments.ledger import Ledger
from experiments.records import RESULTS, Outcome, Run


@dataclass(frozen=True)
class Exported:
    """A run of the ledger's plan with its outcome, its role, and when it ended (seconds since the epoch)."""

    role: str
    run: Run
    outcome: Outcome
    finished: float

    @property
    def cell(self) -> tuple[str, str, str, str]:
        return self.run.dataset, self.run.model_label, self.run.activation, self.run.optimizer

    @property
    def name(self) -> str:
        """Readable, and like no other's: it ends in the first digits of the key."""
        run = self.run
        return f"{'/'.join(self.cell)}/rate {run.learning_rate:g}, seed {run.seed}, {run.key[:8]}"

    @property
    def path(self) -> str:
        """The name as folders, of letters that any file system takes."""
        return "/".join(re.sub(r"[^\w.,=+-]+", "-", part).strip("-.") or "x" for part in self.name.split("/"))

    @property
    def has_result(self) -> bool:
        return self.outcome.status in RESULTS

    @property
    def parameters(self) -> dict[str, str | float]:
        """Its identity: cell, rate, seed, constants; the last as ``optimizer.beta_1`` and so on."""
        run = self.run
        told: dict[str, str | float] = {
            "dataset": run.dataset, "model": run.model_label, "activation": run.activation, "optimizer": run.optimizer,
            "learning_rate": run.learning_rate, "seed": run.seed, "batch_size": run.batch_size, "epochs": run.epochs,
            "loss": run.loss, "head": run.head, "initialiser": run.initialiser, "engine": run.engine, "role": self.role,
            "status": self.outcome.status,
        }  # fmt: skip
        for part, values in (("activation", run.activation_args), ("optimizer", run.optimizer_args)):
            told |= {f"{part}.{name}": value for name, value in values}
        return told

    @property
    def finals(self) -> dict[str, float]:
        """What came of it, without what it has not: a trial reads no test data."""
        found = self.outcome
        told = {
            f"test_{found.metric}": found.test_metric, "test_loss": found.test_loss,
            f"last_test_{found.metric}": found.last_test_metric, "last_test_loss": found.last_test_loss,
            f"best_validation_{found.metric}": found.validation_metric,
            "diverged_step": found.step, "seconds": found.seconds if self.has_result else None,
        }  # fmt: skip
        return {f"final/{name}": float(value) for name, value in told.items() if value is not None}

    def curve(self) -> Iterator[tuple[int, float, dict[str, float]]]:
        """Epoch, when it ended by the clock, and its metrics."""
        clock = self.finished - sum(epoch.seconds for epoch in self.outcome.curve)
        for epoch in self.outcome.curve:
            clock += epoch.seconds
            metric = self.outcome.metric
            yield epoch.epoch, clock, {
                "loss/train": epoch.train_loss, "loss/validation": epoch.validation_loss,
                f"{metric}/train": epoch.train_metric, f"{metric}/validation": epoch.validation_metric,
            }  # fmt: skip


def exported(ledger: Ledger) -> Iterator[Exported]:
    """Every finished run of the plan, in its order."""
    finished = ledger.finished()
    for role, run, outcome in ledger.records():
        if run.key not in finished:
            raise LedgerError(f"the ledger {ledger.path} holds a run under another's key: restore it from a copy")
        yield Exported(role, run, outcome, finished[run.key])
