"""Real sweeps on a Ray cluster that loses nodes, its head or its user: the tables are those of a calm local sweep."""

import os
import random
import signal
import socket
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.experiments.processes import REAL, until
from tests.experiments.scheduling.ray_cluster import actors, three_nodes
from tests.experiments.test_sweep import Folder, assert_same

pytestmark = pytest.mark.slow

TUNED = 'learning_rates = { sgd = 1e30 }\n[tuning]\nstrategy = "grid"\npoints = 3\nextensions = 1\n'


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Converted data of these tests alone."""
    before = os.environ.get("GRADLAB_CACHE")
    os.environ["GRADLAB_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("GRADLAB_CACHE") if before is None else os.environ.update(GRADLAB_CACHE=before)


def tuned(path: Path) -> Folder:
    return Folder(path, seeds=2, more=TUNED, module=REAL)


@pytest.fixture(scope="module")
def calm(tmp_path_factory) -> Folder:
    folder = tuned(tmp_path_factory.mktemp("calm"))
    code, _, err = folder.sweep("--workers", 2)
    assert code == 0, err
    return folder


def kept(folder: Folder) -> dict[str, tuple]:
    """Each run's status, attempts and when it ended."""
    with closing(sqlite3.connect(folder.out / "ledger.sqlite")) as file:
        return {key: tuple(row) for key, *row in file.execute("SELECT key, status, attempts, finished FROM runs")}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.parametrize("draw", [0, 1])
def test_a_node_lost_at_some_moment_changes_no_table(calm, tmp_path, draw):
    folder = tuned(tmp_path)
    moment = random.Random(draw).randrange(1, calm.results() - 4)
    with three_nodes() as cluster:
        with folder.start("--engine", "ray", "--address", cluster.address) as process:
            until(lambda: folder.results() >= moment, process)
            cluster.remove_node(random.Random(draw).choice(sorted(cluster.worker_nodes, key=id)))
            _, err = process.communicate(timeout=300)
            assert process.returncode == 0, err
        until(lambda: not actors("RayWorker"), seconds=20)
    assert "ray: 3 nodes, 3 CPUs" in err
    assert "ray: 2 nodes, 2 CPUs" in err
    assert_same(calm, folder)


def test_a_head_that_is_started_again_finds_the_sweep_waiting(calm, tmp_path):
    folder, port = tuned(tmp_path), free_port()
    with ExitStack() as first:
        cluster = first.enter_context(three_nodes(gcs_server_port=port))
        with folder.start("--engine", "ray", "--address", f"127.0.0.1:{port}") as process:
            until(lambda: folder.results() >= 4, process)
            cluster.remove_node(cluster.head_node)
            first.close()
            before = kept(folder)
            with three_nodes(gcs_server_port=port):
                _, err = process.communicate(timeout=300)
            assert process.returncode == 0, err
    assert "is lost" in err
    assert err.count("ray: ") >= 2
    assert "died" not in err
    assert before.items() <= kept(folder).items()
    assert_same(calm, folder)


def test_interrupted_on_ray_and_finished_without(calm, tmp_path):
    folder = tuned(tmp_path)
    with three_nodes() as cluster:
        with folder.start("--engine", "ray", "--address", cluster.address) as process:
            until(lambda: folder.results() >= 4, process)
            os.killpg(process.pid, signal.SIGINT)
            _, err = process.communicate(timeout=30)
            assert process.returncode == 130
            assert "Traceback" not in err
        until(lambda: not actors("RayWorker"), seconds=10)
    before = kept(folder)
    code, _, err = folder.sweep("--workers", 2)
    assert code == 0, err
    assert before.items() <= kept(folder).items()
    assert_same(calm, folder)
