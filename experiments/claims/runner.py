"""From claims to findings: what is missing is measured and trained, the rest is reused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments import datasets
from experiments.campaign import Campaign
from experiments.claims import probing
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence, Trained
from experiments.claims.finding import Finding
from experiments.claims.lab import Lab
from experiments.datasets import Dataset
from experiments.ledger import LEDGER, Ledger
from experiments.places import own
from experiments.plan import Plan
from experiments.records import RESULTS, Run
from experiments.running import Running
from experiments.scheduling.call import Call
from experiments.scheduling.pool import Event, Pool
from experiments.sweep import LOG
from experiments.tuning.cell import Cell, State
from experiments.work import Work

PROBES = "claims"
"""Folder under OUT where the numbers of the probes are kept."""


@dataclass
class Result:
    """One claim, judged; or ``problem``: why it could not be."""

    claim: Claim
    evidence: Evidence | None = None
    finding: Finding | None = None
    problem: str = ""


@dataclass
class Study:
    """All that a set of claims needs, made concrete.

    Attributes:
        claims: what is asked.
        budget, seed: of all of them.
        cells: claim's position and arm's label -> its cell.
        calls: claim's position -> the key of its probe's numbers.
    """

    claims: Sequence[Claim]
    budget: str
    data_dir: str | None
    seed: int = 0
    cells: dict[tuple[int, str], Cell] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    examples: dict[str, int] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    calls: dict[str, Claim] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found: dict[str, Dataset] = {}
        for number, claim in enumerate(self.claims):
            if claim.probe:
                self.calls.setdefault(probing.key_of(claim, self.budget, self.seed), claim)
            lab = self.lab(claim)
            for label, arm in (claim.arms(lab) if claim.arms else {}).items():
                if arm.dataset not in found:
                    data, notice = datasets.resolve(arm.dataset, self.data_dir)
                    found[arm.dataset] = data
                    self.titles[data.name], self.examples[data.name] = data.title, len(data.train)
                    if notice:
                        self.notices[arm.dataset] = notice
                self.cells[number, label] = arm.cell(found[arm.dataset], lab.seeds)

    def lab(self, claim: Claim) -> Lab:
        return Lab(self.budget, claim.parts, self.data_dir, self.seed)

    def work(self) -> Work:
        """Every cell once, as a sweep without a plan of its own."""
        by_key = {(cell.key, cell.seeds): cell for cell in self.cells.values()}
        return Work(Plan(name="claims", blocks=()), list(by_key.values()), self.examples, [], [])


Watch = Callable[[Campaign | None, list[Call]], Callable[[Event], None]]


def investigate(study: Study, out: Path, workers: int, watch: Watch, fresh: bool = False) -> list[Result]:
    """Measure and train what is missing, then judge every claim.

    Args:
        study: what is asked.
        out: folder of the ledger and of the probes' numbers.
        workers: processes. Costs are measured after all else, one at a time.
        watch: given the campaign and the calls, returns what is called with every event.
        fresh: whether probes are made again though their numbers are kept.

    Raises:
        LedgerError: see `Ledger.write`.
    """
    folder = own(out / PROBES)
    calls = {key: probing.call(claim, study.budget, study.data_dir, study.seed)
             for key, claim in study.calls.items() if fresh or probing.kept(folder, key) is None}  # fmt: skip
    alone = {key for key in calls if "C" in study.calls[key].kinds}
    errors: dict[str, str] = {}
    states: dict[tuple[str, int], State] = {}
    runs: dict[str, Any] = {}
    with Ledger.write(out / LEDGER) as ledger:
        campaign = Campaign(study.work(), ledger, plans=False)
        tell, running = watch(campaign, list(calls.values())), Running(ledger)

        def serve(jobs: list[Any], count: int) -> None:
            if not jobs:
                return
            with Pool(count, study.data_dir, out / LOG) as pool:
                pool.submit(jobs)
                for event in pool.events():
                    running(event)
                    if event.kind == "outcome" and event.run:
                        if event.value.status not in RESULTS:
                            errors[event.run.key] = event.value.error or event.value.status
                        pool.submit(campaign.took(event.run, event.value))
                    elif event.kind == "answer" and isinstance(event.value[0], Call):
                        call, returned = event.value
                        if returned.error:
                            errors[call.key] = returned.error
                        else:
                            probing.keep(folder, call.key, returned.value)
                    elif event.kind == "answer":
                        pool.submit(campaign.answered(*event.value))
                    tell(event)

        serve([*campaign.jobs(), *(call for key, call in calls.items() if key not in alone)], workers)
        # A clock says little while another process works: costs come last, one after the other.
        serve([call for key, call in calls.items() if key in alone], 1)
        states = {(cell.key, cell.seeds): state
                  for cell, state in zip(campaign.work.cells, campaign.states, strict=True)}  # fmt: skip
        runs = {key: campaign.outcome(key) for key in campaign.needed}
    return [_result(study, number, claim, folder, states, runs, errors) for number, claim in enumerate(study.claims)]


def _result(study: Study, number: int, claim: Claim, folder: Path, states, outcomes, errors) -> Result:
    numbers: dict[str, Any] = {}
    data: dict[str, str] = {}
    machine: dict[str, Any] = {}
    if claim.probe:
        key = probing.key_of(claim, study.budget, study.seed)
        found = probing.kept(folder, key)
        if found is None or key in errors:
            return Result(claim, problem=f"its probe failed: {errors.get(key, 'no numbers')}")
        numbers, data, machine = found["numbers"], dict(found["data"]), found["machine"]
    trained: dict[str, Trained] = {}
    notices: list[str] = []
    for label, arm in (claim.arms(study.lab(claim)) if claim.arms else {}).items():
        cell = study.cells[number, label]
        state = states[cell.key, cell.seeds]
        wanted = _scoring(cell, state)
        got = [outcomes.get(run.key) for run in wanted]
        if not wanted or any(outcome is None for outcome in got):
            why = next((errors[p.run.key] for p in state.planned if p.run.key in errors), "not all of it was trained")
            return Result(claim, problem=f"arm {label!r}: {why}")
        trained[label] = Trained(arm, tuple(wanted), tuple(got), state.choice)
        data.setdefault(cell.template.dataset, study.titles[cell.template.dataset])
        machine = machine or got[0].machine
        if arm.dataset in study.notices and study.notices[arm.dataset] not in notices:
            notices.append(study.notices[arm.dataset])
    evidence = Evidence(study.lab(claim), numbers, trained, tuple(data.values()), tuple(notices), machine)
    try:
        return Result(claim, evidence, claim.judge(evidence).checked())
    except Exception as error:  # numbers that no rule foresaw: this claim has no verdict, the others have theirs
        return Result(claim, problem=f"its rule cannot be applied: {type(error).__name__}: {error}")


def _scoring(cell: Cell, state: State) -> list[Run]:
    if cell.tuning.strategy == "none":
        return [planned.run for planned in state.planned]
    keys = set(state.choice.scored) if state.choice else set()
    return [planned.run for planned in state.planned if planned.run.key in keys]
