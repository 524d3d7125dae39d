"""What is fuzzed: name -> module with ``one_case(data)`` and ``seeds()``."""

import importlib
from types import ModuleType

TARGETS = {
    "plan tables": "plan_tables",
    "plan files": "plan_files",
    "MNIST files": "mnist_files",
    "CIFAR-10 files": "cifar_files",
    "own CSV": "own_tables",
    "own npz": "own_arrays",
    "own images": "own_images",
    "ledger files": "ledger_files",
    "ledger rows": "ledger_rows",
    "command lines": "command_lines",
}


def module(name: str) -> ModuleType:
    return importlib.import_module(f"tests.fuzz.{TARGETS[name]}")
