"""The order of examples: a function of seed and epoch alone, that leaves out no more than it must."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.training.order import batches, chunks

sizes = st.tuples(st.integers(1, 300), st.integers(1, 400))


@given(st.integers(0, 2_000_000), st.integers(1, 500), sizes)
def test_an_epoch_shows_every_example_once_but_for_the_last_few(seed, epoch, size):
    examples, batch_size = size
    index = batches(seed, epoch, examples, batch_size)
    whole = min(batch_size, examples)
    assert index.shape == (examples // whole, whole)
    assert index.dtype == np.int32
    shown = index.ravel()
    assert len(set(shown)) == len(shown) == examples - examples % whole
    assert set(shown) <= set(range(examples))


def test_the_order_differs_by_seed_and_by_epoch():
    orders = {(seed, epoch): batches(seed, epoch, 100, 10).tobytes() for seed in range(20) for epoch in range(1, 21)}
    assert len(set(orders.values())) == len(orders)


def test_the_examples_left_out_change_from_epoch_to_epoch():
    left = [frozenset(range(100)) - frozenset(batches(0, epoch, 100, 30).ravel().tolist()) for epoch in range(1, 6)]
    assert all(len(each) == 10 for each in left)
    assert len(set(left)) > 1


def test_all_examples_take_their_turn():
    """Over many epochs each example is left out about as often as any other."""
    shown = np.bincount(np.concatenate([batches(3, epoch, 50, 20).ravel() for epoch in range(1, 401)]), minlength=50)
    # 400 epochs, each shows it with a chance of 0.8: a standard deviation of 8.
    assert shown.min() > 320 - 5 * 8
    assert shown.max() < 320 + 5 * 8


def test_nothing_but_seed_and_epoch_decides():
    """No cell can have an order of its own: the function does not hear which cell it is for."""
    assert list(inspect.signature(batches).parameters) == ["seed", "epoch", "examples", "batch_size"]
    np.random.seed(1)  # noqa: NPY002 - the hidden state must not matter
    one = batches(5, 2, 100, 8)
    np.random.seed(2)  # noqa: NPY002
    np.testing.assert_array_equal(one, batches(5, 2, 100, 8))


def test_another_batch_size_cuts_the_same_permutation():
    np.testing.assert_array_equal(batches(5, 2, 96, 8).ravel(), batches(5, 2, 96, 32).ravel())


def test_the_order_of_the_first_epoch_is_what_it_always_was():
    """By NumPy's documented stream of PCG64: a change would make old runs another thing."""
    expected = np.random.default_rng([7, 1, 1]).permutation(6)
    np.testing.assert_array_equal(batches(7, 1, 6, 2).ravel(), expected)


@given(st.integers(0, 1000), st.integers(1, 500), st.integers(1, 300))
def test_chunks_cover_a_part_once_and_pad_with_weight_zero(start, count, size):
    index, weight = chunks(start, count, size)
    assert index.shape == weight.shape == (-(-count // size), size)
    np.testing.assert_array_equal(index[weight == 1], np.arange(start, start + count))
    assert weight.sum() == count
    assert set(np.unique(weight)) <= {0.0, 1.0}
    assert (index[weight == 0] == 0).all()


@pytest.mark.parametrize(
    ("examples", "batch_size", "shape"),
    [(10, 3, (3, 3)), (10, 10, (1, 10)), (10, 11, (1, 10)), (10, 1, (10, 1)), (1, 128, (1, 1))],
)
def test_batches_are_whole(examples, batch_size, shape):
    assert batches(0, 1, examples, batch_size).shape == shape
