"""A few trials of each fault; `make test-faults` tries them all, and writes docs/faults.md."""

import pytest

from tests.faults import suite


@pytest.fixture(scope="module")
def calm():
    calm = suite.Calm()
    yield calm
    calm.close()


QUICK = [fault for fault in suite.FAULTS if fault.quick]


@pytest.mark.parametrize("fault", QUICK, ids=[fault.name for fault in QUICK])
def test_nothing_is_lost_and_nothing_trained_twice(fault, calm):
    for tally in suite.tried(fault, fault.quick, calm, first=6, compare=False):
        assert not tally.wrong, tally.wrong
    assert tally.times == fault.quick
    assert tally.same == fault.quick
    assert (tally.lost, tally.twice) == (0, 0)
