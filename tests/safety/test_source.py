"""What the code may call: nothing that runs, unpacks or loads what a stranger's file says."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*(ROOT / "custom").rglob("*.py"), *(ROOT / "experiments").rglob("*.py")])

FORBIDDEN = {
    "eval", "exec", "pickle.load", "pickle.loads", "pickle.Unpickler", "cPickle.load", "dill.load", "joblib.load",
    "marshal.load", "marshal.loads", "shelve.open", "torch.load", "yaml.load", "np.fromregex", "pd.read_pickle",
    "extractall", "extract", "load_model", "model_from_json", "deserialize_keras_object",
    "enable_unsafe_deserialization", "os.system", "os.popen",
}  # fmt: skip
"""Names of calls, alone or behind a module."""

ALLOWED: dict[str, str] = {
    "experiments/datasets/cifar10.py: pickle.Unpickler": "its subclass finds NumPy's arrays and nothing else, and "
    "opens only files of the published checksum",
    "custom/layers/dense.py: keras.saving.deserialize_keras_object": "the activation within a layer's own config, read "
    "by whoever loads the model, under Keras's safe mode",
    "custom/testing/common.py: keras.models.load_model": "of the file that the check has just written",
}
"""File: call -> why it may."""


def calls(tree: ast.AST) -> list[str]:
    """Every name that is called or built upon, as it is written: ``np.load``."""
    nodes = [each.func for each in ast.walk(tree) if isinstance(each, ast.Call)]
    nodes += [base for each in ast.walk(tree) if isinstance(each, ast.ClassDef) for base in each.bases]
    return [ast.unparse(each) for each in nodes]


def forbidden(text: str) -> list[str]:
    """Those calls in a source that no file may have.

    >>> forbidden("import pickle; pickle.loads(b''); re.compile('x').search('eval(')")
    ['pickle.loads']
    """
    return [name for name in calls(ast.parse(text)) if {name, name.rpartition(".")[2], _last_two(name)} & FORBIDDEN]


def _last_two(name: str) -> str:
    return ".".join(name.split(".")[-2:])


def unguarded(text: str) -> list[str]:
    """Calls of ``numpy.load`` and ``numpy.save`` that do not forbid pickles, and of a shell."""
    found = []
    for each in ast.walk(ast.parse(text)):
        if not isinstance(each, ast.Call):
            continue
        name, given = ast.unparse(each.func), {word.arg: ast.unparse(word.value) for word in each.keywords}
        if name in ("np.load", "numpy.load", "np.save", "numpy.save") and given.get("allow_pickle") != "False":
            found.append(name)
        if given.get("shell", "False") != "False" or given.get("safe_mode", "True") != "True":
            found.append(name)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_runs_what_it_reads(path):
    text, where = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
    assert [name for name in forbidden(text) if f"{where}: {name}" not in ALLOWED] == []
    assert unguarded(text) == []


def test_every_exception_is_still_needed():
    for each in ALLOWED:
        where, name = each.split(": ")
        assert name in forbidden((ROOT / where).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    ["np.load(path)", "np.load(path, allow_pickle=True)", "subprocess.run(words, shell=True)",
     "keras.saving.load_lib(path, safe_mode=False)"],
)  # fmt: skip
def test_the_check_sees_what_is_not_guarded(text):
    assert unguarded(text)


@pytest.mark.parametrize("text", ["pickle.loads(b)", "keras.models.load_model(p)", "archive.extractall()", "eval(x)",
                                  "class A(pickle.Unpickler): pass"])  # fmt: skip
def test_the_check_sees_what_is_forbidden(text):
    assert forbidden(text)
