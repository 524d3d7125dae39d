"""A run trained once more: whether the same comes of it, and if not, how far off it is."""

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from experiments import checks, names
from experiments.errors import PlanError
from experiments.ledger import Ledger
from experiments.plan import LARGEST, WHOLE
from experiments.plugins.helper import serving
from experiments.plugins.offer import Offer
from experiments.records import SEMANTICS, Epoch, Outcome, Run
from experiments.scheduling.bundle import Bundle
from experiments.scheduling.pool import Pool

CLOCKS = {"seconds", "compile_seconds", "peak_bytes", "machine"}
"""What may differ from run to run: all that a clock or a memory meter gave, and where it was."""


@dataclass(frozen=True)
class Verdict:
    """
    Attributes:
        compared: how many numbers and words.
        largest: name -> the largest difference found under it; infinite where one is no number and the other is.
        words: name -> before and after, of what is no number, and of numbers that differ by no amount: 0 and -0.
        machine: the same, of what the two were trained on.
    """

    compared: int
    largest: dict[str, float] = field(default_factory=dict)
    words: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    machine: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def identical(self) -> bool:
        return not self.largest and not self.words


def compare(before: Outcome, after: Outcome) -> Verdict:
    """Every number of two outcomes, bit by bit, but for `CLOCKS`.

    >>> one = Outcome(status="done", test_metric=0.5)
    >>> compare(one, one).identical, compare(one, Outcome(status="done", test_metric=0.25)).largest
    (True, {'test_metric': 0.25})
    """
    largest: dict[str, float] = {}
    words: dict[str, tuple[Any, Any]] = {}
    one, other = (dict(_told(each)) for each in (before, after))
    for place in {**one, **other}:
        name = place[0]
        was: Any = one.get(place)
        now: Any = other.get(place)
        if _same(was, now):
            continue
        if _number(was) and _number(now) and was != now:
            gap = abs(now - was)
            largest[name] = max(largest.get(name, 0.0), math.inf if math.isnan(gap) else gap)
        else:
            words[name] = (was, now)
    machines = (dict(_flat(each.machine)) for each in (before, after))
    then, here = machines
    differ = {name: (then.get(name), here.get(name)) for name in {**then, **here} if then.get(name) != here.get(name)}
    return Verdict(len({**one, **other}), largest, words, differ)


def again(runs: Sequence[Run], data_dir: str | None, log: Path,
          plugin: Offer | None = None) -> Iterator[tuple[Run, Outcome]]:  # fmt: skip
    """Train runs anew, one after the other in one worker an engine, and leave every ledger alone.

    Args:
        runs: from `chosen`.
        data_dir: where the worker finds the data.
        log: file for whatever libraries print in it.
        plugin: where parts of a user's own come from.

    Raises:
        WorkerError: the worker cannot start.
    """
    for engine in dict.fromkeys(run.engine for run in runs):
        with Pool(1, data_dir, log, engine=engine, **serving(plugin)) as pool:
            pool.submit(Bundle((run,), 1.0) for run in runs if run.engine == engine)
            for event in pool.events():
                if event.kind == "outcome" and event.run:
                    yield event.run, Outcome.from_json(event.value.to_json())  # as a ledger gives it back


def chosen(ledger: Ledger, keys: Sequence[str], sample: int, plugin: Offer | None = None) -> list[Run]:
    """The runs that keys, or the first digits of them, name; without any, some that are spread over the plan.

    Args:
        ledger: where they are.
        keys: of runs.
        sample: how many, without any; runs of a plugin that is not here are left out.
        plugin: the one that is here.

    Raises:
        PlanError: a key names no finished run or several, or a run that was trained when training meant something else,
            or with another plugin, or one so large that no plan can have asked for it.
    """
    done = {run.key: run for _, run, outcome in ledger.records() if outcome.status in ("done", "diverged")}
    if not done:
        raise PlanError(f"{ledger.path} holds no finished run yet: there is nothing to verify")
    known = ("", plugin.digest if plugin else "")
    here = [run for run in done.values() if run.plugin in known]
    if not here and not keys:
        raise PlanError(f"all finished runs of {ledger.path} {_needs(plugin)}")
    found = here[:: max(1, len(here) // sample)][:sample] if not keys else []
    for key in keys:
        same = [run for each, run in done.items() if len(key) >= 6 and each.startswith(key)]
        if len(same) != 1:
            many = f"{len(same)} finished runs have keys that begin with" if same else "no finished run has the key"
            raise PlanError(
                f"{many} {key!r}: give the first 6 digits or more of one, see the column key of runs.parquet"
            )
        found += same
    for run in found:
        _check_size(run)
        if run.plugin not in known:
            raise PlanError(f"run {run.key} {_needs(plugin)}")
        if run.semantics != SEMANTICS:
            raise PlanError(
                f"run {run.key} was trained when training meant something else (semantics {run.semantics}, now "
                f"{SEMANTICS}): verify it with the version that trained it, see environment.json"
            )
    return found


def _check_size(run: Run) -> None:
    """Refuse a run that no plan can have asked for: a ledger can come from anywhere, and this might never end.

    Raises:
        PlanError: a number of it is out of its range.
    """
    where = f"run {run.key} of the ledger: "
    checks.whole(run.epochs, f"{where}epochs", *WHOLE["epochs"])
    checks.whole(run.batch_size, f"{where}batch_size", 0, WHOLE["batch_size"][1])  # 0: the whole training part
    for name, value in run.model_args:
        checks.whole(value, f"{where}{run.model}.{name}", names.LEAST.get(name, 0), LARGEST)


def _needs(plugin: Offer | None) -> str:
    if plugin:
        return f"had a part of another plugin, or with another version of {plugin.file}: give that one"
    return "had a part of a plugin: name its module with --plugin MODULE"


def _told(outcome: Outcome) -> Iterator[tuple[tuple[str, Any], Any]]:
    """Name and place -> what stands there."""
    for each in fields(Outcome):
        if each.name not in {*CLOCKS, "curve", "diagnostics"}:
            yield (each.name, 0), getattr(outcome, each.name)
    for epoch in outcome.curve:
        for each in fields(Epoch):
            if each.name not in CLOCKS:
                yield (each.name, epoch.epoch), getattr(epoch, each.name)
    for place, row in enumerate(outcome.diagnostics):
        for name, value in row.items():
            yield (f"diagnostics: {name}", place), value


def _flat(machine: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in machine.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _same(was: Any, now: Any) -> bool:
    """Bit for bit: 0 and -0, or 1 and 1.0, are not the same. All that is no number is."""
    if isinstance(was, float) and isinstance(now, float):
        return struct.pack("<d", was) == struct.pack("<d", now) or (math.isnan(was) and math.isnan(now))
    return type(was) is type(now) and was == now


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
