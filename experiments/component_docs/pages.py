"""The pages as Markdown: one a component, and the list of all."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.component_docs.examples import example
from experiments.reports.layout import table
from experiments.reports.text import code, markdown

if TYPE_CHECKING:
    from custom.spec import Spec

HEADINGS = {"activation": "Activations", "loss": "Losses", "optimizer": "Optimizers"}
PACKAGES = {"activation": "activations", "loss": "losses", "optimizer": "optimizers"}
SLOPES = {"activation": "Derivative", "loss": "Gradient", "optimizer": "Update"}
MEASURED = "../../results/showcase/conformance/conformance.md"
"""The committed page of measured gaps, seen from a page here."""
INDEX = "README.md"

DRAWN = {
    "activation": "the function and its derivative",
    "loss": "the loss and its gradient by the prediction",
    "optimizer": "its path down the quadratic ½ (w₁² + 10 w₂²), and the value by step",
}
INPUTS = {
    "z": "the input", "p or z": "the prediction: z where true, else p", "s": "smoothing of the labels",
}  # fmt: skip


def pages(specs: Sequence["Spec"]) -> dict[str, str]:
    """File -> its text."""
    return {INDEX: index(specs)} | {f"{spec.name}.md": page(spec) for spec in specs}


def index(specs: Sequence["Spec"]) -> str:
    """The list of all components."""
    parts = [
        "# The components",
        "A page each, made from the specs of `custom.catalog` by `python -m experiments components --docs "
        f"docs/components`. How far each is from other libraries is measured in [conformance]({MEASURED}).",
    ]
    for kind, heading in HEADINGS.items():
        lines = [[f"[{markdown(spec.name)}]({spec.name}.md)", code(spec.factory.__name__), code(spec.formula)]
                 for spec in specs if spec.kind == kind]  # fmt: skip
        parts += [f"## {heading}", table(["name", "class", "formula"], lines)]
    return "\n\n".join(parts) + "\n"


def page(spec: "Spec") -> str:
    """One component."""
    package = {"activation": "layers"}.get(spec.kind, PACKAGES[spec.kind])
    parts = [
        f"# {markdown(spec.name)}",
        f"{code(f'custom.{package}.{spec.factory.__name__}')} · [all components]({INDEX}) · "
        f"[measured gaps]({MEASURED}#{spec.name})",
        f"```math\n{spec.latex}\n```",
        f"{SLOPES[spec.kind]}: {code(spec.derivative)}",
        f"![{spec.name}: {DRAWN[spec.kind]}](figures/{spec.name}.png)",
        "## Arguments",
        table(["symbol", "argument", "default"], _arguments(spec)),
        "## Source",
        f"{markdown(spec.source.rstrip('.'))}.",
        f"Deviations: {markdown(spec.deviations.rstrip('.'))}.",
        f"In Keras: {code(spec.keras)}." if spec.keras != "none" else "Keras has none.",
        *_functions(spec),
        "## Example",
        f"```python\n{example(spec)}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _arguments(spec: "Spec") -> list[list[str]]:
    """Symbol, argument, default; arguments without a symbol at the end."""
    lines = []
    told = set()
    for symbol, argument in spec.symbols.items():
        own = next((name for name in (argument, f"{argument}_initializer") if name in spec.defaults), "")
        told.add(own)
        default = code(repr(spec.defaults[own])) if own else INPUTS.get(symbol, "the input")
        lines.append([markdown(symbol), code(own or argument), default])
    lines += [["", code(name), code(repr(value))] for name, value in spec.defaults.items() if name not in told]
    return lines or [["", "none", ""]]


def _functions(spec: "Spec") -> list[str]:
    """The plain functions behind the class, where they are public."""
    if spec.kind == "optimizer" or spec.function is None or spec.gradient is None:
        return []
    where = f"custom.{PACKAGES[spec.kind]}"
    functions = f"{code(f'{where}.{spec.function.__name__}')} and {code(f'{where}.{spec.gradient.__name__}')}"
    return [f"As plain functions: {functions}."]


def write(specs: Sequence["Spec"], folder: Path) -> Mapping[str, str]:
    """All pages and pictures; what is returned is file -> text.

    Args:
        specs: of all components.
        folder: for the pages; the pictures go into ``figures`` there.
    """
    from experiments.component_docs.pictures import draw
    from experiments.reports.files import write_text

    texts = pages(specs)
    for name, text in texts.items():
        write_text(folder / name, text)
    for spec in specs:
        draw(spec, folder / "figures" / f"{spec.name}.png")
    return texts
