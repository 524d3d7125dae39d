"""A run and an outcome to vary in tests."""

from dataclasses import replace

from experiments.ledger import Ledger
from experiments.records import Epoch, Outcome, Run

RUN = Run(
    dataset="digits",
    fingerprint="f" * 64,
    model="mlp",
    activation="relu",
    optimizer="adam",
    loss="sparse_categorical_crossentropy",
    head="softmax",
    initialiser="he",
    learning_rate=0.001,
    batch_size=32,
    epochs=2,
    seed=0,
)

CURVE = tuple(
    Epoch(
        epoch=i,
        train_loss=1 / i,
        train_metric=0.5,
        validation_loss=1.1 / i,
        validation_metric=0.4,
        seconds=0.1,
    )
    for i in (1, 2)
)

DONE = Outcome(
    status="done",
    chance=0.1,
    curve=CURVE,
    best_epoch=2,
    validation_metric=0.4,
    test_loss=0.6,
    test_metric=0.7,
    last_test_loss=0.6,
    last_test_metric=0.7,
    parameters=10,
    state_bytes=88,
    seconds=0.3,
    machine={"cores": 2},
    diagnostics=({"layer": "hidden_1", "dead": 0.25},),
)

FAILED = Outcome(status="failed", error="ValueError: no")


def a_run(**changes) -> Run:
    return replace(RUN, **changes)


def rows(*runs, role="default"):
    """Runs as a plan's rows."""
    return [(position, role, run) for position, run in enumerate(runs)]


def filled(path, count=3):
    """A ledger at a path with so many finished runs; gives the runs."""
    runs = [a_run(seed=seed) for seed in range(count)]
    with Ledger.write(path) as ledger:
        ledger.plan(rows(*runs), {"plan": "test"})
        for run in runs:
            ledger.record(run, DONE)
    return runs
