"""Completions as the response cache and cassettes store them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..io.codecs import completion_from_json, completion_to_json
from ..io.record_types import check_completion_types
from ..types import Completion

DECIMALS = 6
"""Decimals of stored log-probabilities: models compute no more, and reading 17 digits takes twice as long."""
_CALL_FIELDS = ("cost_usd", "cached", "attempts", "batched", "not_sent", "price_unknown")
"""Of the call that was made, so not stored."""
_OPTIONAL = ("logprobs", "top_logprobs", "token_texts", "entropies", "time_to_first_token_s", "reasoning")


def stored_values(completion: Completion) -> dict[str, Any]:
    """The plain JSON values to store; `stored_completion` reads them back. Log-probabilities are rounded."""
    values = completion_to_json(completion)
    for name in _CALL_FIELDS:
        del values[name]
    for name in _OPTIONAL:
        if values[name] is None:
            del values[name]
    if "logprobs" in values:
        values["logprobs"] = [_rounded(value) for value in values["logprobs"]]
    if "entropies" in values:
        values["entropies"] = [_rounded(value) for value in values["entropies"]]
    if "top_logprobs" in values:
        values["top_logprobs"] = [
            {text: _rounded(value) for text, value in token.items()} for token in values["top_logprobs"]
        ]
    return values


def stored_completion(values: Mapping[str, Any]) -> Completion:
    """The stored completion, marked as cached, at no cost.

    Raises TypeError, KeyError or AttributeError for values that are not a completion.
    """
    check_completion_types(values)
    return replace(completion_from_json(values), cost_usd=0.0, cached=True)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)
