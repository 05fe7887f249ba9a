"""What to do about a request that a server rejects: the first hint that fits its message."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .errors import REJECTED

Hints = Sequence[tuple[str, str]]  # (regular expression of the message, hint)

_MAX_CHARS = 4000  # of a body, in which words are looked for
LIMIT = r"max_?(completion_|output_|new_)?tokens|num_predict"
COMMON: Hints = (
    (r"prefill|final assistant|last message must|must end with a user", "end the messages with a user message"),
    (
        r"non-empty|non-whitespace text|content.{0,40}(empty|blank)|(empty|blank).{0,40}content",
        "a message is empty: write a text into every message",
    ),
    (r"system (role|message|prompt|instruction)", "this model has no system message: write `system` into the prompt"),
    (r"\bstop", "shorten or remove `stop` in the task's `generate`"),
    (LIMIT, "lower max_tokens in the task's `generate`, or --hl-max-tokens"),
    (
        r"response.?format|json.?schema|text\.format|output.?config",
        "this server accepts no JSON schema; write `structured: false` for the judge",
    ),
    (r"\bseed\b", "this server accepts no seed, and none of its answers is repeatable"),
    (r"temperature|top_?p\b", "change or remove it: write `temperature: null` or `top_p: null` into `generate`"),
    (r"log_?prob", "this model returns no log-probabilities; write `logprobs: false` for the judge"),
    (r"reasoning|effort|think", "change or remove `reasoning_effort` in the task's `generate`"),
)
"""Hints for every API. Optional parameters that a server does not know are left out without an error."""


def rejection_hint(status: int, body: str, hints: Hints = COMMON) -> str:
    """Return the first hint whose expression matches the body of a rejected request; empty for another status."""
    if status not in REJECTED:
        return ""
    start = body[:_MAX_CHARS]
    return next((hint for words, hint in hints if re.search(words, start, re.IGNORECASE)), "")
