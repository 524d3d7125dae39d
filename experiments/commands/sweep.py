"""``sweep``: train what the ledger does not hold yet, then write the report."""

import argparse
import contextlib
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from experiments import checks, names
from experiments import plan as plans
from experiments.commands import report
from experiments.commands.parser import (
    FAILED_RUNS,
    OK,
    Verbs,
    mended,
    recorded,
    suggest,
    unmended,
    with_data,
    with_out,
    with_plugin,
    with_workers,
)
from experiments.commands.parser import workers as workers_of
from experiments.errors import DataError, PlanError

if TYPE_CHECKING:
    from experiments.campaign import Campaign
    from experiments.plugins.helper import Helper
    from experiments.progress import Progress
    from experiments.scheduling.address import Cluster
    from experiments.work import Work

RAY = "ray"  # where runs are trained; how, a plan's own engine says, and a run is the same everywhere
FACTORS = ("activation", "optimizer", "loss", "dataset", "model")


def add(verbs: Verbs) -> None:
    sweep = verbs.add(
        "sweep",
        run,
        "train what the ledger does not hold yet, then write the report",
        "sweep",
        "sweep smoke --out results/smoke",
        "sweep mnist --dry-run",
        "sweep mnist --only activation=relu,tanh",
        "sweep --data wine.csv --target quality",
        "sweep smoke --plugin my_parts.py",
        "sweep my-plan.toml --data-dir ~/data --seeds 5",
    )
    plan = sweep.add_argument("plan", nargs="?", metavar="PLAN",
                              help=f"a .toml file or one of: {', '.join(plans.available())} (default)")  # fmt: skip
    suggest(plan, plans.available)
    sweep.add_argument("--data", type=Path, metavar="FILE",
                       help="data of your own: .csv, .npz, or a folder of images by class (plan own)")  # fmt: skip
    sweep.add_argument("--target", metavar="COLUMN", help="with --data: the column to be learned (the last)")
    with_plugin(sweep)
    with_out(sweep)
    with_data(sweep)
    sweep.add_argument("--seeds", type=int, metavar="N", help="scoring seeds of each cell (as the plan says)")
    sweep.add_argument("--more", type=int, nargs="?", const=5, metavar="N",
                       help="add the seeds that undecided comparisons need, at most N (5) at once")  # fmt: skip
    with_workers(sweep, "; engine stacked: one a GPU, if there is any")
    engines = f"{', '.join(names.ENGINES)} (as the plan says); ray: on a Ray cluster"
    engine = sweep.add_argument("--engine", metavar="NAME", help=engines)
    suggest(engine, lambda: (*names.ENGINES, RAY))
    sweep.add_argument("--address", metavar="HOST:PORT",
                       help="head of the Ray cluster; auto: the one here; local: a new one (local)")  # fmt: skip
    sweep.add_argument("--insecure", action="store_true", help="use a Ray cluster that asks for no token")
    sweep.add_argument("--timeout", type=float, default=3600.0, metavar="SECONDS",
                       help="end a worker that gives no sign, such as an epoch, for so long (3600)")  # fmt: skip
    sweep.add_argument("--only", action="append", default=[], metavar="FACTOR=A,B",
                       help="narrow activation, optimizer, loss, dataset or model, or add a keras: or plugin: "
                             "name; may be given again")  # fmt: skip
    sweep.add_argument("--dry-run", action="store_true", help="tell what would run, what is there, how long")
    sweep.add_argument("--no-report", action="store_true", help="only train")


def run(given: argparse.Namespace) -> int:
    from experiments import sweep
    from experiments.progress import Progress, duration
    from experiments.scheduling import devices
    from experiments.work import grown_before, prepare

    cluster = _cluster(given)
    with _helper(given) as helper:
        plan = _plan(given, helper)
        devices.check(plan.engine, on_ray=cluster is not None)
        workers = workers_of(given.workers, plan.engine)
        if not 1 <= given.timeout <= 1e7:
            raise PlanError(f"--timeout is {given.timeout:g}; allowed: seconds from 1 to 10000000")
        work = prepare(plan, given.data_dir)
        (unmended if given.dry_run else mended)(given.out)
        if given.seeds is None:
            work.grow(grown_before(plan, given.out))
        if given.more is not None:
            _more(given, work)
        for notice in work.notices:
            print(f"NOTE: {notice}", file=sys.stderr)
        campaign, pending, done = sweep.survey(work, given.out)
        if helper and plan.plugin and (pending or campaign is None or campaign.open_cells()):
            if not any(cell.template.plugin for cell in work.cells):
                print(f"NOTE: plan {plan.name} names no part of {plan.plugin.file}: name it in a plan, or add it by "
                      "--only, such as --only activation=relu,plugin:NAME", file=sys.stderr)  # fmt: skip
            helper.check((cell.template for cell in work.cells), work.found, plan.plugin)
    tuned = (
        "" if plan.tuning.strategy == "none" else f", tuned by {plan.tuning.strategy} (its trials are found on the way)"
    )
    where = f"{workers} workers" if cluster is None else f"on Ray ({cluster.address})"
    there = f"{done} runs there already, {len(pending)} known to be missing, {where}"
    print(f"plan {plan.name}: {len(work.cells)} cells{tuned}; {there}")
    if given.dry_run:
        seconds = sum(campaign.costs_left().values()) / workers if campaign else sweep.estimate(work, pending, workers)
        print(f"estimated time {duration(seconds)}, memory about {workers * 1.2:.1f} GB; nothing was trained")
        return OK
    progress: list[Progress] = []

    def watch(campaign: "Campaign") -> "Progress":
        progress.append(Progress(sys.stderr, campaign, workers))
        return progress[0]

    command = recorded()
    started = time.monotonic()
    try:
        failed = sweep.run(work, given.out, given.data_dir, workers, command, watch, cluster, given.timeout)
    finally:
        if progress and progress[0].counts:
            progress[0].close()
    if not given.no_report and not report.is_current(given.out):
        print("writing the report", file=sys.stderr, flush=True)
        report.write(given.out)
    for notice in work.notices:
        print(f"NOTE: {notice}", file=sys.stderr)
    page = "" if given.no_report else f"; report: {report.page(given.out)}"
    print(f"ended after {duration(time.monotonic() - started)}{page}")
    if failed:
        print(
            f"{failed} runs failed (see `status --out {given.out}`): the same command tries them again",
            file=sys.stderr,
        )
    return FAILED_RUNS if failed else OK


@contextlib.contextmanager
def _helper(given: argparse.Namespace) -> Iterator["Helper | None"]:
    """The worker that imports the plugin which the command line names, if it does."""
    if given.plugin is None:
        yield None
        return
    from experiments.plugins.helper import Helper
    from experiments.scheduling import devices

    if given.engine == RAY:
        raise PlanError("--plugin cannot be used on a Ray cluster, whose machines do not have the module: leave "
                        "--engine ray away")  # fmt: skip
    engine = given.engine or plans.read(_name(given))[0].get("engine")
    engine = engine if engine in names.ENGINES else "compiled"
    devices.check(engine, on_ray=False)
    with Helper(given.plugin, engine) as helper:
        yield helper


def _name(given: argparse.Namespace) -> str:
    return given.plan or ("own" if given.data else "default")


def _plan(given: argparse.Namespace, helper: "Helper | None" = None) -> plans.Plan:
    plugin = helper.offer() if helper else None
    if plugin:
        print(plugin.told(), flush=True)
    plan = plans.load(_name(given), plugin)
    if given.target and not given.data:
        raise PlanError(f"--target is {given.target!r}, but no --data names the file that has this column")
    if given.data:
        plan = plan.on(_own(given.data, given.target))
        given.data_dir = str(given.data.parent)
    if given.seeds is not None:
        plan = plan.with_seeds(given.seeds)
    if given.engine not in (None, RAY):
        plan = replace(plan, engine=checks.one_of(given.engine, "engine", (*names.ENGINES, RAY)))
    only: dict[str, list[str]] = {}
    for each in given.only:
        factor, equals, values = each.partition("=")
        if not equals or factor not in FACTORS or not values:
            hint = checks.hint(factor, FACTORS) if factor not in FACTORS else ""
            raise PlanError(f"--only {each!r}: give FACTOR=A,B with a factor of {', '.join(FACTORS)}{hint}")
        only.setdefault(factor, []).extend(value.strip() for value in values.split(","))
    return plan.widened(only).narrowed(only) if only else plan


def _own(path: Path, target: str | None) -> str:
    """What data of the user's own is called in a plan."""
    if not path.exists():
        raise DataError(f"--data {path}: there is no such file or folder")
    if path.is_file() and path.suffix not in (".csv", ".npz"):
        raise DataError(f"--data {path.name}: a CSV file, an npz file or a folder of images by class can be read")
    name = f"own:{path.stem if path.is_file() else path.name}{f':{target}' if target else ''}"
    if not re.fullmatch(names.OWN, name):
        raise DataError(f"{name!r}: names of files may have letters, digits and _, those of columns also spaces and "
                        ". % ( ) / + -: rename it")  # fmt: skip
    return name


def _cluster(given: argparse.Namespace) -> "Cluster | None":
    """The Ray cluster that is asked for, if any."""
    if given.engine == RAY:
        from experiments.scheduling import address

        return address.cluster(given.address, given.insecure, given.workers)
    if given.address is not None or given.insecure:
        raise PlanError("--address and --insecure are about a Ray cluster: say --engine ray as well")
    return None


def _more(given: argparse.Namespace, work: "Work") -> None:
    """Give each data set and model the seeds that its undecided comparisons need."""
    from experiments import frames
    from experiments.ledger import LEDGER, Ledger
    from experiments.reports.more import seeds_wanted

    if given.more < 1:
        raise PlanError(f"--more is {given.more}; allowed: a whole number above 0")
    with Ledger.read(given.out / LEDGER) as ledger:
        wanted = seeds_wanted(frames.frames(ledger).runs, given.more)
    now = work.seeds()
    for (dataset, model), more in wanted.items():
        block = f"{dataset}/{model}"
        if block in now:
            print(
                f"{block}: {now[block]} seeds, " + (f"{more} more" if more else "nothing that more seeds could decide")
            )
            work.grow({block: now[block] + more})
