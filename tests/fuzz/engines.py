"""The two engines. Each runs so many cases of a target in this process and keeps what it found, without stopping."""

import contextlib
import json
import os
import random
import resource
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from types import ModuleType

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.limits import Finding, guarded
from tests.fuzz.targets import module

LONGEST = 4096
"""Bytes of a case."""


@dataclass
class Measure:
    """What a run of an engine showed; ``crashes`` has an input for each place that something was raised at."""

    cases: int = 0
    refused: int = 0
    seconds: float = 0.0
    worst: float = 0.0
    peak: int = 0
    resident: int = 0
    crashes: dict[str, str] = field(default_factory=dict)

    def take(self, case: Callable[[bytes], None], data: bytes) -> None:
        """Run one case and keep what came of it."""
        self.cases += 1
        try:
            cost = guarded(case, data)
        except Exception as error:
            self.crashes.setdefault(_place(error), data.hex())
            return
        self.refused += cost.refused
        self.worst, self.peak = max(self.worst, cost.seconds), max(self.peak, cost.peak)

    def write(self, path: Path, started: float) -> None:
        self.seconds = perf_counter() - started
        self.resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def _place(error: Exception) -> str:
    """What was raised and where: the same for all cases of one defect."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "/experiments/" in each.filename]
    last = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    text = "" if frames and not isinstance(error, Finding) else f": {str(error)[:120]!r}"
    return f"{type(error).__name__}{last}{text}"


def inputs(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """Bytes that targets read as decisions, and the seeds with some of their bytes replaced."""
    edits = st.lists(st.tuples(st.integers(0, LONGEST), st.binary(max_size=12)), max_size=4)

    def edited(seed: bytes, changes: list[tuple[int, bytes]]) -> bytes:
        for at, new in changes:
            at %= len(seed) + 1
            seed = seed[:at] + new + seed[at + len(new) :]
        return seed

    return st.binary(max_size=400) | st.builds(edited, st.sampled_from(seeds), edits)


def warmed(target: str) -> ModuleType:
    """The target, once what its cases import is there: that is no cost of a case."""
    run = module(target)
    for seed in run.seeds():
        with contextlib.suppress(Exception):
            run.one_case(seed)
    return run


def with_hypothesis(target: str, cases: int, path: Path) -> None:
    run = warmed(target)
    found, started = Measure(), perf_counter()

    @settings(max_examples=cases, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(inputs(run.seeds()))
    def each(data: bytes) -> None:
        if found.cases < cases:
            found.take(run.one_case, data)

    each()
    while found.cases < cases:  # it stops where it thinks that it has seen all there is
        found.take(run.one_case, random.Random(found.cases).randbytes(200))
    found.write(path, started)


def with_atheris(target: str, cases: int, path: Path) -> None:
    """Guided by the branches of our own code that a case reaches."""
    import atheris

    with atheris.instrument_imports(include=["experiments"]):
        run = warmed(target)
    found, started = Measure(), perf_counter()

    def each(data: bytes) -> None:
        found.take(run.one_case, data)
        if found.cases == cases:  # the engine ends its process itself, and says nothing
            found.write(path, started)
            sys.stdout.flush()
            os._exit(0)

    corpus = path.with_suffix(".corpus")
    corpus.mkdir()
    for number, seed in enumerate(run.seeds()):
        (corpus / str(number)).write_bytes(seed)
    atheris.Setup([sys.argv[0], "-seed=1", f"-max_len={LONGEST}", "-timeout=60", "-rss_limit_mb=4096", "-verbosity=0",
                   "-print_final_stats=0", str(corpus)], each)  # fmt: skip
    atheris.Fuzz()


ENGINES = {"hypothesis": with_hypothesis, "atheris": with_atheris}
