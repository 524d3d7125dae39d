"""``python -m tests.packages.sbom FILE``: the bill of materials of all that the lock files pin, CycloneDX in JSON."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.packages.pins import LOCKS, ROOT, Pin, read


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m tests.packages.sbom FILE", file=sys.stderr)
        return 2
    path = Path(sys.argv[1])
    pins = read(*LOCKS)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(sbom(pins), indent=1) + "\n", encoding="utf-8")
    print(f"{path}: {len(pins)} packages")
    return 0


def sbom(pins: Sequence[Pin]) -> dict[str, Any]:
    """The bill. It says which packages, not from which server: an index that was in use here is not named."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "-", "--output-reproducible", "--sv", "1.6",
               "--pyproject", str(ROOT / "pyproject.toml")]  # fmt: skip
    lines = "".join(pin.line() + "\n" for pin in pins)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    bill = json.loads(done.stdout)
    for tool in bill["metadata"]["tools"]["components"]:
        tool.pop("externalReferences", None)
    for component in bill["components"]:
        component.pop("description", None)  # the line of the lock once more
        for reference in component.get("externalReferences", []):
            reference["url"] = component["purl"]
            reference.pop("comment", None)
    return bill


if __name__ == "__main__":
    sys.exit(main())
