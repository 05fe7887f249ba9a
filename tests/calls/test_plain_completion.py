"""Values of a completion that no call has are unknown, or the default, before anything is computed from them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pytest_hiddenlayer.calls.plain_completion import MAX_ATTEMPTS, MAX_DURATION_S, plain_completion
from pytest_hiddenlayer.io.codecs import completion_to_json
from pytest_hiddenlayer.types import Completion, Usage

PLAIN = Completion(text="a", finish_reason="stop", usage=Usage(), latency_s=0.5, model="m")
HUGE = 10**6000


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"attempts": HUGE}, {"attempts": 1}),
        ({"attempts": MAX_ATTEMPTS}, {"attempts": 1}),
        ({"attempts": MAX_ATTEMPTS - 1}, {"attempts": MAX_ATTEMPTS - 1}),
        ({"attempts": 0}, {"attempts": 1}),
        ({"attempts": 2.5}, {"attempts": 1}),
        ({"latency_s": HUGE}, {"latency_s": None}),
        ({"latency_s": MAX_DURATION_S}, {"latency_s": None}),
        ({"cached": 1}, {"cached": False}),
        ({"warnings": ("w", 3)}, {"warnings": ("w",)}),
        ({"logprobs": 3}, {"logprobs": None}),
        ({"entropies": ("a",)}, {"entropies": None}),
    ],
    ids=lambda values: ",".join(values),
)
def test_impossible_values_are_unknown(values: dict[str, Any], expected: dict[str, Any]) -> None:
    """A value that no call has becomes None or the default, and the completion is strict JSON."""
    plain = plain_completion(replace(PLAIN, **values))
    assert plain == replace(PLAIN, **expected)
    json.dumps(completion_to_json(plain), allow_nan=False)


def test_a_plain_completion_is_returned_as_it_is() -> None:
    """Nothing is copied for the answers of the built-in providers."""
    assert plain_completion(PLAIN) is PLAIN
