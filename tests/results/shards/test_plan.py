"""Tests of the division of a run into shards."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.results.shards.plan import assign, plan_digest

UNITS = [("sums", "single", "mlx", "", f"s{number}") for number in range(100)]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.text(max_size=5).map(lambda text: (text,)), st.floats(0.01, 100), min_size=6, max_size=60),
    st.integers(1, 6),
)
def test_every_unit_is_in_one_shard_and_no_shard_is_empty_or_far_above_its_share(weights, of):
    """Each sample is answered once, every machine has work, and none has more than its share and one sample."""
    shards = assign(weights, of)
    assert shards.keys() == weights.keys()
    assert set(shards.values()) == set(range(1, of + 1))
    loads = [sum(weights[unit] for unit, shard in shards.items() if shard == index) for index in range(1, of + 1)]
    assert max(loads) <= sum(weights.values()) / of + max(weights.values()) + 1e-6


def test_the_order_of_the_samples_does_not_matter():
    """Two machines that collect in another order divide in the same way."""
    weights = dict.fromkeys(UNITS, 1.0)
    again = dict.fromkeys(reversed(UNITS), 1.0)
    assert assign(weights, 8) == assign(again, 8)
    assert plan_digest(weights, 8) == plan_digest(again, 8)


def test_a_new_sample_moves_few_others():
    """One sample more moves fewer than a fifth of the others; numbering them in turn would move most."""
    before, after = assign(dict.fromkeys(UNITS, 1.0), 8), assign(dict.fromkeys([("aa",), *UNITS], 1.0), 8)
    assert sum(before[unit] != after[unit] for unit in UNITS) < len(UNITS) / 5


def test_equal_samples_are_divided_equally():
    """Without weights, shards differ by one sample at most."""
    shards = list(assign(dict.fromkeys(UNITS, 1.0), 8).values())
    assert {shards.count(index) for index in range(1, 9)} == {12, 13}


def test_heavy_samples_are_spread():
    """A machine with a slow sample gets fewer others."""
    weights = {unit: 50.0 if number < 2 else 1.0 for number, unit in enumerate(UNITS)}
    shards = assign(weights, 2)
    assert shards[UNITS[0]] != shards[UNITS[1]]


def test_another_weight_or_number_of_shards_is_another_plan():
    """Shards of different divisions are distinguished."""
    weights = dict.fromkeys(UNITS, 1.0)
    digests = {plan_digest(weights, 8), plan_digest(weights, 7), plan_digest({**weights, UNITS[0]: 2.0}, 8)}
    assert len(digests) == 3


def test_more_shards_than_samples_are_refused():
    """No machine is started for nothing."""
    with pytest.raises(UsageError, match="3 samples cannot make 4 shards"):
        assign(dict.fromkeys(UNITS[:3], 1.0), 4)
