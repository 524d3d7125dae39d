"""The table of claims: complete, of one shape, and each line of it worth reading."""

from pathlib import Path

import pytest

from experiments.claims import table
from experiments.claims.claim import KINDS
from experiments.claims.lab import Lab
from experiments.errors import PlanError

FOLDER = Path(table.__file__).parent
EXPECTED = """
linear-collapse nonlinearity-needed sigmoid-range tanh-range sigmoid-slope-quarter tanh-slope-one
tanh-is-scaled-sigmoid relu-slope softmax-simplex softmax-generalises-sigmoid softmax-competition vanishing-sigmoid
vanishing-stalls-bottom tanh-vanishes-less tanh-still-vanishes relu-does-not-vanish sigmoid-saturates tanh-saturates
rounding-error-accumulates depth-adds-power depth-alone-fails tanh-binary-head relu-benefits-kept
leaky-slope-matters sigmoid-half soft-decision softmax-order same-activation-in-a-layer model-choice-is-empirical
zero-centred-helps same-sign-gradients exp-is-costly relu-is-cheap elu-costs-exp relu-trains-faster dying-relu
leaky-revives prelu-revives elu-revives maxout-never-dies prelu-learns-slope elu-near-zero-mean
maxout-contains-relu maxout-costs activation-ranking softmax-not-hidden
head-matches-task softmax-needs-cross-entropy cross-entropy-gradient loss-tracks-error mse-smooth
mse-punishes-large-errors mae-constant-pull huber-between huber-resists-outliers hinge-stops-at-margin
metric-is-not-loss
backprop-is-chain-rule step-is-one-update descent-lowers-loss training-drives-error-to-zero learning-rate-sets-speed
gradient-not-best-direction batch-gd-costs-memory minibatch-faster minibatch-noisier minibatches-reach-batch
sgd-oscillates sgd-local-minima momentum-calms-noise nag-calms-noise momentum-memory momentum-damps
momentum-overshoots nag-overshoots-less rmsprop-per-parameter adam-per-parameter rmsprop-eases-vanishing
adagrad-stalls adadelta-does-not-stall nadam-is-adam-plus-nag adam-is-momentum-plus-rmsprop adam-faster-than-sgd
adam-memory adam-generalises-worse direction-rate-both
""".split()  # noqa: SIM905 (a list of 86 strings is no easier to read)

claims = pytest.mark.parametrize("claim", table.CLAIMS.values(), ids=lambda claim: claim.id)


def test_every_claim_is_there_once():
    assert sorted(table.CLAIMS) == sorted(EXPECTED)
    assert sum(len(claims) for files in table.FAMILIES.values() for claims in files) == len(EXPECTED)


def test_every_file_is_in_the_table():
    listed = {claim.judge.__module__ for claim in table.CLAIMS.values() if hasattr(claim.judge, "__module__")}
    text = Path(table.__file__).read_text(encoding="utf-8")
    for family in ("activations", "losses", "descent"):
        for path in (FOLDER / family).glob("*.py"):
            if path.stem != "__init__" and "\nCLAIMS" in path.read_text(encoding="utf-8"):
                assert f"{path.stem}.CLAIMS" in text, path
    assert listed


@claims
def test_every_text_is_there_and_says_something(claim):
    for name in ("statement", "prediction", "rule", "positive", "negative", "limits"):
        text = getattr(claim, name)
        assert len(text) > 10, name
        assert "\n" not in text
    assert claim.statement.endswith(".")
    assert claim.rule.split(":")[0]
    assert len(claim.id) <= 30
    assert claim.version >= 1


@claims
def test_kinds_say_what_is_done(claim):
    assert set(claim.kinds) <= set(KINDS)
    assert claim.kinds
    assert claim.probe or claim.arms
    assert (claim.arms is not None) >= ("T" in claim.kinds), "a training outcome is trained through the ledger"
    assert claim.parts, "nothing to sabotage"


@claims
def test_arms_are_made_without_training_and_by_both_budgets(claim):
    for budget in ("quick", "full"):
        lab = Lab(budget, claim.parts)
        arms = claim.arms(lab) if claim.arms else {}
        assert lab.seeds >= {"quick": 5, "full": 10}[budget]
        for label, arm in arms.items():
            assert label
            assert arm.epochs >= 1
            assert arm.seeds is None or arm.seeds >= lab.seeds or "C" in claim.kinds


def test_what_is_unknown_is_told_with_what_is_near():
    with pytest.raises(PlanError, match=r"unknown claim: 'sigmoid-rang' \(did you mean 'sigmoid-range'\?\)"):
        table.chosen(["sigmoid-rang"])
    assert [claim.id for claim in table.chosen(["tanh-range", "sigmoid-range"])] == ["sigmoid-range", "tanh-range"]
    assert len(table.chosen([])) == len(table.CLAIMS)
