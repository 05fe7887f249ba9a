"""The usage of one call."""

from __future__ import annotations

from pytest_hiddenlayer.types import Usage


def used(input_tokens=1000, output_tokens=100, cached=None, written=None) -> Usage:
    """Tokens of one call; `cached` and `written` are a part of the input."""
    return Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_input_tokens=cached,
        cache_write_tokens=written,
        calls=1,
    )
