"""The verdicts on claims, where ``claims.json`` lies beside the report: read as data, never trusted."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

SIGNS = {"holds": "✓", "supported": "✓", "fails": "✗", "refuted": "✗", "depends": "◐", "undecided": "?", "broken": "⚠"}
"""Beside the word, so that a colour is never the only sign. The order is that of the page."""


@dataclass(frozen=True)
class Claims:
    """What the page says of claims.

    Attributes:
        entries: (id, statement, verdict with its sign, what was measured), in the order of the verdicts.
        counts: ``30 supported``, ``1 refuted``, ...
        page: link to the page on claims, or empty.
        problem: why there is nothing to show, or empty.
    """

    entries: list[tuple[str, str, str, str]]
    counts: list[str]
    page: str = ""
    problem: str = ""


def read(folder: Path) -> Claims | None:
    """The verdicts in a folder; None where no claim was tested."""
    path = folder / "claims.json"
    if not path.exists():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))["claims"]
        found = [(str(each["id"]), str(each["statement"]), str(each["verdict"]), str(each["effect"]["words"]),
                  str(each["effect"]["what"])) for each in told]  # fmt: skip
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        problem = (
            f"claims.json lies beside this report but cannot be read ({type(error).__name__}). "
            "Move it away and run the claims again; what was trained is kept."
        )
        return Claims([], [], problem=problem)
    place = {verdict: number for number, verdict in enumerate(SIGNS)}
    found.sort(key=lambda each: place.get(each[2], len(place)))
    counts = Counter(each[2] for each in found)
    entries = [(each, statement, f"{SIGNS.get(verdict, '·')} {verdict}", f"{what}: {words}")
               for each, statement, verdict, words, what in found]  # fmt: skip
    page = "claims.html" if (folder / "claims.html").is_file() else ""
    return Claims(entries, [f"{number} {verdict}" for verdict, number in counts.items()], page)
