"""Prefilling prompts in groups, one chunk of tokens between two decoding steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..jobs import Job
from .rows import Row, merged

CHUNK = 2048  # tokens of each prompt per forward pass


@dataclass(kw_only=True, slots=True, eq=False)
class Prompt:
    """A row whose prompt is not prefilled yet."""

    row: Row
    layers: list[Any]  # the caches of its sequence, which hold the tokens of `row`
    rest: list[int]  # tokens to prefill: those of the prompt without its last one and without a shared prefix

    @property
    def n_chunks(self) -> int:
        """How many forward passes its prefill takes."""
        return -(-len(self.rest) // CHUNK)


class PromptQueue:
    """Prompts in order of arrival; those with as many chunks as the oldest are prefilled with it."""

    def __init__(self, model: Any, group_size: int, *, share: bool) -> None:
        self._model, self._group_size, self._share = model, group_size, share
        self._waiting: list[Prompt] = []
        self._group: list[Prompt] = []  # being prefilled
        self._layers: list[Any] = []  # of the group

    def __bool__(self) -> bool:
        return bool(self._waiting or self._group)

    def add(self, job: Job, layers: list[Any], n_covered: int) -> None:
        """Add the prompt of a request, whose first `n_covered` tokens `layers` hold."""
        row = Row(jobs=[job], tokens=job.prompt_ids[:n_covered])
        self._waiting.append(Prompt(row=row, layers=layers, rest=job.prompt_ids[n_covered:-1]))

    def join(self, job: Job) -> bool:
        """Add a request to a waiting prompt that equals its own. Returns False if there is none."""
        if not self._share:
            return False
        for prompt in self._waiting:
            if prompt.row.jobs and prompt.row.jobs[0].prompt_ids == job.prompt_ids:
                prompt.row.jobs.append(job)
                return True
        return False

    def remove(self, jobs: Sequence[Job]) -> None:
        """Remove requests; a prompt without a request that waits is dropped."""
        for prompt in (*self._waiting, *self._group):
            prompt.row.jobs = [job for job in prompt.row.jobs if job not in jobs]
        self._waiting = [prompt for prompt in self._waiting if prompt.row.jobs]

    def advance(self) -> tuple[list[Row], list[Any]]:
        """Prefill one chunk of the oldest group. Returns its rows and caches once it is complete, else nothing."""
        if not self._group:
            self._start()
        if self._group[0].rest:
            self._prefill([prompt.rest[:CHUNK] for prompt in self._group])
        if self._group[0].n_chunks:
            return [], []
        rows, layers = [prompt.row for prompt in self._group], self._layers
        self._group, self._layers = [], []
        return rows, layers

    def _start(self) -> None:
        n_chunks = self._waiting[0].n_chunks
        self._group = [prompt for prompt in self._waiting if prompt.n_chunks == n_chunks][: self._group_size]
        self._waiting = [prompt for prompt in self._waiting if prompt not in self._group]
        self._layers = merged([prompt.layers for prompt in self._group])

    def _prefill(self, chunks: Sequence[list[int]]) -> None:
        """Process a chunk of every prompt of the group; shorter ones are padded on the right meanwhile."""
        import mlx.core as mx

        lengths = [len(chunk) for chunk in chunks]
        longest = max(lengths)
        padding = [longest - length for length in lengths]
        if any(padding):
            for layer in self._layers:
                layer.prepare(lengths=lengths, right_padding=padding)
        self._model(
            mx.array([[*chunk, *[0] * n] for chunk, n in zip(chunks, padding, strict=True)]), cache=self._layers
        )
        mx.eval([layer.state for layer in self._layers])
        if any(padding):
            for layer in self._layers:
                layer.finalize()
            mx.eval([layer.state for layer in self._layers])
        mx.clear_cache()
        for prompt, chunk in zip(self._group, chunks, strict=True):
            prompt.row.tokens.extend(chunk)
            prompt.rest = prompt.rest[len(chunk) :]
