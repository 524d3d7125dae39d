"""``python -m tests.faults``: try every fault, print the table, and write it.

With ``--times N`` no fault is tried more often than that, and the table is printed alone.
"""

import argparse
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from tests.faults import suite
from tests.faults.damage import COMMAND_EVERY
from tests.faults.suite import TABLES_EVERY, Tally

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
TEXT = f"""# Faults

`make test-faults` wrote this page: it does to sweeps what a week may bring, each time followed by the same command
until all is done, and counts what became of the runs. Moments, offsets and bytes are drawn from fixed seeds. Training
is trivial (a run takes {suite.kills.PACE:g} s, so that a kill has something to hit) but where the table says real.

* **lost**: finished runs that the ledger held before the fault and in the end did not hold, or held otherwise, without
  a word about it.
* **named**: finished runs that damage to the files took. The program named them, and trained them again.
* **twice**: runs that were trained again though they were in the ledger.
* **begun again**: runs that were in progress at the fault, or that had failed by it. Neither is counted (–) where
  training is real, which writes down no beginnings.
* **same**: trials after which the ledger was, clocks apart, that of an undisturbed sweep, and exit code and message as
  they should be.
* **tables**: trials whose tables (`runs.parquet`, `curves.parquet`, `diagnostics.parquet`, `summary.csv`, `summary.tex`
  and those of the statistics) were written too, and how many were identical byte for byte to those of an undisturbed
  sweep: the first, the last, and one in {TABLES_EVERY} between.

Of the ledgers that were cut or changed, one in {COMMAND_EVERY} was gone on with by the command itself until all was
done; of the others it was checked that what was saved is what was there, and that all else was named. A change may hit
bytes that nobody uses; then there is nothing to notice, and nothing is lost.

"""
HEAD = (
    "fault",
    "times",
    "had an effect",
    "lost",
    "named",
    "twice",
    "begun again",
    "same",
    "tables",
    "it says, for one",
)
SAYS = re.compile(r"^(error: |NOTE: |! |interrupted: |plan ).*$", re.MULTILINE)


def row(tally: Tally) -> list[str]:
    if tally.skipped:
        return [tally.name, tally.skipped, *[""] * (len(HEAD) - 2)]
    told = SAYS.search(tally.said) or re.search(r"^the ledger .*$", tally.said, re.MULTILINE)
    said = re.sub(r"\S*gradlab-faults-\w+/", "", told[0]) if told else ""
    said = re.sub(r"process \d+", "process N", said).replace("|", "\\|")
    begun = (f"{tally.twice:,}", f"{tally.again:,}") if "real training" not in tally.name else ("–", "–")
    counts = (tally.times, tally.effect, tally.lost, tally.named)
    return [
        tally.name,
        *(f"{count:,}" for count in counts),
        *begun,
        f"{tally.same:,}",
        f"{tally.identical} of {tally.compared}",
        said,
    ]


def table(tallies: list[Tally]) -> str:
    lines = [HEAD, ["---"] * len(HEAD), *map(row, tallies)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--times", type=int, help="try no fault more often")
    parser.add_argument("--only", default="", help="faults whose names have this text")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once (2)")
    given = parser.parse_args()
    begun, done = time.monotonic(), {}
    wanted = [number for number, fault in enumerate(suite.FAULTS) if given.only in fault.name]
    wanted.sort(key=lambda number: -suite.FAULTS[number].minutes)  # the longest first
    with ProcessPoolExecutor(given.jobs, get_context("spawn"), suite.begin) as pool:
        asked = {pool.submit(suite.tried_by_number, number, given.times): number for number in wanted}
        for each in as_completed(asked):
            tally = done[asked[each]] = each.result()
            print(f"{time.monotonic() - begun:6.0f} s  {' | '.join(row(tally))}", file=sys.stderr, flush=True)
            for wrong in tally.wrong[:5]:
                print(f"  WRONG {wrong}", file=sys.stderr, flush=True)
    tallies = [done[number] for number in sorted(done)]
    print(table(tallies))
    if not given.times and not given.only:
        PAGE.write_text(TEXT + table(tallies))
        print(f"page: {PAGE}")
    bad = sum(len(tally.wrong) for tally in tallies)
    print(f"{sum(tally.times for tally in tallies)} trials, {bad} not as they should be")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
