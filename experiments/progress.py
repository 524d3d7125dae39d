"""What a sweep tells while it runs: one live line on a terminal, a plain line now and then elsewhere."""

import shutil
import time
from collections import Counter
from typing import TYPE_CHECKING, TextIO

from experiments.records import Run
from experiments.scheduling.bundle import block_of

if TYPE_CHECKING:  # `status` needs a few words of this file, and none of what a sweep brings along
    from experiments.campaign import Campaign
    from experiments.scheduling.pool import Event

PLAIN_EVERY = 15.0  # seconds between lines where there is no terminal


def duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3 h 05 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def label(run: Run) -> str:
    cell = f"{run.dataset} {run.model_label} {run.activation} x {run.optimizer}"
    return f"{cell}, rate {run.learning_rate:g}, seed {run.seed}"


class Progress:
    """Counts events of a campaign and writes to ``stream``."""

    def __init__(self, stream: TextIO, campaign: "Campaign", workers: int = 1):
        self.stream, self.campaign, self.workers = stream, campaign, workers
        self.done_before = campaign.done()
        self.counts: Counter[str] = Counter()
        self.best: dict[str, tuple[float, str]] = {}
        # Nominal cost and worker seconds of what has ended, for each data set and model: a nominal second of
        # one says little about another's.
        self.nominal: dict[str, float] = {}
        self.actual: dict[str, float] = {}
        self.since: dict[int, float] = {}
        self.started = time.monotonic()
        self.said = 0.0
        self.live = stream.isatty()

    @property
    def finished(self) -> int:
        return self.done_before + sum(self.counts.values())

    def left(self) -> float | None:
        """Seconds to go, from the nominal costs of what is missing and how true they have been so far."""
        if not sum(self.nominal.values()):
            return None
        overall = sum(self.actual.values()) / sum(self.nominal.values())
        pace = {block: self.actual[block] / nominal for block, nominal in self.nominal.items() if nominal}
        left = self.campaign.costs_left()
        return sum(cost * pace.get(block, overall) for block, cost in left.items()) / self.workers

    def __call__(self, event: "Event") -> None:
        if event.kind in ("size", "notice"):
            text = event.value
            if event.kind == "size":
                self.workers, text = max(1, event.value[0]), event.value[1]
            self.say(text)
            return
        if event.kind == "died":
            where = f", at {label(event.run)}" if event.run else ""
            self.say(f"! worker {event.worker} died: {event.value}{where}; a new one takes its place")
        now = time.monotonic()
        before, self.since[event.worker] = self.since.get(event.worker, self.started), now
        if event.kind == "epoch":
            self.since[event.worker] = before
        if event.kind != "outcome" or event.run is None:
            self._tick()
            return
        block = block_of(event.run)
        self.actual[block] = self.actual.get(block, 0.0) + now - before
        outcome = event.value
        self.counts[outcome.status] += 1
        self.nominal[block] = self.nominal.get(block, 0.0) + self.campaign.work.cost(event.run)
        if outcome.status == "diverged":
            self.say(f"~ diverged at update {outcome.step}: {label(event.run)}")
        elif outcome.status != "done":
            self.say(f"! {outcome.status}: {label(event.run)}: {outcome.error}")
        elif outcome.validation_metric is not None:
            best = self.best.get(event.run.dataset)
            if best is None or outcome.validation_metric > best[0]:
                cell = f"{event.run.activation} x {event.run.optimizer}"
                self.best[event.run.dataset] = (outcome.validation_metric, cell)
        self._tick()

    def line(self) -> str:
        left = self.left()
        more = self.campaign.open_cells()
        parts = [
            f"{self.finished}/{len(self.campaign.needed)} runs" + (f", {more} cells still tuning" if more else ""),
            f"{duration(left)} left" if left is not None else "starting",
        ]
        parts += [f"{self.counts[s]} {s}" for s in ("diverged", "failed", "oom") if self.counts[s]]
        parts += [f"best on {name} {value:.4f} {cell}" for name, (value, cell) in self.best.items()]
        return " | ".join(parts)

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self.said < (0.2 if self.live else PLAIN_EVERY):
            return
        self.said = now
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write("\r\x1b[K" + self.line()[:width])
        else:
            self.stream.write(self.line() + "\n")
        self.stream.flush()

    def say(self, text: str) -> None:
        """A line that stays."""
        self.stream.write(("\r\x1b[K" if self.live else "") + text + "\n")
        self.stream.flush()

    def close(self) -> None:
        self.say(f"{self.line()} | {duration(time.monotonic() - self.started)} in all")
