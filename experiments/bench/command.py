"""From the command line's words to the bench that is meant."""

import argparse
from collections.abc import Iterator

from experiments import checks
from experiments.bench.arguments import BENCHES
from experiments.bench.growth import sizes_of


def lines(given: argparse.Namespace) -> Iterator[str]:
    """Run what was asked for; yields what there is to tell.

    Raises:
        PlanError: an option is out of its range.
    """
    checks.one_of(given.what, "bench", BENCHES)
    if given.what == "growth":
        from experiments.bench import growth

        return growth.run(given.out, sizes_of(given.sizes or "100,1000,10000,100000"))
    from experiments.bench.task import TASKS

    names = [checks.one_of(each.strip(), "task of --tasks", TASKS) for each in given.tasks.split(",")]
    if given.what == "stacked":
        from experiments.bench import stack
        from experiments.scheduling import devices

        devices.check("stacked")
        epochs = checks.whole(3 if given.epochs is None else given.epochs, "--epochs", 2, 100_000)
        return stack.run(given.out, given.data_dir, names, sizes_of(given.sizes or "1,4,16", 1, 9999), epochs)
    for name, least in {"rounds": 1, "runs": 0, "epochs": 1, "seeds": 1}.items():
        if (value := getattr(given, name)) is not None:
            checks.whole(value, f"--{name}", least, 100_000)
    if given.what == "engines":
        from experiments.bench import engines

        return engines.run(given.out, given.data_dir, names, given.epochs, given.seeds)
    if given.what == "determinism":
        from experiments.bench import determinism

        return determinism.run(given.out, given.data_dir, names, given.rounds, given.epochs, given.seeds)
    from experiments.bench import speed

    return speed.run(given.out, given.data_dir, names, given.rounds, given.runs, given.epochs, given.seeds)
