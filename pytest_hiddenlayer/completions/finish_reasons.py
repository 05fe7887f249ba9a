"""What the finish reason of an answer means: only a normal stop may be scored and may vote.

The providers of this package translate their servers' terms into these words
(`providers/http/parsing.py`). The few synonyms here are for providers of users; any other word is
an error.
"""

from __future__ import annotations

from ..types import Outcome

UNCLOSED_REASONING = "unclosed_reasoning"
"""Finish reason of an answer that ends inside its reasoning, although its provider reports a normal stop."""
_NORMAL = frozenset({"stop", "end_turn", "stop_sequence", "eos", "eos_token"})
_TRUNCATED = frozenset(
    {"length", "max_tokens", "max_output_tokens", "model_length", "max_length", "model_context_window_exceeded"}
)
_REFUSED = frozenset({"refusal", "content_filter", "content_filtered", "safety"})


def ended_normally(reason: str | None) -> bool:
    """Whether an answer is complete. None is the reason of a strategy that sets none."""
    return reason is None or _word(reason) in _NORMAL


def was_truncated(reason: str | None) -> bool:
    """Whether an answer was cut off at a token limit."""
    return reason is not None and _word(reason) in _TRUNCATED


def was_refused(reason: str | None) -> bool:
    """Whether the model or a filter of its provider refused to answer."""
    return reason is not None and _word(reason) in _REFUSED


def unscored_outcome(reason: str | None) -> tuple[Outcome, str] | None:
    """(outcome, why in one sentence) of an answer that did not end normally; None if it did."""
    if ended_normally(reason):
        return None
    if was_truncated(reason):
        return "truncated", "cut off at max_tokens: raise generate.max_tokens or --hl-max-tokens"
    if reason == UNCLOSED_REASONING:
        return (
            "truncated",
            "the answer ends inside its reasoning: raise generate.max_tokens or --hl-max-tokens",
        )
    if was_refused(reason):
        return "refused", f"the model refused ({reason})"
    return "error", f"the answer ended with finish reason {reason!r}, not with a normal stop, so it may be incomplete"


def _word(reason: str) -> str:
    """In one spelling: MAX_TOKENS and max-tokens are max_tokens."""
    return reason.strip().casefold().replace("-", "_")
