"""Plans that name parts of a plugin, and the runs that they ask for."""

from dataclasses import replace

import pytest

from experiments.errors import PlanError
from experiments.grid import DataFacts, cells
from experiments.plan import load, parse
from experiments.records import Run
from experiments.scheduling.bundle import trace_of
from tests.experiments.plugins.modules import OFFER
from tests.experiments.samples import RUN, a_run

FACTS = {"digits": DataFacts("digits", "f" * 64, "classes", 10, (8, 8, 1), 100)}


def plan(**block):
    return parse({"block": [{"dataset": "digits", **block}]}, OFFER)


def runs(asked) -> dict[tuple[str, ...], Run]:
    return {(each.template.model, each.template.activation, each.template.optimizer): each.template
            for each in cells(asked, FACTS)}  # fmt: skip


def test_only_runs_with_a_part_of_it_have_its_digest():
    found = runs(plan(activations=["relu", "plugin:swoosh"], optimizers=["adam", "plugin:signs"]))
    assert {key[1:]: run.plugin for key, run in found.items()} == {
        ("relu", "adam"): "",
        ("relu", "plugin:signs"): OFFER.digest,
        ("plugin:swoosh", "adam"): OFFER.digest,
        ("plugin:swoosh", "plugin:signs"): OFFER.digest,
    }
    assert runs(plan(model="plugin:net", activations=["relu"], optimizers=["adam"])).popitem()[1].plugin
    assert runs(plan(loss="plugin:steep", activations=["relu"], optimizers=["adam"])).popitem()[1].plugin


def test_its_initialiser_and_its_default_rate_are_used():
    found = runs(plan(activations=["plugin:swoosh"], optimizers=["plugin:signs"])).popitem()[1]
    assert (found.initialiser, found.learning_rate) == ("he", 0.003)
    other = plan(activations=["plugin:swoosh"], optimizers=["plugin:signs"], learning_rates={"plugin:signs": 0.5},
                 initialiser="glorot")  # fmt: skip
    found = runs(other).popitem()[1]
    assert (found.initialiser, found.learning_rate) == ("glorot", 0.5)


def test_keys_of_runs_without_a_plugin_are_what_they_were():
    assert RUN.key == "75c72621060752eb"
    assert "plugin" not in RUN.to_json()


def test_a_changed_plugin_is_another_run_with_another_trace():
    one, other = a_run(plugin="a" * 64), a_run(plugin="b" * 64)
    assert len({RUN.key, one.key, other.key}) == 3
    assert trace_of(one) != trace_of(other)
    assert Run.from_json(one.to_json()) == one


def test_arguments_of_a_model_and_an_optimizer():
    given = plan(model="plugin:net", model_args={"units": 5}, activations=["relu"], optimizers=["plugin:signs"],
                 optimizer_args={"plugin:signs": {"decay": 0.1}})  # fmt: skip
    run = runs(given).popitem()[1]
    assert run.model_label == "plugin:net(units=5)"
    assert run.optimizer_args == (("decay", 0.1),)


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ({"activations": ["plugin:swosh"]}, "'plugin:swosh' (did you mean 'plugin:swoosh'?)"),
        ({"optimizers": ["plugin:sings"]}, "(did you mean 'plugin:signs'?)"),
        ({"model": "plugin:nets"}, "(did you mean 'plugin:net'?)"),
        ({"loss": "plugin:step"}, "(did you mean 'plugin:steep'?)"),
        ({"model": "plugin:net", "model_args": {"width": 3}}, "'width'; allowed: units"),
        ({"optimizers": ["plugin:signs"], "optimizer_args": {"plugin:signs": {"learning_rate": 1}}}, "learning_rates"),
    ],
)
def test_a_name_that_it_does_not_offer(block, text):
    with pytest.raises(PlanError) as raised:
        plan(**block)
    assert text in str(raised.value)


@pytest.mark.parametrize("block", [{"activations": ["plugin:swoosh"]}, {"optimizers": ["plugin:x"]},
                                   {"model": "plugin:net"}, {"loss": "plugin:steep"}])  # fmt: skip
def test_without_a_plugin_the_flag_is_told(block):
    with pytest.raises(PlanError, match=r"is a part of a plugin.*name its module with --plugin MODULE"):
        parse({"block": [{"dataset": "digits", **block}]})


def test_maxout_does_not_fit_a_model_that_knows_nothing_of_it():
    with pytest.raises(PlanError, match="maxout needs layers twice as wide"):
        runs(plan(model="plugin:net"))


def test_only_adds_what_it_names_by_a_prefix():
    only = {"activation": ["relu", "plugin:swoosh", "keras:gelu"], "optimizer": ["plugin:signs"],
            "model": ["mlp", "plugin:net"]}  # fmt: skip
    got = load("smoke", OFFER).widened(only).narrowed(only)
    assert [block.model for block in got.blocks] == ["mlp", "plugin:net"]
    assert all(block.activations == ("relu", "plugin:swoosh", "keras:gelu") for block in got.blocks)
    assert all(block.learning_rates == {"plugin:signs": 0.003} for block in got.blocks)
    assert len(runs(got)) == 6
    with pytest.raises(PlanError, match=r"activation of --only: 'keras:gellu' \(did you mean 'keras:gelu'"):
        load("smoke").widened({"activation": ["keras:gellu"]})
    assert load("smoke").widened({"activation": ["relu"]}) == replace(load("smoke"))
