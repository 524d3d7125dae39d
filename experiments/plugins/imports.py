"""Which files beside it a source imports, wherever in it: a function imports what is not loaded before it is called."""

import ast
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

BY_NAME = ("import_module", "__import__")


def reached(folder: Path, files: Iterable[str], wanted: Callable[[str], bool]) -> set[str]:
    """These files and all in the folder that they import, directly or through others.

    Args:
        folder: that imports are looked for in.
        files: relative to it.
        wanted: whether a file counts; what only others import does not.
    """
    found: set[str] = set()
    todo = set(files)
    while todo:
        file = todo.pop()
        found.add(file)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse((folder / file).read_bytes())
        except (SyntaxError, ValueError, RecursionError, OSError):  # whoever imports it will be told
            continue
        for parts in _modules(tree, Path(file).parent.parts):
            for length in range(1, len(parts) + 1):
                stem = Path(*parts[:length])
                for name in (stem.with_suffix(".py").as_posix(), (stem / "__init__.py").as_posix()):
                    if name not in found and wanted(name) and (folder / name).is_file():
                        todo.add(name)
    return found


def _modules(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """All that could be a module: of ``from a import b``, ``a.b`` too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(each.name.split(".")) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            inside = (*base, *(node.module.split(".") if node.module else ()))
            yield from ((*inside, each.name) for each in node.names if each.name != "*")
            if inside:
                yield inside
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            name = node.args[0].value
            if called in BY_NAME and isinstance(name, str) and all(map(str.isidentifier, name.split("."))):
                yield tuple(name.split("."))
