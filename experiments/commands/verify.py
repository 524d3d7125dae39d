"""``verify``: train a run again, and tell whether the same comes of it."""

import argparse
import math
from typing import TYPE_CHECKING

from experiments import checks
from experiments.commands.parser import FAILED_RUNS, OK, Verbs, with_data, with_out, with_plugin
from experiments.errors import printable

if TYPE_CHECKING:
    from experiments.records import Outcome, Run


def add(verbs: Verbs) -> None:
    verify = verbs.add(
        "verify",
        run,
        "train runs again and tell whether they come out the same, bit for bit, or how far off",
        "verify",
        "verify 7e814e52b77e9308 --data-dir ~/data",
        "verify --sample 10 --out results/smoke",
    )
    verify.add_argument(
        "keys", nargs="*", metavar="RUN", help="keys of runs, or their first digits (some, see --sample)"
    )
    verify.add_argument("--sample", type=int, default=3, metavar="N", help="how many, where no key is given (3)")
    with_plugin(verify)
    with_out(verify)
    with_data(verify)


def run(given: argparse.Namespace) -> int:
    from experiments import sweep, verify
    from experiments.ledger import LEDGER, Ledger

    sample = checks.whole(given.sample, "--sample", 1, 100_000)
    plugin = None
    if given.plugin is not None:
        from experiments.plugins.helper import Helper

        with Helper(given.plugin, "compiled") as helper:
            plugin = helper.offer()
    with Ledger.read(given.out / LEDGER) as ledger:
        runs = verify.chosen(ledger, given.keys, sample, plugin)
        before = {each.key: ledger.outcome(each.key) for each in runs}
    print(f"{len(runs)} run{'s' * (len(runs) != 1)} of {given.out}, trained again by one worker", flush=True)
    same = 0
    for each, after in verify.again(runs, given.data_dir, given.out / sweep.LOG, plugin):
        was = before[each.key]
        assert was is not None
        found = verify.compare(was, after)
        same += found.identical
        print("\n".join(map(printable, _lines(each, after, found))), flush=True)
    print(f"{same} of {len(runs)} bit-identical")
    return OK if same == len(runs) else FAILED_RUNS


def _lines(run: "Run", after: "Outcome", found) -> list[str]:
    cell = f"{run.dataset} {run.model_label} {run.activation} x {run.optimizer}"
    name = f"{run.key}: {cell}, rate {run.learning_rate:.4g}, seed {run.seed}"
    if after.status in ("failed", "oom"):
        return [f"{name}: {after.status} this time: {after.error}"]
    if found.identical:
        return [f"{name}: bit-identical, all {found.compared} numbers"]
    told = [f"{what} by {'a value that is no number' if math.isinf(gap) else f'{gap:.3g}'}"
            for what, gap in sorted(found.largest.items())]  # fmt: skip
    told += [f"{what} was {was}, is {now}" for what, (was, now) in sorted(found.words.items())]
    lines = [f"{name}: differs", *(f"  {each}" for each in told)]
    if found.machine:
        differences = (f"{what} {was} then, {now} now" for what, (was, now) in sorted(found.machine.items()))
        lines.append(f"  trained elsewhere: {', '.join(differences)}")
    return lines
