"""The batch of requests that decode together, each with its own sampler.

Requests with the same prompt share a row, and so one computation per step, until their tokens differ. A step
decodes one token per row. If there are few rows it also verifies drafts, so that a row may gain several tokens.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..jobs import Job
from ..sampling import Sampler, sample
from .drafts import LENGTHS, Drafts
from .prompts import PromptQueue
from .rows import Row, drop_last, extended

MAX_DRAFT_ROWS = 4  # with more rows, verifying a draft costs as much as it saves
MAX_STEP_TOKENS = 32  # of all rows in a step with drafts
MAX_DRAFT = 7  # tokens; must be less than rng.AHEAD


@dataclass(frozen=True, slots=True, eq=False)
class SampledToken:
    """The newest token of one request."""

    job: Job
    token: int
    logprob: float  # natural log, under the model's own distribution
    logprobs: Any  # of the whole vocabulary, an mlx array of shape (distributions, vocabulary)
    index: int  # of the distribution that the token was sampled from

    @property
    def distribution(self) -> Any:
        """The natural logarithms of the probabilities that the token was sampled from."""
        return self.logprobs[self.index]


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """A forward pass that may still be running, and what it samples. All arrays are lazy.

    Without drafts a row has one distribution, and a request one token.
    """

    logprobs: Any  # (rows × positions, vocabulary)
    tokens: Any  # (samples,): for each row, request and verified position
    sampled_logprobs: Any  # (samples,)
    drafts: list[list[int]] | None = None  # the draft of each row

    def rows(self, indices: list[int]) -> _Step:
        """Return these rows, if every row has one request."""
        import mlx.core as mx

        kept = mx.array(indices)
        return _Step(self.logprobs[kept], self.tokens[kept], self.sampled_logprobs[kept])


class Batch:
    """All requests of a model that are being decoded.

    With `look_ahead`, a step is started before the tokens of the one before it are read, so that Python works
    while the device does. That computes one step too many for every request that ends. `draft` needs plain caches.
    """

    def __init__(self, model: Any, *, prefill_size: int, share: bool, look_ahead: bool, draft: bool = False) -> None:
        self._model, self._look_ahead = model, look_ahead
        self._drafts = Drafts() if draft else None
        self._single_precision = False  # known after the first step
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
        if self._drafts is not None:
            self._drafts.learn(job.prompt_ids)

    def remove(self, jobs: Sequence[Job]) -> None:
        """Remove requests; the rest of the batch decodes as before."""
        for job in jobs:
            del self._samplers[job]
            if self._drafts is not None and job.token_ids:
                self._drafts.learn([*job.prompt_ids[-max(LENGTHS) :], *job.token_ids])
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
        drafts = self._propose()
        if drafts is None:
            return self._forward(mx.array([[row.next_token] for row in self._rows]))
        longest = max(map(len, drafts))
        padded = [[row.next_token, *d, *[0] * (longest - len(d))] for row, d in zip(self._rows, drafts, strict=True)]
        return self._forward(mx.array(padded), drafts)

    def _propose(self) -> list[list[int]] | None:
        """Return a draft for each row, perhaps empty; None if no row has one, or there are too many rows."""
        if self._drafts is None or not self._single_precision or len(self._rows) > MAX_DRAFT_ROWS:
            return None
        drafts = []
        for row in self._rows:
            n_left = min(job.max_tokens - len(job.token_ids) for job in row.jobs)
            size = min(row.draft_size, n_left - 1, MAX_STEP_TOKENS // len(self._rows) - 1, MAX_DRAFT)
            drafts.append(self._drafts.propose(row.tokens[-max(LENGTHS) :], size))
        return drafts if any(drafts) else None

    def _start_next(self, step: _Step) -> _Step | None:
        """Start the step after one that is not read yet, if no row may be divided or join in between."""
        if not self._look_ahead or self._ready[0] or self._prompts or any(len(row.jobs) > 1 for row in self._rows):
            return None
        return self._forward(step.tokens[:, None])

    def _forward(self, inputs: Any, drafts: list[list[int]] | None = None) -> _Step:
        """Start a step with the newest token of each row and its draft, an array of shape (rows, positions)."""
        mx: Any = importlib.import_module("mlx.core")

        logits = self._model(inputs, cache=self._layers)
        logits = logits.reshape(-1, logits.shape[-1])
        logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        places = self._places(drafts, inputs.shape[1])
        indices = [index for _, index in places]
        tokens = sample(logprobs, indices, [self._samplers[job] for job, _ in places])
        step = _Step(logprobs, tokens, logprobs[mx.array(indices), tokens], drafts)
        self._single_precision = logprobs.dtype == mx.float32
        if not self._single_precision:
            self._drafts = None  # several positions at once may round to another token than one position does
        mx.async_eval(step.tokens, step.sampled_logprobs, step.logprobs)
        return step

    def _places(self, drafts: list[list[int]] | None, n_positions: int) -> list[tuple[Job, int]]:
        """Return for each sample of a step its request and the index of its distribution."""
        return [
            (job, number * n_positions + position)
            for number, row in enumerate(self._rows)
            for job in row.jobs
            for position in range(1 + (len(drafts[number]) if drafts else 0))
        ]

    def _read(self, step: _Step) -> list[SampledToken]:
        """Wait for a step and return its tokens; those after a wrong token of a draft are dropped."""
        n_positions = step.logprobs.shape[0] // len(self._rows)
        tokens, logprobs = step.tokens.tolist(), step.sampled_logprobs.tolist()
        sampled = [
            SampledToken(job, token, logprob, step.logprobs, index)
            for (job, index), token, logprob in zip(
                self._places(step.drafts, n_positions), tokens, logprobs, strict=True
            )
        ]
        if step.drafts is not None:
            return self._accept(step.drafts, n_positions, sampled)
        if self._pending is not None:  # its inputs are these tokens, one per row
            for row, token in zip(self._rows, tokens, strict=True):
                row.tokens.append(token)
        return sampled

    def _accept(
        self, drafts: Sequence[list[int]], n_positions: int, sampled: Sequence[SampledToken]
    ) -> list[SampledToken]:
        """Return the tokens up to the first of each row that its draft has wrong, and drop the rest of the caches."""
        accepted, n_dropped, samples = [], [], iter(sampled)
        for row, draft in zip(self._rows, drafts, strict=True):
            by_job = [[next(samples) for _ in range(len(draft) + 1)] for _ in row.jobs]
            n_right = 0
            while n_right < len(draft) and all(new[n_right].token == draft[n_right] for new in by_job):
                n_right += 1
            for job, new in zip(row.jobs, by_job, strict=True):
                accepted += new[: n_right + 1]
                self._samplers[job].give_back(len(draft) - n_right)
            row.tokens.extend(draft[:n_right])
            if draft:
                row.draft_size = min(MAX_DRAFT, 2 * row.draft_size) if n_right == len(draft) else n_right + 1
            n_dropped.append(n_positions - 1 - n_right)
        drop_last(self._layers, n_dropped)
        return accepted


def _checked_sampler(job: Job) -> Sampler:
    """Return the sampler of a request. Raises ValueError if the request cannot be decoded."""
    if not job.prompt_ids:
        raise ValueError("the prompt has no token")
    if job.max_tokens <= 0:
        raise ValueError(f"max_tokens is {job.max_tokens}, but must be positive")
    return Sampler.of(job.temperature, job.top_p, job.seed)
