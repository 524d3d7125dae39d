"""What ``report.html`` shows, gathered for its templates."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from experiments.reports import verdicts
from experiments.reports.deep import deep_section
from experiments.reports.evidence import FACTORS, Evidence, across
from experiments.reports.html import charts, claims, scripts
from experiments.reports.html.block import block_context
from experiments.reports.html.losses import losses_context
from experiments.reports.html.markup import inline, rendered
from experiments.reports.html.survival import survival_context
from experiments.reports.layout import table
from experiments.reports.losses import compared
from experiments.reports.page import absent, data, progress
from experiments.reports.reasons import RULES
from experiments.reports.sections import methods_section, time_section
from experiments.reports.survival import survivals
from experiments.reports.text import markdown, plain, short_labels
from experiments.statistics import FriedmanNemenyi

TEMPLATES = Path(__file__).parent / "templates"


def html_page(
    found: Sequence[Evidence], runs: pd.DataFrame, timings: pd.DataFrame, facts: Mapping[str, Any], folder: Path
) -> str:
    """The whole page, everything it needs inside.

    Args:
        found: the comparisons and what the statistics say of them.
        runs: all runs, tuning included.
        timings: of all of them.
        facts: see ``facts.Facts``.
        folder: where the report is; ``claims.json`` is read there if there is one.
    """
    blocks = [each.block for each in found]
    deep = deep_section(found)
    own = [scripts.vega(), scripts.own()]
    shown = [block_context(each, facts, number) for number, each in enumerate(found)]
    together = over_all(found)
    asides = [each for each in (losses_context(compared(blocks)), survival_context(survivals(blocks))) if each]
    context = {
        "title": f"Report: {plain(facts['plan'])}" if facts.get("plan") else "Report",
        "plan": plain(facts.get("plan_title") or ""),
        "notices": [plain(notice) for notice in facts.get("notices") or ()],
        "status": [inline(sentence) for sentence in [*progress(runs, facts), *absent(found, facts)]],
        "blocks": shown,
        "asides": asides,
        "specs": _specs(shown, together, asides),
        "across": together,
        "deep": rendered("\n\n".join(deep[1:])) if deep else "",
        "time": rendered(time_section(blocks, timings, facts)),
        "claims": claims.read(folder),
        "datasets": rendered(data(runs, facts)),
        "methods": rendered(methods_section(found, runs, facts)),
        "rules": [(rule.name, plain(rule.condition)) for rule in RULES],
        "config": charts.config(),
        "css": scripts.style(),
        "scripts": own,
        "policy": scripts.policy(own),
    }
    return _environment().get_template("page.html.j2").render(context)


def _environment() -> Environment:
    made = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        loader=FileSystemLoader(TEMPLATES),
    )  # fmt: skip
    made.filters["data"] = scripts.data
    return made


def over_all(found: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Of each factor what can be said over all data sets and models together."""
    tests = [(factor, across(found, factor)) for factor in FACTORS]
    return [_across(test, factor) for factor, test in tests if test is not None]


def _specs(blocks: Sequence[Mapping[str, Any]], together: Sequence[Mapping[str, Any]],
           asides: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # fmt: skip
    """The charts that do not change with the cell that is picked: id of the element -> specification."""
    made = {f"across-{each['factor']}": each["chart"]["spec"] for each in together if each["chart"]}
    for block in blocks:
        made |= {f"{block['id']}-{each['factor']}": each["spec"] for each in block["levels"]}
        made |= {f"{block['id']}-{each['field']}": each["spec"] for each in block["costs"]}
    for aside in asides:
        made |= {each["id"]: each["spec"] for group in aside["groups"] for each in group["charts"]}
    return made


def _across(test: FriedmanNemenyi, factor: str) -> dict[str, Any]:
    """The critical-difference diagram of a factor, or why there is none."""
    told: dict[str, Any] = {"factor": factor, "words": inline(verdicts.across(test, factor)), "chart": None}
    if not test.possible:
        return told
    shown = short_labels(test.levels)
    rows: list[dict[str, Any]] = [{"level": shown[name], "rank": round(test.ranks[name], 3)} for name in test.levels]
    ends = [(clique[0], clique[-1]) for clique in test.cliques]
    bars = [{"bar": len(test.levels) + 0.35 * (number + 1), "first": shown[first], "last": shown[last]}
            for number, (first, last) in enumerate(ends)]  # fmt: skip
    spec = charts.critical(rows, len(bars), "mean rank (1 is the best)")
    told["chart"] = {
        "spec": spec | {"data": {"values": rows + bars}},
        "label": f"Critical-difference diagram: mean ranks of {len(rows)} {factor}s over {len(test.blocks)} blocks",
        "note": f"A bar at the right joins what cannot be told apart: mean ranks less than"
        f" {test.critical_difference:.2f} apart.",
        "table": rendered(table([factor, "mean rank"], [[markdown(name), f"{test.ranks[name]:.2f}"]
                                                        for name in test.levels], "lr")),
    }  # fmt: skip
    return told
