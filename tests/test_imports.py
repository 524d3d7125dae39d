"""Who may import whom, and what the parent process never loads.

Imports are read from the source, so that one inside a function counts too.
"""

import ast
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.datasets import load
from experiments.ledger import Ledger
from tests.experiments.samples import DONE, RUN, a_run

ROOT = Path(__file__).resolve().parents[1]
BACKENDS = {"keras", "keras_tuner", "tensorflow", "jax", "torch", "ray"}
PACKAGES = ("custom", "experiments")


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}


@functools.cache
def imports(module: str, lazy: bool = True) -> frozenset[str]:
    """Full names of what a module imports: ``a.b`` for ``import a.b`` and for ``from a import b`` (a module).

    With ``lazy=False``, only what is imported along with it: nothing inside functions or under TYPE_CHECKING.
    """
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if not lazy and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return
        if not lazy and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            assert node.module is not None
            found.add(node.module)
            found.update(full for alias in node.names if (full := f"{node.module}.{alias.name}") in MODULES)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(MODULES[module].read_text(encoding="utf-8")))
    return frozenset(found)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def outside(module: str) -> set[str]:
    """Top-level names that are neither of the standard library nor of this project."""
    tops = {name.partition(".")[0] for name in imports(module)}
    return tops - set(sys.stdlib_module_names) - set(PACKAGES)


def inside(module: str) -> set[str]:
    return {name for name in imports(module) if within(name, "experiments") and name != "experiments"}


def loaded_with(module: str) -> set[str]:
    """All that is loaded when a module is: its imports, their imports, and the packages above them."""
    seen: set[str] = set()
    todo = {module}
    while todo:
        name = todo.pop()
        seen.add(name)
        above = name.rpartition(".")[0]
        more = set(imports(name, lazy=False)) if name in MODULES else set()
        todo |= (more | ({above} if above else set())) - seen
    return seen


def test_the_reading_of_imports_sees_what_there_is():
    assert {"experiments.ledger", "argparse"} <= imports("experiments.commands.status")
    assert "experiments.ledger" not in imports("experiments.commands.status", lazy=False)
    assert "keras" in loaded_with("experiments.training.compiled")
    assert len(MODULES) > 60


MORE = {
    # module -> what it imports beside Keras and the standard library, and why
    "custom.losses.base": {"numpy", "jax", "torch"},  # looks at labels where they lie on this machine's CPU
    "custom.losses.classification": {"numpy"},  # the same
    "custom.losses.margin": {"numpy"},  # the same
    "custom.optimizers.base": {"numpy", "tensorflow"},  # rules on plain arrays; TensorFlow's sparse gradients
}
"""NumPy comes with Keras. A backend may be asked inside a function, for what Keras does not offer."""


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, "custom")])
def test_custom_imports_keras_and_the_standard_library(module):
    kit = within(module, "custom.testing")
    more = {"numpy", "hypothesis", "tensorflow", "jax", "torch"} if kit else MORE.get(module, set())
    assert outside(module) <= {"keras"} | more
    assert kit or outside(module) >= more, "an exception that is no longer needed: remove it"
    assert not {name.partition(".")[0] for name in imports(module, lazy=False)} & {
        "tensorflow",
        "jax",
        "torch",
    }
    assert not inside(module)
    assert kit or not any(within(name, "custom.testing") for name in imports(module))


ONLY = {
    # module or package -> all that it may import of the project
    "records": set(),
    "names": set(),
    "errors": set(),
    "initialisers": set(),
    "checks": {"errors"},
    "places": {"errors"},
    "lock": {"errors", "places"},
    "schema": set(),
    "keylog": {"schema", "lock", "places"},
    "carving": {"schema"},
    "ledger": {"records", "errors", "lock", "places", "rows", "schema", "keylog"},
    "rows": {"records", "errors"},
    "salvage": {"records", "lock", "schema", "keylog", "carving", "ledger", "places", "rows", "unread"},
    "unread": {"records", "ledger", "scheduling.bundle"},
    "outputs": {"names", "errors", "checks"},
    "plan": {"names", "errors", "checks", "outputs", "tuning.space", "tuning", "plugins", "plugins.offer"},
    "plugins.offer": {"names"},
    "plugins.imports": set(),
    "plugins.source": {"errors", "checks", "plugins.imports"},
    "plugins.parts": {"plugins", "errors", "names"},
    "plugins.nets": {"plugins", "errors", "names", "heads", "initialisers"},
    "heads": {"errors", "names"},
    "models": {"errors", "heads", "initialisers", "names", "plugins", "variants"},
    "variants": set(),
    "statistics": {"statistics", "records", "names"},
    "datasets": {"datasets", "names", "errors"},
    "scheduling.call": set(),
    "training": {
        "training",
        "plugins",
        "datasets",
        "models",
        "heads",
        "initialisers",
        "diagnostics",
        "records",
        "errors",
        "names",
    },
    "diagnostics": {"diagnostics", "names", "records", "training.setup"},
    "tuning": {"tuning", "records", "scheduling.bundle", "scheduling", "names", "errors"},
    "frames": {"ledger", "records"},
    "reports": {"reports", "statistics", "names", "frames", "errors", "places", "records", "checks"},
    "scheduling.bundle": {"records"},
    "scheduling": {"scheduling", "records", "errors", "places", "tuning", "datasets", "training", "plugins"},
    "scheduling.pool": {"scheduling", "records", "errors", "places", "tuning"},
    "scheduling.queue": set(),
    "running": {"ledger", "scheduling.pool"},
    "scheduling.ray_pool": {"scheduling", "records", "errors"},
    "scheduling.address": {"errors"},
}


@pytest.mark.parametrize("name", ONLY)
def test_what_a_part_may_import_of_the_project(name):
    part = f"experiments.{name}"
    members = [module for module in MODULES if within(module, part)]
    assert members, f"there is no {part}"
    for module in members:
        wrong = {
            each for each in inside(module) if not any(within(each, f"experiments.{allowed}") for allowed in ONLY[name])
        }
        assert not wrong, f"{module} imports {', '.join(sorted(wrong))}"


@pytest.mark.parametrize(
    "module",
    [
        f"experiments.{name}"
        for name in (
            "records",
            "names",
            "errors",
            "lock",
            "checks",
            "plan",
            "ledger",
            "schema",
            "keylog",
            "carving",
            "salvage",
        )
    ],
)
def test_the_leaves_are_of_the_standard_library(module):
    assert not outside(module)


def test_nobody_imports_the_command_line_and_only_workers_import_training():
    assert [name for name in MODULES if "experiments.cli" in imports(name)] == ["experiments.__main__"]
    verbs = {name for name in MODULES if any(within(each, "experiments.commands") for each in imports(name))}
    assert {name for name in verbs if not within(name, "experiments.commands")} == {"experiments.cli"}
    trainers = {name for name in MODULES if any(within(each, "experiments.training") for each in imports(name))}
    allowed = (
        "experiments.training",
        "experiments.scheduling.trainers",
        "experiments.scheduling.bridge",
        "experiments.bench",
        "experiments.claims",
        "experiments.published",
        "experiments.diagnostics",
        "experiments.plugins.check",
    )
    assert {name for name in trainers if not any(within(name, each) for each in allowed)} == set()
    for name in ("trainers", "bridge"):
        assert not any(
            within(each, "experiments.training") for each in imports(f"experiments.scheduling.{name}", lazy=False)
        )


LIGHT = (
    "plan",
    "ledger",
    "salvage",
    "frames",
    "cli",
    "commands",
    "__main__",
    "work",
    "campaign",
    "sweep",
    "verify",
    "published.runner",
    "published.page",
    "progress",
    "running",
    "bench.growth",
    "bench.extrapolation",
    "bench.made_up",
    "grid",
    "statistics",
    "reports",
    "results",
    "stored",
    "exporters",
    "datasets",
    "scheduling",
    "plugins.offer",
    "plugins.helper",
    "tuning",
    "records",
    "names",
    "initialisers",
    "heads",
)


@pytest.mark.parametrize("name", LIGHT)
def test_what_the_parent_process_loads_brings_no_backend_along(name):
    for module in MODULES:
        if within(module, f"experiments.{name}"):
            heavy = {
                each for each in loaded_with(module) if each.partition(".")[0] in BACKENDS or within(each, "custom")
            }
            assert not heavy, f"{module} loads {', '.join(sorted(heavy))}"


MEASURING = {"experiments.claims.nets"}
"""What only the probes of claims import, inside their functions, in a worker."""


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, "experiments.claims")])
def test_claims_are_listed_and_judged_without_a_backend(module):
    heavy = {name for name in loaded_with(module) if name.partition(".")[0] in BACKENDS or within(name, "custom")}
    assert bool(heavy) is (module in MEASURING), f"{module} loads {', '.join(sorted(heavy)) or 'no backend'}"
    users = {name for name in MODULES if module in imports(name) and not within(name, "experiments.claims")}
    assert users <= {"experiments.commands.claims"}


RUNNER = """
import json, sys
from experiments.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """A small finished ledger, and a cache that holds the digits: scikit-learn, which has them, loads pandas."""
    folder = tmp_path_factory.mktemp("out")
    load("digits", cache_dir=folder / "cache")
    runs = [a_run(activation=activation, seed=seed) for activation in ("relu", "tanh") for seed in (0, 1)]
    with Ledger.write(folder / "ledger.sqlite") as ledger:
        data = {
            "name": "digits",
            "title": "Digits",
            "fingerprint": RUN.fingerprint,
            "provenance": "here",
            "canonical": None,
            "split": "by hand",
            "task": "classes",
            "sizes": {"train": 6, "validation": 2, "test": 2},
        }
        ledger.plan(
            [(number, "default", run) for number, run in enumerate(runs)],
            {
                "plan": "mine",
                "plan_title": "Mine",
                "seeds": 2,
                "datasets": [data],
                "notices": [],
                "command": "x",
                "workers": 1,
                "engine": "compiled",
                "tuning": {"strategy": "none"},
            },
        )
        for run in runs:
            ledger.record(run, DONE)
    return folder


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        (["--help"], {"numpy", "pandas", "multiprocessing"}),
        (["status"], {"numpy", "multiprocessing", "pandas", "matplotlib", "sklearn", "scipy"}),
        (["sweep", "smoke", "--dry-run"], {"pandas", "matplotlib"}),
        (["claims", "--list"], set()),
        (["report"], set()),
    ],
)
def test_the_parent_process_never_loads_a_backend(arguments, more, out):
    where = [] if "--help" in arguments else ["--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, *arguments, *where],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"MPLBACKEND": "Agg", "GRADLAB_CACHE": str(out / "cache")},
    )
    assert done.returncode == 0, done.stderr
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    assert sorted((BACKENDS | more) & set(modules)) == []
