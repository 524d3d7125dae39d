"""What the command line says of the bench. Imports nothing heavy: it is read at every start."""

import argparse
import os
from pathlib import Path

BENCHES = ("speed", "engines", "stacked", "growth", "determinism")


def add(bench: argparse.ArgumentParser) -> None:
    add = bench.add_argument
    what = add("what", nargs="?", metavar="WHAT", default="speed", help=f"{', '.join(BENCHES)} (speed)")
    vars(what)["suggested"] = lambda: BENCHES  # for completion
    add("--data-dir", default=os.environ.get("DATA_DIR") or None, metavar="DIR", help="folder of the data ($DATA_DIR)")
    add("--out", type=Path, default=Path("results/bench"), metavar="DIR", help="folder of its table (results/bench)")
    add("--tasks", default="mlp,cnn", metavar="A,B",
        help="all but growth: mlp on MNIST, cnn on CIFAR-10, or both (mlp,cnn)")  # fmt: skip
    add("--rounds", type=int, default=3, metavar="N", help="speed, determinism: how often each way runs, in turn (3)")
    add("--runs", type=int, default=4, metavar="N",
        help="speed: runs that a rival trains in a round, its other runs are extrapolated (4; 0: all)")  # fmt: skip
    add("--epochs", type=int, metavar="N",
        help="of each run; speed: 10 for mlp, 4 for cnn; engines, determinism: 3, 2; stacked: of each stack "
             "(3)")  # fmt: skip
    add("--seeds", type=int, metavar="N",
        help="seeds of each cell; speed: 5 for mlp, 2 for cnn; engines: 5, 3; determinism: 1")  # fmt: skip
    add("--sizes", metavar="N,M",
        help="growth: numbers of runs (100,1000,10000,100000); stacked: runs in a stack (1,4,16)")  # fmt: skip
