"""What a run of claims tells while it runs: probes and training runs done, time left, failures as they happen."""

from typing import TextIO

from experiments.campaign import Campaign
from experiments.progress import Progress, duration
from experiments.scheduling.call import Call
from experiments.scheduling.pool import Event

SECONDS_A_PROBE = 8.0
"""A guess, until some have ended."""


class ClaimsProgress(Progress):
    """As a sweep's, with the probes counted too.

    Args:
        stream: where it is told.
        campaign: the training runs.
        calls: the probes that are to be made.
        workers: processes.
    """

    def __init__(self, stream: TextIO, campaign: Campaign, calls: list[Call], workers: int = 1):
        super().__init__(stream, campaign, workers)
        self.probes, self.measured, self.failed = len(calls), 0, 0

    def __call__(self, event: Event) -> None:
        if event.kind == "answer" and isinstance(event.value[0], Call):
            call, returned = event.value
            self.measured += 1
            if returned.error:
                self.failed += 1
                self.say(f"! {call.arguments['probe']}: {returned.error}")
        super().__call__(event)

    def left(self) -> float | None:
        training = super().left()
        probes = (self.probes - self.measured) * SECONDS_A_PROBE / self.workers
        if training is None and self.campaign.pending():
            return None
        return (training or 0.0) + probes

    def line(self) -> str:
        left = self.left()
        cells = self.campaign.open_cells()
        tuning = f", {cells} arms still tuning" if cells else ""
        parts = [f"{self.measured}/{self.probes} probes",
                 f"{self.finished}/{len(self.campaign.needed)} runs{tuning}",
                 f"{duration(left)} left" if left is not None else "starting"]  # fmt: skip
        parts += [f"{self.counts[s]} {s}" for s in ("diverged", "failed", "oom") if self.counts[s]]
        parts += [f"{self.failed} probes failed"] if self.failed else []
        return " | ".join(parts)
