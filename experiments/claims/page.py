"""The two pages on claims: a table of verdicts at a glance, then each claim with its figure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from experiments.claims.finding import VERDICTS
from experiments.reports.text import code, count, join, markdown

SIGNS = {"holds": "✓", "supported": "✓", "fails": "✗", "refuted": "✗", "depends": "◐", "undecided": "?", "broken": "⚠"}
"""Beside the word, so that a colour is never the only sign."""

Entry = Mapping[str, Any]

TITLE = "Is the textbook right?"


def summary(entries: Sequence[Entry]) -> str:
    """``86 claims: 30 hold, 20 supported, ...``"""
    counts = Counter(entry["verdict"] for entry in entries)
    told = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    return f"{count(len(entries), 'claim')}: {join(told)}"


def budgets(entries: Sequence[Entry]) -> str:
    found = Counter(entry["budget"] for entry in entries)
    words = {"quick": "5 seeds of every trained arm", "full": "10 seeds of every trained arm"}
    return join([f"{number} at budget {name} ({words.get(name, '')})" for name, number in found.items()])


def notices(entries: Sequence[Entry]) -> list[str]:
    """What stood in for what, and which data are not the canonical release, each once."""
    return list(dict.fromkeys(notice for entry in entries for notice in entry["notices"]))


def versions(entries: Sequence[Entry]) -> str:
    machines = [entry["machine"] for entry in entries if entry["machine"].get("versions")]
    if not machines:
        return ""
    first = machines[0]
    packages = ", ".join(f"{name} {number}" for name, number in first["versions"].items())
    commits = join(list(dict.fromkeys(each["commit"] for each in machines if each.get("commit"))))
    return f"Python {first['python']}, {packages}" + (f"; commit {commits}" if commits else "")


def families(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    for family in dict.fromkeys(entry["family"] for entry in entries):
        yield family, [entry for entry in entries if entry["family"] == family]


def effect(entry: Entry) -> str:
    """What the verdict rests on; where it depends on the setting, first how the settings came out."""
    found = f"{entry['effect']['what']}: {entry['effect']['words']}"
    if entry["verdict"] not in ("depends", "undecided") or not entry["settings"]:
        return found
    counts = Counter(each["verdict"] for each in entry["settings"])
    told = join([f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]])
    return f"{told} of {count(len(entry['settings']), 'setting')}. {found[0].upper()}{found[1:]}"


def verdict(entry: Entry) -> str:
    words = f"{SIGNS[entry['verdict']]} {entry['verdict']}"
    if entry["verdict"] == "undecided":
        words += f" (power {entry['power']:.2f})"
    return words


def _facts(entry: Entry) -> list[tuple[str, str]]:
    """What is told of every claim, in order: heading and words."""
    controls = entry["controls"]
    told = [
        ("Prediction", entry["prediction"]),
        ("Rule", entry["rule"]),
        ("Measured", effect(entry)),
        *((f"Control, {name}", f"{control['what']}: {control['seen']} ({'passed' if control['passed'] else 'FAILED'})")
          for name, control in controls.items()),
        ("Where it ends", entry["limits"]),
        ("Data", f"{join(entry['data']) or 'none: analytic'}; budget {entry['budget']}, seed {entry['seed']}, "
                 f"version {entry['version']}"),
        ("Source", entry["source"]),
    ]  # fmt: skip
    return [(name, words) for name, words in told if words]


def markdown_page(entries: Sequence[Entry], command: str) -> str:
    """``claims.md``."""
    lines = [f"# {TITLE}", ""]
    lines += [line for notice in notices(entries) for line in (f"> **NOTE:** {markdown(notice)}", "")]
    lines += [f"{markdown(summary(entries))}; {markdown(budgets(entries))}.", "",
              f"Made by {code(command)}. {markdown(versions(entries))}.", "",
              "| verdict | means |", "|---|---|"]  # fmt: skip
    lines += [f"| {SIGNS[name]} {name} | {meaning} |" for name, meaning in VERDICTS.items()]
    for family, members in families(entries):
        lines += ["", f"## {markdown(family)}", "", "| claim | kind | what is said | verdict | measured |",
                  "|---|---|---|---|---|"]  # fmt: skip
        lines += [f"| [{entry['id']}](#{entry['id']}) | {entry['kind']} | {markdown(entry['statement'])} | "
                  f"{markdown(verdict(entry))} | {markdown(effect(entry))} |" for entry in members]  # fmt: skip
    for entry in entries:
        lines += ["", f"### {entry['id']}", "", f"*{markdown(entry['statement'])}*", "",
                  f"**{markdown(verdict(entry))}.** {markdown(entry['seen'])}", ""]  # fmt: skip
        if entry["broken"]:
            lines += [f"**Broken:** {markdown(entry['broken'])}.", ""]
        lines += [f"![{markdown(entry['statement'])}]({entry['figure']})", ""]
        if entry["settings"]:
            lines += ["| setting | verdict | measured |", "|---|---|---|"]
            lines += [f"| {markdown(each['name'])} | {verdict_of(each)} | {markdown(each['effect']['words'])} |"
                      for each in entry["settings"]]  # fmt: skip
            lines.append("")
        lines += [f"* {name}: {markdown(words)}" for name, words in _facts(entry)]
    return "\n".join(lines) + "\n"


def verdict_of(setting: Mapping[str, Any]) -> str:
    return f"{SIGNS[setting['verdict']]} {setting['verdict']}"


STYLE = """
:root { color-scheme: light dark; --line: #d9d9d9; --soft: #6b6b6b; --ground: #fff; --ink: #1b1b1b; --card: #f6f6f4 }
@media (prefers-color-scheme: dark) {
  :root { --line: #3c3c3c; --soft: #a5a5a5; --ground: #161616; --ink: #ededed; --card: #202020 } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem;
  background: var(--ground); color: var(--ink) }
h1 { margin-bottom: .2rem } h2 { margin-top: 2.5rem } h3 { margin-bottom: .2rem }
.soft { color: var(--soft) } .note { border-left: .3rem solid #d55e00; padding: .3rem .8rem; background: var(--card) }
table { border-collapse: collapse; width: 100%; font-size: .9rem } .wide { overflow-x: auto }
th, td { text-align: left; vertical-align: top; padding: .35rem .5rem; border-bottom: 1px solid var(--line) }
th { white-space: nowrap } td:first-child { white-space: nowrap }
.verdict { display: inline-block; padding: 0 .45rem; border-radius: .8rem; white-space: nowrap; font-weight: 600;
  border: 2px solid currentColor }
.holds, .supported { color: #0072b2 } .fails, .refuted { color: #c04e00 } .depends { color: #8a6d00 }
.undecided { color: var(--soft) } .broken { color: #a50026 }
@media (prefers-color-scheme: dark) { .holds, .supported { color: #56b4e9 } .fails, .refuted { color: #ff8a3d }
  .depends { color: #e6c229 } .broken { color: #ff6b8a } }
article { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: .5rem }
article img { max-width: 100%; height: auto; background: #fff; border-radius: .3rem }
blockquote { margin: .3rem 0; font-style: italic } dl { font-size: .9rem }
dt { font-weight: 600; margin-top: .4rem } dd { margin: 0 0 0 1rem } a { color: inherit }
"""


def html_page(entries: Sequence[Entry], command: str) -> str:
    """``claims.html``: one file beside the folder of figures; no script, nothing from elsewhere."""
    parts = ["<!doctype html>", '<html lang="en"><head><meta charset="utf-8">',
             '<meta name="viewport" content="width=device-width, initial-scale=1">',
             f"<title>{TITLE}</title><style>{STYLE}</style></head><body>", f"<h1>{TITLE}</h1>"]  # fmt: skip
    parts += [f'<p class="note">NOTE: {escape(notice)}</p>' for notice in notices(entries)]
    parts += [f"<p>{escape(summary(entries))}; {escape(budgets(entries))}.</p>",
              f'<p class="soft">Made by <code>{escape(command)}</code>. {escape(versions(entries))}.</p>',
              '<div class="wide"><table><tr><th>verdict</th><th>means</th></tr>']  # fmt: skip
    parts += [f"<tr><td>{_chip(name)}</td><td>{escape(meaning)}</td></tr>" for name, meaning in VERDICTS.items()]
    parts.append("</table></div>")
    for family, members in families(entries):
        parts += [f"<h2>{escape(family)}</h2>", '<div class="wide"><table><tr><th>claim</th><th>kind</th>'
                  "<th>what is said</th><th>verdict</th><th>measured</th></tr>"]  # fmt: skip
        parts += [f'<tr><td><a href="#{escape(e["id"])}">{escape(e["id"])}</a></td><td>{escape(e["kind"])}</td>'
                  f"<td>{escape(e['statement'])}</td><td>{_chip(e['verdict'])}</td><td>{escape(effect(e))}</td></tr>"
                  for e in members]  # fmt: skip
        parts.append("</table></div>")
    parts += [_article(entry) for entry in entries]
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _chip(name: str) -> str:
    return f'<span class="verdict {name}">{SIGNS[name]} {name}</span>'


def _article(entry: Entry) -> str:
    each = escape(entry["id"])
    power = f" (power {entry['power']:.2f})" if entry["verdict"] == "undecided" else ""
    parts = [f'<article id="{each}"><h3>{each}</h3>', f"<blockquote>{escape(entry['statement'])}</blockquote>",
             f"<p>{_chip(entry['verdict'])}{power} {escape(entry['seen'])}</p>"]  # fmt: skip
    if entry["broken"]:
        parts.append(f'<p class="note">Broken: {escape(entry["broken"])}.</p>')
    parts.append(f'<img src="{escape(entry["figure"])}" loading="lazy" alt="{escape(entry["statement"])} '
                 f'{escape(entry["verdict"])}: {escape(effect(entry))}">')  # fmt: skip
    if entry["settings"]:
        parts.append("<table><tr><th>setting</th><th>verdict</th><th>measured</th></tr>")
        parts += [f"<tr><td>{escape(s['name'])}</td><td>{_chip(s['verdict'])}</td>"
                  f"<td>{escape(s['effect']['words'])}</td></tr>" for s in entry["settings"]]  # fmt: skip
        parts.append("</table>")
    parts.append("<dl>")
    parts += [f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in _facts(entry)]
    return "\n".join([*parts, "</dl></article>"])


def verdict_table(entries: Sequence[Entry], page: str) -> str:
    """Which claims came out how, for a README: a row a verdict.

    Args:
        entries: of all claims.
        page: where ``claims.md`` is, for the links.
    """
    lines = ["| verdict | claims |", "|---|---|"]
    for name in VERDICTS:
        found = [f"[{entry['id']}]({page}#{entry['id']})" for entry in entries if entry["verdict"] == name]
        if found:
            lines.append(f"| {SIGNS[name]} {name} ({len(found)}) | {', '.join(found)} |")
    return "\n".join(lines) + "\n"
