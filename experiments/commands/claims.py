"""``claims``: what textbooks say, each sentence an experiment with a verdict."""

import argparse
import sys
import time
from typing import TYPE_CHECKING

from experiments import checks
from experiments.commands.parser import (
    FAILED_RUNS,
    OK,
    Verbs,
    mended,
    recorded,
    suggest,
    with_data,
    with_out,
    with_workers,
)
from experiments.commands.parser import workers as workers_of

if TYPE_CHECKING:
    from experiments.claims.claim import Claim
    from experiments.claims.progress import ClaimsProgress

BUDGETS = ("quick", "full")


def add(verbs: Verbs) -> None:
    claims = verbs.add(
        "claims",
        run,
        "test what textbooks say, each claim an experiment with a verdict",
        "claims --list",
        "claims vanishing-sigmoid dying-relu",
        "claims --budget full --out results/claims",
    )
    suggest(claims.add_argument("ids", nargs="*", metavar="ID", help="only these (all; see --list)"), _ids)
    claims.add_argument("--list", action="store_true", help="tell which claims there are")
    budget = claims.add_argument("--budget", metavar="NAME", default="quick", help="quick: 5 seeds, full: 10 (quick)")
    suggest(budget, lambda: BUDGETS)
    claims.add_argument("--fresh", action="store_true", help="measure again what was measured before")
    with_workers(claims)
    with_out(claims)
    with_data(claims)


def _ids() -> list[str]:
    from experiments.claims.table import CLAIMS

    return list(CLAIMS)


def run(given: argparse.Namespace) -> int:
    from experiments.claims.table import chosen

    asked = chosen(given.ids)
    budget = checks.one_of(given.budget, "budget", BUDGETS)
    if given.list:
        _list(asked)
        return OK

    from experiments.claims import outputs
    from experiments.claims.progress import ClaimsProgress
    from experiments.claims.runner import Study, investigate
    from experiments.progress import duration

    workers = workers_of(given.workers)
    outputs.read(given.out)  # before any work: a damaged file is said now
    mended(given.out)
    study = Study(asked, budget, given.data_dir)
    for notice in dict.fromkeys(study.notices.values()):
        print(f"NOTE: {notice}", file=sys.stderr)
    print(f"{len(asked)} claims, budget {budget}: {len(study.cells)} trained arms, {len(study.calls)} probes, "
          f"{workers} workers", flush=True)  # fmt: skip
    progress: list[ClaimsProgress] = []

    def watch(campaign, calls) -> "ClaimsProgress":
        progress.append(ClaimsProgress(sys.stderr, campaign, calls, workers))
        return progress[0]

    started = time.monotonic()
    try:
        results = investigate(study, given.out, workers, watch, given.fresh)
    finally:
        if progress and (progress[0].counts or progress[0].measured):
            progress[0].close()
    outputs.write(given.out, results, recorded())
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


def _list(asked: list["Claim"]) -> None:
    from experiments.claims.table import FAMILIES

    for family, files in FAMILIES.items():
        members = [claim for claims in files for claim in claims if claim in asked]
        print("\n".join([family, *(f"  {c.id:30s} {c.kind:4s} {c.statement}" for c in members)]) if members else "")
