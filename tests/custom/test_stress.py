"""Infinite numbers through every component, in each precision: what comes out is the limit, or shows that none is.

The largest finite numbers, NaN, and mixed precision are checks of the public kit.
"""

import keras
import numpy as np
import pytest

from custom import catalog
from custom.testing.common import DTYPES, double_precision, to_numpy, to_tensor

INF = np.inf

LIMITS = {
    # f(-inf), f(inf) beside 1, 2 and -1
    "linear": (-INF, INF),
    "sigmoid": (0, 1),
    "tanh": (-1, 1),
    "relu": (0, INF),
    "leaky_relu": (-INF, INF),
    "prelu": (-INF, INF),
    "elu": (-1, INF),
    "maxout": (1, INF),  # of it and its neighbour, a 1
    "softmax": (0, np.nan),  # infinity over infinity
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", catalog.ACTIVATIONS)
def test_activations_reach_their_limits(name, dtype):
    with double_precision():
        for z, limit in zip((-INF, INF), LIMITS[name], strict=True):
            y = to_numpy(catalog.ACTIVATIONS[name].function(to_tensor([[z, 1.0, 2.0, -1.0]], dtype)))
            np.testing.assert_equal(y[0, 0], limit)
            assert name == "softmax" or np.isfinite(y[0, 1:]).all(), "its neighbours are what they were"


TARGETS = {"sparse_categorical_crossentropy": [1.0], "hinge": [[-1.0, 1.0, -1.0, -1.0]]}
RIGHT = {"hinge": 0.9}
"""Losses that an infinitely right answer leaves finite: (1 + .1 + 1 + .3 + 1 + .2) / 4."""


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", catalog.LOSSES)
@pytest.mark.parametrize("prediction", [INF, -INF, np.nan])
def test_a_loss_shows_a_prediction_that_is_no_number(name, dtype, prediction):
    """Or a run that has diverged would go on unseen."""
    for arguments in ({}, {"from_logits": True}) if "crossentropy" in name else ({},):
        loss = catalog.LOSSES[name].factory(reduction="none", dtype=dtype, **arguments)
        y, p = TARGETS.get(name, [[0.0, 1.0, 0.0, 0.0]]), [[0.1, prediction, 0.3, 0.2]]
        with double_precision():
            (value,) = to_numpy(loss(to_tensor(y, dtype), to_tensor(p, dtype)))
        if name in RIGHT and prediction == INF:
            assert value == pytest.approx(RIGHT[name], rel=0.01)
        else:
            assert not np.isfinite(value), arguments


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("name", catalog.OPTIMIZERS)
@pytest.mark.parametrize("gradient", [INF, np.nan])
def test_a_gradient_that_is_no_number_spoils_its_own_weight_and_no_other(name, dtype, gradient):
    def after(value: float) -> np.ndarray:
        weight = keras.Variable([1.0, 2.0], dtype=dtype)
        optimizer = catalog.OPTIMIZERS[name].factory(learning_rate=0.1)
        optimizer.build([weight])
        for _ in range(3):
            optimizer.apply([to_tensor([value, 1.0], dtype)], [weight])
        return to_numpy(weight)

    spoiled, sound = after(gradient), after(1.0)
    assert not np.isfinite(spoiled[0])
    assert spoiled[1] == sound[1]


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adadelta", "adam", "nadam"])
def test_a_gradient_whose_square_overflows_stops_its_weight(name):
    """As in Keras: it is divided by the root of an infinite mean square. The other weights go on."""
    weight = keras.Variable([1.0, 2.0])
    optimizer = catalog.OPTIMIZERS[name].factory(learning_rate=0.1)
    optimizer.build([weight])
    optimizer.apply([to_tensor([1e38, 1.0])], [weight])
    stopped, moved = to_numpy(weight)
    assert stopped == 1
    assert moved < 2
