"""Trains what is missing of the tables asked for; every run that has ended is kept, so that nothing is done twice."""

import functools
import hashlib
import importlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments import datasets
from experiments.errors import DataError
from experiments.places import own
from experiments.published.table import Row, Table
from experiments.reports.files import write_text
from experiments.scheduling.call import Call
from experiments.scheduling.pool import Pool
from experiments.sweep import LOG

FOLDER = "published"
"""Under OUT: a file a run."""
CODE = ("custom", "experiments/published/fitting.py", "experiments/datasets")
"""What the numbers follow from, beside the table's own file."""


@dataclass(frozen=True)
class Job:
    """One training of one line."""

    table: Table
    row: Row
    seed: int

    @property
    def key(self) -> str:
        identity = [self.table.train, dict(self.row.settings), self.seed, _code(self.table.train.partition(":")[0])]
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]

    def call(self, data_dir: str | None) -> Call:
        arguments = {"function": self.table.train, "settings": dict(self.row.settings), "seed": self.seed,
                     "data_dir": data_dir}  # fmt: skip
        return Call(self.key, "experiments.published.runner:perform", arguments, cost=self.table.seconds)


@dataclass
class Done:
    """What came of a job: a number a column, or why there is none."""

    numbers: dict[str, float]
    machine: dict[str, Any]
    error: str = ""


def jobs(tables: Sequence[Table], seeds: int | None) -> list[Job]:
    """What has to be trained for the tables; lines of one set-up, such as two editions of a table have, share it."""
    all_of_them = (
        Job(table, row, seed) for table in tables for row in table.rows for seed in range(seeds or table.seeds)
    )
    found: dict[str, Job] = {}
    for job in all_of_them:
        found.setdefault(job.key, job)
    return list(found.values())


def seconds(todo: Sequence[Job]) -> float:
    """What the jobs take of one core, about."""
    return sum(job.table.seconds for job in todo)


def check_data(tables: Sequence[Table], data_dir: str | None) -> dict[str, str]:
    """The data sets that are needed as files, found before anything is trained: name -> what they are.

    Raises:
        DataError: one is not there. Nothing stands in for it: the published number is of that data alone.
    """
    found: dict[str, str] = {}
    for table in tables:
        if table.data and table.data not in found:
            data, notice = datasets.resolve(table.data, data_dir)
            if notice:
                raise DataError(
                    f"table {table.id} needs {table.data}, which is not here: give --data-dir (DATA_DIR=) a folder "
                    "that has it; nothing can stand in for it, since the published numbers are of that data"
                )
            verified = (
                "verified as the canonical release" if data.canonical else "not verified as the canonical release"
            )
            found[table.data] = f"{data.title}, {data.provenance}, {verified}, sha256 {data.fingerprint[:16]}"
    return found


def run(todo: Sequence[Job], out: Path, data_dir: str | None, workers: int,
        tell: Callable[[Job, Done], None]) -> dict[str, Done]:  # fmt: skip
    """Train the jobs that are not kept yet.

    Args:
        todo: the jobs.
        out: folder of the kept runs.
        data_dir: where the data is.
        workers: processes.
        tell: called with every job as it ends.

    Returns:
        key -> what came of it, of all jobs.
    """
    folder = own(out / FOLDER)
    done = {job.key: found for job in todo if (found := _kept(folder, job.key)) is not None}
    missing = {job.key: job for job in todo if job.key not in done}
    if not missing:
        return done
    folder.mkdir(parents=True, exist_ok=True)
    with Pool(workers, data_dir, out / LOG) as pool:
        pool.submit(job.call(data_dir) for job in missing.values())
        for event in pool.events():
            if event.kind == "answer":
                call, returned = event.value
                if returned.error:
                    done[call.key] = Done({}, {}, returned.error)
                else:
                    write_text(folder / f"{call.key}.json", json.dumps(returned.value))
                    done[call.key] = Done(**returned.value)
                tell(missing[call.key], done[call.key])
    return done


def kept(out: Path, job: Job) -> bool:
    """Whether a job was done before."""
    return _kept(out / FOLDER, job.key) is not None


def perform(function: str, settings: dict[str, Any], seed: int, data_dir: str | None) -> dict[str, Any]:
    """In a worker: one training."""
    from experiments.training import backend
    from experiments.training.machine import describe

    backend.start()
    module, _, name = function.partition(":")
    numbers = getattr(importlib.import_module(module), name)(settings, seed, data_dir)
    return {"numbers": {column: float(value) for column, value in numbers.items()}, "machine": describe()}


def _kept(folder: Path, key: str) -> Done | None:
    """An earlier run; None where there is none, or none that is whole."""
    try:
        found = json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
        return Done({str(name): float(value) for name, value in found["numbers"].items()}, dict(found["machine"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


@functools.cache
def _code(module: str) -> str:
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for path in _files(root, (*CODE, module.replace(".", "/") + ".py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(root: Path, parts: Sequence[str]) -> Iterator[Path]:
    for part in parts:
        place = root / part
        yield from [place] if place.is_file() else sorted(place.rglob("*.py"))
