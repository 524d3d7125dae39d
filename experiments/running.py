"""What the workers are at, told to the ledger for `status`: each start, an epoch only now and then."""

import time

from experiments.ledger import Ledger
from experiments.scheduling.pool import Event

EVERY = 1.0  # seconds between two epochs of a worker that are told: of longer epochs each is


class Running:
    """Called with every event. Each word to the ledger is a transaction, and a short epoch is not worth one."""

    def __init__(self, ledger: Ledger):
        self.ledger = ledger
        self._told: dict[int, float] = {}

    def __call__(self, event: Event) -> None:
        if event.run is None or event.kind not in ("started", "epoch"):
            return
        now = time.monotonic()
        if event.kind == "epoch" and now - self._told[event.worker] < EVERY:
            return
        self._told[event.worker] = now
        self.ledger.started(event.worker, event.run, event.value.epoch if event.kind == "epoch" else 0)
