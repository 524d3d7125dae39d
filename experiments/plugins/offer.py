"""What a plugin offers, as plain names: all that the parent process ever knows of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from experiments.names import PLUGIN


@dataclass(frozen=True)
class Offer:
    """
    Attributes:
        module: the name that it is imported by.
        folder: where the import finds it.
        file: what it is called where users read of it, such as ``my_parts.py``.
        files: its sources, relative to the folder: its own, and those beside it that it imports.
        digest: sha256 over them, part of the identity of each run that uses one of its parts.
        activations: name -> the initialiser that a net of it gets.
        optimizers: name -> default learning rate.
        losses: names.
        models: name -> the arguments that a plan may set.
    """

    module: str
    folder: str
    file: str
    files: tuple[str, ...]
    digest: str
    activations: Mapping[str, str] = field(default_factory=dict)
    optimizers: Mapping[str, float] = field(default_factory=dict)
    losses: tuple[str, ...] = ()
    models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def named(self, kind: str) -> tuple[str, ...]:
        """How a plan names the parts of a kind: ``plugin:swoosh`` and so on."""
        return tuple(PLUGIN + name for name in getattr(self, kind))

    def told(self) -> str:
        """In one line, for the terminal."""
        parts = [name for kind in ("activations", "optimizers", "losses", "models") for name in self.named(kind)]
        return f"plugin {self.file} ({self.digest[:12]}): {', '.join(parts)}"

    def facts(self) -> dict[str, Any]:
        """What the ledger and the report keep of it: nothing that tells of this machine."""
        kept = asdict(self)
        del kept["folder"], kept["module"]
        return kept
