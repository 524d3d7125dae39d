"""Nets for probes: the same weights, gradients and updates as in a sweep."""

import numpy as np
import pytest

from experiments.claims.nets import Net, scaled
from experiments.initialisers import draw

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 6)).astype("float32"), RNG.integers(0, 3, 40)


def reference_loss(net: Net, kernels: list[np.ndarray]) -> float:
    """Softmax cross-entropy of a tanh net in float64, biases 0."""
    a = X.astype(float)
    for kernel in kernels[:-1]:
        a = np.tanh(a @ kernel)
    z = a @ kernels[-1]
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(Y)), Y]))


def test_gradients_by_layer_are_those_of_the_loss():
    net = Net((6,), 3, activation="tanh", depth=2, width=4, seed=5)
    kernels = [k.numpy().astype(float) for k in net.kernels]
    found = net.gradients(X, Y)
    for place, kernel in enumerate(kernels):
        for i, j in ((0, 0), (3, 2)):
            moved = [k.copy() for k in kernels]
            moved[place][i, j] += 1e-5
            up = reference_loss(net, moved)
            moved[place][i, j] -= 2e-5
            down = reference_loss(net, moved)
            assert found[place][i, j] == pytest.approx((up - down) / 2e-5, rel=1e-3, abs=1e-5)
            assert kernel.shape == found[place].shape


def test_initial_weights_are_those_of_a_sweep():
    net = Net((6,), 3, activation="relu", depth=2, width=4, seed=7)
    np.testing.assert_array_equal(net.kernels[1].numpy(), draw("he", (4, 4), 7, 1))
    np.testing.assert_array_equal(net.kernels[-1].numpy(), draw("glorot", (4, 3), 7, 2))
    doubled = Net((6,), 3, activation="relu", depth=2, width=4, seed=7, gain=2.0)
    np.testing.assert_array_equal(doubled.kernels[1].numpy(), 2 * net.kernels[1].numpy())
    np.testing.assert_array_equal(doubled.kernels[-1].numpy(), net.kernels[-1].numpy())


def test_orthogonal_kernels_keep_lengths():
    net = Net((6,), 3, activation="linear", depth=3, width=6, initialiser="orthogonal")
    for kernel in net.kernels[:-1]:
        k = kernel.numpy().astype(float)
        np.testing.assert_allclose(k.T @ k, np.eye(6), atol=1e-6)


def test_training_makes_the_updates_of_an_epoch_in_the_order_of_a_sweep():
    net = Net((6,), 3, activation="tanh", depth=1, width=4)
    seen: list[int] = []
    before = [k.numpy() for k in net.kernels]
    losses = [loss for _, loss in net.train(X, Y, "sgd", 0.1, batch_size=15, epochs=2, each=seen.append)]
    assert seen == [1, 2, 3, 4]  # floor(40 / 15) an epoch
    assert losses[1] < losses[0]
    assert not np.allclose(before[0], net.kernels[0].numpy())
    net.reset(0)
    np.testing.assert_array_equal(before[0], net.kernels[0].numpy())


def test_outputs_scores_and_bytes():
    net = Net((6,), 3, activation="relu", depth=2, width=4)
    inside = net.outputs(X)
    assert [each.shape for each in inside] == [(40, 4), (40, 4), (40, 3)]
    assert net.score(X, inside[-1].argmax(axis=1)) == 1.0
    assert scaled(np.array([255], np.uint8)).tolist() == [1.0]
