"""A worker on a Ray cluster: an actor on one CPU that does what a local worker process does."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue
from typing import Any

from experiments.records import Run
from experiments.scheduling.trainers import Trainers, work


class RayWorker:
    """
    Args:
        facts: told beside what the node tells of itself with every outcome.
    """

    def __init__(self, facts: dict[str, Any]):
        self._facts = facts
        self._data: dict[str, Any] = {}
        # All training in one thread, as in a local worker; the actor's own hands on what it says meanwhile.
        self._thread = ThreadPoolExecutor(1)
        self._trainers = self._thread.submit(self._start).result()

    def _start(self) -> Any:
        return Trainers(self._load)

    def ready(self) -> None:
        """Answers once the worker is up."""

    def serve(self, item: Any, data: dict[str, Any]) -> Iterator[tuple[str, Run | None, Any]]:
        """Do one thing and report, see `trainers.work`.

        Args:
            item: a run, a question or a call.
            data: name -> reference to the data set, which the object store shares among all workers of a node.
        """
        self._data |= data
        said: SimpleQueue = SimpleQueue()
        ended = self._thread.submit(work, self._trainers, item, said.put)
        ended.add_done_callback(lambda _: said.put(None))
        for kind, run, value in iter(said.get, None):
            if kind == "outcome" and value.machine:
                value = replace(value, machine=value.machine | self._facts)
            yield kind, run, value
        ended.result()

    def _load(self, name: str) -> Any:
        import ray

        return ray.get(self._data[name])
