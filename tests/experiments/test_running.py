"""What the ledger is told of running workers: every start, of short epochs only some."""

import pytest

from experiments import running
from experiments.ledger import Ledger
from experiments.scheduling.pool import Event
from tests.experiments.samples import CURVE, DONE, a_run


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(running, "time", clock)
    return clock


def test_starts_are_told_at_once_and_short_epochs_now_and_then(tmp_path, clock):
    one, other = a_run(seed=0), a_run(seed=1)
    with Ledger.write(tmp_path / "ledger.sqlite") as ledger:
        tell = running.Running(ledger)

        def told() -> list[tuple]:
            return [row[:3] for row in ledger.running()]

        tell(Event("started", 0, one))
        assert told() == [(0, one.key, 0)]
        clock.now += running.EVERY / 2
        tell(Event("epoch", 0, one, CURVE[0]))
        assert told() == [(0, one.key, 0)]
        tell(Event("started", 1, other))
        assert told() == [(0, one.key, 0), (1, other.key, 0)]
        clock.now += running.EVERY / 2
        tell(Event("epoch", 0, one, CURVE[1]))
        tell(Event("epoch", 1, other, CURVE[0]))
        assert told() == [(0, one.key, 2), (1, other.key, 0)], "by each worker's own clock"
        tell(Event("outcome", 0, one, DONE))
        tell(Event("died", 1, None, "exit code 3"))
        assert told() == [(0, one.key, 2), (1, other.key, 0)], "an outcome is kept by others"
