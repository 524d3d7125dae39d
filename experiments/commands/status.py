"""``status``: what is done, running, diverged, failed. Light: it may be asked every second."""

import argparse
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from experiments.commands.parser import OK, Verbs, with_out
from experiments.errors import MissingLedger, PlanError, printable

if TYPE_CHECKING:
    from experiments.ledger import Ledger

COUNTED = ("done", "diverged", "failed", "oom", "to do")
EVERY = 2.0  # seconds between two looks
SILENT = 60.0  # seconds without a sign of a worker that are worth a word


def add(verbs: Verbs) -> None:
    status = verbs.add(
        "status",
        run,
        "tell what is done, running, diverged, failed",
        "status",
        "status --out results/smoke",
        "status --watch",
        "status --watch 10 --out results/smoke",
    )
    with_out(status)
    status.add_argument("--watch", type=float, nargs="?", const=EVERY, metavar="SECONDS",
                        help=f"look again every so often ({EVERY:g}), until the sweep ends")  # fmt: skip


def run(given: argparse.Namespace) -> int:
    from experiments.ledger import LEDGER, Ledger

    if given.watch is not None:
        if not 0.1 <= given.watch <= 86_400:
            raise PlanError(f"--watch is {given.watch:g}; allowed: seconds from 0.1 to 86400")
        return _watch(given.out, given.watch)
    with Ledger.read(given.out / LEDGER, quick=True) as ledger:
        print("\n".join(lines(ledger, given.out)))
    return OK


def lines(ledger: "Ledger", out: Path) -> list[str]:
    """What there is to tell of the sweep in ``out``."""
    from experiments import keylog
    from experiments.progress import duration, label

    facts = ledger.facts()
    lost = [f"NOTE: {text}" for text in [keylog.told(ledger.missing(quick=True))] if text]
    if "plan" not in facts:
        return [printable(line) for line in (f"no sweep in {out}, but {len(ledger.statuses())} runs of claims", *lost)]
    counts = ledger.counts()
    told = [f"plan {facts['plan']}: {counts.total()} runs in {out}"]
    told += [f"  {counts[name]:6d} {name}" for name in COUNTED if counts[name]]
    now = time.monotonic()
    for number, key, epoch, since, seen in ledger.running():
        if run := ledger.planned_run(key):
            silent = f", no sign for {duration(now - seen)}" if now - seen > SILENT else ""
            told.append(f"  worker {number}: {label(run)}, epoch {epoch}, for {duration(max(0, now - since))}{silent}")
    told += [f"  {outcome.status}: {label(run)}: {outcome.error}" for run, outcome in ledger.failures()]
    if counts["to do"] or counts["failed"] or counts["oom"]:
        command = facts.get("command", "python -m experiments sweep")
        told.append(f"to go on: {command}")
        if {"--data", "--plugin", "DATA_DIR=DIR"} & set(command.split()):
            told.append("  (the record keeps no folders: give files and DATA_DIR with theirs)")
    return [printable(line) for line in told + lost]


def _watch(out: Path, every: float) -> int:
    """Look again and again until no sweep is writing; Ctrl-C ends the look, not the sweep."""
    from experiments.ledger import LEDGER, Ledger
    from experiments.lock import is_held

    show = Repaint(sys.stdout) if sys.stdout.isatty() else News(sys.stdout)
    try:
        while True:
            writing = is_held(out / LEDGER)  # asked first: what is written until it ends is seen below
            try:
                with Ledger.read(out / LEDGER, quick=True) as ledger:
                    show(lines(ledger, out), ledger.counts())
            except MissingLedger:  # its sweep has just begun
                if not writing:
                    raise
            if not writing:
                print("no sweep is running")
                return OK
            time.sleep(every)
    except KeyboardInterrupt:
        print()
        return OK


class Repaint:
    """Shows all lines in place of those before, on a terminal."""

    def __init__(self, stream: TextIO):
        self.stream, self.height = stream, 0

    def __call__(self, told: list[str], _: Counter[str]) -> None:
        columns, rows = shutil.get_terminal_size()
        # A line that wraps, or one that scrolled away, could not be painted over.
        kept = [line[: columns - 1] for line in told[: max(1, rows - 2)]]
        up = f"\x1b[{self.height}F\x1b[J" if self.height else ""
        self.stream.write(up + "\n".join(kept) + "\n")
        self.stream.flush()
        self.height = len(kept)


class News:
    """Writes one line of counts whenever they change, where there is no terminal."""

    def __init__(self, stream: TextIO):
        self.stream, self.last = stream, ""

    def __call__(self, told: list[str], counts: Counter[str]) -> None:
        line = ", ".join(f"{counts[name]} {name}" for name in COUNTED if counts[name]) or told[0]
        if line != self.last:
            self.stream.write(f"{time.strftime('%H:%M:%S')}  {line}\n")
            self.stream.flush()
        self.last = line
