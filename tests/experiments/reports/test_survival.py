"""The section on modern nets tells what an optimizer does not do."""

from types import SimpleNamespace

import pandas as pd
import pytest

from experiments.reports.survival_told import MUON, sentences


@pytest.mark.parametrize(("model", "effect", "told"), [("cnn-slim", "Muon ahead of Adam", True),
                                                       ("mlp", "Muon ahead of Adam", False),
                                                       ("cnn-slim", "Adam ahead of SGD", False)])  # fmt: skip
def test_where_muon_hardly_trains_it_is_said(model, effect, told):
    effects = pd.DataFrame([{"effect": effect, "variant": "plain", "outcome": "a"}])
    (sentence,) = sentences(SimpleNamespace(model=model, headings=[effect], effects=effects))
    assert sentence.startswith(f"**{effect}**: there in plain.")
    assert (MUON in sentence) is told
