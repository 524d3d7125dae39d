"""The analytic problems: gradients against finite differences, minima as stated, descent as worked by hand."""

from typing import Any

import numpy as np
import pytest

from experiments.claims.problems import Descent, DoubleWell, Quadratic, ScaledRegression, gaussian, ravine, steps_to

PROBLEMS: dict[str, Any] = {"ravine": ravine(50.0), "three": Quadratic((1.0, 3.0, 9.0)), "well": DoubleWell(0.2),
            "scaled": ScaledRegression()}  # fmt: skip
POINTS = {"ravine": 2, "three": 3, "well": 1, "scaled": 4}


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_gradient_is_that_of_the_value(name):
    problem, d = PROBLEMS[name], POINTS[name]
    w = np.random.default_rng(0).normal(size=(5, d))
    small = 1e-6
    differences = np.stack([(problem.value(w + small * e) - problem.value(w - small * e)) / (2 * small)
                            for e in np.eye(d)], axis=-1)  # fmt: skip
    np.testing.assert_allclose(problem.gradient(w), differences, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_minimum_is_one(name):
    problem = PROBLEMS[name]
    np.testing.assert_allclose(problem.gradient(problem.minimum), 0, atol=1e-12)
    around = problem.minimum + np.random.default_rng(1).normal(size=(50, POINTS[name]))
    assert (problem.value(around) >= problem.value(problem.minimum)).all()


def test_the_double_well_has_a_barrier_between_two_valleys():
    well = DoubleWell(0.2)
    best, top, local = well.roots
    assert best < top < local
    np.testing.assert_allclose(well.gradient(well.roots[:, None])[:, 0], 0, atol=1e-12)
    assert well.value(np.array([best])) < well.value(np.array([local])) < well.value(np.array([top]))
    assert well.trapped(np.array([[local], [best]])).tolist() == [True, False]


def test_condition_and_smoothness():
    assert (ravine(50.0).condition, ravine(50.0).smoothness) == (50.0, 50.0)
    eigenvalues = np.linalg.eigvalsh(ScaledRegression().hessian)
    assert eigenvalues.max() / eigenvalues.min() == pytest.approx(900, rel=0.2)


def test_two_steps_of_momentum_by_hand():
    path = Descent("momentum", 0.1, {"momentum": 0.5}).path(Quadratic((2.0,)), np.array([1.0]), 2)
    # v = -.1 * 2 = -.2, w = .8; v = .5 * -.2 - .1 * 1.6 = -.26, w = .54
    np.testing.assert_allclose(path[:, 0], [1.0, 0.8, 0.54])


def test_paths_go_side_by_side_and_noise_and_schedules_count():
    descent, problem = Descent("sgd", 0.5), Quadratic((1.0,))
    many = descent.path(problem, np.array([[1.0], [2.0]]), 3)
    np.testing.assert_allclose(many[:, 1, 0], 2 * many[:, 0, 0])
    halving = descent.path(problem, np.array([1.0]), 2, rate=lambda t: 1.0 / t)
    np.testing.assert_allclose(halving[:, 0], [1.0, 0.0, 0.0])
    noisy = [descent.path(problem, np.array([1.0]), 3, gaussian(np.random.default_rng(3), 0.1)) for _ in range(2)]
    np.testing.assert_array_equal(noisy[0], noisy[1])
    assert not np.allclose(noisy[0], many[:, 0])


def test_steps_to_a_share_of_the_first_excess():
    problem = Quadratic((1.0,))
    path = Descent("sgd", 0.5).path(problem, np.array([1.0]), 10)  # the excess falls to a quarter at each step
    assert steps_to(problem, path, 0.05) == 3
    assert steps_to(problem, path, 1e-30) == 11  # never: one more than there were
