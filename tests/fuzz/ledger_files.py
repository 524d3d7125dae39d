"""Ledgers as files: damaged databases, with and without a write-ahead log."""

import contextlib
import functools
import sqlite3
from pathlib import Path

from experiments import frames, verify
from experiments.commands import status
from experiments.commands.plots import PLAIN
from experiments.commands.told_run import run_lines
from experiments.errors import PlanError
from experiments.exporters.runs import exported
from experiments.ledger import LEDGER, Ledger
from tests.experiments.samples import DONE, FAILED, a_run
from tests.fuzz.choices import Choices, raw
from tests.fuzz.place import fresh

DATA = {"name": "digits", "title": "Digits", "fingerprint": "f" * 64, "provenance": "made up", "canonical": None,
        "split": "seed 0", "task": "classes", "sizes": {"train": 40, "validation": 5, "test": 10}}  # fmt: skip
FACTS = {"plan": "made-up", "plan_title": "Made up", "command": "python -m experiments sweep", "notices": [],
         "datasets": [DATA], "workers": 2, "engine": "compiled", "seeds": 2, "tuning": {"strategy": "none"},
         "seeds_by_block": {"digits/mlp": 2}, "wall_seconds": 1.5}  # fmt: skip
CHOICE = {"position": 0, "dataset": "digits", "model": "mlp", "activation": "relu", "optimizer": "adam",
          "default_rate": 0.001, "constants": [], "values": {"learning_rate": 0.001}, "score": 0.4, "edge": "",
          "all_diverged": False, "scored": [a_run(seed=0).key]}  # fmt: skip


def make(path: Path) -> None:
    """A small ledger of everything that one can hold."""
    runs = [a_run(seed=seed) for seed in range(4)]
    with Ledger.write(path) as ledger:
        ledger.plan([(place, "default", run) for place, run in enumerate(runs)], FACTS)
        for run, outcome in zip(runs, (DONE, DONE, FAILED), strict=False):
            ledger.record(run, outcome)
        ledger.answer("cell", 0, [{"learning_rate": 0.001}])
        ledger.choose("cell", CHOICE)
        ledger.started(1, runs[3], 1)


@functools.cache
def valid() -> list[bytes]:
    """The file as it is, and one of few small pages, in which damage hits what matters."""
    path = fresh("whole") / LEDGER
    make(path)
    whole = path.read_bytes()
    small = path.with_name("small.sqlite")
    small.write_bytes(whole)
    connection = sqlite3.connect(small)
    connection.executescript("PRAGMA journal_mode=DELETE; PRAGMA page_size=512; VACUUM;")
    connection.close()
    return [small.read_bytes(), whole]


def seeds() -> list[bytes]:
    odd = [b"\0" + raw(each) for each in (valid()[0], b"", b"SQLite format 3\0")]
    return [*odd, b"\0\1\0\1\0", b"\1\1\0\1" + bytes(range(30))]


def one_case(data: bytes) -> None:
    choices, folder = Choices(data), fresh("ledger")
    path, writes = folder / LEDGER, choices.below(2)
    path.write_bytes(choices.file(valid()))
    if choices.below(4) == 0:
        path.with_name(f"{LEDGER}-wal").write_bytes(choices.rest())
    looked(path)
    if writes:
        written(path)


def looked(path: Path) -> None:
    """All that a reader asks of a ledger."""
    with Ledger.read(path) as ledger:
        assert all(line.isprintable() for line in status.lines(ledger, path.parent))
        frames.frames(ledger)
        frames.facts(ledger)
        ledger.answers()
        ledger.first_finished()
        for each in exported(ledger):
            assert each.path.isprintable()
            assert ".." not in each.path.split("/")
            assert each.finals is not None
            assert list(each.curve()) is not None
            lines = run_lines(each.run, ledger.outcome(each.run.key), PLAIN)
            assert all(line.isprintable() for line in lines)
        with contextlib.suppress(PlanError):  # nothing in it can be verified
            verify.chosen(ledger, (), 3)


def written(path: Path) -> None:
    """All that a sweep does to it."""
    run = a_run(seed=7)
    with Ledger.write(path) as ledger:
        ledger.plan([(0, "default", run)], FACTS)
        ledger.record(run, DONE)
        assert run.key in ledger.results()
