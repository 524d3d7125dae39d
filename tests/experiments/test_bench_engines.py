"""Whether the comparison of engines can see a difference; the training itself is for `bench engines`."""

import numpy as np
import pytest

from experiments.bench import engines
from experiments.bench.engines import Agreement, compare
from experiments.bench.task import TASKS
from experiments.plan import load

CELLS = [(activation, optimizer) for activation in ("relu", "tanh") for optimizer in ("sgd", "adam")]


def scores(shift: float = 0.0, jitter: float = 0.0) -> engines.Scores:
    """Five seeds of four cells; ``shift`` moves the first cell, ``jitter`` every run at random."""
    draw, noise = np.random.default_rng(0), np.random.default_rng(1)
    found: engines.Scores = {}
    for cell in CELLS:
        for seed in range(5):
            value = 0.9 + draw.normal(0, 0.01) + noise.normal(0, jitter)
            found.setdefault(cell, {})[seed] = value + (shift if cell == CELLS[0] else 0.0)
    return found


def test_an_engine_that_rounds_otherwise_agrees():
    agreement = compare(scores(jitter=0.001), scores())
    assert (agreement.runs, agreement.identical, agreement.different, agreement.equivalent) == (20, 0, 0, 4)
    assert agreement.largest < 0.002
    assert agreement.noise == pytest.approx(0.01, rel=0.5)
    assert engines.verdict(agreement, 4).startswith("no cell of 4 differs from reference, 4 are shown to be within 1%")


def test_an_engine_that_spoils_one_cell_is_found_out():
    agreement = compare(scores(shift=-0.02, jitter=0.001), scores())
    assert (agreement.different, agreement.equivalent) == (1, 3)
    assert agreement.largest == pytest.approx(0.02, abs=0.002)
    assert agreement.gap == pytest.approx(-0.005, abs=0.001)
    assert engines.verdict(agreement, 4).startswith("1 of 4 cells differ from reference")


def test_equal_runs_are_called_the_same():
    agreement = compare(scores(), scores())
    assert agreement.identical == agreement.runs == 20
    assert engines.verdict(agreement, 4) == "the same accuracy as reference in each of 20 runs"


def test_rounding_is_no_difference_and_one_example_is():
    rounded = {cell: {seed: value + 3e-8 for seed, value in runs.items()} for cell, runs in scores().items()}
    assert compare(rounded, scores()).identical == 20
    one = scores()
    one[CELLS[0]][0] += 1e-4
    assert compare(one, scores()).identical == 19


def test_a_seed_that_one_engine_lacks_is_left_out():
    fewer = scores()
    del fewer[CELLS[0]][0]
    assert compare(fewer, scores()).runs == 19


def test_the_plan_is_that_of_the_task(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text(engines._plan(TASKS["mlp"]))
    plan = load(str(file))
    (block,) = plan.blocks
    assert (block.dataset, block.epochs, block.batch_size, plan.seeds) == ("mnist", 10, 128, 5)
    assert plan.tuning.strategy == "none"
    assert len(block.activations) * len(block.optimizers) == len(TASKS["mlp"].cells)


def test_the_table_has_one_row_an_engine():
    told = {"compiled": Agreement(20, 20, 0.0, 0, 4, 0.01, 0.0), "stacked": Agreement(20, 3, 0.004, 0, 4, 0.01, 0.001)}
    page = "\n".join(engines._page(TASKS["mlp"], "Digits", told))
    assert "| stacked | 3 of 20 | +0.100 | 0.400 | 0 of 12 | 4 of 12 |" in page
    assert len({line.count("|") for line in page.splitlines() if line.startswith("|")}) == 1
