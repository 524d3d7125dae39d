"""Words and numbers: names that users chose, made safe for Markdown, LaTeX, files and figures."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from experiments.errors import shorten

_MARKDOWN = {character: "\\" + character for character in "\\`*_{}[]|#~$!"}
_MARKDOWN |= {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_LATEX = {character: "\\" + character for character in "{}$&#%_"}
_LATEX |= {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
}


def plain(text: object) -> str:
    """One line: no line breaks, no control characters, nothing that turns the direction of text.

    >>> plain("a\\n\\tb\\u202ec")
    'a b c'
    """
    kept = (" " if unicodedata.category(each).startswith(("C", "Z")) else each for each in str(text))
    return " ".join("".join(kept).split())


def markdown(text: object) -> str:
    """The text as itself in Markdown, also inside a table.

    >>> markdown("leaky_relu <b>|")
    'leaky\\\\_relu &lt;b&gt;\\\\|'
    """
    safe = "".join(_MARKDOWN.get(each, each) for each in plain(text))
    return safe.replace("://", "&#58;//")  # so that a name does not become a link


def latex(text: object) -> str:
    """The text as itself in LaTeX.

    >>> latex("50 % of leaky_relu")
    '50 \\\\% of leaky\\\\_relu'
    """
    return "".join(_LATEX.get(each, each) for each in plain(text))


def code(text: object) -> str:
    """The text as code in a line or in a table; its own backticks and bars would end that: others look like them.

    >>> code("a`|b|")
    "`a'∣b∣`"
    """
    safe = plain(text).replace("`", "'").replace("|", "∣")
    return f"`{safe}`" if safe else ""


def fenced(text: str) -> str:
    """A block of code whose fence is longer than any row of backticks in it."""
    body = "\n".join(plain(line) for line in text.splitlines())
    fence = "`" * max(3, 1 + max((len(row) for row in re.findall("`+", body)), default=0))
    return f"{fence}\n{body}\n{fence}"


def digits(text: str, count: int = 6) -> str:
    """The first hexadecimal digits of the text's sha256: the same in every process."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:count]


def slug(name: str) -> str:
    """A file name: the name itself where it is safe, else what is safe of it and six digits of its hash.

    >>> slug("cifar10-5k"), slug("../etc")
    ('cifar10-5k', 'etc-f7f912')
    """
    safe = re.sub(r"[^a-z0-9.-]+", "-", name.lower()).strip("-.")[:40].strip("-.")
    return safe if safe and safe == name else f"{safe or 'x'}-{digits(name)}"


def short_labels(names: Iterable[str], limit: int = 22, show: Callable[[object], str] = plain) -> dict[str, str]:
    """Name -> a label of at most ``limit`` characters; names that would look alike get a hash.

    >>> list(short_labels(["relu", "a" * 9 + "b" + "c" * 9, "a" * 9 + "d" + "c" * 9], 14).values())
    ['relu', 'aaaa…cccc db69', 'aaaa…cccc c852']
    """
    labels = {name: shorten(show(name) or "(no name)", limit) for name in names}
    times = Counter(labels.values())
    return {
        name: label if times[label] == 1 else f"{shorten(label, limit - 5)} {digits(name, 4)}"
        for name, label in labels.items()
    }


def join(words: Sequence[str], limit: int | None = None) -> str:
    """``a, b and c``, or ``a, b and 5 more``.

    >>> join(["a", "b", "c"]), join(["a", "b", "c", "d"], 2)
    ('a, b and c', 'a, b and 2 more')
    """
    if limit is not None and len(words) > limit:
        words = [*words[:limit], f"{len(words) - limit} more"]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def count(number: int, one: str, many: str = "") -> str:
    """``1 seed``, ``3 seeds``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def seed_list(seeds: Sequence[int]) -> str:
    """``3 seeds (0 to 2)``.

    >>> seed_list([0, 1, 2]), seed_list([7]), seed_list([1, 5])
    ('3 seeds (0 to 2)', '1 seed (7)', '2 seeds (1 and 5)')
    """
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        inner = f"{seeds[0]} to {seeds[-1]}"
    else:
        inner = join([str(seed) for seed in seeds], 8)
    return f"{count(len(seeds), 'seed')} ({inner})" if len(seeds) else "no seed"


def rate(value: float) -> str:
    """A learning rate, as short as it can be told."""
    return f"{value:.4g}"


def seconds(value: float) -> str:
    """A duration that a person reads.

    >>> seconds(0.25), seconds(75), seconds(7300)
    ('0.25 s', '1 min 15 s', '2 h 1 min')
    """
    if value < 60:
        return f"{value:.3g} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def size(value: float) -> str:
    """Bytes that a person reads.

    >>> size(0), size(2048), size(5 * 2**20)
    ('0 B', '2 KiB', '5 MiB')
    """
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.3g} {unit}" if value < 1000 else f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.3g} GiB"
