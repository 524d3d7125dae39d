"""From the command line's words to the exporter that is meant."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from experiments.errors import MissingLedger, MissingPackage
from experiments.ledger import LEDGER, Ledger

NEEDS = {"tensorboard": ("tensorboard",), "mlflow": ("mlflow", "sqlalchemy", "alembic")}


def lines(kind: str, out: Path, to: str) -> Iterator[str]:
    """Export; yields what there is to tell.

    Raises:
        MissingPackage: the tool's package is not installed.
        LedgerError: there is no ledger, or it holds no sweep.
    """
    if missing := [name for name in NEEDS[kind] if find_spec(name) is None]:
        packages = " ".join("mlflow-skinny" if name == "mlflow" else name for name in missing)
        raise MissingPackage(
            f"export {kind} needs what is not installed here ({', '.join(missing)}): pip install {packages}"
        )
    with Ledger.read(out / LEDGER) as ledger:
        if "plan" not in ledger.facts():
            raise MissingLedger(f"the ledger {out / LEDGER} holds no sweep, only runs of claims: run `sweep` first")
        if kind == "tensorboard":
            from experiments.exporters import tensorboard

            yield from tensorboard.export(ledger, to)
        else:
            from experiments.exporters import mlflow

            yield from mlflow.export(ledger, to)
