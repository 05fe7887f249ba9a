"""The learning rate of each step."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.finetuning.schedule import learning_rate


def rates(schedule, warmup=0.1, total=20):
    return [learning_rate(s, total=total, highest=1.0, schedule=schedule, warmup=warmup) for s in range(1, total + 1)]


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_it_rises_and_falls(schedule):
    """The rate reaches the highest value when the warm-up ends, then falls at every step, and never below 0."""
    found = rates(schedule)
    assert found[:3] == [0.5, 1.0, 1.0]
    assert found[2:] == sorted(found[2:], reverse=True)
    assert len(set(found[2:])) == 18
    assert 0 < found[-1] < 0.1


def test_cosine_is_half_way_down_in_the_middle():
    """Half a cosine: half of the highest rate after half of the steps."""
    assert rates("cosine", warmup=0)[10] == pytest.approx(0.5)


def test_constant_stays():
    """After the warm-up, a constant rate does not change."""
    assert rates("constant")[1:] == [1.0] * 19


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
def test_one_step(schedule):
    """A run of one step has a rate above 0."""
    assert rates(schedule, total=1) == [1.0]
