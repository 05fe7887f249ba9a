"""How much memory key-value caches may take: those of the requests that decode together, and those that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MIN_BYTES = 64 << 20
"""Of the caches of a batch, for the smallest model; a larger model may take as much as its weights."""
MIN_PREFIX_BYTES = 48 << 20
MAX_PREFIX_BYTES = 256 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryLimits:
    """The limits for one model."""

    batch_tokens: int | None = None  # rows times the longest row of a batch; None: no limit
    prefix_bytes: int = MIN_PREFIX_BYTES  # of the prefixes that are kept

    @classmethod
    def of(cls, model_bytes: int, token_bytes: int | None) -> MemoryLimits:
        """The limits of a model with weights of this size; a token adds `token_bytes` to its cache, None: unknown."""
        return cls(
            batch_tokens=max(MIN_BYTES, model_bytes) // token_bytes if token_bytes else None,
            prefix_bytes=min(max(MIN_PREFIX_BYTES, model_bytes // 2), MAX_PREFIX_BYTES),
        )

    def n_fitting(self, running: Sequence[int], waiting: Sequence[int]) -> int:
        """Return how many of the waiting requests, in order, may join those that run; at least one if none runs.

        Each row of a batch takes as much memory as the longest. The numbers are lengths in tokens.
        """
        if self.batch_tokens is None:
            return len(waiting)
        longest = max(running, default=0)
        for n, length in enumerate(waiting):
            longest = max(longest, length)
            if (len(running) + n + 1) * longest > self.batch_tokens and len(running) + n:
                return n
        return len(waiting)
