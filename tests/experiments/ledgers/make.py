"""Made the ledgers beside this file, each by the release that it names; only a new schema makes a new one.

python -m tests.experiments.ledgers.make FILE
"""

import sys
from dataclasses import replace
from pathlib import Path

from experiments.ledger import Ledger
from experiments.records import TUNING_SEEDS, Outcome
from tests.experiments.samples import DONE, FAILED, a_run

RATES = (0.0003, 0.001, 0.003)


def write(path: Path) -> None:
    """One cell, tuned: three trials, a scored run at each of two rates, one that diverged, one that failed."""
    trials = [a_run(seed=TUNING_SEEDS, learning_rate=rate) for rate in RATES]
    scored = [
        a_run(seed=0),
        a_run(seed=0, learning_rate=RATES[2]),
        a_run(seed=1, learning_rate=RATES[2]),
        a_run(seed=1),
    ]
    with Ledger.write(path) as ledger:
        plan = [(place, "trial", run) for place, run in enumerate(trials)]
        plan += [(place + 3, "tuned" if run.learning_rate == RATES[2] else "default", run)
                 for place, run in enumerate(scored)]  # fmt: skip
        ledger.plan(plan, {"plan": "kept", "plan_title": "Kept", "command": "python -m experiments sweep kept.toml",
                           "seeds": 2, "notices": [], "datasets": [], "workers": 2, "engine": "compiled"})  # fmt: skip
        for run in trials:
            ledger.record(
                run, replace(DONE, test_loss=None, test_metric=None, last_test_loss=None, last_test_metric=None)
            )
        ledger.record(scored[0], DONE)
        ledger.record(scored[1], replace(DONE, test_metric=0.75))
        ledger.record(scored[2], Outcome(status="diverged", chance=0.1, step=17))
        ledger.record(scored[3], FAILED)
        ledger.answer("cell", 0, [{"learning_rate": rate} for rate in RATES])
        ledger.choose("cell", {
            "position": 0, "dataset": "digits", "model": "mlp", "activation": "relu", "optimizer": "adam",
            "default_rate": 0.001, "constants": [], "learning_rate": RATES[2], "score": 0.4, "edge": "high",
        })  # fmt: skip


if __name__ == "__main__":
    write(Path(sys.argv[1]))
