"""What a run costs beside its training, from a hundred runs to a hundred thousand: ledger, scheduling, report.

Trained is nothing (see `made_up`); all else is the real path, each command in a process of its own. Both the grid and
the seeds grow, the grid with the root of the number of runs.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from math import sqrt
from pathlib import Path
from typing import Any

from experiments.bench import extrapolation
from experiments.errors import PlanError, UserError
from experiments.ledger import LEDGER, Ledger
from experiments.plan import GRID

WORKERS = 2
EPOCHS = 5
TRIALS = 7
"""Of a cell: five rates, and two confirming seeds of the best."""
LEAST = 13
"""Runs of a cell in a small sweep: the trials, and three seeds at two rates."""
MB = 1e6


def run(out: Path, sizes: Sequence[int]) -> Iterator[str]:
    """Measure every size and write ``growth.md`` and ``growth.json``; yields what there is to tell.

    Args:
        out: folder of the table.
        sizes: numbers of runs, about; a grid has no exact size.
    """
    out.mkdir(parents=True, exist_ok=True)
    yield f"made-up training, {WORKERS} workers, {os.cpu_count()} cores"
    rows: list[dict[str, Any]] = []
    for size in sizes:
        yield f"about {size:,} runs: {words(size)}"
        folder = Path(tempfile.mkdtemp(prefix="gradlab-growth-"))
        try:
            row: dict[str, Any] = {}
            for told in _measured(size, folder, row):
                yield f"  {told}"
            rows.append(row)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    result = {"cores": os.cpu_count(), "workers": WORKERS, "rows": rows}
    (out / "growth.json").write_text(json.dumps(result, indent=2) + "\n")
    (out / "growth.md").write_text(extrapolation.page(rows, WORKERS))
    yield f"table: {out / 'growth.md'}"


def sizes_of(text: str, low: int = 10, high: int = 10_000_000) -> tuple[int, ...]:
    """``100,1000`` as numbers, smallest first.

    >>> sizes_of("1000,100")
    (100, 1000)
    """
    given = [each.strip() for each in text.split(",")]
    if not all(each.isdecimal() and low <= int(each) <= high for each in given):
        raise PlanError(f"--sizes is {text!r}; allowed: whole numbers from {low} to {high} with commas between")
    return tuple(sorted({int(each) for each in given}))


def shape(size: int) -> tuple[int, int, int, int]:
    """Blocks, activations and optimizers of each, and scoring seeds, for about that many runs.

    >>> shape(100), shape(10_000)
    ((1, 3, 3, 2), (3, 8, 9, 20))
    """
    blocks = max(1, round(sqrt(size / 1000)))
    cells = size / LEAST
    activations = min(8, max(1, round(sqrt(cells))))
    optimizers = min(9, max(1, round(cells / activations)))
    seeds = round((size / (blocks * activations * optimizers) - TRIALS) / 2)
    return blocks, activations, optimizers, max(1, seeds)


def words(size: int) -> str:
    blocks, activations, optimizers, seeds = shape(size)
    return f"{blocks} models x {activations} activations x {optimizers} optimizers, {seeds} seeds at two rates, tuned"


def plan_text(size: int) -> str:
    """The plan as a TOML file: models that differ in depth, on the digits, which are always there."""
    blocks, activations, optimizers, seeds = shape(size)
    lines = ['name = "growth"', f"seeds = {seeds}", '[tuning]\nstrategy = "grid"']
    for number in range(blocks):
        lines.append(
            f'[[block]]\ndataset = "digits"\nepochs = {EPOCHS}\nmodel_args = {{ width = {64 + number} }}\n'
            f"activations = {json.dumps(GRID['activations'][:activations])}\n"
            f"optimizers = {json.dumps(GRID['optimizers'][:optimizers])}"
        )
    return "\n".join(lines) + "\n"


def _measured(size: int, folder: Path, row: dict[str, Any]) -> Iterator[str]:
    """Fill ``row`` with what this size costs, and tell it as it comes."""
    plan, out = folder / "growth.toml", folder / "out"
    plan.write_text(plan_text(size))
    swept = _timed("experiments.bench.made_up", str(plan), str(out), str(WORKERS))
    with Ledger.read(out / LEDGER) as ledger:
        row["runs"] = len(ledger.results())
    row.update(json.loads(swept["said"].splitlines()[-1]))
    row["by_run"], row["cpu_by_run"] = (1000 * row[name] / row["runs"] for name in ("sweep", "cpu"))
    row["ledger"] = sum(path.stat().st_size for path in out.glob(f"{LEDGER}*")) / MB
    yield (f"{row['runs']:,} runs of {row['cells']} cells: planning {row['planning']:.2f} s, {row['by_run']:.3f} ms by "
           f"run, parent's memory {row['memory']:.0f} MB, ledger {row['ledger']:.0f} MB")  # fmt: skip
    row["resume"] = _timed("experiments", "sweep", str(plan), "--out", str(out), "--no-report")["seconds"]
    row["status"] = _timed("experiments", "status", "--out", str(out))["seconds"]
    yield f"resume of the finished sweep {row['resume']:.2f} s, status {row['status']:.2f} s"
    report = _timed("experiments", "report", "--out", str(out))
    row["report"], row["report_memory"] = report["seconds"], report["memory"]
    yield f"report {row['report']:.1f} s, its memory {row['report_memory']:.0f} MB"


def _timed(module: str, *arguments: str) -> dict[str, Any]:
    """Run a module as its own process: wall-clock seconds, peak memory in MB, and what it said."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=said, stderr=errors, text=True)
        _, status, used = os.wait4(process.pid, 0)  # the peak of this process alone, not of all before it
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        said.seek(0)
        errors.seek(0)
        if process.returncode:
            last = (errors.read().strip().splitlines() or ["it said nothing"])[-1]
            raise UserError(f"`python -m {module} {' '.join(arguments)}` failed: {last}")
        peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return {"seconds": seconds, "memory": peak / MB, "said": said.read()}
