"""The table of all claims, in the order of every list and page. A file that is not named here does not exist."""

from experiments import checks
from experiments.claims.activations import ranges, relu_trains_faster
from experiments.claims.claim import Claim
from experiments.claims.descent import momentum_damps

FAMILIES: dict[str, tuple[tuple[Claim, ...], ...]] = {
    "Activations": (ranges.CLAIMS, relu_trains_faster.CLAIMS),
    "Heads and losses": (),
    "Gradient descent and optimizers": (momentum_damps.CLAIMS,),
}

CLAIMS: dict[str, Claim] = {
    claim.id: claim for files in FAMILIES.values() for claims in files for claim in claims
}
"""By id."""

FAMILY: dict[str, str] = {
    claim.id: family for family, files in FAMILIES.items() for claims in files for claim in claims
}


def chosen(ids: list[str]) -> list[Claim]:
    """The claims of these ids, or all of them, in the order of the table.

    Raises:
        PlanError: there is no such claim.
    """
    for each in ids:
        checks.one_of(each, "claim", tuple(CLAIMS), more="; `claims --list` tells what each says")
    return [claim for claim in CLAIMS.values() if not ids or claim.id in ids]
