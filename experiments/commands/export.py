"""``export``: a ledger's runs for TensorBoard or MLflow."""

import argparse
from pathlib import Path

from experiments import checks
from experiments.commands.parser import OK, Verbs, suggest, with_out

KINDS = ("tensorboard", "mlflow")


def add(verbs: Verbs) -> None:
    export = verbs.add(
        "export",
        run,
        "write a ledger's runs for TensorBoard or MLflow",
        "export tensorboard --to logs",
        "export mlflow --to runs --out results/smoke",
    )
    suggest(export.add_argument("kind", metavar="TOOL", help=" or ".join(KINDS)), lambda: KINDS)
    export.add_argument(
        "--to", required=True, metavar="DIR", help="where to; for mlflow also the address of its server"
    )
    with_out(export)


def run(given: argparse.Namespace) -> int:
    checks.one_of(given.kind, "tool", KINDS)

    from experiments.exporters import command

    for line in command.lines(given.kind, Path(given.out), given.to):
        print(line)
    return OK
