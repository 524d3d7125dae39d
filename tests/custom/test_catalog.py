"""The tables, what is exported, and what the package needs to be imported."""

import inspect
import tomllib
from pathlib import Path

import keras
import pytest

import custom
from custom import catalog
from custom.spec import Spec
from experiments import names

ROOT = Path(__file__).parents[2]

SPECS = [
    pytest.param(spec, id=f"{spec.kind}-{spec.name}")
    for table in (catalog.ACTIVATIONS, catalog.LOSSES, catalog.OPTIMIZERS)
    for spec in table.values()
]


def test_names_are_those_of_the_catalog():
    assert tuple(catalog.ACTIVATIONS) == names.ACTIVATIONS
    assert tuple(catalog.LOSSES) == names.LOSSES
    assert set(catalog.OPTIMIZERS) == set(names.OPTIMIZERS) - {"batch_gd"}


@pytest.mark.parametrize("spec", SPECS)
def test_spec_is_filled_in(spec: Spec):
    for field in ("name", "formula", "latex", "derivative", "source", "deviations", "keras"):
        text = getattr(spec, field)
        assert text, f"{field} is empty."
        assert text == text.strip()
        assert "$" not in text
    assert any(digit.isdigit() for digit in spec.source), "source has no year."


@pytest.mark.parametrize("spec", SPECS)
def test_defaults_are_those_of_the_constructor(spec: Spec):
    parameters = inspect.signature(spec.factory).parameters
    for name, value in spec.defaults.items():
        assert parameters[name].default == value


@pytest.mark.parametrize("spec", SPECS)
def test_symbols_are_arguments(spec: Spec):
    allowed = set(inspect.signature(spec.factory).parameters)
    if spec.function is not None:
        allowed |= set(inspect.signature(spec.function).parameters)
    if spec.kind == "activation":
        assert set(spec.symbols.values()) <= allowed


@pytest.mark.parametrize("spec", SPECS)
def test_nearest_builtin_is_there(spec: Spec):
    if spec.keras == "none":
        return
    found = keras
    for part in spec.keras.split(".")[1:]:
        found = getattr(found, part.split("(")[0])
    assert callable(found)


@pytest.mark.parametrize("spec", SPECS)
def test_component_is_registered(spec: Spec):
    registered = keras.saving.get_registered_name(spec.factory)
    assert registered == f"gradlab>{spec.factory.__name__}"
    assert custom.load()[registered] is spec.factory


@pytest.mark.parametrize(
    "package", [custom.activations, custom.layers, custom.losses, custom.optimizers], ids=lambda p: p.__name__
)
def test_exports_are_there_and_documented(package):
    for name in package.__all__:
        exported = getattr(package, name)
        assert not callable(exported) or (exported.__doc__ or "").strip(), f"{name} has no docstring."


def test_load_brings_back_what_keras_forgot():
    known = keras.saving.get_custom_objects()
    before = dict(known)
    known.clear()
    try:
        assert keras.saving.get_registered_object("gradlab>ReLU") is None
        objects = custom.load()
        assert keras.saving.get_registered_object("gradlab>ReLU") is custom.layers.ReLU
        assert objects["gradlab>relu"] is custom.activations.relu
        assert all(name in objects for name in before if name.startswith("gradlab>"))
    finally:
        known.update(before)


def test_version_is_that_of_the_distribution():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert custom.__version__ == project["version"]
