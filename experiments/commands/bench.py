"""``bench``: what the sweep costs, beside what one would write by hand."""

import argparse

from experiments.bench import arguments
from experiments.commands.parser import OK, Verbs


def add(verbs: Verbs) -> None:
    bench = verbs.add(
        "bench",
        run,
        "time the sweep against what you would write by hand (speed), stacks of runs (stacked), what a run costs "
        "beside its training (growth), whether the engines agree (engines), or what determinism costs and what changes "
        "the bits of a run (determinism)",
        "bench speed --tasks mlp --rounds 1",
        "bench growth --sizes 100,1000",
        "bench engines --tasks mlp",
        "bench stacked --sizes 1,4",
        "bench determinism --tasks mlp --rounds 1",
    )
    arguments.add(bench)


def run(given: argparse.Namespace) -> int:
    from experiments.bench import command

    for line in command.lines(given):
        print(line, flush=True)
    return OK
