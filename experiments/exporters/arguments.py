"""What the command line says of exports. Imports nothing heavy: it is read at every start."""

import argparse
from pathlib import Path

OUT = Path("results/latest")
KINDS = ("tensorboard", "mlflow")


def add(export: argparse.ArgumentParser) -> None:
    add = export.add_argument
    add("kind", choices=KINDS, help="for which of them")
    add("--out", type=Path, default=OUT, metavar="DIR", help=f"folder of the ledger ({OUT})")
    add("--to", required=True, metavar="DIR", help="where to; for mlflow also the address of its server")
