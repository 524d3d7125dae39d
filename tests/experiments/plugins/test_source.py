"""How a plugin is found and imported, and which sources it is made of."""

import os
import sys
import warnings

import pytest

from experiments.errors import PlanError
from experiments.plugins import source


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize("given", ["some_parts.py", "some_parts", "./some_parts.py"])
def test_a_module_of_the_current_directory_by_path_or_name(tmp_path, given):
    (tmp_path / "some_parts.py").write_text("")
    assert source.find(given, tmp_path) == ("some_parts", tmp_path)


def test_a_module_elsewhere_and_a_package(tmp_path):
    (tmp_path / "there" / "some_package").mkdir(parents=True)
    (tmp_path / "there" / "some_package" / "__init__.py").write_text("")
    (tmp_path / "there" / "some_parts.py").write_text("")
    assert source.find("there/some_parts.py", tmp_path) == ("some_parts", tmp_path / "there")
    assert source.find("there/some_package", tmp_path) == ("some_package", tmp_path / "there")
    assert source.find("some_package", tmp_path / "there") == ("some_package", tmp_path / "there")


def test_an_installed_module(tmp_path):
    name, folder = source.find("keras_tuner.engine", tmp_path)
    assert name == "keras_tuner.engine"
    assert (folder / "keras_tuner" / "engine").is_dir()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("some_prts.py", "give a .py file or the name of a module (did you mean 'some_parts.py'?)"),
        ("some_prts", "no installed module of that name (did you mean 'some_parts'?)"),
        ("my-parts.py", "'my-parts' cannot be imported"),
        ("random.py", "the name of another module that is in use here: rename it"),
        ("pytest.py", "the name of another module that is in use here: rename it"),
        ("some_text.txt", "no installed module of that name"),
        ("empty", "there is no such file"),
    ],
)  # fmt: skip
def test_what_cannot_be_found_is_one_line(tmp_path, given, text):
    (tmp_path / "empty").mkdir()
    for name in ("some_parts.py", "my-parts.py", "random.py", "pytest.py", "some_text.txt"):
        (tmp_path / name).write_text("")
    with pytest.raises(PlanError) as raised:
        source.find(given, tmp_path)
    assert text in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("\nx = nothing\n", "NameError: name 'nothing' is not defined (broken_parts.py:2)"),
        ("def f(:\n", "SyntaxError: invalid syntax (broken_parts.py:1)"),
        ("import no_such_package\n", "No module named 'no_such_package' (broken_parts.py:1)"),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3 (broken_parts.py:2)"),
        ("import json\n\njson.loads('no')\n", "char 0) (broken_parts.py:3)"),
        ("raise ValueError('one\\n  two')\n", "ValueError: one two (broken_parts.py:1)"),
    ],
)
def test_what_cannot_be_imported_names_the_users_own_line(tmp_path, content, text):
    (tmp_path / "broken_parts.py").write_text(content)
    with pytest.raises(PlanError) as raised:
        source.load("broken_parts", tmp_path)
    assert str(raised.value).startswith("plugin broken_parts cannot be imported: ")
    assert str(raised.value).endswith(text)


def test_what_it_imports_beside_it_is_of_its_sources_and_nothing_else_is(tmp_path):
    (tmp_path / "some_tools").mkdir()
    (tmp_path / "some_tools" / "__init__.py").write_text("")
    (tmp_path / "some_tools" / "deep.py").write_text("x = 1\n")
    (tmp_path / "unused.py").write_text("")
    (tmp_path / "some_parts.py").write_text("import colorsys\nfrom some_tools import deep\n")
    _, files = source.load("some_parts", tmp_path)
    assert files == ("some_parts.py", "some_tools/__init__.py", "some_tools/deep.py")
    before = source.digest(tmp_path, files)
    (tmp_path / "some_tools" / "deep.py").write_text("x = 2\n")
    assert source.digest(tmp_path, files) != before


LATE = [
    "def f():\n    from some_late import x\n    return x\n",
    "def f():\n    import some_late\n    return some_late.x\n",
    "import importlib\nf = lambda: importlib.import_module('some_late').x\n",
    "class A:\n    def f(self):\n        from some_package.inside import late\n        return late()\n",
    "import some_package\n",
    "def f():\n    import some_package.inside as it\n",
]


@pytest.mark.parametrize("content", LATE)
def test_what_it_imports_when_it_is_called_is_of_its_sources(tmp_path, content):
    (tmp_path / "some_package").mkdir()
    (tmp_path / "some_package" / "__init__.py").write_text("def g():\n    from . import inside\n")
    (tmp_path / "some_package" / "inside.py").write_text("def late():\n    from ..some_late import x\n    return x\n")
    (tmp_path / "some_package" / "unused.py").write_text("")
    (tmp_path / "some_late.py").write_text("x = 1\nprint('loaded')\nimport custom, some_unknown\nfrom . import *\n")
    (tmp_path / "custom").mkdir()
    (tmp_path / "custom" / "__init__.py").write_text("")
    (tmp_path / "some_parts.py").write_text(content)
    _, files = source.load("some_parts", tmp_path)
    inside = ("some_package/__init__.py", "some_package/inside.py") if "package" in content else ()
    assert files == ("some_late.py", *inside, "some_parts.py")


def test_what_is_no_python_is_of_the_sources_and_not_gone_through(tmp_path):
    (tmp_path / "some_late.py").write_text("def f(:\n")
    (tmp_path / "some_parts.py").write_text("x = '\\d'\ndef f():\n    import some_late\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's own, as it compiles the module
        _, files = source.load("some_parts", tmp_path)
    assert files == ("some_late.py", "some_parts.py")


def test_a_change_within_the_same_second_is_seen(tmp_path, monkeypatch):
    """Python's compiled files would hide it: they look at the second and the size alone."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    path = tmp_path / "some_parts.py"
    for value in (1, 2):
        path.write_text(f"x = {value}\n")
        os.utime(path, (1_700_000_000, 1_700_000_000))
        module, _ = source.load("some_parts", tmp_path)
        assert module.x == value
        del sys.modules["some_parts"]
        if value == 1:
            __import__("some_parts")  # as someone else would, who leaves compiled code behind
            del sys.modules["some_parts"]
    assert list(tmp_path.glob("__pycache__/*")), "the trap was not set"
