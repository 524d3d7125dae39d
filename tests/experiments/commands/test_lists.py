"""`components` and `data`: all that there is, aligned, within 80 columns."""

import pytest

from custom import catalog
from experiments import names
from experiments.cli import main
from experiments.commands.components import KNOWN


def said(capsys, *arguments: str) -> list[str]:
    assert main(list(arguments)) == 0
    return capsys.readouterr().out.splitlines()


def test_the_list_has_every_component_with_its_formula(capsys):
    lines = said(capsys, "components")
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line and not line.startswith(" ")] == ["activations", "losses", "optimizers"]
    everything = catalog.ACTIVATIONS | catalog.LOSSES | catalog.OPTIMIZERS
    assert set(KNOWN) == set(everything)
    text = " ".join(" ".join(lines).split())
    for name, spec in everything.items():
        assert f"{name} {' '.join(spec.formula.split())}" in text


@pytest.mark.parametrize("name", ["relu", "adam", "categorical_hinge"])
def test_one_in_full_tells_its_derivative_and_its_gap_to_keras(capsys, name):
    lines = said(capsys, "components", name)
    spec = (catalog.ACTIVATIONS | catalog.LOSSES | catalog.OPTIMIZERS)[name]
    text = " ".join(" ".join(lines).split())
    assert lines[0] == f"{name} ({spec.kind})"
    for told in (f"derivative {spec.derivative}", f"in Keras {spec.keras}", f"gap to it {spec.deviations}"):
        assert " ".join(told.split()) in text
    assert ("measured at most" in text) is (spec.keras != "none")
    assert max(map(len, lines)) <= 80
    assert {len(line) - len(line.lstrip()) for line in lines[1:]} <= {2, 14}


def test_several_are_told_in_the_order_given(capsys):
    lines = said(capsys, "components", "tanh", "relu")
    assert [line for line in lines if line and not line.startswith(" ")] == ["tanh (activation)", "relu (activation)"]


def test_every_data_set_is_here_or_says_why_not(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    lines = said(capsys, "data", "--data-dir", str(tmp_path))
    heads = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    assert set(names.DATASETS) < set(heads)
    split = lines.index("not here")
    assert heads.index("digits") < heads.index("not") < heads.index("mnist")
    assert "mnist.npz" in " ".join(lines[split:])
    assert max(len(line) for line in lines[:split]) <= 80
    digits = next(line for line in lines if line.startswith("digits"))
    assert digits.split()[:5] == ["digits", "classes", "1294", "144", "359"]
