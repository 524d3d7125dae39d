"""A plan made concrete: its cells, and what each data set is or what stands in for it."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from experiments import datasets
from experiments.errors import MissingLedger
from experiments.grid import DataFacts, cells
from experiments.ledger import LEDGER, Ledger
from experiments.plan import Plan
from experiments.records import Run
from experiments.scheduling.bundle import block_of, cost
from experiments.tuning.cell import Cell


@dataclass
class Work:
    """A plan made concrete: its cells, what each data set is, what stands in for what."""

    plan: Plan
    cells: list[Cell]
    examples: dict[str, int]
    notices: list[str]
    data: list[dict[str, Any]]
    found: list[DataFacts] = field(default_factory=list)

    def grow(self, seeds: dict[str, int]) -> None:
        """Give the cells of a ``data set/model`` at least that many scoring seeds."""
        self.cells = [
            replace(cell, seeds=max(cell.seeds, seeds.get(block_of(cell.template), 0))) for cell in self.cells
        ]

    def seeds(self) -> dict[str, int]:
        """``data set/model`` -> scoring seeds of each of its cells."""
        return {block_of(cell.template): cell.seeds for cell in self.cells}

    def cost(self, run: Run) -> float:
        return cost(run, self.examples[run.dataset])

    def facts(self, command: str, workers: int) -> dict[str, Any]:
        """What the report tells beside the runs."""
        return {
            "plan": self.plan.name, "plan_title": self.plan.title, "seeds": self.plan.seeds, "command": command,
            "notices": self.notices, "datasets": self.data, "workers": workers, "engine": self.plan.engine,
            "tuning": asdict(self.plan.tuning), "seeds_by_block": self.seeds(),
            "plugin": self.plan.plugin.facts() if self.plan.plugin else None,
        }  # fmt: skip


def prepare(plan: Plan, data_dir: str | None) -> Work:
    """Find the data of a plan and expand it into cells.

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
        found[name] = DataFacts(
            data.name, data.fingerprint, data.task, data.outputs, data.input_shape, len(data.train.y)
        )
        sets[data.name] = {
            "name": data.name, "title": data.title, "fingerprint": data.fingerprint, "provenance": data.provenance,
            "canonical": data.canonical, "split": data.split, "task": data.task,
            "sizes": {part: len(getattr(data, part).y) for part in ("train", "validation", "test")},
        }  # fmt: skip
    return Work(plan, cells(plan, found), {f.name: f.examples for f in found.values()}, notices, list(sets.values()),
                list(found.values()))  # fmt: skip


def grown_before(plan: Plan, out: Path) -> dict[str, int]:
    """The seeds that `--more` gave this plan earlier: a later sweep does not forget them."""
    try:
        with Ledger.read(out / LEDGER, quick=True) as ledger:
            facts = ledger.facts()
    except MissingLedger:
        return {}
    # A ledger that was saved may have lost the plan's name.
    return facts.get("seeds_by_block", {}) if facts.get("plan", plan.name) == plan.name else {}
