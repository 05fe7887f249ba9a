"""What a provider reports is used where it can be right, and unknown where it cannot."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_hiddenlayer.calls.reported_values import MAX_TOKENS, checked_completion, checked_usage
from pytest_hiddenlayer.types import Completion, Usage

PLAIN = Completion(text="a", finish_reason="stop", usage=Usage(calls=1), latency_s=0.5, model="m")


@pytest.mark.parametrize(
    ("reported", "used"),
    [(0, 0), (7, 7), (7.0, 7), (MAX_TOKENS, MAX_TOKENS), (MAX_TOKENS + 1, None), (10**400, None), (-1, None),
     (-1e9, None), (1.5, None), (math.inf, None), (math.nan, None), (True, None), ("12", None), (None, None)],
)  # fmt: skip
def test_an_impossible_count_is_unknown(reported, used):
    """A count is a whole number from 0 to ten million; anything else is unknown."""
    usage = checked_usage(Usage(input_tokens=reported, output_tokens=reported, calls=1))
    assert (usage.input_tokens, usage.output_tokens) == (used, used)


def test_a_part_is_at_most_its_whole():
    """Tokens read from and written to a cache are at most the input, reasoning is at most the output."""
    usage = checked_usage(
        Usage(
            input_tokens=10, output_tokens=3, cached_input_tokens=8, cache_write_tokens=9, reasoning_tokens=4, calls=1
        )
    )
    assert (usage.cached_input_tokens, usage.cache_write_tokens, usage.reasoning_tokens) == (8, 2, 3)


@pytest.mark.parametrize("calls", [0, 2, -3])
def test_a_completion_is_one_call(calls):
    """Tokens count even if a provider forgets to set the number of calls."""
    assert checked_usage(Usage(input_tokens=5, output_tokens=1, calls=calls)).calls == 1


@given(
    st.fixed_dictionaries(
        {
            name: st.none() | st.integers() | st.floats() | st.booleans() | st.text(max_size=3)
            for name in asdict(Usage())
        }
    )
)
def test_no_report_makes_an_impossible_usage(values):
    """Whatever is reported, counts are unknown or in range, and the plain input is never negative."""
    usage = checked_usage(Usage(**values))
    counts = [count for count in asdict(usage).values() if count is not None]
    assert all(type(count) is int and 0 <= count <= MAX_TOKENS for count in counts)
    if usage.input_tokens is not None:
        assert (usage.cached_input_tokens or 0) + (usage.cache_write_tokens or 0) <= usage.input_tokens


@pytest.mark.parametrize("usage", [None, {}, "12", 3])
def test_a_usage_of_another_type_is_unknown(usage):
    """A provider without a usage has unknown tokens."""
    assert checked_completion(replace(PLAIN, usage=usage), "m").usage == Usage(calls=1)


@pytest.mark.parametrize(
    ("field", "reported", "used"),
    [("cost_usd", -1.0, None), ("cost_usd", math.nan, None), ("cost_usd", math.inf, None), ("cost_usd", 1e300, None),
     ("cost_usd", 0.25, 0.25), ("cost_usd", 0.0, 0.0), ("latency_s", math.nan, 0.0), ("latency_s", -2.0, 0.0),
     ("time_to_first_token_s", -1.0, None), ("finish_reason", None, "unknown"), ("model", 7, "m"),
     ("reasoning", 7, None), ("reasoning", "why", "why"),
     ("logprobs", (-1.0, math.nan), None), ("logprobs", (-1.0, -math.inf), (-1.0, -math.inf))],
)  # fmt: skip
def test_other_impossible_values_are_replaced(field, reported, used):
    """Costs, times, names and log-probabilities can be written as JSON and added up."""
    assert getattr(checked_completion(replace(PLAIN, **{field: reported}), "m"), field) == used


def test_what_is_right_stays():
    """A completion with possible values is returned with the same values."""
    assert checked_completion(PLAIN, "m") == PLAIN
