"""One run, told on a terminal: its identity, how it ended, its curve."""

from experiments.commands.plots import Glyphs, curves
from experiments.errors import printable
from experiments.records import Outcome, Run


def run_lines(run: Run, outcome: Outcome | None, glyphs: Glyphs) -> list[str]:
    """What there is to tell of a run; ``outcome`` is None where it has not ended."""
    return [printable(line) for line in _lines(run, outcome, glyphs)]


def _lines(run: Run, outcome: Outcome | None, glyphs: Glyphs) -> list[str]:
    batch = f"batch {run.batch_size}" if run.batch_size else "the whole training part as its batch"
    told = [
        f"run {run.key}" + (" (of tuning: it never reads test data)" if run.tuning else ""),
        f"  {run.dataset}, {run.model_label}: {run.activation} with {run.optimizer}, rate {run.learning_rate:.4g}, "
        f"seed {run.seed}",
        f"  {run.loss}, head {run.head}, initial weights {run.initialiser}",
        f"  {run.epochs} epochs, {batch}, engine {run.engine}",
        f"  data {run.fingerprint[:16]}",
    ]
    if run.optimizer_args:
        told.append("  constants " + ", ".join(f"{name} {value}" for name, value in run.optimizer_args))
    if outcome is None:
        return [*told, "", "it has not ended yet: see `status`"]
    told += ["", f"status: {outcome.status}{_why(outcome)}"]
    if outcome.test_metric is not None:
        best = f"(weights of epoch {outcome.best_epoch}, the best by validation)"
        told.append(f"test {outcome.metric}: {outcome.test_metric:.4f} {best}")
    if outcome.curve:
        parts = ([e.validation_metric for e in outcome.curve], [e.train_metric for e in outcome.curve])
        told += ["", f"{outcome.metric} by epoch (0: validation, 1: training)", *curves(parts, glyphs, "{:.4f}")]
    return told


def _why(outcome: Outcome) -> str:
    if outcome.status == "diverged":
        return f", at update {outcome.step}" if outcome.step else ""
    return f": {' '.join(str(outcome.error).split())[:200]}" if outcome.error else ""
