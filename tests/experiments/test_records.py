"""A run's key: stable for ever, another one for any other run."""

import hashlib
import json
import pickle
from dataclasses import asdict, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.records import RESULTS, STATUSES, TUNING_SEEDS, Epoch, Outcome, Run, arguments
from tests.experiments.samples import CURVE, DONE, FAILED, RUN, a_run

# sha256 of the text below, first 16 digits, by a tool of its own:
#   printf '%s' "$GOLDEN" | sha256sum | cut -c1-16
# Another key here throws away every ledger there is: where training changes, raise records.SEMANTICS instead.
GOLDEN = (
    '{"activation":"relu","activation_args":[],"batch_size":32,"dataset":"digits","engine":"compiled","epochs":2,'
    '"fingerprint":"' + "f" * 64 + '","head":"softmax","initialiser":"he","learning_rate":0.001,'
    '"loss":"sparse_categorical_crossentropy","model":"mlp","model_args":[["width",64]],"optimizer":"adam",'
    '"optimizer_args":[["beta_1",0.8]],"precision":"float32","schedule":"constant","seed":0,"semantics":1}'
)
GOLDEN_KEY = "de7a488742036fce"


def test_key_is_golden():
    run = a_run(model_args=(("width", 64),), optimizer_args=(("beta_1", 0.8),), semantics=1)
    assert run.to_json() == GOLDEN
    assert run.key == GOLDEN_KEY


KEYS = [
    ({}, "348eb72c2990c1d0"),
    ({"seed": 1_000_002, "learning_rate": 1e-7}, "bf6ad45776f7b6f4"),
    ({"model_args": (("depth", 10), ("width", 64)), "optimizer": "sgd", "learning_rate": 0.0316}, "e824852ecbe10b82"),
    (
        {"optimizer_args": (("beta_1", 0.8), ("nesterov", True)), "engine": "reference", "activation": "keras:gelu"},
        "0f5aca4c170b85a8",
    ),
    ({"dataset": "größe-5k", "batch_size": 0, "learning_rate": 100.0}, "0a952bcf34e91f93"),
]


@pytest.mark.parametrize(("changes", "key"), KEYS)
def test_keys_are_what_they_always_were(changes, key):
    run = a_run(semantics=1, **changes)
    assert run.key == run.key == key
    assert Run.from_json(run.to_json()).key == pickle.loads(pickle.dumps(run)).key == key


OTHER = {str: "other", int: 7, float: 0.5, tuple: (("alpha", 0.5),)}


@pytest.mark.parametrize("name", [each.name for each in fields(Run)])
def test_every_field_changes_the_key(name):
    changed = a_run(**{name: OTHER[type(getattr(RUN, name))]})
    assert changed.key != RUN.key


def test_order_of_named_arguments_does_not_matter():
    assert arguments({"b": 1, "a": 2.0}) == arguments({"a": 2.0, "b": 1}) == (("a", 2.0), ("b", 1))


@given(
    rate=st.floats(allow_nan=False, allow_infinity=False),
    seed=st.integers(0, 2**40),
    named=st.dictionaries(st.text(), st.one_of(st.floats(allow_nan=False), st.integers(), st.text(), st.booleans())),
)
def test_run_survives_json(rate, seed, named):
    run = a_run(learning_rate=rate, seed=seed, model_args=arguments(named), activation_args=arguments(named))
    again = Run.from_json(run.to_json())
    assert again == run
    assert again.key == run.key


@pytest.mark.parametrize("outcome", [DONE, FAILED, Outcome(status="diverged", step=3, curve=CURVE[:1])])
def test_outcome_survives_json(outcome):
    again = Outcome.from_json(outcome.to_json())
    assert outcome.to_json() == json.dumps(asdict(outcome), separators=(",", ":"))
    assert again == outcome
    assert all(isinstance(epoch, Epoch) for epoch in again.curve)


def test_outcome_of_numbers_that_are_not_finite_survives_json():
    again = Outcome.from_json(replace(DONE, test_loss=float("inf"), last_test_loss=float("nan")).to_json())
    assert again.test_loss == float("inf")
    assert again.last_test_loss != again.last_test_loss


@pytest.mark.parametrize(("seed", "tuning"), [(0, False), (TUNING_SEEDS - 1, False), (TUNING_SEEDS, True)])
def test_tuning_seeds_are_apart_from_scoring_seeds(seed, tuning):
    assert a_run(seed=seed).tuning is tuning


def test_results_are_statuses():
    assert set(RESULTS) < set(STATUSES)
    assert "failed" not in RESULTS


@pytest.mark.parametrize(("args", "label"), [((), "mlp"), ((("depth", 10), ("width", 64)), "mlp(depth=10, width=64)")])
def test_model_label(args, label):
    assert a_run(model_args=args).model_label == label


def test_record_holds_nothing_but_plain_values():
    # So that the JSON text, and with it the key, is the same on every machine and version.
    for value in asdict(a_run(model_args=(("depth", 2),))).values():
        assert json.loads(json.dumps(value)) is not None


def test_golden_key_is_that_of_the_golden_text():
    assert hashlib.sha256(GOLDEN.encode()).hexdigest().startswith(GOLDEN_KEY)
