"""Speed, side by side: the sweep against what a user would otherwise write, same cells, epochs and data, in one run."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median

from experiments import datasets
from experiments.bench import table
from experiments.bench.process import watch
from experiments.bench.task import Task, task
from experiments.bench.ways import Took, ways
from experiments.reports.files import write_text


@dataclass
class Race:
    """All rounds of one task: what each way took, and the machine's own limit."""

    task: Task
    title: str
    cores: int
    work: int  # floating-point operations of one example's training
    examples: int  # of an epoch
    rounds: list[dict[str, Took]] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)  # a second and core, all cores at it

    @property
    def share(self) -> float:
        """Part of the sgemm peak that our workers reach within epochs, median over rounds."""
        operations = self.work * self.examples * self.task.epochs
        return median(
            operations * each["sweep"].timed / each["sweep"].busy / peak
            for each, peak in zip(self.rounds, self.peaks, strict=True)
        )


def run(out: Path, data_dir: str | None, names: Sequence[str], rounds: int, runs: int,
        epochs: int | None, seeds: int | None) -> Iterator[str]:  # fmt: skip
    """Race all ways and write ``speed.md`` and ``speed.json``; yields what there is to tell.

    Args:
        out: folder of the tables.
        data_dir: where mnist.npz and cifar10.npz are.
        names: tasks, ``mlp`` and ``cnn``.
        rounds: how often every way runs, in turn; each round begins with another one.
        runs: that a rival trains in a round (0: so many that the rounds together train all of them); the rest of its
            time is extrapolated, and the table says so. Ours trains all of them in every round.
        epochs: of each run (as the task says).
        seeds: of each cell (as the task says).
    """
    out.mkdir(parents=True, exist_ok=True)
    races: list[Race] = []
    for name in names:
        race = _prepare(task(name, epochs, seeds), data_dir)
        races.append(race)
        yield f"{race.title}: {len(race.task.cells)} cells x {race.task.seeds} seeds x {race.task.epochs} epochs"
        for number in range(rounds):
            race.peaks.append(_peak(race.cores))
            took: dict[str, Took] = {}
            yield f"round {number + 1} of {rounds}: sgemm {race.peaks[-1] / 1e9:.0f} GFLOP/s a core"
            order = list(ways(race.cores).items())
            for way, do in order[number % len(order) :] + order[: number % len(order)]:
                took[way] = do(race.task, data_dir, race.task.chosen(number, rounds, runs))
                yield "  " + table.line(way, took[way])
            race.rounds.append(took)
            write_text(out / "speed.json", json.dumps([_plain(each) for each in races], indent=1) + "\n")
            write_text(out / "speed.md", table.page(races))
        yield from table.summary(race)
    yield f"table: {out / 'speed.md'}"


def _prepare(wanted: Task, data_dir: str | None) -> Race:
    data, _ = datasets.resolve(wanted.dataset, data_dir)
    wanted = replace(wanted, dataset=data.name)
    batch = min(wanted.batch_size, len(data.train.y))
    command = [sys.executable, "-m", "experiments.bench.peak", "work", wanted.model, data.name, data_dir or ""]
    work = watch(command, {}).lines[0]["work"]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    kind = wanted.title.partition(", ")[2]
    return Race(wanted, f"{data.title}, {kind}", cores, work, len(data.train.y) // batch * batch)


def _peak(cores: int) -> float:
    """Of one core while all are busy, as they are in a sweep."""
    from concurrent.futures import ThreadPoolExecutor

    command = [sys.executable, "-m", "experiments.bench.peak", "peak"]
    with ThreadPoolExecutor(cores) as several:
        found = [several.submit(watch, command, {}) for _ in range(cores)]
    return sum(each.result().lines[0]["peak"] for each in found) / cores


def _plain(race: Race) -> dict:
    rounds = [
        {
            way: {**asdict(took), "accuracies": {" ".join(map(str, key)): a for key, a in took.accuracies.items()}}
            for way, took in each.items()
        }
        for each in race.rounds
    ]
    return {**asdict(replace(race, rounds=[])), "rounds": rounds, "share": race.share}
