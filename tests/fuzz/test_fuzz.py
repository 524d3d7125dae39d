"""A short run of every target, and the harness itself: what it must call a crash."""

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from experiments.errors import DataError
from tests.fuzz import place
from tests.fuzz.engines import Measure, inputs
from tests.fuzz.limits import Finding, guarded
from tests.fuzz.targets import TARGETS, module

CASES = {"command lines": 6, "own images": 15, "ledger rows": 40}
"""What is slow gets fewer than the others."""


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DATA_DIR", raising=False)


@pytest.mark.parametrize("target", TARGETS)
def test_a_short_run_finds_nothing(target):
    run = module(target)

    @settings(max_examples=CASES.get(target, 60), database=None, deadline=None, derandomize=True,
              phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(inputs(run.seeds()))
    def each(data):
        guarded(run.one_case, data)

    each()


def hangs(_):
    time.sleep(1)


def holds(_):
    np.empty(2**28)


def hides(_):
    try:
        raise MemoryError
    except MemoryError:
        raise DataError("no") from None


def says_nothing(_):
    raise DataError("")


def fails(_):
    raise KeyError("x")


@pytest.mark.parametrize(
    ("case", "error", "words"),
    [
        (hangs, Finding, "it took more than 0.2 s"),
        (holds, Finding, "it held 2048 MiB"),
        (hides, Finding, "more memory than there is"),
        (says_nothing, Finding, "no clear line"),
        (fails, KeyError, "x"),
    ],
)
def test_what_counts_as_a_crash(case, error, words, monkeypatch):
    monkeypatch.setattr("tests.fuzz.limits.SECONDS", 0.2)
    with pytest.raises(error, match=words):
        guarded(case, b"")
    found = Measure()
    found.take(case, b"\1")
    found.take(case, b"\2")
    assert list(found.crashes.values()) == ["01"], "one input for all cases of a defect"


def test_a_refusal_is_none():
    def refuses(_):
        raise DataError("the file a\x1b[2Jb is damaged")

    assert guarded(refuses, b"").refused
