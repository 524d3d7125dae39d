"""What a block's numbers say, in sentences. Text is Markdown; names are escaped."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from experiments.names import DEFAULT_RATES, KERAS_RATES
from experiments.reports import tuning, verdicts
from experiments.reports.blocks import Block
from experiments.reports.evidence import Evidence
from experiments.reports.metrics import R2
from experiments.reports.summary import FEW, levels, ranked
from experiments.reports.text import count, join, markdown, rate

MANY = 12
"""So many names are told in a sentence; the rest is in the tables."""


def findings(found: Evidence) -> list[str]:
    """One sentence or a few for each thing that a reader wants to know first."""
    block = found.block
    told = [
        rates(block), best_cell(block), "" if alike(block) else verdicts.best_cells(found), *factors(found),
        verdicts.matters(found), *verdicts.turned(found), *tuning.warnings(block), verdicts.undecided(found),
        *trouble(block), *default_trouble(block), seeds(block),
    ]  # fmt: skip
    return [sentence for sentence in told if sentence]


def best_cell(block: Block) -> str:
    table = ranked(block.cells)
    if table.empty:
        return "**No cell has a result yet.**"
    best, metric = table.iloc[0], block.metric
    if len(table) > 1 and alike(block):
        diverged = table["done"].sum() == 0
        why = "every run diverged and counts at chance level" if diverged else "every run scored alike"
        return f"**No cell is the best of {len(table)}**: {why}, {metric.say(best['mean'])} test {metric.word}."
    text = (
        f"The best cell is **{_pair(best)}**: {metric.say(best['mean'])} test {metric.word}"
        f" {'on average over' if best['seeds'] > 1 else 'with'} {count(int(best['seeds']), 'seed')}"
    )
    if np.isfinite(best["low"]):
        text += f" (95 % interval {metric.spread(best['low'], best['high'])})"
    text += "."
    if len(table) > 1:
        text += (
            f" It is the best of {len(table)}, chosen by these very numbers, so expect a little less of it"
            " in another sweep."
        )
    return text


def alike(block: Block) -> bool:
    """Whether all runs that count have one score, so that nothing can be ranked."""
    return block.runs["value"].nunique() == 1


def brief(found: Evidence) -> str:
    """How sure the best cell is, the best levels, what matters more, what is open: short enough to be quoted."""
    block, told = found.block, []
    if alike(block):
        return ""
    if others := len(found.cells):
        behind, rivals = found.cells["outcome"].eq("a").sum(), found.cells["may_be_best"].astype(bool).sum()
        told.append(
            f"It is surely better than {behind} of {count(others, 'other')}; {rivals} may be the best themselves."
        )
    best = {factor: levels(block.runs, mine, other)
            for factor, mine, other in (("activation", "row", "column"), ("optimizer", "column", "row"))}  # fmt: skip
    leaders = [f"{factor} {markdown(table.iloc[0]['level'])}" for factor, table in best.items() if len(table) > 1]
    if leaders:
        told.append(
            f"On average the best are {join(leaders)}." if len(leaders) > 1 else f"On average the best is {leaders[0]}."
        )
    share = found.variance.set_index("term")["share"] if len(found.variance) else pd.Series(dtype=float)
    parts = [(name, float(share[name])) for name in ("activation", "optimizer") if np.isfinite(share.get(name, np.nan))]
    if len(parts) == 2:
        (more, most), (less, least) = sorted(parts, key=lambda part: -part[1])
        most, least = max(0.0, most), max(0.0, least)  # estimates without bias: of nothing, every other one is below 0
        told.append(f"The {more} makes {100 * most:.0f} % of the variance of test {block.metric.word}, the {less} "
                    f"{100 * least:.0f} %.")  # fmt: skip
    pairs = [(name, int(table["outcome"].eq("undecided").sum()), len(table))
             for name, table in found.pairs.items() if len(table)]  # fmt: skip
    if open_ := [f"{n} of {count(total, f'pair of {name}s', f'pairs of {name}s')}" for name, n, total in pairs if n]:
        told.append(f"Still undecided with {count(len(block.seeds), 'seed')}: {join(open_)}.")
    return " ".join(told)


def factors(found: Evidence) -> list[str]:
    """The best and the last level of each factor, and how the best stands against the others."""
    block, told = found.block, []
    if alike(block) and len(block.cells) > 1:
        return []
    for factor, over in (("activation", "optimizer"), ("optimizer", "activation")):
        column = {"activation": "row", "optimizer": "column"}
        table = levels(block.runs, column[factor], column[over])
        if len(table) < 2:
            continue
        first, last = table.iloc[0], table.iloc[-1]
        scope = (
            f"Averaged over {count(int(first['cells']), over)}"
            if first["balanced"]
            else f"Averaged over whatever each has (no {over} has a result with every {factor}, so this is no"
            " even comparison)"
        )
        few = int(first["cells"]) < len(set(block.runs["column" if over == "optimizer" else "row"]))
        scope += f", those that have a result with every {factor}" if first["balanced"] and few else ""
        told.append(
            f"{scope}, the best {factor} is **{markdown(first['level'])}** with {_level(block, first)},"
            f" the last of {len(table)} is {markdown(last['level'])} with {_level(block, last)}."
            f" {verdicts.factor(found, factor)}".rstrip()
        )
    return told


def trouble(block: Block) -> list[str]:
    cells, told = block.cells, []
    total = len(block.runs)
    if diverged := int(cells["diverged"].sum()):
        names = [
            f"{_pair(cell)} ({cell['diverged']} of {cell['seeds']})"
            for _, cell in cells[cells["diverged"] > 0].iterrows()
        ]
        told.append(
            f"**{diverged} of {count(total, 'run')} diverged** and count at chance level"
            f" ({block.metric.say(block.chance)}) in every mean and ranking: {join(names, MANY)}."
        )
    no_number = block.runs[block.runs["status"].eq("done") & block.runs["value"].isna()]
    if len(no_number):
        verb, left = ("has", "It is") if len(no_number) == 1 else ("have", "They are")
        why = (f"no score**: {block.metric.word} is not defined on this test part, whose target is one value"
               if block.metric == R2 else f"no number as {block.metric.word}**")  # fmt: skip
        told.append(f"**{count(len(no_number), 'run')} ended well and {verb} {why}. {left} left out.")
    lost = no_number.groupby(["row", "column"]).size()
    names = [
        f"{_pair(cell)} ({failed}{', out of memory' if cell['oom'] else ''})"
        for _, cell in cells.iterrows()
        if (failed := int(cell["failed"] - lost.get((cell["row"], cell["column"]), 0)))
    ]
    if failed := int(cells["failed"].sum()) - len(no_number):
        verb = "has" if failed == 1 else "have"
        told.append(
            f"**{count(failed, 'run')} failed** and {verb} no result; they are left out, and the next sweep"
            f" tries them again: {join(names, MANY)}."
        )
    if missing := int(cells["missing"].sum()):
        names = [f"{_pair(cell)} ({cell['missing']})" for _, cell in cells[cells["missing"] > 0].iterrows()]
        told.append(f"**{count(missing, 'run')} not run** so far: {join(names, MANY)}.")
    if twice := int(block.runs.duplicated(["row", "column", "seed"]).sum()):
        told.append(
            f"{count(twice, 'run')} share cell and seed with another: they differ in something that this"
            " report does not tell apart (arguments of a component, say), so intervals are too narrow."
        )
    return told


def default_trouble(block: Block) -> list[str]:
    """What went wrong at default rates, where the ranking is of tuned ones."""
    if block.defaults is None:
        return []
    told, total = [], len(block.defaults.runs)
    for state, words in (("diverged", "diverged"), ("failed", "failed"), ("missing", "are not run so far")):
        cells = block.defaults.cells[block.defaults.cells[state] > 0]
        if len(cells):
            number = int(cells[state].sum())
            of = count(total, "run") if state != "missing" else count(total + number, "run")
            names = [f"{_pair(cell)} ({cell[state]})" for _, cell in cells.iterrows()]
            told.append(f"At default rates {number} of {of} {words}: {join(names, MANY)}.")
    return told


def seeds(block: Block) -> str:
    """What so many seeds can and cannot show."""
    with_result = block.cells.loc[block.cells["seeds"] > 0, "seeds"]
    if with_result.empty:
        return ""
    n = int(with_result.max())
    if n == 1:
        return "One seed shows no spread: nothing here tells a difference between cells from the luck of one draw."
    p = 2.0 ** (1 - n)
    text = (
        f"With {n} seeds, a paired sign-flip test of two cells cannot give a p below {p:.4g}"
        f" ({_reach(p)}), and intervals are wide: {_factor(n):.2f} standard errors to each side"
        " (Student's t)."
    )
    if int(with_result.min()) < n:
        text += f" Some cells have only {count(int(with_result.min()), 'seed')}."
    if n >= FEW:
        text = f"With {n} seeds a paired sign-flip test can give a p as small as {p:.2g}; intervals are BCa."
    return text


def _reach(p: float) -> str:
    if p <= 0.05:
        return "before any correction for many pairs"
    return (
        "so by it no pair differs at 5 %: what is called different here rests on the t test, which takes"
        " differences between seeds for normal"
    )


def _factor(n: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, 0.975))


def default_rate(block: Block, optimizer: str) -> float | None:
    """The rate that an optimizer runs at where nobody chose one; None where that is not known."""
    if optimizer in block.plugin_rates:
        return block.plugin_rates[optimizer]
    builtin = optimizer.removeprefix("keras:")
    return KERAS_RATES.get(builtin) if builtin != optimizer else DEFAULT_RATES.get(optimizer)


def rates(block: Block) -> str:
    """Whether this is a ranking of tuned rates or of defaults."""
    if block.rates == "tuned":
        return (
            "**Learning rates were tuned for each cell** by validation, and this is the ranking at the tuned"
            " rates; the one at default rates stands beside it."
        )
    used: dict[str, set[float]] = {}
    known = block.runs[block.runs["learning_rate"].notna()]
    for optimizer, value in zip(known["optimizer"], known["learning_rate"], strict=True):
        used.setdefault(str(optimizer), set()).add(float(value))
    if not used:
        return ""
    at_default = [name for name, found in used.items() if found == {default_rate(block, name)}]
    other = [name for name in used if name not in at_default]
    told = join([f"{markdown(name)} {rate(min(used[name]))}" for name in at_default], 2 * MANY)
    if not other:
        return (
            "**Every optimizer ran at its default learning rate; none was tuned. This is a ranking of"
            f" defaults**, and tuned rates can turn it: {told}."
        )
    text = "Learning rates other than the default: " + join(
        [f"{markdown(name)} {_told_rates(used[name])}" for name in other], 2 * MANY
    )
    return f"{text}. At the default rate: {told or 'none'}."


def _told_rates(found: Iterable[float]) -> str:
    return " or ".join(rate(value) for value in sorted(found))


def _pair(cell: pd.Series) -> str:
    return f"{markdown(cell['row'])} with {markdown(cell['column'])}"


def _level(block: Block, level: pd.Series) -> str:
    text = block.metric.say(level["mean"])
    if np.isfinite(level["low"]):
        text += f" ({block.metric.spread(level['low'], level['high'])})"
    return text
