"""Made the ledgers beside this file: a small sweep, trained for real by the code of a release with those semantics.

    python -m tests.experiments.ledgers.semantics.make CHECKOUT FILE

CHECKOUT is a folder with that code, as ``git archive eb68f87^ | tar -x -C CHECKOUT`` leaves it (semantics 1).
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

PLAN = """
name = "kept"
title = "Kept"
seeds = 2
[tuning]
strategy = "grid"
points = 3
extensions = 0
[[block]]
dataset = "digits-100"
activations = ["relu"]
optimizers = ["adam"]
model_args = { depth = 1, width = 4 }
epochs = 2
batch_size = 25
"""


def main(checkout: str, file: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kept.toml").write_text(PLAN)
        command = [sys.executable, "-m", "experiments", "sweep", "kept.toml", "--out", ".", "--no-report"]
        subprocess.run(command, cwd=folder, check=True, env=os.environ | {"PYTHONPATH": checkout})
        with closing(sqlite3.connect(Path(folder) / "ledger.sqlite")) as ledger:
            ledger.execute("VACUUM INTO ?", (file,))


if __name__ == "__main__":
    main(*sys.argv[1:])
