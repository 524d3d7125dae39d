"""``figures/index.html``: every figure there with its caption, its words for those who cannot see it, its files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.reports.figures.drawings import Drawing
from experiments.reports.files import write_text
from experiments.reports.formats import STYLES
from experiments.reports.text import plain

CAPTIONS = "captions.json"
"""In the folder of each style: file name -> caption, words for those who cannot see it, why it was left out."""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title><style>
:root { color-scheme: light dark; --line: #d9d9d9; --soft: #6b6b6b; --ground: #fff; --ink: #1b1b1b }
@media (prefers-color-scheme: dark) { :root { --line: #3c3c3c; --soft: #a5a5a5; --ground: #161616; --ink: #ededed } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem;
  background: var(--ground); color: var(--ink) }
h2 { margin-top: 2.5rem } a { color: inherit } nav li { margin: .1rem 0 }
figure { border-top: 1px solid var(--line); margin: 2rem 0 0; padding-top: .5rem }
figure img { max-width: 100%; height: auto; background: #fff; border-radius: .3rem }
figcaption { font-size: .95rem } .soft { color: var(--soft); font-size: .9rem } code { overflow-wrap: anywhere }
</style></head><body>
<h1>{{ title }}</h1>
<nav aria-label="figures"><ul>{% for group, figures in groups %}
<li>{{ group }}: {% for each in figures %}<a href="#{{ each.name }}">{{ each.heading }}</a>{{ ", " if not loop.last }}
{%- endfor %}</li>{% endfor %}
</ul></nav>
{% for group, figures in groups %}<h2>{{ group }}</h2>
{% for each in figures %}<figure id="{{ each.name }}"><h3>{{ each.heading }}</h3>
<img src="{{ each.shown }}" loading="lazy" alt="{{ each.alt }}">
<figcaption>{{ each.caption }}</figcaption>
<p class="soft">{% for style, files in each.files %}{{ style }}: {% for file in files %}
<a href="{{ file }}"><code>{{ file }}</code></a>{{ ", " if not loop.last }}{% endfor %}{{ ". " }}{% endfor %}
{%- for file, why in each.left_out %}<br>Not there: <code>{{ file }}</code>, {{ why }}.{% endfor %}</p>
</figure>
{% endfor %}{% endfor %}</body></html>
"""


@dataclass(frozen=True)
class Entry:
    """A figure on the page: ``files`` by style, ``left_out`` with the reason."""

    name: str
    heading: str
    shown: str
    alt: str
    caption: str
    files: list[tuple[str, list[str]]]
    left_out: list[tuple[str, str]]


def write_gallery(folder: Path, drawn: Sequence[Drawing], captions: dict[str, str], title: str) -> Path:
    """Write the page.

    Args:
        folder: of the figures.
        drawn: the figures of the report, in their order.
        captions: name -> what it shows and how to read it.
        title: of the page.
    """
    from jinja2 import Environment

    told = {style: _told(folder / formats[0].folder) for style, formats in STYLES.items()}
    groups: dict[str, list[Entry]] = {}
    for each in drawn:
        entry = _entry(folder, each, captions[each.name], told)
        if entry.shown:
            groups.setdefault(each.group, []).append(entry)
    claims = [Entry(path.stem, path.stem.removeprefix("claim-"), path.name, f"Figure of the claim {path.stem[6:]}",
                    "Told in claims.html, with its rule and its verdict.", [("screen", [path.name])], [])
              for path in sorted(folder.glob("claim-*.png"))]  # fmt: skip
    groups |= {"Claims": claims} if claims else {}
    page = Environment(autoescape=True, trim_blocks=False).from_string(PAGE)
    return write_text(folder / "index.html", page.render(title=title, groups=list(groups.items())))


def _entry(folder: Path, each: Drawing, caption: str, told: dict[str, dict[str, Any]]) -> Entry:
    files, left_out = [], []
    for style, formats in STYLES.items():
        names = [str(Path(format_.folder) / f"{each.name}{format_.suffix}.{kind}")
                 for format_ in formats for kind in format_.kinds]  # fmt: skip
        there = [Path(name).as_posix() for name in names if (folder / name).is_file()]
        files += [(style, there)] if there else []
        stems = [f"{each.name}{format_.suffix}" for format_ in formats]
        reasons = [(stem, told[style].get(stem, {}).get("left out")) for stem in stems]
        left_out += [(f"{formats[0].folder}/{stem}", why) for stem, why in reasons if why]
    return Entry(each.name, each.heading, files[0][1][0] if files else "", plain(each.alt()), plain(caption), files,
                 left_out)  # fmt: skip


def _told(folder: Path) -> dict[str, Any]:
    """What an earlier report left there; nothing, where that is damaged."""
    path = folder / CAPTIONS
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return {name: each for name, each in told.items() if isinstance(each, dict)}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
