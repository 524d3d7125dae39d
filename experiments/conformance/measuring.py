"""Every component against every source: the rows of the page."""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from experiments.conformance import activations, losses, optimizers, sources
from experiments.conformance.rows import (
    ABSENT,
    DEFINITION,
    HAS_NONE,
    REFERENCE,
    UNEXPLAINED,
    Gap,
    Peer,
    Row,
    Sample,
    gap,
    judged,
    widest,
)

if TYPE_CHECKING:
    from custom.spec import Spec

KINDS: dict[str, ModuleType] = {"activation": activations, "loss": losses, "optimizer": optimizers}


Samples = Callable[[Mapping[str, Any]], Sample]
"""Arguments -> what our component gives with them."""


def measure(spec: "Spec") -> list[Row]:
    """All rows of a component.

    Args:
        spec: its card. A component without a reference, or without a word on where else it is found, is unexplained.
    """
    kind = KINDS[spec.kind]
    if not kind.known(spec.name):
        return [Row(component=spec.name, kind=spec.kind, source=REFERENCE, name=REFERENCE, over="nothing",
                    verdict=UNEXPLAINED, because="no float64 reference, or no word on who else has it")]  # fmt: skip
    rows: list[Row] = []
    for over, given in kind.inputs(spec).items():
        for dtype in dict.fromkeys(("float32", sources.finest())):
            rows += _over(spec, kind, over, given, dtype)
    for over, (given, arguments) in kind.more(spec).items():
        for dtype in dict.fromkeys(("float32", sources.finest())):
            with sources.precision(dtype):
                sample = kind.ours(spec, given, arguments, dtype)
            rows.append(_formula(spec, over, gap(sample, kind.reference(spec, given, arguments)), dtype))
    return _told_once(rows)


def _formula(spec: "Spec", over: str, found: Gap, dtype: str) -> Row:
    return Row(component=spec.name, kind=spec.kind, source=REFERENCE, name=f"float64 formula, ours in {dtype}",
               over=over, gap=found, verdict=judged(found, None, dtype), dtype=dtype)  # fmt: skip


def _over(spec: "Spec", kind: ModuleType, over: str, given: Any, dtype: str) -> list[Row]:
    """The rows of one set of inputs: in the finest precision against all, in float32 against the formula alone."""
    with sources.precision(dtype):
        kept: dict[str, Sample] = {}

        def ours(arguments: Mapping[str, Any]) -> Sample:
            key = repr(sorted(arguments.items()))
            if key not in kept:
                kept[key] = kind.ours(spec, given, arguments, dtype)
            return kept[key]

        found = gap(ours({}), kind.reference(spec, given, {}))
        rows = [_formula(spec, over, found, dtype)]
        if dtype == sources.finest():
            rows += [_against(spec, kind, over, given, source, peer, ours, dtype)
                     for source, peer in kind.peers(spec, over).items()]  # fmt: skip
    return rows


def _against(spec: "Spec", kind: ModuleType, over: str, given: Any, source: str, peer: Peer, ours: Samples,
             dtype: str) -> Row:  # fmt: skip
    judge = "float32" if source == "keras" else dtype  # Keras keeps rates, means and some functions in float32

    def row(verdict: str, **more: Any) -> Row:
        return Row(component=spec.name, kind=spec.kind, source=source, name=peer.name, over=over, verdict=verdict,
                   dtype=judge, **more)  # fmt: skip

    if peer.name == sources.NONE:
        return row(HAS_NONE)
    if not sources.installed(source):
        return row(ABSENT, because=f"{sources.SOURCES[source].install} brings it")
    other = kind.theirs(peer, source, spec, given, {}, dtype)
    found, matched, how = gap(ours({}), other), None, peer.how
    if peer.definition is not None:
        formula, written = kind.reference(spec, given, {}), kind.defined(peer, spec, given, dtype)
        matched, how = widest([gap(ours({}), formula), gap(other, written)]), "each held against its own formula"
    elif peer.settings:
        matched = widest([gap(ours(own), kind.theirs(peer, source, spec, given, known, dtype))
                          for own, known in peer.settings])  # fmt: skip
    verdict = judged(found, matched, judge)
    if verdict == DEFINITION and not peer.because:  # a constant of ours that nobody knows to differ from theirs
        verdict = UNEXPLAINED
    return row(verdict, gap=found, matched=matched, how=how, because=peer.because if verdict == DEFINITION else "")


def _told_once(rows: list[Row]) -> list[Row]:
    """What a library has not is told once, where it has it for none of the inputs."""
    told: set[str] = set()
    kept = []
    measured = {row.source for row in rows if row.verdict != HAS_NONE}
    for row in rows:
        if row.verdict == HAS_NONE:
            if row.source in told or row.source in measured:
                continue
            told.add(row.source)
        kept.append(row)
    return kept


def keras_gap(spec: "Spec") -> tuple[Gap, str] | None:
    """How far a component is from Keras's as both come, and over what; None where Keras has none."""
    kind = KINDS[spec.kind]
    over, given = next(iter(kind.inputs(spec).items()))
    peer = kind.peers(spec, over)["keras"]
    if peer.name == sources.NONE:
        return None
    dtype = sources.finest()
    with sources.precision(dtype):
        return gap(kind.ours(spec, given, {}, dtype), kind.theirs(peer, "keras", spec, given, {}, dtype)), over
