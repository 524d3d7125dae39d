"""``python -m tests.fuzz``: every target with both engines, a process each, and a table of what came of it."""

import argparse
import faulthandler
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.fuzz.engines import ENGINES, Measure
from tests.fuzz.limits import BYTES, SECONDS
from tests.fuzz.place import environment, place
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
PAGE, KEPT = ROOT / "docs" / "fuzzing.md", ROOT / "build" / "fuzz"
HEAD = ("target", "engine", "cases", "refused", "seconds", "worst case, s", "peak memory, MiB", "crashes")


def main() -> int:
    given = _given()
    if given.measure:
        return _measure(given.target[0], given.engine[0], given.cases, Path(given.measure))
    engines = [each for each in given.engine or ENGINES if each != "atheris" or importlib.util.find_spec("atheris")]
    if "atheris" not in engines and not given.engine:
        print("atheris is not installed (Linux, Python before 3.14): its half is left out", file=sys.stderr)
    todo = [(target, engine) for target in given.target or TARGETS for engine in engines]
    crashes = 0
    with ThreadPoolExecutor(given.jobs) as pool:
        for (target, engine), found in zip(
            todo, pool.map(lambda each: _apart(each[0], each[1], given.cases), todo), strict=True
        ):
            crashes += len(found["crashes"])
            print("  ".join(_row(target, engine, found)), flush=True)
            for what, data in found["crashes"].items():
                print(f"  ! {what}\n    {data[:4000]}", flush=True)
    if given.page:
        rows = [_row(target, engine, found) for target in TARGETS for engine in ENGINES
                if (found := _kept(target, engine))]  # fmt: skip
        PAGE.write_text(page(rows, given.cases), encoding="utf-8")
        print(f"page: {PAGE.relative_to(ROOT)}")
    return 1 if crashes else 0


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, metavar="N", help="of each target and engine (10000)")
    parser.add_argument("--target", action="append", choices=list(TARGETS), help="only this one; may be given again")
    parser.add_argument("--engine", action="append", choices=list(ENGINES), help="only this one")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="how many processes at once (1)")
    parser.add_argument("--page", action="store_true", help=f"write the table into {PAGE.relative_to(ROOT)}")
    parser.add_argument("--measure", metavar="FILE", help=argparse.SUPPRESS)  # in a process of its own
    return parser.parse_args()


def _apart(target: str, engine: str, cases: int) -> dict[str, Any]:
    """Run it in a process of its own, so that no target suffers from another."""
    with tempfile.TemporaryDirectory(prefix="gradlab-fuzz-") as folder:
        told = Path(folder) / "told.json"
        command = [sys.executable, "-m", "tests.fuzz", "--measure", str(told), "--cases", str(cases),
                   "--target", target, "--engine", engine]  # fmt: skip
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False,
                              env=os.environ | {"TMPDIR": folder})  # fmt: skip
        if told.is_file():
            found = json.loads(told.read_text(encoding="utf-8"))
        else:
            said = f"it ended with {done.returncode}: {done.stderr[-3000:]}"
            found = asdict(Measure(crashes={said: ""}))
    kept = _place(target, engine)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(found), encoding="utf-8")
    return found


def _place(target: str, engine: str) -> Path:
    return KEPT / f"{TARGETS[target]}-{engine}.json"


def _kept(target: str, engine: str) -> dict[str, Any] | None:
    """What the last run of it showed."""
    path = _place(target, engine)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _measure(target: str, engine: str, cases: int, path: Path) -> int:
    os.environ.update(environment())
    os.environ.pop("DATA_DIR", None)
    os.chdir(place())
    faulthandler.dump_traceback_later(6 * 3600, exit=True)
    ENGINES[engine](target, cases, path)
    return 0


def _row(target: str, engine: str, found: dict[str, Any]) -> list[str]:
    return [target, engine, f"{found['cases']:,}", f"{found['refused']:,}", f"{found['seconds']:.0f}",
            f"{found['worst']:.2f}", f"{found['peak'] / 2**20:.1f}", str(len(found["crashes"]))]  # fmt: skip


def page(rows: Sequence[Sequence[str]], cases: int) -> str:
    lines = [HEAD, ["---", "---", *["---:"] * (len(HEAD) - 2)], *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"""# Bad input, at random

Written by `make fuzz CASES={cases}`: plans, data files, ledgers and command lines that are damaged, odd or hostile,
drawn by [Hypothesis](https://hypothesis.works) and, guided by the branches that are reached, by
[Atheris](https://github.com/google/atheris). A case may succeed or be refused by one clear line. It is a crash if it
raises anything else, takes over {SECONDS:g} s, holds over {BYTES >> 20} MiB of Python's memory, or says what is no
plain line. The targets are in `tests/fuzz`.

{table}

*Refused*: cases that ended with an error for the user. *Worst case* and *peak memory* are of a single case; memory is
traced while it runs, which slows it down.
"""


if __name__ == "__main__":
    sys.exit(main())
