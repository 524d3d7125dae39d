"""The card of a component: what it computes, in symbols, and where that is from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Spec:
    """Everything there is to know about one component, in one place.

    Attributes:
        name: the name used in plans, tables and figures, such as ``"leaky_relu"``.
        kind: what sort of component it is.
        factory: the class that makes it: a Keras layer (for an activation),
            a Keras loss or a Keras optimizer.
        formula: the formula in one line of plain text.
        latex: the same in LaTeX, without dollar signs.
        derivative: the derivative, gradient or update in one line of plain text.
        symbols: symbol of the formula -> name of the constructor's argument.
        source: a citation of the publication that defines it.
        deviations: where this code differs from the source, and where stock
            Keras differs from this code. ``"none"`` where there is nothing to say.
        keras: dotted name of the nearest Keras built-in, or ``"none"``.
        kinks: inputs where the derivative jumps (checks step around them).
        function: the plain function ``f(z, ...)`` of an activation, or the pure
            rule of an optimizer; the plain loss of each sample.
        gradient: its derivative: of an activation by z, of a loss by the prediction.
        defaults: constructor arguments and their defaults.
    """

    name: str
    kind: Literal["activation", "loss", "optimizer"]
    factory: Callable[..., Any]
    formula: str
    latex: str
    derivative: str
    source: str
    deviations: str
    keras: str = "none"
    symbols: Mapping[str, str] = field(default_factory=dict)
    kinks: tuple[float, ...] = ()
    function: Callable[..., Any] | None = None
    gradient: Callable[..., Any] | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
