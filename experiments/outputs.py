"""The losses that a plan compares: each a loss, or a loss and what its outputs go through, ``hinge on tanh``."""

from collections.abc import Sequence
from typing import Any

from experiments import checks, names
from experiments.errors import PlanError

ON = " on "
HINT = 'a head may stand behind its loss: "hinge on tanh"'


def parted(entry: str) -> tuple[str, str | None]:
    """Loss and head; no head where the entry names none.

    >>> parted("hinge on tanh"), parted("hinge")
    (('hinge', 'tanh'), ('hinge', None))
    """
    loss, _, head = entry.partition(ON)
    return loss, head or None


def checked(value: Any, where: str, losses: Sequence[str] = names.LOSSES) -> tuple[str, ...]:
    """The entries, if each names what there is (one of ``losses``) and none comes twice.

    Raises:
        PlanError: it is no such list.
    """
    if not isinstance(value, list) or not value:
        raise PlanError(f"{where} is {value!r}; give a list with at least one of {', '.join(losses)}; {HINT}")
    for each in value:
        loss, on, head = each.partition(ON) if isinstance(each, str) else (each, "", "")
        checks.one_of(loss, where, losses, f"; {HINT}")
        if on:
            checks.one_of(head, f"{where}: head of {loss}", names.HEADS)
    if len(set(value)) < len(value):
        raise PlanError(f"{where} names something twice: {', '.join(value)}; name each once")
    return tuple(value)


def spoken(entries: Sequence[str]) -> list[str]:
    """All that may be said to mean some of the entries: each as it is, and its loss with whatever head."""
    return list(dict.fromkeys(name for each in entries for name in (each, parted(each)[0])))


def chosen(entries: Sequence[str], wanted: Sequence[str] | None) -> tuple[str, ...]:
    """The entries that are meant by the names ``wanted``; all of them without."""
    return tuple(each for each in entries if wanted is None or {each, parted(each)[0]} & set(wanted))
