"""Rows of a batch: each is one sequence of tokens in the key-value caches, for all requests that have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..jobs import Job

CACHE_STEP = 64  # tokens by which a cache grows; mlx-lm's 256 copies much unused memory when rows come and go


@dataclass(kw_only=True, slots=True, eq=False)
class Row:
    """One sequence of tokens, and the requests whose prompt and response so far are this sequence."""

    jobs: list[Job]
    tokens: list[int] = field(default_factory=list)  # whose keys and values are in the cache
    next_token: int = 0  # the input of the next step
    draft_size: int = 4  # tokens of a draft: more after drafts that were right

    def split(self) -> Iterator[Row]:
        """Yield one row for each different newest token of its requests; none without a request."""
        by_token: dict[int, list[Job]] = {}
        for job in self.jobs:
            by_token.setdefault(job.token_ids[-1] if job.token_ids else job.prompt_ids[-1], []).append(job)
        for token, jobs in by_token.items():
            tokens = self.tokens if len(by_token) == 1 else [*self.tokens]
            yield Row(jobs=jobs, tokens=tokens, next_token=token, draft_size=self.draft_size)


def merged(caches: Sequence[Sequence[Any]]) -> list[Any]:
    """Return one batched cache per layer from those of single sequences. Raises ValueError if a kind has none."""
    layers = []
    for single in zip(*caches, strict=True):
        if not hasattr(single[0], "merge"):
            raise ValueError(f"{type(single[0]).__name__} cannot be decoded in a batch")
        layers.append(single[0].merge(single))
    for layer in layers:
        if type(layer).__name__ == "BatchKVCache":
            layer.step = CACHE_STEP
    return layers


def extended(layers: list[Any], others: list[Any]) -> list[Any]:
    """Return the caches of all rows, those of `layers` first; both may be changed."""
    if not layers:
        return others
    for layer, other in zip(layers, others, strict=True):
        layer.extend(other)
    return layers


def drop_last(layers: Sequence[Any], n_dropped: Sequence[int]) -> None:
    """Drop the last tokens of every row from plain caches, `n_dropped` of each."""
    common = min(n_dropped)
    for layer in layers:
        layer.trim(common)
        if max(n_dropped) > common:  # rows end at the same index, so the others move to the right
            layer.prepare(right_padding=[n - common for n in n_dropped])
            layer.finalize()
