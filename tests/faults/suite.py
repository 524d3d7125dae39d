"""All faults, and how often each is tried; every number in ``docs/faults.md`` is counted here."""

import atexit
import functools
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import clock, damage, disk, files, kills, rivals, workers
from tests.faults.scene import PLAN, REAL, SMALL, TRAINER, Content, Scene, Trial, scene, tables


@dataclass
class Calm:
    """What undisturbed sweeps give, each made once, and ledgers to be damaged."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="gradlab-calm-")))
    _tables: dict[str, dict[str, bytes]] = field(default_factory=dict)

    @functools.cached_property
    def grid(self) -> Content:
        return self._swept("grid", PLAN, TRAINER)

    @functools.cached_property
    def small(self) -> Content:
        return self._swept("small", SMALL, TRAINER)

    @functools.cached_property
    def real(self) -> Content:
        return self._swept("real", SMALL, REAL)

    def tables(self, name: str) -> dict[str, bytes]:
        """The tables of one of the above."""
        if name not in self._tables:
            getattr(self, name)
            self._tables[name] = tables(self.folder / name / "out")
        return self._tables[name]

    @functools.cached_property
    def span(self) -> float:
        """Seconds from the lock of a sweep to its end."""
        with scene() as made:
            made.pace(kills.PACE)
            with made.start() as process:
                kills.until((made.out / "ledger.lock").exists, process)
                begun = time.monotonic()
                process.communicate(timeout=300)
                return time.monotonic() - begun

    @functools.cached_property
    def real_span(self) -> float:
        """The same of the real program, from the times of its first sweep."""
        return self._real_seconds

    @functools.cached_property
    def ledgers(self) -> damage.Ledgers:
        return damage.Ledgers(self.folder)

    @functools.cached_property
    def writes(self) -> int:
        return disk.writes()

    def _swept(self, name: str, plan: str, module: str) -> Content:
        (self.folder / name).mkdir()
        made = Scene(self.folder / name, plan, module)
        begun = time.monotonic()
        code, _, err = made.sweep()
        self._real_seconds = time.monotonic() - begun
        assert code == 0, err
        return made.content()

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


One = Callable[[Calm, int, random.Random], Trial]


@dataclass(frozen=True)
class Fault:
    """
    Attributes:
        name: what goes wrong.
        times: how often it is tried in the whole suite; 0: as often as there are writes.
        quick: how often in `make test`.
        one: tries it once, given what is undisturbed, the number of the trial, and its dice.
        calm: which undisturbed sweep the tables are compared with.
        effect: whether every trial must have one; a changed byte may be one that nobody uses.
        minutes: that it takes, roughly: the longest begin first.
    """

    name: str
    times: int
    quick: int
    one: One
    calm: str = "grid"
    effect: bool = True
    minutes: float = 0.0


def _killed(blow: kills.Blow) -> One:
    return lambda calm, _, rng: kills.trial(blow, calm.grid, calm.span, rng)


def _really_killed(calm: Calm, number: int, rng: random.Random) -> Trial:
    blow = (kills.kill_parent, kills.kill_all, kills.kill_worker)[number % 3]
    wanted = calm.real
    with scene(SMALL, REAL) as made:
        return kills.trial(blow, wanted, calm.real_span, rng, made)


def _damaged(how: Callable[[bytes, random.Random], bytes]) -> One:
    return lambda calm, number, rng: damage.trial(how, calm.ledgers, calm.grid, number, rng)


def _beside(how: Callable[[Path, random.Random], None]) -> One:
    return lambda calm, _, rng: damage.beside(how, calm.ledgers, calm.grid, rng)


def _worker(what: str, once: bool, status: str, words: str) -> One:
    return lambda calm, _number, _rng: workers.trial(what, once, status, words, calm.grid)


def _small_disk(calm: Calm, number: int, rng: random.Random) -> Trial:
    return disk.full_at_size(rng.randrange(1, 40) * 4096, calm.small, {})


def _small_disk_at_the_report(calm: Calm, number: int, rng: random.Random) -> Trial:
    wanted = calm.small
    return disk.full_at_size(rng.randrange(60, 400) * 4096, wanted, calm.tables("small"), report=True)


MAKERS = (files.text, files.nothing_readable, files.of_another_program)
FAULTS = (
    Fault("SIGKILL of the parent", 70, 1, _killed(kills.kill_parent), minutes=5),
    Fault("SIGKILL of a worker", 60, 1, _killed(kills.kill_worker), minutes=4),
    Fault("SIGKILL of all", 70, 0, _killed(kills.kill_all), minutes=5),
    Fault("SIGKILL in real training: parent, all, a worker in turn", 20, 0, _really_killed, "real", minutes=15),
    Fault("SIGTERM", 10, 0, _killed(kills.terminate)),
    Fault("Ctrl-C, and again within 0.4 s", 15, 1, _killed(kills.interrupt_twice)),
    Fault("disk full at the n-th write to the ledger and after it, n = 1, 2, ... all", 0, 1,
          lambda calm, number, _: disk.full_at_write(1 + number, calm.small), "small", minutes=2),
    Fault("disk full: a tmpfs of 4 to 156 kB", 15, 0, _small_disk, "small", False),
    Fault("disk full: a tmpfs of 0.2 to 1.6 MB, page and figures written too", 4, 0, _small_disk_at_the_report, "small",
          False),
    Fault("worker out of memory (RLIMIT_AS)", 3, 0, _worker("eat", False, "oom", "! oom: ")),
    Fault("worker killed each time, as for memory", 3, 0, _worker("die", False, "failed", "often: out of memory")),
    Fault("worker hangs once", 2, 0, _worker("hang", True, "failed", "no sign for 2 s")),
    Fault("worker hangs each time", 1, 0, _worker("hang", False, "failed", "no sign for 2 s")),
    Fault("ledger or its write-ahead log cut", 1000, 10, _damaged(damage.cut), effect=False, minutes=6),
    Fault("ledger or its write-ahead log, a byte changed", 1000, 10, _damaged(damage.flip), effect=False, minutes=6),
    Fault("the list of keys, a byte changed", 20, 1, _beside(damage.flipped_keys), effect=False),
    Fault("the list of keys removed", 3, 1, _beside(damage.no_keys), effect=False),
    Fault("the write-ahead log removed", 6, 1, _beside(damage.no_log)),
    Fault("the ledger removed", 3, 1, _beside(damage.no_ledger)),
    Fault("a file that is no ledger", 3, 1, lambda calm, n, _: files.trial(MAKERS[n % 3], calm.grid)),
    Fault("a ledger of a newer version", 1, 0, lambda calm, _n, _r: files.trial(files.newer, calm.grid)),
    Fault("two sweeps at once", 5, 0, lambda calm, _, rng: rivals.at_once(calm.grid, rng)),
    Fault("the lock file of a killed sweep", 5, 0, lambda calm, _, rng: rivals.stale_lock(calm.grid, rng)),
    Fault("the clock jumps a day ahead and back", 3, 1, lambda calm, _n, _r: clock.trial(clock.DAY, calm.grid)),
    Fault("the clock jumps a day back and forth", 3, 0, lambda calm, _n, _r: clock.trial(-clock.DAY, calm.grid)),
)  # fmt: skip


@dataclass
class Tally:
    """A row of the table."""

    name: str
    times: int = 0
    effect: int = 0
    lost: int = 0
    twice: int = 0
    again: int = 0
    named: int = 0
    same: int = 0
    compared: int = 0
    identical: int = 0
    said: str = ""
    heard: bool = False
    skipped: str = ""
    wrong: list[str] = field(default_factory=list)

    def add(self, number: int, trial: Trial, effect: bool) -> None:
        self.times += 1
        self.effect += trial.effect
        for name in ("lost", "twice", "again", "named", "same"):
            setattr(self, name, getattr(self, name) + getattr(trial, name))
        self.compared += trial.tables is not None
        self.identical += trial.tables is True
        if trial.said and not self.heard:  # what is said of a fault tells more than what is said without one
            self.said, self.heard = trial.said, trial.effect
        bad = trial.lost or trial.twice or not trial.same or trial.tables is False
        if bad or (effect and not trial.effect):
            self.wrong.append(f"trial {number}: {trial}")


TABLES_EVERY = 50
"""Of so many trials of a fault one has its tables written and compared; the first and the last have, too."""


def tried(fault: Fault, times: int, calm: Calm, first: int = 0, compare: bool = True) -> Iterator[Tally]:
    """Try a fault so often; yields the tally so far after each.

    Args:
        fault: what is tried.
        times: how often.
        calm: what undisturbed sweeps give.
        first: number of the first trial; each number has its own dice.
        compare: whether tables are written and compared now and then.
    """
    tally = Tally(fault.name)
    if "tmpfs" in fault.name and not disk.mountable():
        tally.skipped = "not tried: only root can make a small disk"
        yield tally
        return
    for number in range(first, first + times):
        rng = random.Random(f"{fault.name} {number}")
        sampled = compare and (number % TABLES_EVERY == 0 or number == first + times - 1)
        Scene.wanted = calm.tables(fault.calm) if sampled else None
        try:
            trial = fault.one(calm, number, rng)
        except Exception as error:  # counted against it, and told in the end
            trial = Trial(same=False, said=f"{type(error).__name__}: {error}")
        finally:
            Scene.wanted = None
        tally.add(number, trial, fault.effect)
        yield tally


_calm: Calm


def begin() -> None:
    """What a process that tries faults begins with: undisturbed sweeps of its own."""
    global _calm
    _calm = Calm()
    atexit.register(_calm.close)


def tried_by_number(number: int, most: int | None) -> Tally:
    """All trials of one of the faults, or no more than so many."""
    fault = FAULTS[number]
    times = fault.times or _calm.writes
    *_, tally = tried(fault, min(times, most or times), _calm)
    return tally
