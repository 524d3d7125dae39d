"""Numbers under stress have a defined outcome, and the same in all engines: `docs/stress.md` says which."""

import functools
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.experiments.training.agreement import QUICK, ROOT
from tests.experiments.training.stress import CASES, QUICK_ONES, outcome
from tests.experiments.training.toy import ONE_BY_ONE

SCORES: dict[str, Callable[[float, float], bool]] = {
    "no better than chance": lambda metric, chance: metric <= chance + ROUNDING,
    "at most at chance": lambda metric, chance: metric <= chance + ROUNDING,
    "R² is no number": lambda metric, _: math.isnan(metric),
    "R² of about 0": lambda metric, _: abs(metric) < 0.1,
}
"""What the page says of a score -> whether the score of a run, given what chance scores, is so."""
ROUNDING = 1e-6
"""Of a share in float32."""
PAGE = (ROOT / "docs" / "stress.md").read_text(encoding="utf-8")
ALL = [pytest.param(name, marks=() if name in QUICK_ONES else pytest.mark.slow) for name in CASES]


@functools.cache
def told() -> dict[str, str]:
    """Case -> its outcome, as the page has it in its table of training."""
    section = PAGE.partition("## Training")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("|")][2:]
    return {cells[1].strip(): cells[2].strip() for cells in rows}


@pytest.fixture(scope="module")
def stacked(tmp_path_factory, request) -> dict[str, dict]:
    """What the stacked engine makes of the cases that are asked for in this run of the tests."""
    asked = {item.callspec.params["name"] for item in request.session.items
             if item.path == request.path and hasattr(item, "callspec")}  # fmt: skip
    file: Path = tmp_path_factory.mktemp("stress") / "stacked.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.experiments.training.stress", "stacked", str(file), *sorted(asked)],
        cwd=ROOT, capture_output=True, text=True, env=os.environ | QUICK,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(file.read_text())


@pytest.mark.parametrize("name", ALL)
def test_every_engine_gives_the_outcome_that_the_page_says(stacked, name):
    _, _, status, step = CASES[name]()
    found = {engine: outcome(engine, CASES[name]) for engine in ONE_BY_ONE} | {"stacked": stacked[name]}
    for engine, each in found.items():
        assert each["status"] == status, engine
        assert step is None or each["step"] == step, engine
        assert (each["step"] is None) == (status == "done"), engine
        assert (each["test_loss"] is None) == (status == "diverged"), engine
        assert status == "diverged" or math.isfinite(each["test_loss"]), engine
        for words, holds in SCORES.items():
            if words in told()[name]:
                assert holds(each["test_metric"], each["chance"]), (engine, words, each["test_metric"])
    plain = found["reference"]
    for engine, each in found.items():
        for same in ("step", "epochs", "chance"):
            assert each[same] == plain[same], (engine, same)
        if plain["train_loss"] is not None:
            assert each["train_loss"] == pytest.approx(plain["train_loss"], rel=1e-4), engine


def test_the_page_names_every_case_with_its_outcome_and_no_other():
    assert list(told()) == list(CASES)
    for name, case in CASES.items():
        status, *more = told()[name].split(", ")
        assert status.startswith(case()[2]), f"docs/stress.md does not say what comes of {name!r}"
        assert set(more) <= SCORES.keys(), f"docs/stress.md says of {name!r} what nobody looks at"
