"""The conformance page: Markdown from the rows, HTML from the Markdown, and the numbers as they are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from experiments.conformance.rows import ALLOWED, DEFINITION, REFERENCE, SAME, UNEXPLAINED, VERDICTS, Row
from experiments.conformance.sources import NONE, SOURCES
from experiments.reports.layout import table
from experiments.reports.text import code, count, markdown

if TYPE_CHECKING:
    from custom.spec import Spec

TITLE = "Do the components compute what others compute?"
SIGNS = dict(zip(VERDICTS, ("✓", "≠", "✗", "–", "–"), strict=True))
HEADINGS = {"activation": "Activations", "loss": "Losses", "optimizer": "Optimizers"}


def summary(rows: Sequence[Row]) -> str:
    """``155 comparisons: 135 the same to rounding, 20 differ by definition, none unexplained``."""
    counts = Counter(row.verdict for row in rows)
    measured = sum(row.gap is not None for row in rows)
    return (f"{count(measured, 'comparison')}: {counts[SAME]} the same to rounding, {counts[DEFINITION]} differ by "
            f"definition, {counts[UNEXPLAINED] or 'none'} unexplained")  # fmt: skip


def markdown_page(
    specs: Sequence["Spec"],
    rows: Sequence[Row],
    figures: Mapping[str, str],
    versions: Mapping[str, str],
    missing: Mapping[str, str],
    backend: str,
    command: str,
) -> str:
    """``conformance.md``.

    Args:
        specs: of the components, in the order of the page.
        rows: all of them.
        figures: ``overview`` or a component -> file beside the page.
        versions: package -> version.
        missing: library that is not here -> what installs it.
        backend: of Keras.
        command: that made this.
    """
    finest = "float32" if backend == "numpy" else "float64"
    parts = [
        f"# {TITLE}",
        f"**{summary(rows)}.**",
        f"Every component of `custom.catalog`, measured when this page was made: against its formula written a second "
        f"time in float64 NumPy, against stock Keras, PyTorch, and jax.nn or optax. All compute in {finest} on the "
        "same inputs, which are float32 numbers"
        + (". Keras holds its NumPy backend to float32, and has no derivatives there: ours are then the written ones, "
           "Keras's have no number; `KERAS_BACKEND=jax` has both."
           if backend == "numpy" else
           "; derivatives are each library's automatic ones. Ours in float32 are held against the formula too."),
        f"A gap is the largest absolute difference. The verdict rests on the largest |a - b| / (1 + |b|) of values and "
        f"derivatives: rounding may make it {ALLOWED['float64']:g} in float64 and {ALLOWED['float32']:g} in float32. "
        "Keras is always held to float32, since it keeps learning rates, means and some functions in it. "
        "Where two differ as they come, both are set to one definition, or, where no argument does that, each is held "
        "against its own formula: what is left then has to be rounding.",
        table(["verdict", "means"], [[_verdict(each), text] for each, text in VERDICTS.items()]),
        f"Made by {code(command)} on the {backend} backend of Keras; "
        + ", ".join(f"{name} {number}" for name, number in versions.items()) + ".",
        *[f"**{library} is not installed**: {code(install)} brings it, and its rows." for library, install
          in missing.items()],
    ]  # fmt: skip
    if "overview" in figures:
        parts.append(f"![Largest gap of each component to each source]({figures['overview']})")
    for kind, heading in HEADINGS.items():
        members = [spec for spec in specs if spec.kind == kind]
        if members:
            parts.append(f"## {heading}")
        for spec in members:
            parts += _component(spec, [row for row in rows if row.component == spec.name], figures)
    return "\n\n".join(parts) + "\n"


def _component(spec: "Spec", rows: Sequence[Row], figures: Mapping[str, str]) -> list[str]:
    parts = [f"### {spec.name}", code(spec.formula)]
    for over in dict.fromkeys(row.over for row in rows):
        lines = [row for row in rows if row.over == over]
        slopes = spec.kind != "optimizer"
        matched = any(row.matched for row in lines)
        head = ["held against", "largest gap", *["of derivatives"] * slopes,
                *["made one definition by", "gap left"] * matched, "verdict"]  # fmt: skip
        marks = "lr" + "r" * slopes + "lr" * matched + "l"
        parts += [f"Over {markdown(over)}:", table(head, [_line(row, slopes, matched) for row in lines], marks)]
    reasons = dict.fromkeys((row.name, row.because) for row in rows if row.because and row.verdict == DEFINITION)
    if reasons:
        parts.append("\n".join(f"* {code(name)}: {markdown(because)}." for name, because in reasons))
    if spec.deviations != "none":
        parts.append(f"Stated deviations: {markdown(spec.deviations.rstrip('.'))}.")
    if spec.name in figures:
        parts.append(
            f"![{spec.name} down a quadratic and Rosenbrock's valley, beside the others]({figures[spec.name]})"
        )
    return parts


def _line(row: Row, slopes: bool, matched: bool) -> list[str]:
    if row.source == REFERENCE:
        shown = f"float64 formula, ours in {row.dtype}" if row.gap else row.because
    else:
        shown = code(row.name) if row.name != NONE else SOURCES[row.source].title
    left = [] if row.matched is None else [row.matched.values, row.matched.gradient]
    return [
        shown,
        number(row.gap.values) if row.gap else "",
        *["" if row.gap is None else number(row.gap.gradient)] * slopes,
        *[markdown(row.how), ", ".join(number(each) for each in left if each is not None)] * matched,
        _verdict(row.verdict),
    ]


def number(value: float | None) -> str:
    """A gap, as short as it goes.

    >>> number(0.0), number(1.25e-7), number(None)
    ('0', '1.2e-07', '–')
    """
    return "–" if value is None else f"{value:.1e}" if value else "0"


def _verdict(verdict: str) -> str:
    words = f"{SIGNS[verdict]} {verdict}"
    return f"**{words}**" if verdict == UNEXPLAINED else words


STYLE = """
:root { color-scheme: light dark; --line: #d9d9d9; --soft: #6b6b6b; --ground: #fff; --ink: #1b1b1b; --card: #f6f6f4 }
@media (prefers-color-scheme: dark) {
  :root { --line: #3c3c3c; --soft: #a5a5a5; --ground: #161616; --ink: #ededed; --card: #202020 } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1.5rem 1rem 4rem;
  background: var(--ground); color: var(--ink) }
h2 { margin-top: 2.5rem } h3 { margin: 2rem 0 .2rem; border-top: 1px solid var(--line); padding-top: .6rem }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-size: .86rem }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid var(--line) }
th { white-space: nowrap } td:first-child, td:last-child { white-space: nowrap }
td[style*="right"] { white-space: nowrap; font-variant-numeric: tabular-nums }
td strong { color: #c04e00 } code { background: var(--card); padding: 0 .2rem; border-radius: .2rem }
@media (prefers-color-scheme: dark) { td strong { color: #ff8a3d } }
img { max-width: 100%; height: auto; background: #fff; border-radius: .3rem }
"""


def html_page(text: str) -> str:
    """``conformance.html`` from the Markdown: one file beside the folder of figures, no script."""
    from experiments.reports.html.markup import rendered

    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(TITLE)}</title><style>{STYLE}</style></head><body>\n{rendered(text)}</body></html>\n"
    )


def record(rows: Sequence[Row], versions: Mapping[str, str], backend: str, command: str) -> dict[str, Any]:
    """The same for machines."""
    return {"command": command, "backend": backend, "versions": dict(versions), "allowed": ALLOWED,
            "verdict": summary(rows), "rows": [row.plain() for row in rows]}  # fmt: skip
