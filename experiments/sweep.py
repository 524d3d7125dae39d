"""The sweep: from a plan to a ledger that holds every run of it. Resumes by doing only what is missing."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from experiments.campaign import Campaign, unknown_cost
from experiments.errors import MissingLedger
from experiments.ledger import LEDGER, Ledger
from experiments.plugins.helper import serving
from experiments.records import RESULTS, Run
from experiments.running import Running
from experiments.scheduling.address import Cluster
from experiments.scheduling.bundle import TRACE_SECONDS, bundles
from experiments.scheduling.pool import SILENCE, Event, Pool
from experiments.scheduling.ray_pool import RayPool
from experiments.tuning.cell import state
from experiments.work import Work

LOG = "workers.log"
RUN_SECONDS = 0.4
"""What a run costs beside its updates, in order of magnitude: evaluation, the look inside, the ledger."""
EVERY = 5.0  # seconds between two looks at the clock that the ledger is told of


def run(work: Work, out: Path, data_dir: str | None, workers: int, command: str,
        watch: Callable[[Campaign], Callable[[Event], None]],
        cluster: Cluster | None = None, timeout: float = SILENCE) -> int:  # fmt: skip
    """Train what the ledger in ``out`` does not hold yet.

    Args:
        work: from `prepare`.
        out: folder of the ledger, made if it is not there.
        data_dir: where the workers find the data.
        workers: number of processes.
        command: the command line, for the record.
        watch: given the campaign, returns what is called with every event after it is in the ledger.
        cluster: where they are, if not on this machine.
        timeout: seconds without a sign of a worker until it counts as hung.

    Returns:
        the number of planned runs that failed, or of cells that could not be tuned.

    Raises:
        LedgerError: see `Ledger.write`.
    """
    failed = 0
    with Ledger.write(out / LEDGER) as ledger:
        campaign = Campaign(work, ledger)
        ledger.plan(campaign.rows(), work.facts(command, workers))
        for number in range(len(work.cells)):
            campaign.remember_choice(number)
        tell, running = watch(campaign), Running(ledger)
        jobs = campaign.jobs()
        if not jobs:
            return 0
        log, engine = out / LOG, work.plan.engine
        made = (
            RayPool(cluster, workers, data_dir, log)
            if cluster
            else Pool(workers, data_dir, log, engine=engine, **serving(work.plan.plugin))
        )
        made.silence = timeout
        with _clocked(ledger) as tick, made as pool:
            pool.submit(jobs)
            for event in pool.events():
                running(event)
                if event.kind == "outcome" and event.run:
                    pool.submit(campaign.took(event.run, event.value))
                    failed += event.value.status not in RESULTS
                elif event.kind == "answer":
                    pool.submit(campaign.answered(*event.value))
                elif event.kind == "size":
                    ledger.remember({"workers": event.value[0]})
                tick()
                tell(event)
    return failed or campaign.open_cells()  # an oracle that brought its workers down leaves its cell open


@contextlib.contextmanager
def _clocked(ledger: Ledger) -> Iterator[Callable[[], None]]:
    """Add the wall clock of this part of the sweep to what earlier parts took; what it gives is called now and then,
    so that a killed sweep loses `EVERY` seconds of its clock and no more."""
    started = told = time.monotonic()
    before = ledger.facts().get("wall_seconds", 0.0)

    def remember() -> None:
        ledger.remember({"wall_seconds": before + time.monotonic() - started})

    def tick() -> None:
        nonlocal told
        if time.monotonic() - told > EVERY:
            told = time.monotonic()
            remember()

    try:
        yield tick
    finally:
        remember()


def survey(work: Work, out: Path) -> tuple[Campaign | None, list[Run], int]:
    """Without writing anything: what is known to be pending, and how many runs are there already."""
    try:
        with Ledger.read(out / LEDGER, quick=True) as ledger:
            campaign = Campaign(work, ledger)
            return campaign, campaign.pending(), campaign.done()
    except MissingLedger:
        return None, [p.run for cell in work.cells for p in state(cell, lambda _: None, {}).planned], 0


def estimate(work: Work, pending: list[Run], workers: int) -> float:
    """Seconds that a sweep will take, roughly: nominal costs, no account of this machine."""
    seconds = sum(bundle.cost for bundle in bundles(pending, work.examples)) + RUN_SECONDS * len(pending)
    for number, cell in enumerate(work.cells):
        if unknown := unknown_cost(work, number):
            seconds += unknown + RUN_SECONDS * unknown / work.cost(cell.template) + TRACE_SECONDS
    return seconds / workers
