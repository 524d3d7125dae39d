"""Probes: which there are, what is kept of them, and how a worker makes one."""

import ast
import functools
import hashlib
import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.claims.claim import Claim
from experiments.claims.lab import Lab
from experiments.reports.files import write_text
from experiments.scheduling.call import Call

CODE = ("custom", "experiments/claims", "experiments/training", "experiments/datasets", "experiments/models.py",
        "experiments/variants.py", "experiments/heads.py", "experiments/initialisers.py")  # fmt: skip
"""What a probe's numbers follow from. Where any of it changes, they are taken anew."""
SHOWN = ("charts.py", "page.py", "outputs.py", "runner.py", "progress.py", "table.py")
"""Files of ``experiments/claims`` that only show or schedule."""


def name_of(claim: Claim) -> str:
    """``package.module:function`` of the claim's probe."""
    assert claim.probe is not None
    return f"{claim.probe.__module__}:{claim.probe.__qualname__}"


def key_of(claim: Claim, budget: str, seed: int) -> str:
    """Names a probe's numbers: the same key, the same numbers."""
    identity = [name_of(claim), dict(claim.parts), budget, seed, _shared_code(), _own_code(claim.probe.__module__)]
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def call(claim: Claim, budget: str, data_dir: str | None, seed: int) -> Call:
    """The job that makes the claim's probe."""
    arguments = {"probe": name_of(claim), "budget": budget, "parts": dict(claim.parts), "data_dir": data_dir,
                 "seed": seed}  # fmt: skip
    return Call(key_of(claim, budget, seed), "experiments.claims.probing:measure", arguments, cost=5.0)


def measure(probe: str, budget: str, parts: Mapping[str, Any], data_dir: str | None, seed: int) -> dict[str, Any]:
    """Run a probe, in a worker.

    Returns:
        ``numbers``, and ``data``: name -> title of what it loaded.
    """
    from experiments.training import backend
    from experiments.training.machine import describe

    backend.start()
    module, _, name = probe.partition(":")
    lab = Lab(budget, parts, data_dir, seed)
    numbers = getattr(importlib.import_module(module), name)(lab)
    return {"numbers": plain(numbers), "data": dict(lab.opened), "machine": describe()}


def plain(value: Any) -> Any:
    """As JSON gives it back: lists for arrays and tuples, numbers of Python's own."""
    import numpy as np

    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def keep(folder: Path, key: str, found: dict[str, Any]) -> None:
    write_text(folder / f"{key}.json", json.dumps(found))


def kept(folder: Path, key: str) -> dict[str, Any] | None:
    """What an earlier run found under this key; None where there is nothing, or nothing whole."""
    try:
        found = json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and {"numbers", "data", "machine"} <= found.keys() else None


@functools.cache
def _shared_code() -> str:
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for part in CODE:
        place = root / part
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            own = path.is_relative_to(root / "experiments/claims")
            if own and (path.parent.name != "claims" or path.name in SHOWN):
                continue  # a claim's own file counts for that claim alone
            digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def _own_code(module: str) -> str:
    """The claim's file and those beside it that it imports; read, not imported, since some bring a backend along."""
    digest, todo, seen = hashlib.sha256(), [module], set()
    while todo:
        name = todo.pop()
        seen.add(name)
        text = _file(name).read_bytes()
        digest.update(text)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("experiments.claims."):
                members = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                beside = {each for each in members if each.count(".") == 3 and _file(each).is_file()}
                todo += sorted(beside - seen - set(todo))
    return digest.hexdigest()


def _file(module: str) -> Path:
    return Path(__file__).resolve().parents[2].joinpath(*module.split(".")).with_suffix(".py")
