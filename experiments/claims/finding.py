"""What came out of a claim: the verdict, the effect with its interval, and how the controls went."""

from dataclasses import dataclass, replace
from typing import NamedTuple

VERDICTS = {
    "holds": "the identity or bound holds over the stated range",
    "fails": "it does not",
    "supported": "the effect is there and large enough to matter",
    "refuted": "an effect that matters can be excluded, or it goes the other way",
    "depends": "supported in some of the stated settings, refuted in others",
    "undecided": "too few seeds to tell; the power that was reached is stated",
    "broken": "a control failed, so this run says nothing",
}


class Effect(NamedTuple):
    """A number that the verdict rests on. ``low`` and ``high`` are None where nothing was estimated."""

    what: str
    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""

    def words(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        ends = f" ({self.low:.3g} to {self.high:.3g})" if self.low is not None and self.high is not None else ""
        return f"{self.value:.3g}{ends}{unit}"


class Control(NamedTuple):
    """A case whose outcome is known: ``seen`` says in a few words, with the number, what was measured."""

    passed: bool
    seen: str


class Setting(NamedTuple):
    """The verdict in one of several settings, where the outcome may depend on it."""

    name: str
    verdict: str
    effect: Effect


@dataclass(frozen=True, kw_only=True)
class Finding:
    """
    Attributes:
        verdict: one of ``VERDICTS``.
        effect: what it rests on.
        positive, negative: the controls.
        settings: the verdict by setting, where there are several.
        power: chance to have seen the smallest effect of interest; with every ``undecided``.
        broken: why the verdict is void, where it is.
    """

    verdict: str
    effect: Effect
    positive: Control
    negative: Control
    settings: tuple[Setting, ...] = ()
    power: float | None = None
    broken: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict is {self.verdict!r}; allowed: {', '.join(VERDICTS)}")
        if self.verdict == "undecided" and self.power is None:
            raise ValueError("undecided without the power that was reached: state it")

    def checked(self) -> "Finding":
        """The finding, void if a control failed."""
        failed = [f"{name} control: {control.seen}"
                  for name, control in (("positive", self.positive), ("negative", self.negative))
                  if not control.passed]  # fmt: skip
        if not failed:
            return self
        return replace(self, verdict="broken", broken="; ".join(failed))
