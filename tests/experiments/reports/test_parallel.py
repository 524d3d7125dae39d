"""Many jobs at once give what one after the other gives."""

import os

import pytest

from experiments.reports import parallel


def squared(number: int, _more: object) -> tuple[int, int]:
    if number == 13:
        raise ValueError("thirteen")
    return number * number, os.getpid()


@pytest.fixture
def cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    monkeypatch.setattr(parallel.threading, "active_count", lambda: 1)


def test_results_come_in_order_from_several_processes(cores):
    jobs = [(number, lambda: None) for number in range(12)]  # a lambda goes through no pipe
    found = parallel.in_parallel(squared, jobs)
    assert [value for value, _ in found] == [number * number for number in range(12)]
    assert os.getpid() not in {pid for _, pid in found}
    assert parallel._at_hand == []


def test_few_jobs_stay_here(cores):
    assert {pid for _, pid in parallel.in_parallel(squared, [(1, None), (2, None)])} == {os.getpid()}


def test_beside_threads_nothing_is_forked(cores, monkeypatch):
    monkeypatch.setattr(parallel.threading, "active_count", lambda: 2)
    assert {pid for _, pid in parallel.in_parallel(squared, [(n, None) for n in range(10)])} == {os.getpid()}


def test_what_a_job_raises_is_raised(cores):
    with pytest.raises(ValueError, match="thirteen"):
        parallel.in_parallel(squared, [(number, None) for number in range(5, 20)])
    assert parallel._at_hand == []
