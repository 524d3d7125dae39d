"""The committed pages are those that the specs make; their pictures are there, small, and their examples run."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from custom import catalog
from experiments.component_docs.examples import example
from experiments.component_docs.pages import INDEX, page, pages
from experiments.component_docs.pictures import draw

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs" / "components"
SPECS = {**catalog.ACTIVATIONS, **catalog.LOSSES, **catalog.OPTIMIZERS}
COMMAND = "python -m experiments components --docs docs/components"


def test_the_committed_pages_are_what_the_specs_make():
    made = pages(list(SPECS.values()))
    assert {path.name for path in FOLDER.glob("*.md")} == set(made), f"run: {COMMAND}"
    for name, text in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name} is not up to date; run: {COMMAND}"


@pytest.mark.parametrize("name", SPECS)
def test_every_page_shows_its_picture_which_is_small(name):
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    (picture,) = re.findall(r"\]\((figures/[^)]+)\)", text)
    assert (FOLDER / picture).read_bytes().startswith(b"\x89PNG")
    assert (FOLDER / picture).stat().st_size < 30_000
    assert f"```math\n{SPECS[name].latex}\n```" in text
    assert set(re.findall(r"\]\(([^)#]+\.md)", text)) == {
        "README.md",
        "../../results/showcase/conformance/conformance.md",
    }
    assert (FOLDER / "../../results/showcase/conformance/conformance.md").is_file()


def test_no_picture_is_left_over():
    assert {path.stem for path in (FOLDER / "figures").iterdir()} == set(SPECS)
    assert set(re.findall(r"\]\((\w+)\.md\)", (FOLDER / INDEX).read_text(encoding="utf-8"))) == set(SPECS)


def test_a_change_of_a_spec_changes_its_page():
    spec = SPECS["elu"]
    assert page(spec) != page(replace(spec, defaults={"alpha": 2.0}))
    assert page(spec) != page(replace(spec, deviations="some"))


@pytest.mark.parametrize("name", ["maxout", "sparse_categorical_crossentropy", "nag"])
def test_a_picture_is_drawn_from_the_component(name, tmp_path):
    draw(SPECS[name], tmp_path / "one.png")
    draw(replace(SPECS[name]), tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert 3_000 < (tmp_path / "one.png").stat().st_size < 30_000


@pytest.mark.slow
def test_every_example_runs():
    program = "\n\n".join(f"# {name}\n{example(SPECS[name])}" for name in SPECS)
    done = subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", program], cwd=ROOT, capture_output=True,
                          text=True, env=os.environ | {"KERAS_BACKEND": "jax"})  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["prelu", "categorical_hinge", "adadelta"])
def test_an_example_runs_as_it_stands(name):
    exec(example(SPECS[name]), {})


def test_bars_stay_bars():
    """A slash in their place would be another formula."""
    spec = SPECS["mean_absolute_error"]
    assert "|" in spec.formula
    assert f"`{spec.formula.replace('|', '∣')}`" in pages([spec])[INDEX]
