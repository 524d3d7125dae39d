"""The report's Markdown as HTML: raw HTML stays text, and wide tables scroll in a box of their own."""

from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    for name, words in (("table_open", _opened), ("table_close", _closed)):
        reader.add_render_rule(name, words)
    return reader


def _opened(*_: Any) -> str:
    return '<div class="wide" role="region" aria-label="Table" tabindex="0"><table>\n'


def _closed(*_: Any) -> str:
    return "</table></div>\n"


def rendered(text: str) -> Markup:
    """Markdown with paragraphs, lists and tables.

    >>> print(rendered("a **b** <i>"), end="")
    <p>a <strong>b</strong> &lt;i&gt;</p>
    """
    return Markup(_reader().render(text))


def inline(text: str) -> Markup:
    """A sentence of Markdown, without a paragraph around it."""
    return Markup(_reader().renderInline(text))
