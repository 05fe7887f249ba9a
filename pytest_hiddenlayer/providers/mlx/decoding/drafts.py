"""Drafts of the next tokens, from texts in which the newest tokens occurred before.

Agents quote each other, and answers to similar questions repeat phrases. A draft is verified in one forward pass,
as in speculative decoding (Leviathan et al. 2023), so it changes no token; without a draft model, as in prompt
lookup decoding (Saxena 2023).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

LENGTHS = (5, 3)  # of the newest tokens that must have occurred before; the longest that did is used
MAX_TOKENS = 16_384  # of all texts


class Drafts:
    """The texts seen last, and the places in them of every few tokens."""

    def __init__(self, max_tokens: int = MAX_TOKENS) -> None:
        self._max_tokens = max_tokens
        self._texts: deque[tuple[int, ...]] = deque()
        self._places: dict[int, tuple[tuple[int, ...], int]] = {}  # hash of tokens → a text, the position after them
        self.n_tokens = 0

    def learn(self, tokens: Sequence[int]) -> None:
        """Remember a text, or as much of its end as the limit allows; the oldest texts are dropped."""
        text = tuple(tokens[-self._max_tokens :])
        self._texts.append(text)
        self.n_tokens += len(text)
        for position in range(min(LENGTHS), len(text)):
            for length in LENGTHS:
                self._places[hash(text[max(0, position - length) : position])] = (text, position)
        while self.n_tokens > self._max_tokens:
            self._forget()

    def propose(self, tokens: Sequence[int], size: int) -> list[int]:
        """Return at most `size` tokens that followed the newest of these before; empty if they never occurred."""
        for length in LENGTHS if size > 0 else ():
            if len(tokens) >= length and (place := self._places.get(hash(tuple(tokens[-length:])))):
                text, position = place
                return list(text[position : position + size])
        return []

    def _forget(self) -> None:
        text = self._texts.popleft()
        self.n_tokens -= len(text)
        for position in range(min(LENGTHS), len(text)):
            for length in LENGTHS:
                key = hash(text[max(0, position - length) : position])
                if self._places.get(key, (None, 0))[0] is text:
                    del self._places[key]
