"""Only the flag imports a plugin: no plan, no ledger, no file that lies about; and what needs none goes without."""

import pytest

from experiments.cli import main
from experiments.ledger import Ledger
from experiments.scheduling.trainers import Trainers
from tests.experiments.plugins.modules import OFFER
from tests.experiments.samples import DONE, RUN, a_run

TRAP = "open('imported', 'w').close()\nACTIVATIONS = {'swoosh': abs}\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder from a stranger: a module, a plan that names it in every way, and a ledger trained with it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLUGIN", "my_parts.py")
    for name in ("my_parts", "plugin", "swoosh"):
        (tmp_path / f"{name}.py").write_text(TRAP)
    runs = [RUN, *(a_run(activation="plugin:swoosh", plugin=OFFER.digest, seed=seed) for seed in (0, 1))]
    data = {
        "name": "digits", "title": "Digits", "fingerprint": RUN.fingerprint, "provenance": "here", "canonical": None,
        "split": "by hand", "task": "classes", "sizes": {"train": 6, "validation": 2, "test": 2},
    }  # fmt: skip
    facts = {"plan": "mine", "plan_title": "Mine", "seeds": 2, "datasets": [data], "notices": [], "workers": 1,
             "command": "python -m experiments sweep --plugin my_parts.py", "engine": "compiled",
             "tuning": {"strategy": "none"}, "plugin": OFFER.facts()}  # fmt: skip
    with Ledger.write(tmp_path / "out" / "ledger.sqlite") as ledger:
        ledger.plan([(number, "default", run) for number, run in enumerate(runs)], facts)
        for run in runs:
            ledger.record(run, DONE)
    yield tmp_path
    assert not list(tmp_path.rglob("imported")), "a plugin was imported that nobody asked for"


@pytest.mark.parametrize("line", ['activations = ["plugin:swoosh"]', 'optimizers = ["plugin:swoosh"]',
                                  'model = "plugin:swoosh"', 'loss = "plugin:swoosh"',
                                  'learning_rates = { "plugin:swoosh" = 1.0 }', 'plugin = "my_parts.py"'])  # fmt: skip
def test_a_plan_cannot_cause_an_import(here, line, capsys):
    (here / "plan.toml").write_text(f'[[block]]\ndataset = "digits"\n{line}\n')
    assert main(["sweep", "plan.toml", "--dry-run"]) == 2
    told = capsys.readouterr().err
    assert ("name its module with --plugin MODULE" in told) is ("plugin:" in line)
    assert told.count("\n") == 1


def test_the_head_of_a_plan_cannot_either(here, capsys):
    (here / "plan.toml").write_text('plugin = "my_parts.py"\n[[block]]\ndataset = "digits"\n')
    assert main(["sweep", "plan.toml", "--dry-run"]) == 2
    assert "unknown key in the plan: 'plugin'" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["status"], ["explain", "plugin:swoosh", "adam"],
                                  pytest.param(["report"], marks=pytest.mark.slow)])  # fmt: skip
def test_a_ledger_is_read_without_its_plugin(here, verb, capsys):
    assert main([*verb, "--out", "out"]) == 0
    assert capsys.readouterr().out
    if verb == ["report"]:
        page = (here / "out" / "report.md").read_text()
        assert "What is named plugin: is no part of this suite; it comes from my\\_parts.py" in page
        assert OFFER.digest[:16] in page


def test_a_run_is_not_verified_without_its_plugin(here, capsys):
    key = a_run(activation="plugin:swoosh", plugin=OFFER.digest).key
    assert main(["verify", key, "--out", "out"]) == 2
    assert f"run {key} had a part of a plugin: name its module with --plugin MODULE" in capsys.readouterr().err


def test_without_a_key_those_are_verified_that_need_none(here):
    from experiments.verify import chosen

    with Ledger.read(here / "out" / "ledger.sqlite") as ledger:
        assert [run.key for run in chosen(ledger, [], 3)] == [RUN.key]
        assert len(chosen(ledger, [], 3, OFFER)) == 3


def test_a_worker_that_was_given_none_imports_none(here):
    trainers = Trainers.__new__(Trainers)
    trainers.plugin = None
    with pytest.raises(Exception, match="name its module with --plugin"):
        trainers._make(a_run(activation="plugin:swoosh", plugin=OFFER.digest))


def test_ray_is_refused_before_anything_is_imported(here, capsys):
    assert main(["sweep", "smoke", "--plugin", "my_parts.py", "--engine", "ray", "--dry-run"]) == 2
    told = capsys.readouterr().err
    assert "--plugin cannot be used on a Ray cluster" in told
    assert told.count("\n") == 1
