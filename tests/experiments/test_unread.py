"""What stands beside the runs of a damaged ledger: it is named where it cannot be read, and no seed is forgotten."""

import pytest

from experiments.ledger import Ledger
from experiments.salvage import mend
from tests.experiments.samples import DONE, a_run

BLOCK = "digits/mlp"
RUNS = [a_run(seed=seed) for seed in range(5)]


@pytest.fixture
def path(tmp_path):
    """Two seeds by the plan, three more by --more."""
    path = tmp_path / "ledger.sqlite"
    for seeds in (2, 5):
        with Ledger.write(path) as ledger:
            rows = [(number, "default", run) for number, run in enumerate(RUNS[:seeds])]
            rows.append((9, "trial", a_run(seed=1_000_000)))
            ledger.plan(rows, {"plan": "mine", "seeds": 2, "seeds_by_block": {BLOCK: seeds}, "workers": 1})
            ledger.answer("cell", 0, [{"learning_rate": 0.1}])
            for run in RUNS[:seeds]:
                ledger.record(run, DONE)
    return path


def changed(path, old, new):
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))


def facts(path):
    with Ledger.read(path) as ledger:
        return ledger.facts()


@pytest.mark.parametrize("new", [b'{"digits/mlp": 3}', b'{"digits/mlp": "}'])
def test_seeds_that_more_added_are_known_from_the_plan(path, new):
    before = facts(path)
    changed(path, b'{"digits/mlp": 5}', new)
    told = mend(path)
    assert (
        "all 5 finished runs were saved; not readable beside them: fact seeds_by_block, which its plan tells;" in told
    )
    assert facts(path) == before


def test_a_fact_and_an_answer_that_are_lost_are_named(path):
    changed(path, b'"mine"', b'"mime"')
    changed(path, b'[{"learning_rate": 0.1}]', b'[{"learning_rate": 0.7}]')
    told = mend(path)
    assert "not readable beside them: fact plan; answer 0 of cell cell;" in told
    assert facts(path) == {"seeds": 2, "seeds_by_block": {BLOCK: 5}, "workers": 1}
    with Ledger.read(path) as ledger:
        assert ledger.answers() == {}


def test_where_the_name_of_a_fact_is_changed_the_seeds_are_known_too(path):
    changed(path, b"seeds_by_block{", b"seeds_by_bl0ck{")
    assert "fact seeds_by_bl0ck" in mend(path)
    assert facts(path)["seeds_by_block"] == {BLOCK: 5}


def test_nothing_is_said_where_all_of_them_are_there(path):
    before = facts(path)
    changed(path, b"SQLite format 3", b"SQLite format 4")
    assert "not readable" not in mend(path)
    assert facts(path) == before
