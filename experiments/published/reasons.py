"""Why a published number and ours disagree, as far as it is known.

Apart from the tables, whose files are part of a run's key: what is found out afterwards trains nothing anew.
"""

from collections.abc import Mapping

REASONS: Mapping[tuple[str, str, str], str] = {
    (
        "npfl138",
        "10 x relu",
        "epoch 10",
    ): "chance of its one run, it seems: the course's later edition prints .9774 for the same line, which ours include",
    ("nielsen", "quadratic, 100 hidden", "best epoch"): "likely lost digits: weights as large as the book draws them "
    "saturate output units at the start, the quadratic cost hardly moves a saturated unit, and each that stays there "
    "costs the net up to a tenth of the images; one seed is luckier than another. The cross-entropy rows, where a "
    "saturated unit does move, have a small spread and no such loss",
}
"""Table, line, column -> the reason."""

UNKNOWN = "no reason is known to us beyond chance, which alone puts one number in twenty outside"


def reason(table: str, line: str, column: str) -> str:
    """In words; also where there is none."""
    return REASONS.get((table, line, column), UNKNOWN)
