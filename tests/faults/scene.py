"""A folder with a plan, the command that sweeps it, and what is compared after a fault."""

import contextlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from unittest import mock

from experiments import keylog
from experiments.errors import LedgerError
from experiments.ledger import LEDGER, Ledger
from experiments.records import RESULTS
from tests.experiments.processes import REAL, call, started

TRAINER = "tests.faults.trainer"
PLAN = """
name = "faults"
seeds = 2
[tuning]
strategy = "grid"
[[block]]
dataset = "digits"
activations = ["relu", "tanh"]
optimizers = ["adam", "sgd"]
epochs = 2
batch_size = 256
"""
SMALL = """
name = "faults"
seeds = 1
[[block]]
dataset = "digits"
activations = ["relu", "tanh"]
optimizers = ["adam", "sgd"]
epochs = 2
batch_size = 256
"""
CLOCKED = ("seconds", "compile_seconds", "peak_bytes", "machine")
"""What a clock, a memory meter or the process has in an outcome."""

Content = dict[str, tuple]
"""Key of a planned run -> its role, what it is, and what came of it."""


@dataclass
class Trial:
    """What one fault did.

    Attributes:
        lost: finished runs that the ledger held before and does not hold, or holds otherwise, without a word.
        twice: runs that were begun after they had been recorded.
        again: runs that were begun again, since they had not been recorded.
        named: lost runs that were named, and trained again.
        same: whether the ledger in the end is that of an undisturbed sweep.
        said: what the program said.
        effect: whether the fault did anything at all.
        tables: whether the tables are those of an undisturbed sweep, byte for byte; None: not looked at.
    """

    lost: int = 0
    twice: int = 0
    again: int = 0
    named: int = 0
    same: bool = True
    said: str = ""
    effect: bool = True
    tables: bool | None = None


@dataclass
class Scene:
    """The plan in a folder of its own.

    Attributes:
        path: the folder, which is the data folder too.
        plan: its text.
        module: what is run: the trivial trainer, or the real program.
        wanted: of all scenes: tables that those of a trial are compared with, where they are.
    """

    wanted: ClassVar[dict[str, bytes] | None] = None

    path: Path
    plan: str = PLAN
    module: str = TRAINER
    out: Path = field(init=False)

    def __post_init__(self) -> None:
        self.out = self.path / "out"
        (self.path / "faults.toml").write_text(self.plan)

    @property
    def ledger(self) -> Path:
        return self.out / LEDGER

    def words(self, *more: object, report: bool = False) -> list[object]:
        workers = 1 if self.module == REAL else 2  # to bring TensorFlow up is most of a small sweep
        given = ["sweep", self.path / "faults.toml", "--out", self.out, "--data-dir", self.path, "--workers", workers,
                 *more]  # fmt: skip
        return given if report else [*given, "--no-report"]

    def sweep(self, *more: object, report: bool = False) -> tuple[int, str, str]:
        return call(*self.words(*more, report=report), module=self.module)

    def call(self, verb: str) -> tuple[int, str, str]:
        """Another verb on the same folder."""
        return call(verb, "--out", self.out, module=self.module)

    def start(self, *more: object):
        return started(*self.words(*more), module=self.module)

    def pace(self, seconds: float) -> None:
        (self.path / "pace").write_text(str(seconds))

    def fault(self, **what: object) -> None:
        (self.path / "fault.json").write_text(json.dumps(what))

    def clear(self) -> None:
        """As before the first sweep."""
        shutil.rmtree(self.out, ignore_errors=True)
        (self.path / "trained.log").unlink(missing_ok=True)

    def runs(self) -> list[str]:
        """What the finished runs are, as text."""
        with Ledger.read(self.ledger) as ledger:
            return [run.to_json() for _, run, outcome in ledger.records() if outcome.status in RESULTS]

    def recorded(self) -> dict[str, str]:
        """Key -> outcome of all results that the ledger holds.

        Raises:
            LedgerError: it cannot be read, though its list names results: that counts against the trial.
        """
        try:
            with Ledger.read(self.ledger, quick=True) as ledger:
                rows = ledger._read(f"SELECT key, outcome FROM runs WHERE status IN {RESULTS}")
                return dict(rows)
        except LedgerError:
            if keylog.read(self.ledger)[1]:
                raise
            return {}

    def content(self) -> Content:
        with Ledger.read(self.ledger) as ledger:
            records = ledger.records()
            return {run.key: (role, run.to_json(), _steady(outcome.to_json())) for role, run, outcome in records}

    def log(self) -> list[tuple[str, str, float]]:
        """What the trainers wrote down: ``begin`` or ``end``, key, time."""
        path = self.path / "trained.log"
        lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return [(what, key, float(when)) for what, key, _, when in lines]

    def judged(self, calm: Content, before: dict[str, str], said: str, **more: int) -> Trial:
        """A trial that has ended: what the ledger held at the fault against what it holds now."""
        after = self.recorded()
        with contextlib.closing(sqlite3.connect(self.ledger)) as file:
            finished = dict(file.execute("SELECT key, finished FROM runs"))
        begun = [(key, when) for what, key, when in self.log() if what == "begin"]
        again = len(begun) - len({key for key, _ in begun})
        if self.wanted is not None:
            more["tables"] = tables(self.out) == self.wanted
        return Trial(
            lost=sum(after.get(key) != text for key, text in before.items()),
            twice=sum(when > finished.get(key, when) for key, when in begun),
            again=again, same=self.content() == calm and keylog.read(self.ledger)[1] == set(after), said=said, **more,
        )  # fmt: skip


def _steady(outcome: str) -> str:
    named = {name: value for name, value in json.loads(outcome).items() if name not in CLOCKED}
    for epoch in named["curve"]:
        epoch.pop("seconds")
    return json.dumps(named)


@contextlib.contextmanager
def scene(plan: str = PLAN, module: str = TRAINER, within: Path | None = None) -> Iterator[Scene]:
    """A scene in a new folder, which is removed in the end."""
    path = Path(tempfile.mkdtemp(prefix="gradlab-faults-", dir=within))
    try:
        yield Scene(path, plan, module)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def tables(out: Path) -> dict[str, bytes]:
    """The tables of the report, as its own code writes them, those apart that have clocks in them."""
    from experiments.commands import report

    with (
        mock.patch("experiments.reports.build.write_figures", return_value=[]),
        mock.patch("experiments.reports.build.html_page", return_value=""),
        mock.patch("experiments.reports.build.page", return_value=""),
    ):
        report.write(out)
    kinds = (".parquet", ".csv", ".tex")
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())
            if path.suffix in kinds and path.name != "timings.csv"}  # fmt: skip


__all__ = ["PLAN", "REAL", "SMALL", "Content", "Scene", "Trial", "scene", "tables"]
