"""A Ray cluster of three nodes, all on this machine and reachable from it alone."""

import contextlib
import os
from collections.abc import Callable, Iterator

import psutil

from tests.experiments.processes import ROOT

NODE = {"num_cpus": 1, "object_store_memory": 100_000_000}
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "PYTHONPATH": str(ROOT),  # for `trivial`: what is trained with comes through Ray
}


@contextlib.contextmanager
def three_nodes(**head) -> Iterator:
    """A `ray.cluster_utils.Cluster`; nodes may be removed from it and added. ``head``: more arguments of its first."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ |= ENVIRONMENT
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False, **head})
    try:
        for _ in range(2):
            cluster.add_node(wait=False, **NODE)
        cluster.wait_for_nodes()
        yield cluster
    finally:
        cluster.shutdown()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def actors(name: str = "TrivialWorker") -> list[psutil.Process]:
    """The processes of workers on clusters of this machine."""
    found = []
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if each.cmdline() and each.cmdline()[0].startswith(f"ray::{name}"):
                found.append(each)
    return found


def waiting(folder) -> Callable[[], int]:
    """How many runs wait for the file ``go``, see `trivial.train`."""
    return lambda: len(list(folder.glob("wait-*")))
