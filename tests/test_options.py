"""Run options: precedence."""

from __future__ import annotations

from pytest_hiddenlayer.options import first


def test_first_returns_the_first_value_that_is_set():
    """0 and False are set values; None is not."""
    assert (first(None, 0, 5), first(None, False, True), first(None, None)) == (0, False, None)
