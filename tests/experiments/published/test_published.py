"""Tables from outside: the comparison, what is kept, the page; the trainings themselves are slow tests."""

import json
import math
import warnings
from functools import partial

import numpy as np
import pytest

from experiments.cli import main
from experiments.errors import DataError, UserError
from experiments.progress import duration
from experiments.published import page, reasons, runner, scikit_learn
from experiments.published.comparison import compare, together
from experiments.published.runner import Done, Job
from experiments.published.table import ACCURACY, LOSS, Row, Table
from experiments.published.tables import TABLES, chosen
from experiments.scheduling.pool import Pool
from tests.experiments.scheduling import trivial

FAKE = Table(
    id="fake", title="Fake", source="Nobody", url="https://example.org", data="", setup="none", assumed=("all",),
    columns={"score": ACCURACY, "loss": LOSS}, digits=4, train="tests.experiments.published.fake:train", seeds=3,
    rows=(Row("good", {"name": "good"}, {"score": 0.91, "loss": 1.0}, "it is good"),
          Row("lost", {"name": "lost"}, {"score": 0.5, "loss": 1.0})),
)  # fmt: skip


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(runner, "Pool", partial(Pool, target=trivial.main))


def test_another_run_of_our_own_agrees_in_95_cases_of_100():
    draws = np.random.default_rng(0).normal(0.9, 0.01, (4000, 6))
    agreed = np.mean([compare(row[0], row[1:]).agrees for row in draws])
    assert agreed == pytest.approx(0.95, abs=0.01)


def test_a_number_that_lies_far_off_is_told_in_sigmas():
    ours = [0.90, 0.91, 0.92]
    found = compare(0.97, ours)
    assert (found.agrees, found.n, found.lost) == (False, 3, 0)
    assert found.sigmas == pytest.approx((0.97 - 0.91) / 0.01)
    assert found.mean == pytest.approx(0.91)
    assert found.low < found.mean < found.high


@pytest.mark.parametrize(
    ("published", "ours", "agrees"),
    [
        (0.9, [], None),
        (0.9, [0.9], None),
        (0.9, [math.nan, 0.9, math.inf], None),
        (0.98, [0.98, 0.98, 0.98], True),
        (0.98004, [0.98, 0.98, 0.98], True),  # within the rounding of the print
        (0.9802, [0.98, 0.98, 0.98], False),
    ],
)
def test_few_lost_and_equal_numbers(published, ours, agrees):
    assert compare(published, ours, rounding=0.00005).agrees is agrees


def test_equal_numbers_have_no_spread_though_their_mean_is_rounded():
    found = compare(0.98, [147 / 150] * 10, rounding=5e-7)
    assert (found.sd, found.sigmas, found.agrees) == (0, 0, True)
    assert compare(0.99, [147 / 150] * 10, rounding=5e-7).agrees is False


def test_a_table_that_lies_to_one_side_is_found_out_and_one_that_does_not_is_not():
    rng = np.random.default_rng(1)

    def table(shift: float) -> dict:
        draws = rng.normal(0, 1, (8, 6))
        return {(str(line), column): compare(row[0] + shift, row[1:])
                for line, row in enumerate(draws) for column in ("a", "b")}  # fmt: skip

    assert np.mean([together(table(0.0)).p < 0.05 for _ in range(400)]) == pytest.approx(0.05, abs=0.03)
    assert np.mean([together(table(1.5)).p < 0.05 for _ in range(100)]) > 0.9
    told = together({("a", "x"): compare(0.9, [0.9, 0.9]), ("b", "x"): compare(0.8, [0.9, 0.9])})
    assert (told.above, told.below, told.lines) == (0, 1, 0)
    assert math.isnan(told.z)


@pytest.mark.slow
@pytest.mark.parametrize("name", scikit_learn.SETS)
def test_what_scikit_learn_printed_it_prints_still(name):
    """So that no line of the table is mistaken for another: with its own optimizers and its own seed."""
    from sklearn.neural_network import MLPClassifier

    x, y, epochs = scikit_learn.data(name)
    for row in TABLES["scikit-learn"].rows:
        if row.settings["data"] != name:
            continue
        kind, falling = row.settings["optimizer"], row.settings["falling"]
        arguments = {} if kind == "adam" else {"momentum": 0.0 if kind == "sgd" else 0.9,
                                               "nesterovs_momentum": kind == "nag",
                                               "learning_rate": "invscaling" if falling else "constant"}  # fmt: skip
        net = MLPClassifier(solver="adam" if kind == "adam" else "sgd", random_state=0, max_iter=epochs,
                            learning_rate_init=row.settings["rate"], **arguments)  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            net.fit(x, y)
        assert net.score(x, y) == pytest.approx(row.published["score"], abs=2.5 / len(y)), row.name
        assert net.loss_ == pytest.approx(row.published["loss"], abs=2e-5), row.name


def test_what_has_ended_is_not_trained_again(tmp_path, quick):
    told: list[tuple[str, int]] = []
    marks = tmp_path / "marks"
    marks.mkdir()
    todo = runner.jobs([FAKE], None)
    done = runner.run(todo[:4], tmp_path, str(marks), 1, lambda job, _: told.append((job.row.name, job.seed)))
    assert sorted(told) == [("good", 0), ("good", 1), ("good", 2), ("lost", 0)]
    assert done[todo[1].key].numbers == {"score": 0.91, "loss": 1.0}
    (tmp_path / runner.FOLDER / f"{todo[0].key}.json").write_text('{"numbers": ')  # torn: as if it were not there
    told.clear()
    done = runner.run(todo, tmp_path, str(marks), 1, lambda job, _: told.append((job.row.name, job.seed)))
    assert sorted(told) == [("good", 0), ("lost", 1), ("lost", 2)]
    assert len(done) == 6
    assert len(list(marks.glob("*"))) == 7
    assert math.isnan(done[todo[3].key].numbers["loss"])


def test_two_editions_of_a_table_are_trained_once(capsys):
    first, second = TABLES["npfl138"], TABLES["npfl138-torch"]
    alone, other, both = (runner.jobs(tables, 2) for tables in ([first], [second], [first, second]))
    assert {job.key for job in alone} == {job.key for job in other}
    assert [job.key for job in both] == [job.key for job in alone]
    assert main(["published", "--list", "npfl138", "npfl138-torch"]) == 0
    *_, told = capsys.readouterr().out.splitlines()
    seconds = len(first.rows) * first.seeds * first.seconds
    assert told == f"together about {duration(seconds)}: lines of one set-up are trained once"


def test_a_training_that_fails_is_told_and_not_kept(tmp_path, quick):
    bad = Job(FAKE, Row("bad", {"name": "bad"}, {"score": 0.9}), 0)
    told: list[Done] = []
    runner.run([bad], tmp_path, str(tmp_path), 1, lambda _, done: told.append(done))
    assert told[0].error.startswith("ValueError: it does not work (fake.py:")
    assert not list((tmp_path / runner.FOLDER).glob("*.json"))


def test_the_page_shows_every_number_and_what_does_not_agree():
    done = {job.key: Done({"score": 0.9 + 0.01 * job.seed, "loss": math.nan}, {}) for job in runner.jobs([FAKE], None)}
    found = page.compared(FAKE, None, done)
    assert page.verdict(found).startswith("1 of 2 published numbers lie")
    text = page.page([(FAKE, found)], {"mnist": "MNIST"}, "published fake")
    assert "| good | score | 91.00 % | 91.00 % (88.52 % to 93.48 %) | 1.00 points | 3 | +0.0 | ±5.0 | yes |" in text
    assert "| lost | score | 50.00 % | 91.00 % (88.52 % to 93.48 %) | 1.00 points | 3 | -41.0 | ±5.0 | **no** |" in text
    assert "| good | loss | 1.0000 | – | – | 0 (3 without a number) | – | – | cannot tell |" in text
    assert "* It is good: good." in text
    json.dumps(page.record([(FAKE, found)], {}, "published fake", {}), allow_nan=False)


def test_the_tables_name_their_sources_and_every_column_that_they_print():
    for table in TABLES.values():
        assert table.url.startswith("http")
        assert table.assumed
        for row in table.rows:
            assert row.published.keys() <= table.columns.keys(), (table.id, row.name)
            for column, value in row.published.items():
                assert table.columns[column] == LOSS or 0 < value < 1
        assert len({row.name for row in table.rows}) == len(table.rows)
    assert len(TABLES["npfl138"].rows) == 8


def test_a_misspelt_table_gets_the_nearest_name():
    with pytest.raises(UserError, match="npfl138"):
        chosen(["npfl183"])


def test_nothing_stands_in_for_the_data_of_a_published_number(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAB_OFFLINE", "1")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(DataError, match="needs mnist, which is not here"):
        runner.check_data(chosen(["npfl138"]), str(tmp_path))
    assert runner.check_data(chosen(["scikit-learn"]), None) == {}


@pytest.mark.slow
@pytest.mark.parametrize("id", [name for name, table in TABLES.items() if table.data])
def test_every_training_gives_a_number_for_each_column(id, monkeypatch):
    from experiments.published import fitting, keras_examples, nielsen, npfl138

    draw = np.random.default_rng(0)
    x, y = draw.random((60, 28, 28, 1), np.float32), draw.integers(0, 10, 60)
    monkeypatch.setattr(fitting, "mnist", lambda _: (x, y, x[:20], y[:20]))
    for module in (nielsen, npfl138):
        monkeypatch.setattr(module, "TRAINED", 40)
    monkeypatch.setattr(nielsen, "EPOCHS", 2)
    table = TABLES[id]
    module, name = {"nielsen": (nielsen, "train"), "npfl138": (npfl138, "train"), "keras-mlp": (keras_examples, "mlp"),
                    "npfl138-torch": (npfl138, "train"), "keras-cnn": (keras_examples, "cnn")}[id]  # fmt: skip
    for row in table.rows[:2]:
        found = getattr(module, name)(row.settings, 0, None)
        assert row.published.keys() <= found.keys() == table.columns.keys()
        assert all(0 <= value <= 1 for value in found.values())


@pytest.mark.slow
def test_iris_agrees_with_what_scikit_learn_printed():
    from experiments.published.scikit_learn import train

    table = TABLES["scikit-learn"]
    row = next(row for row in table.rows if row.name == "iris, momentum")
    ours = [train(row.settings, seed, None) for seed in range(4)]
    assert compare(row.published["loss"], [each["loss"] for each in ours]).agrees


def test_what_disagrees_is_explained_or_said_to_be_unexplained():
    found = {("good", "score"): compare(0.91, [0.5, 0.51, 0.52]), ("good", "loss"): compare(1.0, [1.0, 1.1])}
    text = page.page(
        [(FAKE, found | {("lost", each): compare(1.0, [1.0, 1.1]) for each in ("score", "loss")})], {}, "x"
    )
    assert f"Why good, score, disagrees: {reasons.UNKNOWN}." in text
    assert text.count("disagrees:") == 1


@pytest.mark.parametrize(("table", "line", "column"), list(reasons.REASONS))
def test_every_reason_is_of_a_number_that_there_is(table, line, column):
    assert column in {row.name: row.published for row in TABLES[table].rows}[line]
