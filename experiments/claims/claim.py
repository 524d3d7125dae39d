"""What a claim is: a statement, what follows from it, how that is measured, and the rule that judges it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.claims.arms import Arm
    from experiments.claims.evidence import Evidence
    from experiments.claims.finding import Finding
    from experiments.claims.lab import Lab

KINDS = {
    "I": "identity or bound, checked numerically over wide inputs",
    "M": "mechanism, measured inside a network or on a small analytic problem",
    "T": "training outcome, with tuned learning rates and paired seeds",
    "C": "cost in time or memory",
}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence of a textbook, as an experiment.

    Nothing here may import a training backend: claims are listed and judged where there is none.
    Only ``probe`` runs in a worker, and imports what it needs inside.

    Attributes:
        id: its name on the command line.
        kind: one or two of ``KINDS``, such as ``"I T"``.
        statement: what is said, in one sentence.
        prediction: what must then be measured.
        rule: how the verdict follows from the numbers, fixed before they were taken.
        positive: the case where the effect must show. If it does not, the claim is broken.
        negative: the case where it must not.
        limits: where the statement stops being true, or what this experiment cannot say.
        judge: evidence -> finding. Pure.
        tell: evidence and finding -> one paragraph in plain words of what was seen.
        draw: evidence and finding -> the figure that shows it.
        probe: measured in a worker process; returns numbers, texts, lists and dictionaries of them.
        arms: what is to be trained, by label; trained through the ledger.
        parts: the ingredients that the experiment hangs on, by name; what a sabotage replaces.
        source: where the statement is made, or a paper on it.
        version: raised whenever the rule or the measurement changes.
    """

    id: str
    kind: str
    statement: str
    prediction: str
    rule: str
    positive: str
    negative: str
    limits: str
    judge: Callable[[Evidence], Finding]
    tell: Callable[[Evidence, Finding], str]
    draw: Callable[[Evidence, Finding], Figure]
    probe: Callable[[Lab], dict[str, Any]] | None = None
    arms: Callable[[Lab], dict[str, Arm]] | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    version: int = 1

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self.kind.split())

    def sabotaged(self, **parts: Any) -> Claim:
        """The same claim with ingredients replaced: a test of whether it can come out otherwise."""
        unknown = sorted(set(parts) - set(self.parts))
        if unknown:
            raise KeyError(f"{self.id} has no part {', '.join(unknown)}: choose from {', '.join(self.parts)}")
        return replace(self, parts={**self.parts, **parts})
