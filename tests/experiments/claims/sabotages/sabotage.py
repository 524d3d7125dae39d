"""What a sabotage is: ingredients replaced, and what the claim must then become."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sabotage:
    """
    Attributes:
        claim: its id.
        parts: what is replaced.
        becomes: the verdicts that it may have then; none of them may be its verdict without sabotage.
    """

    claim: str
    parts: Mapping[str, Any]
    becomes: tuple[str, ...]
