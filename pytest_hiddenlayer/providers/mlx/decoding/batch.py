"""The batch of requests that decode together, one token per step, each with its own sampler.

Requests with the same prompt share a row, and so one computation per step, until their tokens differ.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..jobs import Job
from ..sampling import Sampler, sample
from .prompts import PromptQueue
from .rows import Row, extended


@dataclass(frozen=True, slots=True, eq=False)
class SampledToken:
    """The newest token of one request."""

    job: Job
    token: int
    logprob: float  # natural log, under the model's own distribution
    logprobs: Any  # of the whole vocabulary, an mlx array of shape (rows, vocabulary)
    row: int

    @property
    def distribution(self) -> Any:
        """The natural logarithms of the probabilities that the token was sampled from."""
        return self.logprobs[self.row]


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """A forward pass that may still be running, and what it samples. All arrays are lazy."""

    logprobs: Any  # (rows, vocabulary)
    tokens: Any  # (requests,)
    sampled_logprobs: Any  # (requests,)

    def rows(self, indices: list[int]) -> _Step:
        """Return these rows, if every row has one request."""
        import mlx.core as mx

        kept = mx.array(indices)
        return _Step(self.logprobs[kept], self.tokens[kept], self.sampled_logprobs[kept])


class Batch:
    """All requests of a model that are being decoded.

    With `look_ahead`, a step is started before the tokens of the one before it are read, so that Python works
    while the device does. That computes one step too many for every request that ends.
    """

    def __init__(self, model: Any, *, prefill_size: int, share: bool, look_ahead: bool) -> None:
        self._model, self._look_ahead = model, look_ahead
        self._prompts = PromptQueue(model, prefill_size, share=share)
        self._rows: list[Row] = []
        self._layers: list[Any] = []  # one batched cache per layer
        self._samplers: dict[Job, Sampler] = {}
        self._pending: _Step | None = None  # only if every row has one request
        self._ready: tuple[list[Row], list[Any]] = ([], [])  # prefilled rows that join the others next, and caches

    def join(self, job: Job) -> bool:
        """Add a request to the row of an equal prompt that waits for its prefill. Returns False if there is none.

        Raises ValueError if the request cannot be decoded.
        """
        sampler = _checked_sampler(job)
        if not self._prompts.join(job):
            return False
        self._samplers[job] = sampler
        return True

    def add(self, job: Job, layers: list[Any], n_covered: int) -> None:
        """Add a request, the first `n_covered` tokens of whose prompt `layers` hold. Raises ValueError as `join`."""
        self._samplers[job] = _checked_sampler(job)
        self._prompts.add(job, layers, n_covered)

    def remove(self, jobs: Sequence[Job]) -> None:
        """Remove requests; the rest of the batch decodes as before."""
        for job in jobs:
            del self._samplers[job]
        self._prompts.remove(jobs)
        for row in (*self._rows, *self._ready[0]):
            row.jobs = [job for job in row.jobs if job not in jobs]

    def cached(self, job: Job) -> tuple[list[int], list[Any]] | None:
        """Return the tokens of a request in the caches, and new caches of them alone; None before its first step."""
        for index, row in enumerate(self._rows):
            if job in row.jobs:
                return row.tokens, [layer.extract(index) for layer in self._layers]
        return None

    def step(self) -> list[SampledToken]:
        """Prefill one chunk of waiting prompts, then return the next token of every request that decodes."""
        self._settle()
        if self._prompts and not self._ready[0]:
            self._ready = self._prompts.advance()
        step = self._pending or self._start()
        if step is None:
            return []
        self._pending = self._start_next(step)
        return self._read(step)

    def _settle(self) -> None:
        """Drop rows without a request, and divide those whose requests differ in their newest token."""
        pairs = [(index, part) for index, row in enumerate(self._rows) for part in row.split()]
        kept = [index for index, _ in pairs]
        if kept != list(range(len(self._rows))):
            self._keep(kept)
        self._rows = [row for _, row in pairs]
        if self._pending is None and self._ready[0]:
            rows, layers = self._ready
            self._rows, self._layers, self._ready = [*self._rows, *rows], extended(self._layers, layers), ([], [])
            self._settle()  # requests that were removed during their prefill

    def _keep(self, indices: list[int]) -> None:
        """Keep these rows of the caches, each as often as it is named."""
        if not indices:
            self._layers, self._pending = [], None
            return
        for layer in self._layers:
            layer.filter(indices)
        if self._pending is not None:
            self._pending = self._pending.rows(indices)

    def _start(self) -> _Step | None:
        """Start the step after the newest tokens of all rows."""
        import mlx.core as mx

        if self._pending is None and self._ready[0]:
            self._settle()
        if not self._rows:
            return None
        for row in self._rows:
            row.tokens.append(row.next_token)
        return self._forward(mx.array([row.next_token for row in self._rows]))

    def _start_next(self, step: _Step) -> _Step | None:
        """Start the step after one that is not read yet, if no row may be divided or join in between."""
        if not self._look_ahead or self._ready[0] or self._prompts or any(len(row.jobs) > 1 for row in self._rows):
            return None
        return self._forward(step.tokens)

    def _forward(self, inputs: Any) -> _Step:
        """Start a step with one input token per row."""
        mx: Any = importlib.import_module("mlx.core")

        logits = self._model(inputs[:, None], cache=self._layers)[:, -1, :]
        logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        numbers = [index for index, row in enumerate(self._rows) for _ in row.jobs]
        tokens = sample(logprobs, numbers, [self._samplers[job] for row in self._rows for job in row.jobs])
        step = _Step(logprobs, tokens, logprobs[mx.array(numbers), tokens])
        mx.async_eval(step.tokens, step.sampled_logprobs, step.logprobs)
        return step

    def _read(self, step: _Step) -> list[SampledToken]:
        """Wait for a step and return its tokens."""
        jobs = [(index, job) for index, row in enumerate(self._rows) for job in row.jobs]
        tokens, logprobs = step.tokens.tolist(), step.sampled_logprobs.tolist()
        if self._pending is not None:  # its inputs are these tokens, one per row
            for row, token in zip(self._rows, tokens, strict=True):
                row.tokens.append(token)
        return [
            SampledToken(job, token, logprob, step.logprobs, index)
            for (index, job), token, logprob in zip(jobs, tokens, logprobs, strict=True)
        ]


def _checked_sampler(job: Job) -> Sampler:
    """Return the sampler of a request. Raises ValueError if the request cannot be decoded."""
    if not job.prompt_ids:
        raise ValueError("the prompt has no token")
    if job.max_tokens <= 0:
        raise ValueError(f"max_tokens is {job.max_tokens}, but must be positive")
    return Sampler.of(job.temperature, job.top_p, job.seed)
