"""``python -m tests.packages.audit``: are there known vulnerabilities in what the lock files pin?

Three ends, and never a fourth: 0, all packages were looked up and none is known to be vulnerable; 1, some are; 3, some
could not be looked up (no network, a mirror that does not know them), so that nothing is known of these.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.packages.pins import LOCKS, Pin, read

FINE, VULNERABLE, UNKNOWN = 0, 1, 3
LONGEST = 900  # seconds


class Audit(NamedTuple):
    """Package with its version -> the names of its vulnerabilities; and packages that nothing is known of -> why."""

    looked_up: dict[str, list[str]]
    unknown: dict[str, str]


def main() -> int:
    pins = read(*LOCKS)
    found = audit(pins)
    for line in told(found, len(pins)):
        print(line)
    return code(found)


def rounds(pins: Sequence[Pin]) -> list[list[Pin]]:
    """In each, a package is there in one version: another version is for another platform or Python."""
    found: list[list[Pin]] = []
    for pin in pins:
        place = next((each for each in found if all(other.name != pin.name for other in each)), None)
        if place is None:
            found.append(place := [])
        place.append(pin)
    return found


def audit(pins: Sequence[Pin]) -> Audit:
    """Look up all pins by pip-audit."""
    found = Audit({}, {})
    for some in rounds(pins):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pins.txt"
            path.write_text("\n".join(pin.line() for pin in some) + "\n", encoding="utf-8")
            said, why = _ask(path)
        merge(found, some, said, why)
    return found


def _ask(path: Path) -> tuple[dict[str, Any], str]:
    """What pip-audit says, or nothing and why."""
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "-r", str(path), "-f", "json",
               "--progress-spinner", "off"]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
        return json.loads(done.stdout), ""
    except subprocess.TimeoutExpired:
        return {}, f"no answer within {LONGEST} s"
    except ValueError:
        lines = done.stderr.strip().splitlines()
        return {}, lines[-1][:200] if lines else f"pip-audit ended with {done.returncode} and said nothing"


def merge(found: Audit, pins: Sequence[Pin], said: dict[str, Any], why: str) -> None:
    """Take over what was said of these pins; what was not said is not known."""
    answers = {each["name"].lower(): each for each in said.get("dependencies", [])}
    for pin in pins:
        name, answer = f"{pin.name} {pin.version}", answers.get(pin.name.lower(), {})
        if "vulns" in answer and answer.get("version") == pin.version:
            found.looked_up[name] = [each["id"] for each in answer["vulns"]]
        else:
            found.unknown[name] = answer.get("skip_reason") or why or "pip-audit says nothing of it"


def told(found: Audit, count: int) -> list[str]:
    lines = [f"vulnerable: {name}: {', '.join(ids)}" for name, ids in found.looked_up.items() if ids]
    lines.append(f"{len(found.looked_up)} of {count} pinned packages looked up, {len(lines)} known to be vulnerable")
    if found.unknown:
        name, why = next(iter(found.unknown.items()))
        lines.append(
            f"NOT AUDITED: {len(found.unknown)} packages, of which nothing is known, the first {name} ({why}): "
            "run this where the advisory service can be reached"
        )
    return lines


def code(found: Audit) -> int:
    if any(found.looked_up.values()):
        return VULNERABLE
    return UNKNOWN if found.unknown or not found.looked_up else FINE


if __name__ == "__main__":
    sys.exit(main())
