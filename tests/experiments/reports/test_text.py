"""Names that users chose come out as themselves, wherever they are written."""

from itertools import pairwise

import pytest
from markdown_it import MarkdownIt  # comes with Keras, by way of rich

from experiments.errors import shorten
from experiments.reports.text import code, fenced, join, latex, markdown, plain, short_labels, slug

HOSTILE = [
    "<script>alert(1)</script>|*_",
    "a|b||c",
    "*bold* _em_ **x** `code` ~~y~~",
    "[link](javascript:alert(1)) ![i](x)",
    "&lt;b&gt; & &#35;",
    r"back\slash \| \* C:\x",
    "$x^2$ # 5 %",
    "激活函数 الشبكة 🙂",
    "http://example.org/<b>",
    "<!-- c --> <b onclick=x>",
]


def texts(source: str) -> str:
    """What a reader sees of Markdown: the text of the rendered page."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source)
    inline = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inline} <= {"text", "text_special"}, source
    return "".join(child.content for child in inline)


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_shows_a_name_as_itself(name):
    assert texts(markdown(name)) == name


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_keeps_a_name_in_its_cell(name):
    tokens = MarkdownIt("commonmark").enable("table").parse(f"| h | k |\n| --- | --- |\n| {markdown(name)} | z |")
    cells = [token.content for before, token in pairwise(tokens) if before.type == "td_open"]
    assert len(cells) == 2
    assert texts(cells[0]) == name


@pytest.mark.parametrize(("given", "expected"), [
    (r"\input{x}", r"\textbackslash{}input\{x\}"),
    ("50 % of $x_1^2$ & #~", r"50 \% of \$x\_1\textasciicircum{}2\$ \& \#\textasciitilde{}"),
    ("<a|b>", r"\textless{}a\textbar{}b\textgreater{}"),
    ("two\nlines", "two lines"),
])  # fmt: skip
def test_latex(given, expected):
    assert latex(given) == expected


@pytest.mark.parametrize("given", ["a\u202eb", "a\x00b", "a\r\nb", "a\u2028b", "a\ud800b", "a\ufeffb"])
def test_plain_has_no_control_characters(given):
    assert plain(given) == "a b"


@pytest.mark.parametrize(("given", "start"), [
    ("mnist", "mnist"), ("cifar10-5k", "cifar10-5k"), ("mlp(depth=10)", "mlp-depth-10-"),
    ("../../etc", "etc-"), ("激活", "x-"), ("", "x-"), (".", "x-"), ("A", "a-"), ("x" * 300, "x" * 40 + "-"),
])  # fmt: skip
def test_slug_is_a_safe_file_name(given, start):
    made = slug(given)
    assert made.startswith(start)
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert not made.startswith((".", "-"))
    assert len(made) < 60


def test_slugs_of_different_names_differ():
    names = ["mlp(depth=1)", "mlp depth 1", "MLP", "mlp", "激", "活", "x" * 100, "x" * 101]
    assert len({slug(name) for name in names}) == len(names)


def test_a_fence_is_longer_than_the_backticks_inside():
    tokens = MarkdownIt("commonmark").parse(fenced("run ````\n# not a heading\n```"))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content == "run ````\n# not a heading\n```\n"


def test_code_holds_no_backtick_and_no_bar():
    assert code("a`b|c") == "`a'b∣c`"
    assert code("") == ""


def test_short_labels_differ_where_names_differ():
    names = ["a" * 40 + str(n) + "b" * 40 for n in range(5)] + ["x\ny", "x y"]
    labels = short_labels(names, 22)
    assert len(set(labels.values())) == len(names)
    assert max(map(len, labels.values())) <= 22


def test_shorten_keeps_both_ends():
    assert shorten("abcdefghijklmnop", 9) == "abcd…mnop"
    assert shorten("abc", 3) == "abc"


@pytest.mark.parametrize(("words", "limit", "expected"), [
    ([], None, ""), (["a"], None, "a"), (["a", "b"], None, "a and b"),
    (["a", "b", "c"], 2, "a, b and 1 more"),
])  # fmt: skip
def test_join(words, limit, expected):
    assert join(words, limit) == expected
