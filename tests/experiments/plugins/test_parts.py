"""The tables of a plugin: what is taken, and what is refused with one line."""

import types

import keras
import pytest

from experiments.errors import PlanError
from experiments.plugins import parts
from tests.experiments.plugins.modules import GOOD, loaded


def test_what_a_good_one_offers(monkeypatch, tmp_path):
    offer = loaded(monkeypatch, tmp_path)
    assert dict(offer.activations) == {"swoosh": "he", "scaled": "glorot"}
    assert dict(offer.optimizers) == {"signs": 0.003}
    assert offer.losses == ("steep",)
    assert dict(offer.models) == {"net": ("units",)}
    assert offer.named("activations") == ("plugin:swoosh", "plugin:scaled")
    assert "folder" not in offer.facts()


def test_a_changed_one_is_another(monkeypatch, tmp_path):
    before = loaded(monkeypatch, tmp_path)
    same = loaded(monkeypatch, tmp_path)
    after = loaded(monkeypatch, tmp_path, GOOD.replace("1.5 * x", "1.6 * x"))
    assert before.digest == same.digest != after.digest


class Needs(keras.layers.Layer):
    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)


class Asks(keras.losses.Loss):
    """As many arguments as a function of (y_true, y_pred)."""

    def __init__(self, low, high):
        super().__init__()


@pytest.mark.parametrize(
    ("tables", "text"),
    [
        ({}, "offers nothing: it has to define one of ACTIVATIONS, OPTIMIZERS, LOSSES, MODELS"),
        ({"ACTIVATIONS": {}}, "offers nothing"),
        ({"ACTIVATIONS": [abs]}, "ACTIVATIONS of plugin mine is of type list; it has to be a dictionary"),
        ({"ACTIVATIONS": {"a=b": abs}}, "names 'a=b'; allowed: letters, digits and _"),
        ({"ACTIVATIONS": {1: abs}}, "names 1; allowed"),
        ({"ACTIVATIONS": {"a": 3}}, "ACTIVATIONS['a'] of plugin mine is 3; it has to be a function of one tensor"),
        ({"ACTIVATIONS": {"a": lambda x, beta: x}}, "takes (x, beta); it has to be a function of one tensor"),
        ({"ACTIVATIONS": {"a": (abs, "hee")}}, "has initialiser 'hee'; allowed: glorot, he, lecun"),
        (
            {"ACTIVATIONS": {"a": Needs}},
            "is class Needs, which takes (k, **kwargs): give each argument a default, or say",
        ),
        ({"ACTIVATIONS": {"a": (Needs, "he")}}, "or say lambda: Needs(...) in its place"),
        (
            {"LOSSES": {"a": Asks}},
            "is class Asks, which takes (low, high): give each argument a default, or say lambda",
        ),
        ({"OPTIMIZERS": {"a": print}}, "it has to be a pair of class and default rate"),
        ({"OPTIMIZERS": {"a": (lambda lr: 0, 0.1)}}, "takes (lr); it has to take learning_rate="),
        ({"OPTIMIZERS": {"a": (lambda learning_rate: 0, -1)}}, "has the default rate -1; allowed"),
        ({"LOSSES": {"a": lambda y: y}}, "takes (y); it has to be a function of (y_true, y_pred)"),
        ({"MODELS": {"a": lambda shape: 0}}, "takes (shape); it has to be a function of (input_shape, outputs, activ"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_line(tables, text):
    module = types.ModuleType("mine")
    vars(module).update(tables)
    with pytest.raises(PlanError) as raised:
        parts.read(module)
    assert text in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_worker_refuses_sources_that_have_changed_since_the_plan(monkeypatch, tmp_path):
    offer = loaded(monkeypatch, tmp_path)
    parts.use(offer, offer.digest)
    with pytest.raises(PlanError, match=r"my_parts\.py is no longer what the plan was made with"):
        parts.use(offer, "0" * 64)
    monkeypatch.setattr(parts, "_loaded", None)
    (tmp_path / "my_parts.py").write_text(GOOD + "\n# changed\n")
    with pytest.raises(PlanError, match="no longer what the plan was made with"):
        parts.use(offer, offer.digest)


def test_without_one_no_part_is_to_be_had(monkeypatch):
    monkeypatch.setattr(parts, "_loaded", None)
    with pytest.raises(PlanError, match="--plugin"):
        parts.use(None, "d" * 64)
    with pytest.raises(PlanError, match="--plugin"):
        parts.activation("plugin:swoosh")
