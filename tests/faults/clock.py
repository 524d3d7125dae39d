"""A clock that jumps by a day, to and fro, while the monotonic one goes on."""

import re

from experiments.ledger import Ledger
from tests.experiments.processes import call, until
from tests.faults.scene import TRAINER, Content, Trial, scene

DAY = 86_400
ODD = re.compile(r"-\d+ (s|min|h)\b|\d{2,} h\b")
"""Durations that cannot be: below zero, or many hours of a sweep of seconds."""


def trial(jump: int, calm: Content) -> Trial:
    with scene() as made:
        made.pace(0.02)
        made.fault(clock=jump)
        with made.start() as process:
            until(lambda: len(made.recorded()) > 5, process)
            seen = [call("status", "--out", made.out, module=TRAINER)[1]]
            _, err = process.communicate(timeout=60)
        with Ledger.read(made.ledger) as ledger:
            wall = ledger.facts()["wall_seconds"]
        said = "\n".join([*seen, err])
        judged = made.judged(calm, made.recorded(), err)
        judged.twice = judged.again  # by that clock it cannot be told, but nothing was begun twice at all
        judged.same = judged.same and process.returncode == 0 and not ODD.search(said) and 0 < wall < 60
        return judged
