"""The packages of the lock files: names, versions, hashes."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LOCKS = (ROOT / "requirements.lock", ROOT / "requirements-torch.lock")


class Pin(NamedTuple):
    name: str
    version: str
    hashes: tuple[str, ...]

    def line(self) -> str:
        """As a requirement of any platform: what is pinned for another is looked at as well."""
        return " ".join([f"{self.name}=={self.version}", *(f"--hash=sha256:{each}" for each in self.hashes)])


def read(*paths: Path) -> list[Pin]:
    """The pins of some lock files, each once, sorted.

    Raises:
        ValueError: a line is no pin with hashes.
    """
    found = set()
    for path in paths:
        for entry in re.sub(r"\\\n\s*", " ", path.read_text(encoding="utf-8")).splitlines():
            match = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", entry)
            hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})(?=\s|$)", entry)
            if not match or not hashes:
                raise ValueError(f"{path.name} has a line that is no pin with its hashes: {entry[:80]}")
            found.add(Pin(match[1], match[2], tuple(sorted(hashes))))
    return sorted(found)
