"""``published``: tables that others published, trained again and compared."""

import argparse
import json
import sys
import time

from experiments import checks
from experiments.commands.parser import FAILED_RUNS, OK, Verbs, recorded, suggest, with_data, with_out, with_workers
from experiments.commands.parser import workers as workers_of


def add(verbs: Verbs) -> None:
    published = verbs.add(
        "published",
        run,
        "train tables that others published again, and compare them with ours in sigmas",
        "published --list",
        "published npfl138 --data-dir ~/data",
        "published scikit-learn --seeds 20",
    )
    suggest(published.add_argument("ids", nargs="*", metavar="ID", help="only these (all; see --list)"), _ids)
    published.add_argument("--list", action="store_true", help="tell which tables there are, and how long they take")
    published.add_argument("--seeds", type=int, metavar="N", help="of each line (as the table says)")
    with_workers(published)
    with_out(published)
    with_data(published)


def _ids() -> list[str]:
    from experiments.published.tables import TABLES

    return list(TABLES)


def run(given: argparse.Namespace) -> int:
    from experiments.progress import duration
    from experiments.published import runner
    from experiments.published.tables import chosen

    asked = chosen(given.ids)
    seeds = None if given.seeds is None else checks.whole(given.seeds, "--seeds", 2, 1000)
    if given.list:
        for table in asked:
            takes = duration(runner.seconds(runner.jobs([table], seeds)))
            print(f"{table.id:14}{table.title}; {table.source} (about {takes} of one core)")
        if len(asked) > 1:
            takes = duration(runner.seconds(runner.jobs(asked, seeds)))
            print(f"together about {takes}: lines of one set-up are trained once")
        return OK

    from experiments.published import page
    from experiments.reports.files import write_text

    data = runner.check_data(asked, given.data_dir)
    workers = workers_of(given.workers)
    todo = runner.jobs(asked, seeds)
    missing = [job for job in todo if not runner.kept(given.out, job)]
    there = len(todo) - len(missing)
    print(f"{len(asked)} tables, {len(todo)} trainings, {there} there already, {workers} workers", flush=True)
    started, cost = time.monotonic(), 0.0
    left, failed = runner.seconds(missing), 0

    def tell(job: runner.Job, done: runner.Done) -> None:
        nonlocal cost, failed
        cost += job.table.seconds
        failed += bool(done.error)
        said = done.error or ", ".join(f"{column} {value:.4f}" for column, value in done.numbers.items())
        seconds = (time.monotonic() - started) / cost * (left - cost)
        print(f"{'! ' * bool(done.error)}{job.table.id}, {job.row.name}, seed {job.seed}: {said} | "
              f"{duration(seconds)} left", file=sys.stderr)  # fmt: skip

    done = runner.run(todo, given.out, given.data_dir, workers, tell)
    results = [(table, page.compared(table, seeds, done)) for table in asked]
    machine = next((each.machine for each in done.values() if each.machine), {})
    write_text(given.out / "published.md", page.page(results, data, recorded()))
    record = page.record(results, data, recorded(), machine)
    write_text(given.out / "published.json", json.dumps(record, indent=1) + "\n")
    for table, found in results:
        print(f"{table.id}: {page.verdict(found)}")
    if failed:
        print(f"{failed} trainings failed: the same command tries them again", file=sys.stderr)
    print(f"page: {given.out / 'published.md'}")
    return FAILED_RUNS if failed else OK
