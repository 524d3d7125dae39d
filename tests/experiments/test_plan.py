"""Plans: what ships loads, and whatever is wrong is told in one line with what is allowed."""

import copy
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import names, plan
from experiments.errors import PlanError
from experiments.plan import Plan, load, parse

GOOD = {
    "name": "good",
    "title": "A good plan",
    "seeds": 2,
    "engine": "reference",
    "block": [
        {
            "dataset": "cifar10-5k",
            "model": "mlp",
            "model_args": {"depth": 3, "width": 64},
            "activations": ["relu", "keras:gelu"],
            "optimizers": ["adam", "momentum", "keras:AdamW"],
            "optimizer_args": {"adam": {"beta_1": 0.8}, "keras:AdamW": {"weight_decay": 0.1}},
            "learning_rates": {"adam": 0.003, "momentum": 1},
            "epochs": 3,
            "batch_size": 16,
            "loss": "mean_squared_error",
            "head": "softmax",
            "initialiser": "he",
        },
        {"dataset": "digits"},
    ],
}


def block(**changes):
    table = copy.deepcopy(GOOD)
    table["block"][0] |= changes
    return table


def losses(value):
    return {"block": [{"dataset": "digits", "losses": value}]}


def top(**changes):
    return copy.deepcopy(GOOD) | changes


@pytest.mark.parametrize("name", plan.available())
def test_every_shipped_plan_loads_under_its_own_name(name):
    loaded = load(name)
    assert loaded.name == name
    assert loaded.title != name
    assert loaded.blocks


def test_the_plans_that_the_documentation_names_are_there():
    assert {"smoke", "default", "mnist", "cifar10", "full"} <= set(plan.available())


def test_what_a_plan_says_is_what_it_means():
    loaded = parse(copy.deepcopy(GOOD))
    first, second = loaded.blocks
    assert (loaded.name, loaded.title, loaded.seeds, loaded.engine) == ("good", "A good plan", 2, "reference")
    assert (first.dataset, first.model, first.model_args) == ("cifar10-5k", "mlp", {"depth": 3, "width": 64})
    assert first.activations == ("relu", "keras:gelu")
    assert first.optimizers == ("adam", "momentum", "keras:AdamW")
    assert first.optimizer_args == {"adam": {"beta_1": 0.8}, "keras:AdamW": {"weight_decay": 0.1}}
    assert (first.epochs, first.batch_size, first.loss, first.head) == (
        3,
        16,
        "mean_squared_error",
        "softmax",
    )
    assert first.initialiser == "he"
    rates = [plan.learning_rate(first, optimizer) for optimizer in first.optimizers]
    assert rates == [0.003, 1.0, names.KERAS_RATES["AdamW"]]
    assert all(type(rate) is float for rate in rates)  # 1 and 1.0 are the same run
    assert second.activations == names.ACTIVATIONS[:8]
    assert second.optimizers == names.OPTIMIZERS
    assert [plan.learning_rate(second, each) for each in names.OPTIMIZERS] == list(names.DEFAULT_RATES.values())


WRONG = [
    # what is wrong, and what the one line has to say
    (top(seed=3), "unknown key in the plan: 'seed' (did you mean 'seeds'?); allowed: block, engine"),
    (top(seeds=0), "seeds is 0; allowed: a whole number from 1 to"),
    (top(seeds=10**9), "seeds is 1000000000; allowed: a whole number from 1 to"),
    (top(seeds=True), "seeds is True; allowed: a whole number"),
    (top(seeds=2.0), "seeds is 2.0; allowed: a whole number"),
    (top(seeds="3"), "seeds is '3'; allowed: a whole number"),
    (
        top(engine="compile"),
        "unknown engine: 'compile' (did you mean 'compiled'?); allowed: reference, compiled, stacked",
    ),
    (top(name=""), "name is ''; give a text"),
    (top(name="../up"), "name is '../up'; allowed: letters"),
    (top(name="a\nb"), "allowed: letters"),
    (top(title=3), "title is 3; give a text"),
    (top(block=[]), "at least one [[block]]"),
    (top(block={"dataset": "digits"}), "at least one [[block]]"),
    (top(block=["digits"]), "at least one [[block]]"),
    ({"name": "x"}, "at least one [[block]]"),
    (top(block=[{"epochs": 3}]), "block 1 names no dataset: give one of mnist, cifar10"),
    (top(block=[{"dataset": "digits"}, {"dataset": "digits"}]), "block 2 says the same as block 1"),
    (top(tuning={"strategy": "gird"}), "(did you mean 'grid'?)"),
    (top(tuning={"trails": 3}), "(did you mean 'trials'?)"),
    (top(tuning={"points": 4}), "allowed: odd numbers"),
    (top(tuning={"points": True}), "tuning: points is True"),
    (top(tuning="grid"), "tuning is 'grid'; give a table"),
    (block(dataset="minst"), "unknown block 1: dataset: 'minst' (did you mean 'mnist'?)"),
    (block(dataset="mnist-0k"), "such as cifar10-5k"),
    (block(dataset="mnist-05k"), "such as cifar10-5k"),
    (block(dataset="mnist-٣k"), "such as cifar10-5k"),
    (block(dataset="mnist-5k\n"), "such as cifar10-5k"),
    (block(dataset="mnist-5m"), "such as cifar10-5k"),
    (block(dataset=["mnist"]), "such as cifar10-5k"),
    (block(model="resnet"), "unknown block 1: model: 'resnet'; allowed: mlp, cnn, cnn-slim"),
    (block(model=3), "allowed: mlp, cnn, cnn-slim"),
    (block(model_args={"dept": 3}), "(did you mean 'depth'?); allowed: depth, width, last"),
    (block(model="cnn-slim", model_args={"depth": 3}), "allowed: norm, skip"),
    (block(model_args={"depth": -1}), "depth is -1; allowed: a whole number from 0"),
    (block(model_args={"width": 0}), "width is 0; allowed: a whole number from 2"),
    (block(model_args={"depth": True}), "depth is True"),
    (block(model_args=3), "model_args is 3; give a table"),
    (block(activations=["rleu"]), "(did you mean 'relu'?)"),
    (
        block(activations=["keras:relu"]),
        "unknown block 1: activations: 'keras:relu' (did you mean 'keras:relu6'?)",
    ),
    (block(activations=[]), "give a list with at least one of linear, sigmoid"),
    (block(activations="relu"), "activations is 'relu'; give a list"),
    (block(activations=["relu", "tanh", "relu"]), "names something twice: relu, tanh, relu"),
    (block(optimizers=["Adam"]), "(did you mean 'adam'?)"),
    (block(optimizers=[["adam"]]), "allowed: batch_gd, sgd"),
    (block(optimizers=["adam", "adam"]), "names something twice"),
    (block(learning_rates={"adam": 0}), "learning_rates.adam is 0; allowed: a finite number above 0"),
    (block(learning_rates={"adam": -0.1}), "allowed: a finite number above 0"),
    (block(learning_rates={"adam": float("nan")}), "adam is nan; allowed: a finite number above 0"),
    (block(learning_rates={"adam": float("inf")}), "adam is inf; allowed: a finite number above 0"),
    (block(learning_rates={"adam": 10**400}), "allowed: a finite number above 0"),
    (
        block(learning_rates={"adam": 16**9999}),
        "adam is a very long number; allowed: a finite number above 0",
    ),
    (block(learning_rates={"adam": True}), "adam is True; allowed: a finite number above 0"),
    (block(learning_rates={"adma": 0.1}), "(did you mean 'adam'?)"),
    (block(learning_rates=0.1), "give a table, such as { adam = 0.001 }"),
    (
        block(optimizer_args={"adam": {"beta1": 0.9}}),
        "unknown block 1: optimizer_args.adam: 'beta1' (did you mean 'beta_1'?)",
    ),
    (block(optimizer_args={"sgd": {"momentum": 0.9}}), "allowed: weight_decay"),
    (block(optimizer_args={"adam": {"learning_rate": 0.9}}), "unknown block 1: optimizer_args.adam"),
    (block(optimizer_args={"keras:AdamW": {"learning_rate": 0.9}}), "give it under learning_rates"),
    (block(optimizer_args={"adam": {"beta_1": float("nan")}}), "beta_1 is nan; allowed: a finite number"),
    (block(optimizer_args={"adam": 0.9}), "adam is 0.9; give a table"),
    (block(constants={"adam": {"beta_1": 0.9}}), "adam.beta_1 is no list"),
    (block(constants={"adam": {"beta_1": []}}), "adam.beta_1 is no list"),
    (block(constants={"adam": {"beta_1": [0.9, 0.9]}}), "a value twice"),
    (block(constants={"adam": {"beta_3": [0.9]}}), "(did you mean 'beta_2'?)"),
    (block(epochs=0), "epochs is 0; allowed: a whole number from 1 to 100000"),
    (block(epochs=10**9), "epochs is 1000000000; allowed: a whole number from 1 to 100000"),
    (block(batch_size=0), "batch_size is 0"),
    (block(batch_size=32.5), "batch_size is 32.5"),
    (block(loss="mse"), "allowed: binary_crossentropy"),
    (block(head="relu"), "allowed: softmax, sigmoid, linear, tanh"),
    (block(losses=["hinge"]), "block 1 has both loss and losses; give losses alone"),
    (losses("hinge"), "losses is 'hinge'; give a list with at least one of binary_crossentropy"),
    (losses([]), "losses is []; give a list"),
    (losses(["hing"]), "block 1: losses: 'hing' (did you mean 'hinge'?)"),
    (losses([["hinge"]]), "allowed: binary_crossentropy"),
    (losses(["hinge on relu"]), "head of hinge: 'relu'; allowed: softmax, sigmoid, linear, tanh"),
    (losses(["hinge on "]), "head of hinge: ''"),
    (losses(["hinge", "hinge"]), "names something twice: hinge, hinge"),
    (block(initialiser="xavier"), "allowed: glorot, he, lecun"),
    (block(epoch=3), "unknown key in block 1: 'epoch' (did you mean 'epochs'?)"),
]


@pytest.mark.parametrize(("table", "words"), WRONG)
def test_what_is_wrong_is_told_in_one_line_with_what_is_allowed(table, words):
    with pytest.raises(PlanError) as caught:
        parse(table)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


def test_the_wrong_plans_are_wrong_in_one_way_only():
    assert isinstance(parse(top()), Plan)
    assert isinstance(parse(block()), Plan)


FILES = [
    (b"", "at least one [[block]]"),
    (b"seeds = ", "is not valid TOML"),
    (b"[[block]]\ndataset = 'digits'\nepochs = 1\nepochs = 2\n", "is not valid TOML"),
    (b"\x89PNG\r\n\x1a\n\x00\xff\xfe", "is not valid TOML: it is not text in UTF-8"),
    (b"seeds = " + b"9" * 5000, "is not valid TOML"),
    (b"seeds = " + b"[" * 9000, "is not valid TOML"),
    (b"{'block': [{'dataset': 'digits'}]}", "is not valid TOML"),
    (b"[[block]]\ndataset = 'digits'\nepochs = 0xffffffffffffffffffffffffffffffffffffff", "epochs is"),
]


@pytest.mark.parametrize(("content", "words"), FILES)
def test_a_file_that_is_no_plan(tmp_path, content, words):
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(PlanError) as caught:
        load(str(path))
    assert str(caught.value).startswith(f"plan {path}")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("defalt", "unknown plan: 'defalt' (did you mean 'default'?); allowed: cifar10"),
        ("none.toml", "No such file"),
        ("folder", "Is a directory"),
        ("x" * 5000, "unknown plan"),
        ("x" * 5000 + ".toml", "File name too long"),
        ("nul\0.toml", "null"),
        ("", "unknown plan"),
        (".", "Is a directory"),
    ],
)
def test_a_name_that_is_no_plan(tmp_path, monkeypatch, name, words):
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlanError) as caught:
        load(name)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_shipped_plan_is_found_where_a_folder_has_its_name(tmp_path, monkeypatch):
    (tmp_path / "smoke").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load("smoke").name == "smoke"


KEYS = [
    "name",
    "title",
    "seeds",
    "engine",
    "block",
    "tuning",
    "dataset",
    "model",
    "activations",
    "optimizers",
    "epochs",
    "batch_size",
    "learning_rates",
    "optimizer_args",
    "model_args",
    "constants",
    "loss",
    "head",
    "strategy",
]
SCALARS = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=9),
    st.builds(lambda: 16**9999),
    st.sampled_from(
        [
            *KEYS,
            "digits",
            "relu",
            "adam",
            "keras:AdamW",
            "mlp",
            "cnn",
            "mnist-5k",
            "grid",
            "compiled",
            "hinge",
        ]
    ),
)
TABLES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from([*KEYS, "adam", "other"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), TABLES), st.dictionaries(st.sampled_from(KEYS), TABLES))
def test_any_table_is_a_plan_or_a_plan_error(head, body):
    for table in (head, head | {"block": [body]}, {"block": [{"dataset": "digits"} | body]}):
        try:
            assert isinstance(parse(table), Plan)
        except PlanError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either is right


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_file_is_a_plan_or_a_plan_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    with pytest.raises(PlanError):  # no random bytes make a block with a dataset
        load(str(path))


# Narrowing and seeds


def test_more_seeds():
    assert load("smoke").with_seeds(7).seeds == 7
    for seeds in (0, -1, True, 2.5, 10**6):
        with pytest.raises(PlanError, match="seeds is"):
            load("smoke").with_seeds(seeds)


def test_narrowing_keeps_the_order_of_the_plan():
    two = parse(tomllib.loads('[[block]]\ndataset="digits"\n[[block]]\ndataset="diabetes"\nactivations=["tanh"]'))
    narrow = two.narrowed({"activation": ["tanh", "relu"], "optimizer": ["adam"]})
    assert [(b.dataset, b.activations, b.optimizers) for b in narrow.blocks] == [
        ("digits", ("tanh", "relu"), ("adam",)),
        ("diabetes", ("tanh",), ("adam",)),
    ]
    assert [b.dataset for b in two.narrowed({"activation": ["relu"]}).blocks] == ["digits"]
    assert [b.dataset for b in two.narrowed({"dataset": ["diabetes"], "model": ["mlp"]}).blocks] == ["diabetes"]
    assert two.narrowed({}) == two


def test_losses_are_narrowed_by_their_name_with_any_head_or_with_one():
    given = ["hinge", "hinge on tanh", "huber"]
    two = parse({"block": [losses(given)["block"][0], {"dataset": "digits", "loss": "huber"}, {"dataset": "diabetes"}]})

    def narrow(*wanted):
        return [(block.losses, block.loss) for block in two.narrowed({"loss": [*wanted]}).blocks]

    assert narrow("hinge") == [(("hinge", "hinge on tanh"), None)]
    assert narrow("hinge on tanh") == [(("hinge on tanh",), None)]
    assert narrow("huber") == [(("huber",), None), ((), "huber")]
    assert two.narrowed({"dataset": ["diabetes"]}).blocks == two.blocks[2:]
    with pytest.raises(PlanError, match=r"'hnge' .did you mean 'hinge'.*allowed: hinge, hinge on tanh, huber"):
        narrow("hnge")


@pytest.mark.parametrize(
    ("only", "words"),
    [
        ({"loss": ["hinge"]}, "--only loss=hinge: no block of plan 'unnamed' names its losses"),
        ({"activation": ["relu", "tnah"]}, "unknown activation of --only: 'tnah' (did you mean 'tanh'?)"),
        ({"activation": [""]}, "unknown activation of --only: ''"),
        ({"dataset": ["mnist"]}, "allowed: digits"),
        ({"model": ["cnn"]}, "allowed: mlp"),
        (
            {"dataset": ["diabetes"], "activation": ["relu"]},
            "has all of --only dataset=diabetes --only activation=relu",
        ),
    ],
)
def test_narrowing_to_what_is_not_there_is_refused(only, words):
    two = parse(tomllib.loads('[[block]]\ndataset="digits"\n[[block]]\ndataset="diabetes"\nactivations=["tanh"]'))
    with pytest.raises(PlanError) as caught:
        two.narrowed(only)
    assert words in str(caught.value)
