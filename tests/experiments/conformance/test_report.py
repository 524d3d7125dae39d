"""The command: pages, figures and numbers are written with what is installed, and what is unexplained fails it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from custom import catalog
from experiments.cli import main
from experiments.conformance import optimizers, paths, sources
from experiments.errors import PlanError

ROOT = Path(__file__).resolve().parents[3]

ALONE = """
import sys
from experiments.conformance import optimizers, paths, sources
sources.installed = lambda source: source == "keras"
optimizers.STEPS, paths.STEPS_OF_SLOW = 20, {}
sys.argv = ["experiments", "components", "--report", "--out", sys.argv[1]]
from experiments.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(optimizers, "STEPS", 5)
    monkeypatch.setattr(sources, "installed", lambda source: source == "keras")
    monkeypatch.setattr(paths, "LANDSCAPES", ())
    monkeypatch.setattr("experiments.conformance.report.draw", lambda *_: {})


def test_the_whole_page_without_pytorch_and_optax_on_the_numpy_backend(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, env=dict(os.environ, KERAS_BACKEND="numpy"),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "conformance.md").read_text(encoding="utf-8")
    record = json.loads((tmp_path / "conformance.json").read_text(encoding="utf-8"))
    everything = {**catalog.ACTIVATIONS, **catalog.LOSSES, **catalog.OPTIMIZERS}
    assert {row["component"] for row in record["rows"]} == set(everything)
    assert "none unexplained" in page
    assert "on the numpy backend of Keras" in page
    for library, extra in (("PyTorch", "torch"), ("optax", "conformance"), ("jax.nn", "jax")):
        assert f'**{library} is not installed**: `pip install ".[{extra}]"`' in page
    pictures = {f"figures/{path.name}" for path in (tmp_path / "figures").iterdir()}
    assert pictures == {"figures/conformance-overview.png"} | {
        f"figures/conformance-{name}.png" for name in catalog.OPTIMIZERS
    }
    html = (tmp_path / "conformance.html").read_text(encoding="utf-8")
    assert all(f'src="{picture}"' in html and f"({picture})" in page for picture in pictures)
    assert all(f"### {name}\n" in page for name in everything)


def test_what_is_unexplained_fails_the_command_and_is_named(quick, monkeypatch, tmp_path, capsys):
    assert main(["components", "elu", "--report", "--out", str(tmp_path)]) == 0
    assert "none unexplained" in capsys.readouterr().out
    from experiments.conformance.references import activations

    monkeypatch.setattr(activations, "elu", lambda z, a=1.0: -z)
    assert main(["components", "elu", "--report", "--out", str(tmp_path)]) == 1
    assert "UNEXPLAINED: elu against float64 formula" in capsys.readouterr().out
    assert "**✗ UNEXPLAINED**" in (tmp_path / "conformance.md").read_text(encoding="utf-8").partition("### elu")[2]


def test_docs_are_of_all_or_of_none(tmp_path):
    with pytest.raises(PlanError, match="--docs writes the pages of all components"):
        main_error(["components", "elu", "--docs", str(tmp_path)])


def main_error(arguments):
    """What the verb raises, before the command line makes one line of it."""
    from experiments.cli import build

    given = build()[0].parse_args(arguments)
    return given.run(given)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_nothing_is_unexplained_with_all_that_is_installed(backend, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "experiments", "components", "--report", "--out", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, env=dict(os.environ, KERAS_BACKEND=backend),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"on the {backend} backend" in (tmp_path / "conformance.md").read_text(encoding="utf-8")
