"""``report.md``: the data, what was found, the pictures, the tables, how it was done."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.reports import losses, losses_told, summary, survival_told, verdicts, words
from experiments.reports.blocks import UNVERIFIED, Block
from experiments.reports.deep import deep_section
from experiments.reports.evidence import FACTORS, Evidence, across
from experiments.reports.figures import critical, pictures
from experiments.reports.layout import table
from experiments.reports.roles import TRIAL
from experiments.reports.sections import methods_section, tables_section, time_section
from experiments.reports.survival import survivals
from experiments.reports.text import code, count, markdown


def page(
    found: Sequence[Evidence],
    runs: pd.DataFrame,
    timings: pd.DataFrame,
    facts: Mapping[str, Any],
    tables: Collection[str],
) -> str:
    """The whole page.

    Args:
        found: the comparisons and what the statistics say of them.
        runs: all runs, tuning included.
        timings: of all of them.
        facts: see ``facts.Facts``.
        tables: names of the statistics that are written beside it.
    """
    blocks = [each.block for each in found]
    notices = [str(notice) for notice in facts.get("notices") or ()]
    parts = [
        f"# Report{': ' + markdown(facts['plan']) if facts.get('plan') else ''}",
        *_notices(notices),
        "## Data",
        data(runs, facts),
        "## In words",
        *_in_words(found, runs, facts),
        *losses_told.section(losses.compared(blocks)),
        *survival_told.section(survivals(blocks)),
        "## Pictures",
        *(_pictures(block) for block in blocks),
        "" if blocks else "Nothing has run yet, so there is nothing to draw.",
        "## Tables",
        "All cells are in [summary.csv](summary.csv) and [summary.tex](summary.tex), all runs in"
        " `runs.parquet`, all learning curves in `curves.parquet`, what went on inside in"
        " `diagnostics.parquet`,"
        f"{_linked(tables)} all times and memory in [timings.csv](timings.csv), versions and settings in"
        " [environment.json](environment.json).",
        *(tables_section(each, facts) for each in found),
        *deep_section(found),
        "## Time and memory",
        time_section(blocks, timings, facts),
        "## Methods",
        methods_section(found, runs, facts),
        *(["## To keep in mind", *_notices(notices)] if notices else []),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _linked(tables: Collection[str]) -> str:
    """Links to the statistics, those that are there."""
    what = {
        "comparisons": "all pairs",
        "cell_comparisons": "the best cell against all",
        "variance": "shares of variance",
        "rankings": "ranks",
        "ranking_changes": "tuned against default ranks",
        "learning_rates": "all trials",
        "survival": "effects by variant",
    }
    return "".join(f" {words} in [{name}.csv]({name}.csv)," for name, words in what.items() if name in tables)


def data(runs: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """One line a data set, of the facts and of the runs."""
    told = {(str(each.get("name")), str(each.get("fingerprint", ""))): each for each in facts.get("datasets") or ()}
    for _, run in runs.drop_duplicates(["dataset", "fingerprint"]).iterrows():
        found = {
            "title": run["dataset_title"],
            "provenance": run["provenance"],
            "canonical": run["canonical"],
        }
        told.setdefault((_text(run["dataset"]), _text(run["fingerprint"])), found)
    if not told:
        return "No data set is known yet."
    rows = []
    for (name, fingerprint), each in sorted(told.items()):
        canonical = each.get("canonical")
        verified = (
            "nothing published to check against"
            if pd.isna(canonical)
            else "verified"
            if canonical
            else f"**{UNVERIFIED}**"
        )
        sizes = each.get("sizes") or {}
        rows.append([
            markdown(_text(each.get("title")) or name), markdown(name), verified,
            markdown(_text(each.get("provenance"))), code(fingerprint[:16]),
            ", ".join(f"{markdown(part)} {number:,}" for part, number in sizes.items()),
        ])  # fmt: skip
    return table(["data set", "name", "canonical release", "from", "fingerprint (sha256)", "examples"], rows)


def _notices(notices: Sequence[str]) -> list[str]:
    return [f"> **Note.** {markdown(notice)}" for notice in notices]


def _in_words(found: Sequence[Evidence], runs: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    parts = [*progress(runs, facts), *absent(found, facts)]
    for each in found:
        block = each.block
        bullets = "\n".join(f"- {sentence}" for sentence in words.findings(each))
        parts.append(f"### {markdown(block.name)}\n\n{markdown(block.setting)}.\n\n{bullets}")
    return [*parts, *_across(found)]


def progress(runs: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    """How many of the planned runs have a result, and how many chose learning rates."""
    scored = int(summary.counted(runs[~runs["role"].eq(TRIAL).fillna(False)]).notna().sum())
    planned = facts.get("planned_runs")
    parts = [
        f"{scored} of {count(int(planned), 'planned run')} have a result."
        if planned is not None
        else f"{count(scored, 'run')} with a result."
    ]
    if len(runs) and (tuning := int(runs["role"].eq(TRIAL).sum())):
        parts.append(
            f"{count(tuning, 'tuning run')} in `runs.parquet` chose learning rates by validation and took"
            " no other"
            " part in what follows."
        )
    return parts


def absent(found: Sequence[Evidence], facts: Mapping[str, Any]) -> list[str]:
    """The planned pairs of data set and model of which nothing has run."""
    there = {(each.block.dataset, each.block.model) for each in found}
    planned = dict.fromkeys((str(cell[0]), str(cell[1])) for cell in facts.get("planned_cells") or ())
    return [
        f"**{markdown(dataset)}, {markdown(model)}**: nothing has run yet."
        for dataset, model in planned
        if (dataset, model) not in there
    ]


def _across(found: Sequence[Evidence]) -> list[str]:
    """What holds over data sets and models together, or why that cannot be told."""
    told, drawn = [], []
    for factor in FACTORS:
        test = across(found, factor)
        if test is None:
            continue
        told.append(f"- {verdicts.across(test, factor)}")
        if test.possible:
            drawn.append(f"![{markdown(critical.alt(test, factor))}](figures/ranks-{factor}.png)")
    return ["### Across data sets and models", "\n".join(told), *drawn] if told else []


def _pictures(block: Block) -> str:
    parts = [f"### {markdown(block.name)}"]
    for picture in pictures(block):
        path = f"figures/{block.slug}-{picture.name}"
        parts.append(f"#### {picture.heading}\n\n![{markdown(picture.alt(block))}]({path}.png)\n\n[SVG]({path}.svg)")
    return "\n\n".join(parts)


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
