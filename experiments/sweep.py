"""The sweep: from a plan to a ledger that holds every run of it. Resumes by doing only what is missing."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from experiments import datasets
from experiments.grid import DataFacts, cells
from experiments.ledger import Ledger
from experiments.plan import Plan
from experiments.records import RESULTS, Run
from experiments.scheduling.bundle import bundles, cost
from experiments.scheduling.pool import Event, Pool

LEDGER = "ledger.sqlite"
LOG = "workers.log"


@dataclass
class Work:
    """A plan made concrete: its runs, what each data set is, what stands in for what."""

    plan: Plan
    runs: list[Run]
    examples: dict[str, int]
    notices: list[str]
    data: list[dict[str, Any]]
    done: set[str] = field(default_factory=set)

    @property
    def pending(self) -> list[Run]:
        return [run for run in self.runs if run.key not in self.done]

    def cost(self, run: Run) -> float:
        return cost(run, self.examples[run.dataset])


def prepare(plan: Plan, data_dir: str | None) -> Work:
    """Find the data of a plan and expand it into runs.

    Raises:
        DataError: a data file is damaged. A data set that is simply not there is replaced by the digits, and
            the notice says so.
    """
    found: dict[str, DataFacts] = {}
    sets: dict[str, dict[str, Any]] = {}
    notices: list[str] = []
    for name in dict.fromkeys(block.dataset for block in plan.blocks):
        data, notice = datasets.resolve(name, data_dir)
        if notice:
            notices.append(notice)
        found[name] = DataFacts(data.name, data.fingerprint, data.task, data.outputs, data.input_shape, len(data.train.y))
        sets[data.name] = {
            "name": data.name, "title": data.title, "fingerprint": data.fingerprint, "provenance": data.provenance,
            "canonical": data.canonical, "split": data.split, "task": data.task,
            "sizes": {part: len(getattr(data, part).y) for part in ("train", "validation", "test")},
        }  # fmt: skip
    runs = [replace(cell, seed=seed) for cell in cells(plan, found) for seed in range(plan.seeds)]
    return Work(plan, runs, {f.name: f.examples for f in found.values()}, notices, list(sets.values()))


def estimate(work: Work, workers: int) -> float:
    """Seconds that the pending runs will take, roughly: nominal costs, no account of this machine."""
    return sum(bundle.cost for bundle in bundles(work.pending, work.examples)) / workers


def run(work: Work, out: Path, data_dir: str | None, workers: int, command: str,
        watch: Callable[[Event], None]) -> int:  # fmt: skip
    """Train what the ledger in ``out`` does not hold yet.

    Args:
        work: from `prepare`.
        out: folder of the ledger, made if it is not there.
        data_dir: where the workers find the data.
        workers: number of processes.
        command: the command line, for the record.
        watch: called with every event, after it is in the ledger.

    Returns:
        the number of planned runs that failed.

    Raises:
        LedgerError: see `Ledger.write`.
    """
    failed = 0
    with Ledger.write(out / LEDGER) as ledger:
        ledger.plan(work.runs, {
            "plan": work.plan.name, "plan_title": work.plan.title, "seeds": work.plan.seeds, "command": command,
            "notices": work.notices, "datasets": work.data, "workers": workers, "engine": work.plan.engine,
        })  # fmt: skip
        work.done = ledger.results()
        if not work.pending:
            return 0
        with Pool(workers, data_dir, out / LOG) as pool:
            pool.submit(bundles(work.pending, work.examples))
            for event in pool.events():
                if event.kind == "started" and event.run:
                    ledger.started(event.worker, event.run, 0)
                elif event.kind == "outcome" and event.run:
                    ledger.record(event.run, event.value)
                    failed += event.value.status not in RESULTS
                watch(event)
    return failed
