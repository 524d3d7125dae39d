"""The queue: the rule that it keeps, against the rule written plainly, and that no call goes through all of it."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.scheduling.queue import Queue

TRACES = st.sampled_from([("a",), ("b",), ("c",), ("d",), ("e",)])


@dataclass(frozen=True)
class Job:
    name: int
    trace: tuple
    cost: float


class Plain:
    """The rule in so many words, on a list."""

    def __init__(self) -> None:
        self.waiting: list[Job] = []

    def add(self, jobs: list[Job]) -> None:
        self.waiting = sorted([*self.waiting, *jobs], key=lambda job: -job.cost)

    def choose(self, mine: list[tuple], elsewhere: set[tuple]) -> tuple[Job, bool]:
        known = [job for job in self.waiting if job.trace in mine]
        if known:
            return max(known, key=lambda job: mine.index(job.trace)), True
        return next((job for job in self.waiting if job.trace not in elsewhere), self.waiting[0]), False

    def take(self, job: Job) -> None:
        self.waiting.remove(job)


@given(
    adding=st.lists(st.lists(st.tuples(TRACES, st.sampled_from([0.0, 1.0, 2.0, 5.0])), max_size=8), max_size=8),
    workers=st.lists(st.tuples(st.lists(TRACES, unique=True, max_size=3), st.booleans()), min_size=1, max_size=30),
    elsewhere=st.sets(TRACES, max_size=4),
)
def test_it_chooses_as_the_plain_rule_does(adding, workers, elsewhere):
    queue: Queue[Job] = Queue()
    plain, number = Plain(), 0
    batches = [[Job(100 * place + i, *each) for i, each in enumerate(jobs)] for place, jobs in enumerate(adding)]
    while batches or plain.waiting:
        if batches:
            several = batches.pop(0)
            queue.add(several)
            plain.add(several)
        # Between two arrivals some are taken, and some are only looked at: a worker may have died meanwhile.
        for mine, takes in workers if not batches else workers[:3]:
            if not plain.waiting:
                break
            number += 1
            others = elsewhere - set(mine)
            job, known = queue.choose(mine, others)
            assert (job, known) == plain.choose(mine, others)
            if takes or not batches:
                queue.take(job)
                plain.take(job)
            assert len(queue) == len(plain.waiting)
    assert not queue


def test_nothing_waits():
    with pytest.raises(IndexError):
        Queue().choose([], set())


class Cost(float):
    """A number that counts how often it is compared."""

    compared = 0

    def __neg__(self) -> "Cost":
        return Cost(-float(self))

    def __lt__(self, other: float) -> bool:
        Cost.compared += 1
        return float(self) < float(other)


def comparisons(n: int, traces: int) -> int:
    """Of n jobs that come one at a time and go to two workers in turn."""
    Cost.compared = 0
    queue: Queue[Job] = Queue()
    for number in range(n):
        queue.add([Job(number, (number % traces,), Cost(number * 7919 % n))])
    recent: dict[int, list[tuple]] = {0: [], 1: []}
    for number in range(n):
        worker = number % 2
        job, _ = queue.choose(recent[worker], set(recent[1 - worker]))
        queue.take(job)
        recent[worker] = [*recent[worker], job.trace][-3:]
    assert not queue
    return Cost.compared


@pytest.mark.parametrize("jobs_a_trace", [1, 10, None])
def test_four_times_the_jobs_cost_four_times_the_comparisons(jobs_a_trace):
    few, many = (comparisons(n, n // jobs_a_trace if jobs_a_trace else 3) for n in (1000, 4000))
    assert many < 6 * few, "a queue that is searched costs sixteen times as many"
