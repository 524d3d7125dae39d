"""Measures the components, then writes the page, its figures and ``conformance.json``."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.conformance import page, sources
from experiments.conformance.measuring import KINDS, measure
from experiments.conformance.rows import Row

if TYPE_CHECKING:
    from custom.spec import Spec

FIGURES = "figures"


def write(specs: Sequence["Spec"], out: Path, command: str, tell: Callable[[str], None] = lambda _: None) -> list[Row]:
    """All rows; the page, the figures and the numbers are in ``out`` then.

    Args:
        specs: of the components to measure.
        out: a folder.
        command: that asked for it, for the record.
        tell: called with the name of each component that is done.
    """
    from experiments.reports.files import write_text

    rows: list[Row] = []
    for spec in specs:
        rows += measure(spec)
        tell(spec.name)
    figures = draw(specs, rows, out)
    versions, backend = sources.versions(), sources.backend()
    missing = {source.title: source.install for name, source in sources.SOURCES.items() if not sources.installed(name)}
    text = page.markdown_page(specs, rows, figures, versions, missing, backend, command)
    write_text(out / "conformance.md", text)
    write_text(out / "conformance.html", page.html_page(text))
    record = page.record(rows, versions, backend, command)
    write_text(out / "conformance.json", json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return rows


def draw(specs: Sequence["Spec"], rows: Sequence[Row], out: Path) -> dict[str, str]:
    """What is drawn -> its file, seen from the page."""
    from experiments.conformance import figures
    from experiments.conformance.paths import LANDSCAPES, apart, down
    from experiments.reports.style import theme

    found: dict[str, str] = {}
    with theme():
        drawn = {"overview": figures.overview(rows)} if any(row.gap for row in rows) else {}
        for spec in specs:
            if spec.kind != "optimizer" or not KINDS["optimizer"].known(spec.name):
                continue
            lands = {}
            for land in LANDSCAPES:
                come, matched = down(spec, land)
                lands[land.title] = (land, come, apart(come), matched)
            drawn[spec.name] = figures.walks(spec.name, lands)
        for name, figure in drawn.items():
            found[name] = f"{FIGURES}/conformance-{name}.png"
            figures.save(figure, out / found[name])
    return found
