"""The label of a model taken apart and told in words: ``mlp(depth=8, norm=1)`` is an mlp of depth 8 with batch norm."""

import re

LABEL = re.compile(r"([\w:.-]+)\((\w+=\w+(?:, \w+=\w+)*)\)")
WORDS = {
    "depth": "depth {}",
    "width": "width {}",
    "last": "last layer {}",
    "dense": "dense layer {}",
    "norm": "batch norm",
    "skip": "residual",
}
SWITCHES = ("norm", "skip")
"""Arguments that are off or on: what makes a net a modern one."""


def parted(label: str) -> tuple[str, dict[str, str]]:
    """The model and its arguments.

    >>> parted("mlp(depth=8, norm=1)"), parted("cnn")
    (('mlp', {'depth': '8', 'norm': '1'}), ('cnn', {}))
    """
    found = LABEL.fullmatch(label)
    if found is None:
        return label, {}
    return found[1], dict(each.split("=") for each in found[2].split(", "))  # type: ignore[misc]


def words(label: str) -> str:
    """The label in words.

    >>> words("mlp(depth=8, norm=1, skip=1)"), words("cnn-slim(norm=0)"), words("my model (1)")
    ('mlp, depth 8, batch norm, residual', 'cnn-slim', 'my model (1)')
    """
    name, arguments = parted(label)
    order = [*(each for each in WORDS if each in arguments), *(each for each in arguments if each not in WORDS)]
    told = [WORDS.get(each, each + " {}").format(arguments[each]) for each in order
            if each not in SWITCHES or arguments[each] != "0"]  # fmt: skip
    return ", ".join([name, *told])
