"""``status``: what is done, running, diverged, failed. Light: it may be asked every second."""

import argparse
import time

from experiments.commands.parser import OK, Verbs, with_out


def add(verbs: Verbs) -> None:
    with_out(
        verbs.add(
            "status",
            run,
            "tell what is done, running, diverged, failed",
            "status",
            "status --out results/smoke",
        )
    )


def run(given: argparse.Namespace) -> int:
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
