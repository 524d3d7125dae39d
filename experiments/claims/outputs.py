"""What claims leave behind: claims.json for machines, a figure each, claims.md and claims.html for people."""

import functools
import hashlib
import importlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments.claims import charts, page
from experiments.claims.evidence import Trained
from experiments.claims.finding import VERDICTS
from experiments.claims.runner import Result
from experiments.claims.table import CLAIMS, FAMILY
from experiments.errors import UserError
from experiments.places import own
from experiments.reports import style
from experiments.reports.files import pictures, save_figure, write_text

NAME = "claims.json"
FORMAT = 1
SAME = "same as"
"""Stands for the numbers of a claim whose probe an earlier claim of the file shares."""
DIGITS = 6
"""Significant digits of what was measured, in claims.json; all of them are kept beside it."""


def read(out: Path) -> dict[str, dict[str, Any]]:
    """The entries of an earlier run by id, but those of claims that have changed or gone since.

    Raises:
        UserError: there is a file that is none of ours.
    """
    path = out / NAME
    if not path.exists():
        return {}
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        entries = {entry["id"]: entry for entry in told["claims"]}
        known = {each: entry["version"] for each, entry in entries.items()}
        for entry in entries.values():
            if SAME in entry["numbers"]:
                entry["numbers"] = entries[entry["numbers"][SAME]]["numbers"]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UserError(
            f"{path} cannot be read ({type(error).__name__}): move it away and run `claims` again; what was "
            "measured and trained is kept beside it and costs nothing twice"
        ) from None
    return {each: entries[each] for each, version in known.items()
            if each in CLAIMS and CLAIMS[each].version == version}  # fmt: skip


def write(out: Path, results: Iterable[Result], command: str) -> list[Path]:
    """Add results to what is there and write everything again.

    Args:
        out: folder.
        results: judged claims; those with a problem keep their earlier entry, if any.
        command: the command line, for the record.

    Returns:
        The files written.
    """
    entries, figures = read(out), own(out / "figures")
    written: list[Path] = []
    with style.theme():
        for result in results:
            if result.finding is None or result.evidence is None:
                continue
            stem = figures / f"claim-{result.claim.id}"
            try:
                told = entry(result)
                if told == entries.get(result.claim.id) and all(path.exists() for path in pictures(stem)):
                    continue  # drawn before, from the same evidence by the same code
                figure = result.claim.draw(result.evidence, result.finding)
            except Exception as error:
                result.problem = f"it cannot be shown: {type(error).__name__}: {error}"
                result.finding = None
                continue
            written += save_figure(figure, stem)
            entries[result.claim.id] = told
    ordered = [entries[each] for each in CLAIMS if each in entries]
    first: dict[str, str] = {}
    for each in ordered:
        first.setdefault(json.dumps(each["numbers"]), each["id"])
    head = {"format": FORMAT, "command": command, "verdicts": VERDICTS}
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    lines.append('  "claims": [\n' + ",\n".join(_object(_once(each, first)) for each in ordered) + "\n  ]")
    return [
        *written,
        write_text(out / NAME, "{\n" + ",\n".join(lines) + "\n}\n"),
        write_text(out / "claims.md", page.markdown_page(ordered, command)),
        write_text(out / "claims.html", page.html_page(ordered, command)),
    ]


def entry(result: Result) -> dict[str, Any]:
    """Everything about one judged claim, as JSON takes it."""
    claim, evidence, finding = result.claim, result.evidence, result.finding
    assert evidence is not None
    assert finding is not None
    told = _finite({
        "id": claim.id,
        "family": FAMILY.get(claim.id, ""),
        "kind": claim.kind,
        "version": claim.version,
        "statement": claim.statement,
        "prediction": claim.prediction,
        "rule": claim.rule,
        "verdict": finding.verdict,
        "effect": finding.effect._asdict() | {"words": finding.effect.words()},
        "settings": [{"name": s.name, "verdict": s.verdict, "effect": s.effect._asdict() | {"words": s.effect.words()}}
                     for s in finding.settings],
        "power": finding.power,
        "controls": {
            "positive": {"what": claim.positive, **finding.positive._asdict()},
            "negative": {"what": claim.negative, **finding.negative._asdict()},
        },
        "broken": finding.broken,
        "seen": claim.tell(evidence, finding),
        "limits": claim.limits,
        "source": claim.source,
        "figure": f"figures/claim-{claim.id}.png",
        "data": list(evidence.data),
        "notices": list(evidence.notices),
        "budget": evidence.lab.budget,
        "seed": evidence.lab.seed,
        "parts": dict(claim.parts),
        "arms": {label: _arm(trained) for label, trained in evidence.trained.items()},
        "numbers": dict(evidence.numbers),
        "machine": {name: evidence.machine.get(name) for name in ("python", "versions", "cores", "backend", "commit")},
        "drawn_by": _drawing_code(claim.draw.__module__),
    })  # fmt: skip
    return json.loads(json.dumps(told))  # as it will be read back


@functools.cache
def _drawing_code(module: str) -> str:
    """Names the code that draws a claim's figure."""
    files = (importlib.import_module(module).__file__, charts.__file__, style.__file__)
    return hashlib.sha256(b"".join(Path(str(file)).read_bytes() for file in files)).hexdigest()[:16]


def _arm(trained: Trained) -> dict[str, Any]:
    return {
        "learning_rate": trained.learning_rate,
        "edge": trained.choice.edge if trained.choice else "",
        "runs": [{"key": run.key, "seed": run.seed, "status": outcome.status, "test_metric": outcome.test_metric}
                 for run, outcome in zip(trained.runs, trained.outcomes, strict=True)],
    }  # fmt: skip


def _finite(value: Any) -> Any:
    """The same with null for what JSON has no number for."""
    if isinstance(value, Mapping):
        return {str(name): _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    if hasattr(value, "item"):  # NumPy's numbers
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def _once(entry: Mapping[str, Any], first: Mapping[str, str]) -> Mapping[str, Any]:
    """The entry, without numbers that stand in an earlier one."""
    owner = first[json.dumps(entry["numbers"])]
    return entry if owner == entry["id"] or not entry["numbers"] else {**entry, "numbers": {SAME: owner}}


def _object(entry: Mapping[str, Any]) -> str:
    """One line a field: long lists of numbers stay on one."""
    fields = [f"      {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in entry.items()]
    return "    {\n" + ",\n".join(fields) + "\n    }"
