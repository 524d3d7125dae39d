"""What waits for a worker: the longest first, so that no worker is left alone with a long one at the end; but a job
goes where its trace is compiled already."""

import heapq
import itertools
from collections.abc import Collection, Iterable, Sequence
from typing import Generic, Protocol, TypeVar


class Job(Protocol):
    @property
    def trace(self) -> tuple: ...
    @property
    def cost(self) -> float: ...


J = TypeVar("J", bound=Job)
Place = tuple[float, int]
"""Longest first, then first come, first served."""


class Queue(Generic[J]):
    """Each trace has its own heap of jobs, and a heap of heads says which trace comes next: no call goes through all.

    A head that was overtaken or taken stays in the second heap until it comes up there, where it is known by its
    place no longer being the first of its trace.
    """

    def __init__(self) -> None:
        self._jobs: dict[tuple, list[tuple[Place, J]]] = {}
        self._heads: list[tuple[Place, tuple]] = []
        self._count = itertools.count()
        self._length = 0
        self.cost = 0.0  # of all that waits, but for rounding

    def __len__(self) -> int:
        return self._length

    def add(self, jobs: Iterable[J]) -> None:
        for job in jobs:
            place = (-job.cost, next(self._count))
            trace = job.trace
            waiting = self._jobs.setdefault(trace, [])
            heapq.heappush(waiting, (place, job))
            if waiting[0][0] == place:
                heapq.heappush(self._heads, (place, trace))
            self._length += 1
            self.cost += job.cost

    def choose(self, mine: Sequence[tuple], elsewhere: Collection[tuple]) -> tuple[J, bool]:
        """The job for a worker, which stays here until `take`, and whether the worker has its trace.

        Args:
            mine: traces that the worker has, the latest last: its longest job of the latest one comes first.
            elsewhere: traces that others have. The longest job with another trace comes next, else the longest.

        Raises:
            IndexError: nothing waits.
        """
        for trace in reversed(mine):
            if trace in self._jobs:
                return self._jobs[trace][0][1], True
        passed: list[tuple[Place, tuple]] = []  # no more than there are traces elsewhere
        try:
            while self._heads:
                place, trace = self._heads[0]
                if trace not in self._jobs or self._jobs[trace][0][0] != place:
                    heapq.heappop(self._heads)
                elif trace in elsewhere:
                    passed.append(heapq.heappop(self._heads))
                else:
                    return self._jobs[trace][0][1], False
            return self._jobs[passed[0][1]][0][1], False
        finally:
            for head in passed:
                heapq.heappush(self._heads, head)

    def take(self, job: J) -> None:
        """Remove the job that `choose` gave."""
        trace = job.trace
        waiting = self._jobs[trace]
        heapq.heappop(waiting)
        if waiting:
            heapq.heappush(self._heads, (waiting[0][0], trace))
        else:
            del self._jobs[trace]
        self._length -= 1
        self.cost = self.cost - job.cost if self._length else 0.0
