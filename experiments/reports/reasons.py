"""Why a cell did well or badly: the first of the stated rules that holds speaks.

A rule tells what goes with a result, with its numbers; it does not prove the cause. Sentences are plain
text: whoever puts them on a page escapes them.
"""

from dataclasses import dataclass

from experiments.reports.blocks import Block
from experiments.reports.case import Case, Rule
from experiments.reports.evidence import MARGIN
from experiments.reports.rules import RULES
from experiments.reports.symptoms import Gap, Symptoms, best_cell, cut, gap, scores, symptoms
from experiments.reports.text import count

__all__ = ["RULES", "Reason", "Rule", "reason", "reasons"]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a cell stands where it stands.

    Attributes:
        sentence: ``standing`` and ``cause`` together, in plain words.
        rule: name of the rule that spoke, one of ``RULES``. condition: its condition.
        verdict: ``bad`` (surely behind the best by more than the margin, or diverged), ``open`` (seems behind, but
            not surely), ``good``, or ``none`` (no result).
        standing: where the cell stands against the best. cause: what the rule says.
        also: name and cause of the other rules about trouble that hold.
    """

    sentence: str
    rule: str
    condition: str
    verdict: str
    standing: str
    cause: str
    also: tuple[tuple[str, str], ...] = ()


def reason(block: Block, row: str, column: str) -> Reason:
    """Why the cell with these labels did well or badly.

    Args:
        block: the comparison.
        row: label of the cell's activation, one of ``block.rows``.
        column: label of its optimizer, one of ``block.columns``.

    Raises:
        KeyError: the block has no such cell.
    """
    return _judge(case(block, row, column))


def reasons(block: Block) -> dict[tuple[str, str], Reason]:
    """``reason`` of each cell, by its labels."""
    best, parts = best_cell(block), cut(block)
    if best is None:
        return {pair: _judge(case(block, *pair)) for pair in parts}
    first, ahead = symptoms(parts[best], *best), scores(parts[best], *best)
    return {pair: _judge(_case(block, symptoms(part, *pair), first, gap(ahead, scores(part, *pair))))
            for pair, part in parts.items()}  # fmt: skip


def _best(block: Block) -> Symptoms | None:
    best = best_cell(block)
    return symptoms(block, *best) if best else None


def case(block: Block, row: str, column: str, best: Symptoms | None = None) -> Case:
    """What the rules look at. ``best`` saves working it out again; without any result it is the cell itself."""
    mine = symptoms(block, row, column)
    best = best or _best(block) or mine
    return _case(block, mine, best, gap(scores(block, best.row, best.column), scores(block, row, column)))


def _case(block: Block, mine: Symptoms, best: Symptoms, found: Gap) -> Case:
    return Case(
        cell=mine,
        best=best,
        gap=found,
        metric=block.metric,
        margin=MARGIN,
        epochs=block.epochs,
        model=block.model,
        usual_sd=float(block.cells["sd"].median()),
        alone=int(block.cells["mean"].notna().sum()) == 1,
    )


def _judge(given: Case) -> Reason:
    held = [rule for rule in RULES if rule.holds(given)]
    first, cause, standing = held[0], held[0].tell(given), _standing(given)
    return Reason(
        sentence=f"{standing}: {cause}.",
        rule=first.name,
        condition=first.condition,
        verdict=_verdict(given),
        standing=standing,
        cause=cause,
        also=tuple((rule.name, rule.tell(given)) for rule in held[1:] if rule.trouble),
    )


def _verdict(given: Case) -> str:
    if not given.cell.seeds:
        return "none"
    if given.behind or given.cell.diverged:
        return "bad"
    return "open" if given.apart or not given.gap.seeds else "good"


def _standing(given: Case) -> str:
    """``0.42 points behind relu with adam (95 % interval 0.10 to 0.74)``."""
    cell, found = given.cell, given.gap
    if not cell.seeds:
        return "No result"
    lost = f", {count(cell.failed, 'run')} failed" if cell.failed else ""
    if given.is_best:
        return ("The only cell with a result" if given.alone else "The best cell") + lost
    best = f"{given.best.row} with {given.best.column}"
    if not found.seeds:
        return f"No seed in common with the best cell, {best}"
    if found.has_interval:
        sure = f"95 % interval {given.metric.number(found.low)} to {given.metric.number(found.high)}"
    else:
        sure = f"{count(found.seeds, 'seed')}, so no interval"
    ahead = found.difference < 0
    words = f"{given.metric.gap(abs(found.difference))} {'ahead of' if ahead else 'behind'} {best} ({sure})"
    return words[0].upper() + words[1:] + lost
