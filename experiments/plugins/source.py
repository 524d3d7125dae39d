"""Finds and imports the module of a plugin, in a worker, and says which sources it is made of."""

import contextlib
import hashlib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from experiments.checks import hint
from experiments.errors import PlanError
from experiments.plugins.imports import reached

OURS = ("experiments", "custom")
INSTALLED = {"site-packages", "dist-packages"}


def find(given: str, here: Path) -> tuple[str, Path]:
    """Name and folder of a module.

    Args:
        given: the path of a file or package, or a name: of one in ``here``, else of an installed one.
        here: the current directory.

    Raises:
        PlanError: there is no such module, or its name cannot be imported.
    """
    path = here / given
    if given.endswith(".py") or os.sep in given or path.is_dir():
        path = path.resolve()
        if not (path.is_file() and path.suffix == ".py") and not (path / "__init__.py").is_file():
            raise PlanError(f"--plugin {given}: there is no such file; give a .py file or the name of a module"
                            + hint(path.name, (each.name for each in path.parent.glob("*.py"))))  # fmt: skip
        name, folder = path.stem, path.parent
    else:
        name, folder = given, here.resolve()
    top = name.partition(".")[0]
    if not all(part.isidentifier() for part in name.split(".")):
        raise PlanError(f"--plugin {given}: {name!r} cannot be imported; allowed: letters, digits and _: rename it")
    if (folder / f"{top}.py").is_file() or (folder / top / "__init__.py").is_file():
        if top in sys.stdlib_module_names or top in sys.modules:
            raise PlanError(f"--plugin {given}: {top!r} is the name of another module that is in use here: rename it")
        return name, folder
    spec = importlib.util.find_spec(top)
    if spec is None or not spec.origin:
        near = hint(top, (each.stem for each in folder.glob("*.py")))
        raise PlanError(f"--plugin {given}: there is no {top}.py in the current directory and no installed module of "
                        f"that name{near}: give the path of the file")  # fmt: skip
    origin = Path(spec.origin)
    return name, (origin.parent.parent if origin.name == "__init__.py" else origin.parent).resolve()


def load(name: str, folder: Path) -> tuple[ModuleType, tuple[str, ...]]:
    """Import a module, and say which files it is made of: its own, and those beside it that it imports now or later.

    Raises:
        PlanError: it cannot be imported; the text says why, and in which line of the user's.
    """
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        with _from_sources():
            module = importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit() too
        raise PlanError(f"plugin {name} cannot be imported: {say(error, folder)}") from None
    top, alone = name.partition(".")[0], bool(INSTALLED & set(folder.parts))
    files = set()
    for each in set(sys.modules) - before:
        file = getattr(sys.modules.get(each), "__file__", None)
        if file:
            with contextlib.suppress(ValueError):
                files.add(Path(file).resolve().relative_to(folder).as_posix())

    def mine(file: str) -> bool:
        first = Path(file).parts[0].partition(".")[0]
        return first not in OURS and (first == top if alone else not INSTALLED & set(Path(file).parts))

    return module, tuple(sorted(reached(folder, filter(mine, files), mine)))


def digest(folder: Path, files: Iterable[str]) -> str:
    """sha256 over the sources, with their names."""
    found = hashlib.sha256()
    for name in files:
        content = (folder / name).read_bytes()
        found.update(f"{name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def say(error: BaseException, folder: Path) -> str:
    """An error in one line, with the line of the user's own code that it came from."""
    text = " ".join(str(error).split())[:300]
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if isinstance(error, SyntaxError) and error.filename:
        return f"{type(error).__name__}: {error.msg} ({Path(error.filename).name}:{error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    mine = [each for each in frames if _within(each.filename, folder)]
    return f"{what} ({Path(mine[-1].filename).name}:{mine[-1].lineno})" if mine else what


def _within(file: str, folder: Path) -> bool:
    try:
        path = Path(file).resolve().relative_to(folder)
    except ValueError:
        return False
    return path.parts[0] not in OURS and not INSTALLED & set(path.parts)


@contextlib.contextmanager
def _from_sources() -> Iterator[None]:
    """Import from sources alone: Python takes compiled code for current where size and second of a file agree, and a
    change within a second would be another digest on the old code."""
    before = sys.dont_write_bytecode, sys.pycache_prefix
    sys.dont_write_bytecode, sys.pycache_prefix = True, os.devnull
    try:
        yield
    finally:
        sys.dont_write_bytecode, sys.pycache_prefix = before
