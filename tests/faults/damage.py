"""A ledger or its write-ahead log that is cut somewhere, or in which a byte is another one."""

import contextlib
import os
import random
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments import keylog
from experiments.ledger import LEDGER, Ledger
from experiments.salvage import lost_keys, mend
from experiments.unread import SEEDS
from tests.experiments.processes import alive, family, until
from tests.faults.scene import Content, Scene, Trial, scene

COMMAND_EVERY = 50
"""Of so many damaged ledgers one is gone on with by the command itself; the others are mended in this process."""
WAL = f"{LEDGER}-wal"
PARTS = (LEDGER, WAL, f"{LEDGER.removesuffix('.sqlite')}.keys")


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def flip(data: bytes, rng: random.Random) -> bytes:
    """One byte changed; every tenth in the first hundred, which say what the file is."""
    at = rng.randrange(min(100, len(data)) if rng.random() < 0.1 else len(data))
    return data[:at] + bytes([data[at] ^ rng.randrange(1, 256)]) + data[at + 1 :]


class Ledgers:
    """Ledgers to be damaged: one of a sweep that ended, some of sweeps that were killed, with their logs, and one that
    was given more seeds."""

    def __init__(self, folder: Path, killed: int = 3):
        self.grown = folder / "grown"
        self.folders = [folder / "ended", *(folder / f"killed-{number}" for number in range(killed)), self.grown]
        for number, each in enumerate(self.folders):
            with scene(within=folder) as made:
                made.pace(0.005)
                if each in (self.folders[0], self.grown):
                    assert made.sweep()[0] == 0
                    assert each != self.grown or made.sweep("--more", 2)[0] == 0
                else:
                    with made.start() as process:
                        until(lambda made=made, wanted=18 * number: len(made.recorded()) >= wanted, process)
                        several = family(process)
                        os.killpg(process.pid, signal.SIGKILL)
                        until(lambda several=several: not alive(several))
                each.mkdir()
                for part in PARTS:
                    if (made.out / part).exists():
                        shutil.copy(made.out / part, each / part)
        # SQLite is asked on a copy: a look is no part of what is damaged.
        self.truth = {each: self._truth(each) for each in self.folders}
        assert max(self.truth[self.grown].facts[SEEDS].values()) > 2, "more seeds were given"

    @staticmethod
    def _truth(folder: Path) -> "Held":
        copy = folder.with_name(f"{folder.name}-copy")
        shutil.copytree(folder, copy)
        return held(copy / LEDGER)


@dataclass(frozen=True)
class Held:
    """What a ledger holds: outcomes by key, facts, answers."""

    runs: dict[str, str]
    facts: dict[str, Any]
    answers: dict[tuple[str, int], Any]


def held(ledger: Path) -> Held:
    with Ledger.read(ledger) as opened:
        runs = {key: opened.outcome(key).to_json() for key in opened.results()}  # type: ignore[union-attr]
        facts = {name: value for name, value in opened.facts().items() if name != "wall_seconds"}
        return Held(runs, facts, opened.answers())


def amiss(truth: Held, there: Held, said: str) -> list[str]:
    """Facts and answers that are others than they were, or are gone and not named."""
    named = "none of which is left" in said
    found = [name for name, value in truth.facts.items() if there.facts.get(name) != value
             and (name in there.facts or not (named or f"fact {name}" in said))]  # fmt: skip
    return found + [str(key) for key, value in there.answers.items() if truth.answers.get(key) != value]


def trial(how: Callable[[bytes, random.Random], bytes], ledgers: Ledgers, calm: Content, number: int,
          rng: random.Random) -> Trial:  # fmt: skip
    """Damage a copy of one of the ledgers; mend it, or let the command do so and go on."""
    source = rng.choice(ledgers.folders)
    part = rng.choice([each for each in (LEDGER, WAL) if (source / each).exists() and (source / each).stat().st_size])
    with scene() as made:
        shutil.copytree(source, made.out)
        path = made.out / part
        path.write_bytes(how(path.read_bytes(), rng))
        shutil.copytree(made.out, made.path / "as-damaged")
        if number % COMMAND_EVERY == 0 and source != ledgers.grown:
            return by_command(made, ledgers.truth[source].runs, calm)
        said = mend(made.ledger)
        return in_process(made, ledgers.truth[source], said)


def flipped_keys(out: Path, rng: random.Random) -> None:
    path = out / PARTS[2]
    path.write_bytes(flip(path.read_bytes(), rng))


def no_keys(out: Path, _: random.Random) -> None:
    (out / PARTS[2]).unlink()


def no_log(out: Path, _: random.Random) -> None:
    (out / WAL).unlink()


def no_ledger(out: Path, _: random.Random) -> None:
    for part in (LEDGER, WAL):
        (out / part).unlink(missing_ok=True)


def beside(how: Callable[[Path, random.Random], None], ledgers: Ledgers, calm: Content, rng: random.Random) -> Trial:
    """Remove or damage one of the files that make up a ledger; the command goes on with it."""
    there = [each for each in ledgers.folders if each != ledgers.grown and (how != no_log or (each / WAL).exists())]
    source = rng.choice(there)
    with scene() as made:
        shutil.copytree(source, made.out)
        how(made.out, rng)
        return by_command(made, ledgers.truth[source].runs, calm)


def in_process(made: Scene, before: Held, said: str) -> Trial:
    """Whatever is not there any more was named; whatever is there is what was there."""
    truth = before.runs
    kept = made.out / f"{LEDGER.removesuffix('.sqlite')}.damaged-1.sqlite"
    named = set(lost_keys(kept))
    now = Held({}, {}, {})
    with contextlib.suppress(Exception):
        now = held(made.ledger)
    there = now.runs
    missing = truth.keys() - there.keys()
    wrong = [key for key, text in there.items() if truth.get(key) != text]
    wrong += amiss(before, now, said)
    sound = keylog.read(made.ledger)[1] == set(there) and (bool(said) or not missing)
    return Trial(lost=len(missing - named) + len(wrong), named=len(named & missing), same=sound and named == missing,
                 said=said, effect=bool(said))  # fmt: skip


def by_command(made: Scene, truth: dict[str, str], calm: Content) -> Trial:
    code, _, err = made.sweep()
    kept = made.out / f"{LEDGER.removesuffix('.sqlite')}.damaged-1.sqlite"
    named = set(lost_keys(kept))
    begun = {key for what, key, _ in made.log() if what == "begin"}
    judged = made.judged(calm, {key: text for key, text in truth.items() if key not in named}, err)
    judged.lost += len(named - begun)
    judged.named, judged.effect = len(named), "was damaged" in err
    judged.twice = len(begun & truth.keys() - named)
    judged.same = judged.same and code == 0
    return judged
