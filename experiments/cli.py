"""The command line. The only place that prints; whatever is heavy is imported where it is used."""

import argparse
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from experiments import checks, names
from experiments import plan as plans
from experiments.bench import arguments
from experiments.errors import MissingLedger, PlanError, UserError
from experiments.exporters import arguments as exports
from experiments.reports.formats import STYLES

if TYPE_CHECKING:
    from experiments import sweep
    from experiments.scheduling.address import Cluster

OUT = "results/latest"
RAY = "ray"  # where runs are trained; how, a plan's own engine says, and a run is the same everywhere
OK, FAILED_RUNS, INTERRUPTED, UNREAD = 0, 1, 130, 141

EXIT_CODES = """exit codes:
  0  all is well          1  some runs failed (the same command tries them again), or claims are broken
  2  the plan or the command line is wrong      3  a data file is wrong
  4  the ledger cannot be used                  5  workers cannot start, or Ray is lost
130  interrupted: the same command resumes"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.verb is None:
        parser.print_help()
        return OK
    signal.signal(signal.SIGTERM, _interrupt)
    # Before NumPy is there: our matrices are small, and the threads of its products only wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        return given.run(given)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        goes_on = "starts anew" if given.verb == "bench" else "resumes"
        print(f"\ninterrupted: what was finished is kept; the same command {goes_on}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read what is printed has gone, as after `| head`
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.dup2(nowhere, sys.stderr.fileno())
        return UNREAD


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m experiments", epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Compare activations, losses and optimizers in Keras, fairly.",
    )  # fmt: skip
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")

    def verb(name: str, run: Callable[[argparse.Namespace], int], text: str, example: str) -> argparse.ArgumentParser:
        each = verbs.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        each.set_defaults(run=run)
        return each

    def with_out(each: argparse.ArgumentParser) -> None:
        each.add_argument("--out", type=Path, default=Path(OUT), metavar="DIR", help=f"folder of the ledger ({OUT})")

    def with_data(each: argparse.ArgumentParser) -> None:
        each.add_argument("--data-dir", default=os.environ.get("DATA_DIR") or None, metavar="DIR",
                          help="folder of mnist.npz, cifar10.npz and so on ($DATA_DIR)")  # fmt: skip

    sweep = verb("sweep", _sweep, "train what the ledger does not hold yet, then write the report",
                 "python -m experiments sweep smoke --out results/smoke")  # fmt: skip
    sweep.add_argument("plan", nargs="?", default="default", metavar="PLAN",
                       help=f"a .toml file or one of: {', '.join(plans.available())} (default)")  # fmt: skip
    with_out(sweep)
    with_data(sweep)
    sweep.add_argument("--seeds", type=int, metavar="N", help="scoring seeds of each cell (as the plan says)")
    sweep.add_argument("--more", type=int, nargs="?", const=5, metavar="N",
                       help="add the seeds that undecided comparisons need, at most N (5) at once")  # fmt: skip
    sweep.add_argument("--workers", type=int, metavar="N",
                       help="worker processes (one a core; engine stacked: one a GPU, if there is any)")  # fmt: skip
    sweep.add_argument("--engine", metavar="NAME",
                       help=f"{', '.join(names.ENGINES)} (as the plan says); ray: on a Ray cluster")  # fmt: skip
    sweep.add_argument("--address", metavar="HOST:PORT",
                       help="head of the Ray cluster; auto: the one here; local: a new one (local)")  # fmt: skip
    sweep.add_argument("--insecure", action="store_true", help="use a Ray cluster that asks for no token")
    sweep.add_argument("--only", action="append", default=[], metavar="FACTOR=A,B",
                       help="narrow activation, optimizer, dataset or model; may be given again")  # fmt: skip
    sweep.add_argument("--dry-run", action="store_true", help="tell what would run, what is there, how long")
    sweep.add_argument("--no-report", action="store_true", help="only train")

    with_out(verb("status", _status, "tell what is done, running, diverged, failed", "python -m experiments status"))
    report = verb("report", _report, "write tables, figures and the page from a ledger", "python -m experiments report")
    with_out(report)
    report.add_argument("--style", choices=tuple(STYLES), default="screen",
                        help="paper, slides: the figures alone, for these (screen)")  # fmt: skip
    with_data(verb("data", _data, "list the data sets that are here, from where, with which fingerprint",
                   "python -m experiments data --data-dir ~/data"))  # fmt: skip
    components = verb("components", _components, "list every component with its formula",
                      "python -m experiments components adam")  # fmt: skip
    components.add_argument("names", nargs="*", metavar="NAME", help="only these, in full")
    claims = verb("claims", _claims, "test what textbooks say, each claim an experiment with a verdict",
                  "python -m experiments claims vanishing-sigmoid dying-relu --budget full")  # fmt: skip
    claims.add_argument("ids", nargs="*", metavar="ID", help="only these (all; see --list)")
    claims.add_argument("--list", action="store_true", help="tell which claims there are")
    claims.add_argument("--budget", choices=("quick", "full"), default="quick", help="5 seeds (quick) or 10 (full)")
    claims.add_argument("--fresh", action="store_true", help="measure again what was measured before")
    claims.add_argument("--workers", type=int, metavar="N", help="worker processes (one a core)")
    with_out(claims)
    with_data(claims)
    arguments.add(verb("bench", _bench, "time the sweep against what you would write by hand (speed), stacks of runs "
                       "(stacked), or what a run costs beside its training (growth)",
                       "python -m experiments bench growth"))  # fmt: skip
    exports.add(verb("export", _export, "write a ledger's runs for TensorBoard or MLflow",
                     "python -m experiments export tensorboard --to logs"))  # fmt: skip
    return parser


def _plan(given: argparse.Namespace) -> plans.Plan:
    plan = plans.load(given.plan)
    if given.seeds is not None:
        plan = plan.with_seeds(given.seeds)
    if given.engine not in (None, RAY):
        plan = replace(plan, engine=checks.one_of(given.engine, "engine", (*names.ENGINES, RAY)))
    only: dict[str, list[str]] = {}
    for each in given.only:
        factor, equals, values = each.partition("=")
        if not equals or factor not in ("activation", "optimizer", "dataset", "model") or not values:
            raise PlanError(f"--only {each!r}: give FACTOR=A,B with a factor of activation, optimizer, dataset, model")
        only.setdefault(factor, []).extend(value.strip() for value in values.split(","))
    return plan.narrowed(only) if only else plan


def _sweep(given: argparse.Namespace) -> int:
    from experiments import sweep
    from experiments.progress import Progress, duration
    from experiments.scheduling import devices

    cluster = _cluster(given)
    plan = _plan(given)
    devices.check(plan.engine, on_ray=cluster is not None)
    workers = _workers(given.workers, plan.engine)
    work = sweep.prepare(plan, given.data_dir)
    if given.seeds is None:
        work.grow(sweep.grown_before(plan, given.out))
    if given.more is not None:
        _more(given, work)
    for notice in work.notices:
        print(f"NOTE: {notice}", file=sys.stderr)
    campaign, pending, done = sweep.survey(work, given.out)
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

    def watch(campaign: sweep.Campaign) -> Progress:
        progress.append(Progress(sys.stderr, campaign, workers))
        return progress[0]

    command = _command()
    started = time.monotonic()
    try:
        failed = sweep.run(work, given.out, given.data_dir, workers, command, watch, cluster)
    finally:
        if progress and progress[0].counts:
            progress[0].close()
    trained = bool(progress and progress[0].counts)
    if not given.no_report and (trained or not (given.out / "report.md").exists()):
        _write_report(given.out)
    for notice in work.notices:
        print(f"NOTE: {notice}", file=sys.stderr)
    page = "" if given.no_report else f"; report: {given.out / 'report.md'}"
    print(f"ended after {duration(time.monotonic() - started)}{page}")
    if failed:
        print(
            f"{failed} runs failed (see `status --out {given.out}`): the same command tries them again",
            file=sys.stderr,
        )
    return FAILED_RUNS if failed else OK


def _cluster(given: argparse.Namespace) -> "Cluster | None":
    """The Ray cluster that is asked for, if any."""
    if given.engine == RAY:
        from experiments.scheduling import address

        return address.cluster(given.address, given.insecure, given.workers)
    if given.address is not None or given.insecure:
        raise PlanError("--address and --insecure are about a Ray cluster: say --engine ray as well")
    return None


def _command() -> str:
    """The command line for the record, without this machine's folder of data and its cluster, which the report shall
    not show, and without --more: what it added is remembered, and added once."""
    kept: list[str] = []
    data, drop = bool(os.environ.get("DATA_DIR")), ""
    for each in sys.argv[1:]:
        if (drop == "--more" and each.isdigit()) or drop in ("--data-dir", "--address"):
            drop = ""
            continue
        drop = each if each in ("--more", "--data-dir", "--address") else ""
        data = data or each.startswith("--data-dir")
        if each.startswith("--address"):
            kept += ["--address", "HOST:PORT"]
        elif not each.startswith(("--more", "--data-dir")):
            kept.append(each)
    return ("DATA_DIR=DIR " if data else "") + shlex.join(["python", "-m", "experiments", *kept])


def _more(given: argparse.Namespace, work: "sweep.Work") -> None:
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


def _workers(given: int | None, engine: str = "compiled") -> int:
    if given is not None and not 1 <= given <= 1024:
        raise PlanError(f"--workers is {given}; allowed: a whole number from 1 to 1024")
    if given is not None:
        return given
    if engine == "stacked":
        from experiments.scheduling import devices

        if there := devices.gpus():
            return len(there)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _status(given: argparse.Namespace) -> int:
    from experiments.ledger import LEDGER, Ledger
    from experiments.progress import duration, label

    with Ledger.read(given.out / LEDGER) as ledger:
        facts = ledger.facts()
        if "plan" not in facts:
            print(f"no sweep in {given.out}, but {len(ledger.statuses())} runs of claims")
            return OK
        counts = ledger.counts()
        print(f"plan {facts['plan']}: {counts.total()} runs in {given.out}")
        for name in ("done", "diverged", "failed", "oom", "to do"):
            if counts[name]:
                print(f"  {counts[name]:6d} {name}")
        for number, key, epoch, since in ledger.running():
            if run := ledger.planned_run(key):
                print(f"  worker {number}: {label(run)}, epoch {epoch}, for {duration(time.time() - since)}")
        for run, outcome in ledger.failures():
            print(f"  {outcome.status}: {label(run)}: {outcome.error}")
        if counts["to do"] or counts["failed"] or counts["oom"]:
            print(f"to go on: {facts.get('command', 'python -m experiments sweep')}")
    return OK


def _report(given: argparse.Namespace) -> int:
    for path in _write_report(given.out, given.style):
        print(path)
    return OK


def _write_report(out: Path, style: str = "screen") -> list[Path]:
    from experiments import frames, reports
    from experiments.ledger import LEDGER, Ledger

    with Ledger.read(out / LEDGER) as ledger:
        if "plan" not in ledger.facts():
            raise MissingLedger(f"the ledger {out / LEDGER} holds no sweep, only runs of claims: run `sweep` first")
        tables = frames.frames(ledger)
        facts = frames.facts(ledger)
    return reports.write_report(
        out, tables.runs, tables.curves, tables.timings, facts, tables.diagnostics, tables.choices, style=style
    )


def _data(given: argparse.Namespace) -> int:
    from experiments import datasets

    for row in datasets.describe(given.data_dir):
        print("  ".join(f"{key}: {value}" for key, value in row.items()))
    return OK


def _components(given: argparse.Namespace) -> int:
    known = [*names.ACTIVATIONS, *names.LOSSES, *(name for name in names.OPTIMIZERS if name != "batch_gd")]
    for name in given.names:
        checks.one_of(name, "component", known)
    # Formulas need no training backend: this is quicker, and without TensorFlow's lines at its start.
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    from custom import catalog

    everything = {**catalog.ACTIVATIONS, **catalog.LOSSES, **catalog.OPTIMIZERS}
    for spec in everything.values():
        if not given.names:
            print(f"{spec.kind:10s}  {spec.name:32s}  {spec.formula}")
        elif spec.name in given.names:
            print(f"{spec.name} ({spec.kind})\n  formula     {spec.formula}\n  derivative  {spec.derivative}\n"
                  f"  arguments   {dict(spec.defaults)}\n  Keras       {spec.keras}\n  deviations  {spec.deviations}\n"
                  f"  source      {spec.source}")  # fmt: skip
    return OK


def _claims(given: argparse.Namespace) -> int:
    from experiments.claims.table import FAMILIES, chosen

    asked = chosen(given.ids)
    if given.list:
        for family, files in FAMILIES.items():
            members = [claim for claims in files for claim in claims if claim in asked]
            print("\n".join([family, *(f"  {c.id:30s} {c.kind:4s} {c.statement}" for c in members)]) if members else "")
        return OK

    from experiments.claims import outputs
    from experiments.claims.progress import ClaimsProgress
    from experiments.claims.runner import Study, investigate
    from experiments.progress import duration

    workers = _workers(given.workers)
    outputs.read(given.out)  # before any work: a damaged file is said now
    study = Study(asked, given.budget, given.data_dir)
    for notice in dict.fromkeys(study.notices.values()):
        print(f"NOTE: {notice}", file=sys.stderr)
    print(f"{len(asked)} claims, budget {given.budget}: {len(study.cells)} trained arms, {len(study.calls)} probes, "
          f"{workers} workers", flush=True)  # fmt: skip
    progress: list[ClaimsProgress] = []

    def watch(campaign, calls) -> ClaimsProgress:
        progress.append(ClaimsProgress(sys.stderr, campaign, calls, workers))
        return progress[0]

    started = time.monotonic()
    try:
        results = investigate(study, given.out, workers, watch, given.fresh)
    finally:
        if progress and (progress[0].counts or progress[0].measured):
            progress[0].close()
    outputs.write(given.out, results, _command())
    for result in results:
        verdict = result.finding.verdict if result.finding else "no verdict"
        effect = f"{result.finding.effect.what}: {result.finding.effect.words()}" if result.finding else result.problem
        print(f"{verdict:10s}  {result.claim.id:30s}  {effect}")
    for notice in dict.fromkeys(study.notices.values()):
        print(f"NOTE: {notice}", file=sys.stderr)
    print(f"ended after {duration(time.monotonic() - started)}; page: {given.out / 'claims.html'}")
    bad = [result.claim.id for result in results if result.finding is None or result.finding.verdict == "broken"]
    if bad:
        print(f"{len(bad)} claims without a verdict: {', '.join(bad)}; a clock that was disturbed is read again by "
              "--fresh", file=sys.stderr)  # fmt: skip
    return FAILED_RUNS if bad else OK


def _bench(given: argparse.Namespace) -> int:
    from experiments.bench import command

    for line in command.lines(given):
        print(line, flush=True)
    return OK


def _export(given: argparse.Namespace) -> int:
    from experiments.exporters import command

    for line in command.lines(given):
        print(line)
    return OK
