"""One sweep, twice on one machine, gives the same files to the last byte: `docs/reproducibility.md` says which."""

import contextlib
import json
import os
import re
import signal
from pathlib import Path

import pytest

from experiments.ledger import LEDGER, Ledger
from tests.experiments.processes import REAL, call, family, started, until

pytestmark = pytest.mark.slow

SHUFFLED = "tests.experiments.shuffled"
PATIENCE = 3000.0  # seconds of a whole sweep
CLOCKED = (".reported", "timings.csv", "report.html", "workers.log", "environment.json")
"""Files with something in them that a clock gave (as has the ledger); ``environment.json`` is compared on its own."""

SMALL = """
name = "small"
seeds = 2
[tuning]
strategy = "grid"
points = 3
extensions = 1
[[block]]
dataset = "digits-100"
activations = ["relu", "maxout"]
optimizers = ["adam", "sgd"]
model_args = { depth = 1, width = 8 }
epochs = 3
batch_size = 25
[[block]]
dataset = "digits-100"
activations = ["relu"]
optimizers = ["sgd"]
learning_rates = { sgd = 1e30 }
epochs = 2
batch_size = 25
"""


def swept(out: Path, plan: object, workers: int, module: str = REAL, kills: int = 0) -> dict[str, bytes]:
    """Name -> content of every file that a sweep leaves, clocks aside; killed so often, each time after a few runs."""
    command = ("sweep", plan, "--out", out, "--workers", workers)
    for _ in range(kills):
        before = results(out)
        with started(*command, module=module) as process:
            until(lambda before=before: results(out) >= before + 3, process)
            for each in family(process):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each.pid, signal.SIGKILL)
    code, _, error = call(*command, module=module, patience=PATIENCE)
    assert code == 0, error
    files = {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    facts = json.loads(files["environment.json"])
    files["report.md"] = unclocked(files["report.md"].decode(), facts).encode()
    assert "--workers" in facts.pop("command")
    facts.pop("commit")  # of the code, which may be worked on while this runs
    kept = {name: content for name, content in files.items()
            if Path(name).name not in CLOCKED and not name.startswith("ledger.") and "-time." not in name}  # fmt: skip
    return kept | {"facts": json.dumps(facts).encode()}


def unclocked(page: str, facts: dict[str, str]) -> str:
    """A report without its section of times; command and commit are of the sweep, as in ``environment.json``."""
    before, clocked, after = re.split(r"^(?=## Time and memory$|## Methods$)", page, flags=re.MULTILINE)
    assert clocked.count("\n") > 2
    assert facts["command"] in after
    return before + after.replace(facts["command"], "").replace(facts["commit"] or "no commit", "")


def results(out: Path) -> int:
    try:
        with Ledger.read(out / LEDGER) as ledger:
            return len(ledger.results())
    except Exception:  # not there yet, or being made
        return 0


def assert_same(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert one.keys() == other.keys()
    assert not (differ := [name for name in one if one[name] != other[name]]), differ


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("once")
    plan = folder / "small.toml"
    plan.write_text(SMALL)
    return plan, swept(folder / "out", plan, 1)


def test_the_files_are_those_that_matter(small):
    names = set(small[1])
    assert {"runs.parquet", "curves.parquet", "diagnostics.parquet", "summary.csv", "comparisons.csv", "facts"} <= names
    assert any(name.startswith("figures/") for name in names)


WAYS = {
    "again": {"workers": 1},
    "two workers": {"workers": 2},
    "two workers, another order": {"workers": 2, "module": SHUFFLED},
    "killed twice, three workers": {"workers": 3, "kills": 2},
}


@pytest.mark.parametrize("given", WAYS.values(), ids=WAYS)
def test_a_small_sweep_leaves_the_same_bytes(small, tmp_path, given):
    plan, once = small
    assert_same(swept(tmp_path / "out", plan, **given), once)


def test_the_whole_smoke_plan_leaves_the_same_bytes(tmp_path):
    once = swept(tmp_path / "once", "smoke", 2)
    assert_same(swept(tmp_path / "again", "smoke", 3, module=SHUFFLED, kills=1), once)
