"""All cells of a sweep and where each stands: what is done, what can be started, what is left."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from experiments.ledger import Ledger
from experiments.records import RESULTS, Outcome, Run
from experiments.scheduling.bundle import Bundle, block_of, bundles
from experiments.tuning.cell import TRIAL, Ask, Planned, state
from experiments.work import Work

RUNS_A_CELL = 100_000  # positions reserved for a cell's runs, so that tables keep the plan's order


class Campaign:
    """All cells of a sweep and where each stands, kept in step with the ledger.

    What progress asks for is kept as counts: nothing but the start goes through all runs.

    Args:
        work: what is wanted.
        ledger: what there is.
        plans: whether the ledger's plan is this one's; what only uses its runs leaves the plan alone.
    """

    def __init__(self, work: Work, ledger: Ledger, plans: bool = True):
        self.work, self.ledger, self.plans = work, ledger, plans
        self._results = ledger.results()
        self._outcomes: dict[str, Outcome | None] = {}
        self._answers = ledger.answers()
        self._cell_of: dict[str, set[int]] = {}
        self._sent: set[str] = set()
        self._named: dict[str, set[int]] = {}  # key of a cell -> its numbers
        for number, cell in enumerate(work.cells):
            self._named.setdefault(cell.key, set()).add(number)
        self.states = [state(cell, self._look, self._answers) for cell in work.cells]
        self.needed: dict[str, Run] = {}
        self._pending: dict[str, Run] = {}
        self._left: Counter[tuple[str, float]] = Counter()  # pending runs of a block with that cost
        self._open: dict[int, float] = {}  # cells that are being tuned, and the nominal cost of what they may ask for
        for number in range(len(work.cells)):
            self._note(number)

    def rows(self) -> list[tuple[int, str, Run]]:
        return [row for number in range(len(self.states)) for row in self._rows(number)]

    def done(self) -> int:
        return len(self.needed) - len(self._pending)

    def pending(self) -> list[Run]:
        return list(self._pending.values())

    def open_cells(self) -> int:
        """Cells that will ask for more runs than are known now."""
        return len(self._open)

    def costs_left(self) -> dict[str, float]:
        """``data set/model`` -> nominal seconds of what is missing, with a guess at what is not known yet."""
        left: dict[str, float] = {}
        for (block, each), count in self._left.items():
            if count:
                left[block] = left.get(block, 0.0) + each * count
        for number, guess in self._open.items():
            block = block_of(self.work.cells[number].template)
            left[block] = left.get(block, 0.0) + guess
        return left

    def cost_left(self) -> float:
        return sum(self.costs_left().values())

    def outcome(self, key: str) -> Outcome | None:
        """What came of a run, where it is a result."""
        return self._look(key)

    def jobs(self, numbers: Iterable[int] | None = None) -> list[Bundle | Ask]:
        """What can be started now and has not been, for these cells or for all."""
        jobs: list[Bundle | Ask] = []
        for number in range(len(self.states)) if numbers is None else numbers:
            now = self.states[number]
            runs = [p.run for p in now.planned if p.run.key not in self._results and p.run.key not in self._sent]
            jobs += bundles(runs, self.work.examples)
            self._sent |= {run.key for run in runs}
            if now.ask is not None and now.ask.key not in self._sent:
                self._sent.add(now.ask.key)
                jobs.append(now.ask)
        return jobs

    def took(self, run: Run, outcome: Outcome) -> list[Bundle | Ask]:
        """Keep an outcome; returns what it has made possible."""
        self.ledger.record(run, outcome)
        if outcome.status not in RESULTS:
            return []  # what hangs on it waits for the next sweep
        self._results.add(run.key)
        if self._pending.pop(run.key, None) is not None:
            self._left[block_of(run), self.work.cost(run)] -= 1
        if not run.tuning:
            return []  # a score changes nothing about how its cell is tuned
        self._outcomes[run.key] = outcome
        return self._advance(self._cell_of.get(run.key, set()))

    def answered(self, ask: Ask, proposals: list[dict[str, Any]]) -> list[Bundle | Ask]:
        """Keep an oracle's answer; returns what it has made possible."""
        self.ledger.answer(ask.cell, ask.step, proposals)
        self._answers[ask.cell, ask.step] = proposals
        return self._advance(self._named.get(ask.cell, set()))

    def _advance(self, numbers: set[int]) -> list[Bundle | Ask]:
        tuned = sorted(number for number in numbers if self._tuning(number))
        for number in tuned:
            before = self.states[number].planned
            self.states[number] = state(self.work.cells[number], self._look, self._answers)
            self._note(number)
            if self.plans:
                self.ledger.extend(self._rows(number, before))
                self.remember_choice(number)
        return self.jobs(tuned)

    def remember_choice(self, number: int) -> None:
        choice, cell = self.states[number].choice, self.work.cells[number].template
        if choice is not None:
            self.ledger.choose(self.work.cells[number].key, {
                "position": number, "dataset": cell.dataset, "model": cell.model_label, "activation": cell.activation,
                "optimizer": cell.optimizer, "default_rate": cell.learning_rate,
                "constants": sorted(self.work.cells[number].constants), **asdict(choice),
            })  # fmt: skip

    def _tuning(self, number: int) -> bool:
        return self.work.cells[number].tuning.strategy != "none" and self.states[number].choice is None

    def _note(self, number: int) -> None:
        now, cell = self.states[number], self.work.cells[number]
        for planned in now.planned:
            key, run = planned.run.key, planned.run
            self._cell_of.setdefault(key, set()).add(number)
            if key not in self.needed:
                self.needed[key] = run
                if key not in self._results:
                    self._pending[key] = run
                    self._left[block_of(run), self.work.cost(run)] += 1
        self._open.pop(number, None)
        if self._tuning(number):
            trials = sum(p.role == TRIAL for p in now.planned) * self.work.cost(cell.template)
            self._open[number] = max(0.0, unknown_cost(self.work, number) - trials)

    def _rows(self, number: int, before: Sequence[Planned] = ()) -> list[tuple[int, str, Run]]:
        """What the plan says of a cell's runs, but for those of which it said the same before."""
        # A run that several cells ask for belongs to the first of them, whichever asks first.
        return [(number * RUNS_A_CELL + i, p.role, p.run) for i, p in enumerate(self.states[number].planned)
                if min(self._cell_of[p.run.key]) == number and (i >= len(before) or p != before[i])]  # fmt: skip

    def _look(self, key: str) -> Outcome | None:
        if key not in self._results:
            return None
        if key not in self._outcomes:
            self._outcomes[key] = self.ledger.outcome(key)
        return self._outcomes[key]


def unknown_cost(work: Work, number: int) -> float:
    """Nominal seconds of the trials and tuned runs that a cell has not named yet: the first grid and one
    extension (or the budget), and one more scoring."""
    cell = work.cells[number]
    if cell.tuning.strategy == "none":
        return 0.0
    trials = cell.tuning.points + 2 if cell.tuning.strategy == "grid" else cell.tuning.trials
    return (trials * cell.tuning.seeds + cell.tuning.confirm + cell.seeds) * work.cost(cell.template)
