"""The bridge to a Ray cluster: a process of its own, for a Ray driver that loses its head ends its whole process.

It is told ``(start, worker)``, ``(job, worker, job)`` and ``(end, worker)``, and tells ``(size, nodes, CPUs)``,
``(said, worker, message)``, ``(died, worker, how)``, ``(refused, error)`` and ``(unreachable, why)``. Each worker is an
actor; runs are sent to it one by one, so that it is known which one it was at when it died.
"""

import asyncio
import contextlib
import logging
import os
import re
import secrets
import socket
from collections.abc import Iterable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import experiments
from experiments import datasets
from experiments.errors import UserError
from experiments.records import Run
from experiments.scheduling.address import LOCAL, Cluster, check, loopback
from experiments.scheduling.bundle import items
from experiments.scheduling.ray_worker import RayWorker
from experiments.scheduling.worker import settle

LOOK = 1.0  # seconds between two looks at which nodes there are
GRACE, ANSWER = 1.0, 10.0  # seconds until the head is asked whether it outlived a worker, and until it answers
CODE = Path(experiments.__file__).parent.parent


def main(pipe: Connection, parent: int, cluster: Cluster, cores: int, data_dir: str | None, log: str,
         actor: type = RayWorker) -> None:  # fmt: skip
    """Serve until the pipe closes. Whatever Ray prints goes to the file ``log``.

    Args:
        pipe: to the parent.
        parent: its process.
        cluster: where to connect to.
        cores: CPUs of a cluster that is started here.
        data_dir: where the data is found on this machine; the nodes get it from the object store.
        log: path of the file.
        actor: what a worker is.
    """
    os.setsid()  # what Ray starts here must not get the terminal's signals
    settle(parent, log)
    try:
        _connect(cluster, cores)
    except Exception as error:
        pipe.send(("refused", error) if isinstance(error, UserError) else ("unreachable", _line(error)))
        return
    import ray

    with contextlib.suppress(BrokenPipeError):
        asyncio.run(_Bridge(pipe, data_dir, actor).serve())
    ray.shutdown()


def _connect(cluster: Cluster, cores: int) -> None:
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_COLOR_PREFIX": "0"}
    if cluster.host:
        # Ray itself gives up after two minutes.
        socket.create_connection((cluster.host, cluster.port), timeout=5).close()
    if not cluster.host or loopback(cluster.host):
        # Without this Ray takes the machine's outward address for its loopback one.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    ours: dict[str, Any] = {}
    if cluster.address == LOCAL:
        # Other users of this machine reach its ports, too.
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        ours = {"num_cpus": cores, "include_dashboard": False}
    import ray

    ray.init(
        address=cluster.address,
        logging_level=logging.ERROR,
        runtime_env={"py_modules": [str(CODE / name) for name in ("experiments", "custom")]},
        **ours,
    )
    if cluster.address != LOCAL:
        check(cluster, [node["NodeManagerAddress"] for node in _alive(ray.nodes())])


class _Bridge:
    def __init__(self, pipe: Connection, data_dir: str | None, actor: type):
        import ray

        from experiments.training.machine import commit

        self.pipe, self.data_dir = pipe, data_dir
        # A lost worker or node is told to us: what becomes of its run is decided elsewhere.
        self.actor: Any = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(actor)
        self.facts: dict[str, Any] = {"ray": ray.__version__, "commit": commit()}
        self.jobs: dict[int, asyncio.Queue] = {}
        self.workers: dict[int, asyncio.Task] = {}
        self.data: dict[str, Any] = {}
        self.loading = asyncio.Lock()
        self.closed = asyncio.Event()

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(self.pipe.fileno(), self._order)
        watching = asyncio.create_task(self._watch())
        await self.closed.wait()
        loop.remove_reader(self.pipe.fileno())
        for task in (watching, *self.workers.values()):
            task.cancel()

    def _order(self) -> None:
        """Take what the parent says."""
        try:
            kind, number, *job = self.pipe.recv()
        except (EOFError, OSError):
            self.closed.set()
            return
        if kind == "start":
            self.jobs[number] = asyncio.Queue()
            self.workers[number] = asyncio.create_task(self._worker(number, self.jobs[number]))
        elif number in self.workers and kind == "job":
            self.jobs[number].put_nowait(job[0])
        elif number in self.workers:
            self.workers[number].cancel()

    async def _watch(self) -> None:
        """Tell how large the cluster is, whenever that changes."""
        import ray

        before = None
        while True:
            try:
                # In a thread: without its head the cluster does not answer.
                nodes = _alive(await asyncio.to_thread(ray.nodes))
            except Exception as error:
                return self._tell("unreachable", _line(error))
            now = len(nodes), int(sum(node["Resources"].get("CPU", 0) for node in nodes))
            if now != before:
                self.facts["nodes"], before = now[0], now
                self._tell("size", *now)
            await asyncio.sleep(LOOK)

    async def _worker(self, number: int, jobs: asyncio.Queue) -> None:
        """One worker from its start to its end."""
        import ray

        actor: Any = self.actor.remote(self.facts)
        try:
            await actor.ready.remote()
            while True:
                self._tell("said", number, ("ready", None, None))
                for item in items(await jobs.get()):
                    data = await self._data(item.dataset) if isinstance(item, Run) else {}
                    if isinstance(item, Run):
                        self._tell("said", number, ("started", item, None))
                    async for reference in actor.serve.options(num_returns="streaming").remote(item, data):
                        self._tell("said", number, await reference)
        except UserError as error:
            self._tell("refused", error)
        except Exception as error:
            lost = await self._headless(error)
            self._tell(*(("unreachable", lost) if lost else ("died", number, _how(error))))
        finally:
            del self.jobs[number], self.workers[number]
            ray.kill(actor)

    async def _headless(self, error: Exception) -> str:
        """Why it is the whole cluster that is lost, and not this worker alone; empty if it is not."""
        import ray

        if "owner has died" in str(error):  # we are the owner
            return "its head has lost us"
        await asyncio.sleep(GRACE)
        try:
            await asyncio.wait_for(asyncio.to_thread(ray.nodes), ANSWER)
        except Exception as none:
            return f"its head does not answer: {_line(none)}"
        return ""

    async def _data(self, name: str) -> dict[str, Any]:
        """A data set in the object store, where it is put once for all workers."""
        import ray

        async with self.loading:
            if name not in self.data:
                self.data[name] = ray.put(await asyncio.to_thread(datasets.load, name, self.data_dir))
        return {name: self.data[name]}

    def _tell(self, *message: Any) -> None:
        try:
            self.pipe.send(message)
        except OSError:
            self.closed.set()


def _alive(nodes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [node for node in nodes if node["Alive"]]


def _how(error: Exception) -> str:
    """In one line, how a worker came to its end; Ray tells it in twenty."""
    text = str(error)
    if "node has died" in text or "node was terminated" in text or "node was dead" in text:
        return "its node was lost"
    if type(error).__name__ == "ActorUnavailableError":
        return "neither it nor its node answers"
    if "OutOfMemory" in type(error).__name__ or "low on memory" in text:
        return "killed by Ray: its node was out of memory"
    if "error raised in its creation task" in text:
        return _line(text.strip().splitlines()[-1])
    if "worker process has died" in text:
        return "its process ended unexpectedly (often: out of memory)"
    return _line(getattr(error, "cause", None) or error)


def _line(what: Any) -> str:
    name = f"{type(what).__name__}: " if isinstance(what, BaseException) else ""
    return name + " ".join(re.sub(r"\x1b\[\d+m", "", str(what)).split())[:300]
