"""The plain names of the command line are those of the code that stands behind them."""

import inspect

import keras
import pytest

from custom import catalog
from experiments import datasets, heads, initialisers, models, names
from experiments.training.setup import make_optimizer

# Name in a plan -> name of the rule: batch GD is SGD with the whole training part as its batch.
RULES = {name: "sgd" if name == "batch_gd" else name for name in names.OPTIMIZERS}
# What Keras's base class gives to every optimizer and that a plan may set.
BASE = {"weight_decay", "clipnorm", "clipvalue", "global_clipnorm"}


def test_components_are_those_of_the_catalog():
    assert set(names.ACTIVATIONS) == set(catalog.ACTIVATIONS)
    assert set(names.LOSSES) == set(catalog.LOSSES)
    assert set(RULES.values()) == set(catalog.OPTIMIZERS)


@pytest.mark.parametrize("name", names.OPTIMIZERS)
def test_default_rate_and_constants_are_those_of_the_rule(name):
    defaults = dict(catalog.OPTIMIZERS[RULES[name]].defaults)
    assert names.DEFAULT_RATES[name] == defaults.pop("learning_rate")
    assert set(names.OPTIMIZER_ARGUMENTS[name]) == set(defaults) | BASE
    constants = {
        key: value for key, value in make_optimizer(name, 0.5, defaults).get_config().items() if key in defaults
    }
    assert constants == pytest.approx(defaults)


def test_optimizers_take_what_a_plan_may_set_of_the_base_class():
    assert set(inspect.signature(keras.optimizers.Adam).parameters) >= BASE


@pytest.mark.parametrize("name", names.KERAS_RATES)
def test_keras_optimizers_exist_with_that_default_rate(name):
    signature = inspect.signature(getattr(keras.optimizers, name))
    assert signature.parameters["learning_rate"].default == names.KERAS_RATES[name]


def test_no_keras_optimizer_is_forgotten():
    # Optimizer is the base class; the other two wrap optimizers.
    known = {name for name, each in vars(keras.optimizers).items()
             if inspect.isclass(each) and issubclass(each, keras.optimizers.Optimizer)}  # fmt: skip
    assert known - set(names.KERAS_RATES) == {"Optimizer", "LossScaleOptimizer", "MultiOptimizer"}


@pytest.mark.parametrize("name", names.KERAS_ACTIVATIONS)
def test_keras_activations_exist(name):
    assert keras.activations.get(name)(keras.ops.convert_to_tensor([[-1.0, 2.0]])).shape == (1, 2)


def test_models_are_the_builders_with_their_arguments():
    assert set(models.BUILDERS) == set(names.MODELS) == set(names.MODEL_ARGUMENTS)
    for name, builder in models.BUILDERS.items():
        own = list(inspect.signature(builder).parameters)[4:]  # behind shape, head, activation, arguments
        assert [each for each in own if each != "filters"] == list(names.MODEL_ARGUMENTS[name])
    assert set(names.LEAST) == {argument for several in names.MODEL_ARGUMENTS.values() for argument in several}


def test_datasets_heads_initialisers():
    assert set(datasets.cards()) == set(names.DATASETS)
    assert {head for head, _ in heads.DEFAULTS.values()} <= set(names.HEADS) <= set(catalog.ACTIVATIONS)
    for scheme in names.INITIALISERS:
        assert initialisers.scale(scheme, (3, 5)) > 0


def test_schemes_are_given_to_activations_that_exist():
    known = {*names.ACTIVATIONS, *(f"keras:{name}" for name in names.KERAS_ACTIVATIONS)}
    assert known >= {*initialisers.HE, *initialisers.LECUN}
    assert {initialisers.initialiser_for(name) for name in known} == set(names.INITIALISERS)
