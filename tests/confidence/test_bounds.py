"""The bounds that a task's `expect` may write."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.confidence.expectations import parse_bound


@pytest.mark.parametrize("text", ["<=0", ">=0", "<=1", ">=1", "<1", ">0", "<0.1", ">=0.7", "< 0.5"])
def test_a_bound_that_some_value_keeps_is_read(text: str) -> None:
    """0 and 1 are values of these metrics."""
    assert parse_bound(text).value == float(text.strip("<>= "))


@pytest.mark.parametrize("text", ["<0", ">1", "<1.5", ">=2", "<=-0.1", "0.5", "=0.5", "<", "< x"])
def test_a_bound_that_says_nothing_is_refused(text: str) -> None:
    """Outside of [0, 1], every value or none keeps a bound."""
    with pytest.raises(ValueError, match="bound"):
        parse_bound(text)
