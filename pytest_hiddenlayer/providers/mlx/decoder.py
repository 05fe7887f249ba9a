"""A thread that decodes all requests of a model in one continuous batch.

All MLX operations of a model run on this thread. Requests join the batch while others decode, and leave
it when they end. Each request has its own random numbers, so that its text does not depend on the other
requests in the batch.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from ...errors import ProviderError
from .decoding.batch import Batch
from .decoding.results import end_reason, result_of
from .jobs import FunctionJob, GenerationResult, Job
from .loading import LoadedModel, load
from .memory import (
    MemoryLimits,
    clear_streams,
    model_bytes,
    prefill_batch_size,
    return_large_blocks,
    return_unused_memory,
    wired_memory,
    works_beside_python,
)
from .prefix_cache import BLOCK, Prefix, PrefixCache, common_length, prefill_shared
from .sampling import alternatives, entropies
from .tokenizers import Tokenizer

BATCH_SIZE = 64  # requests that decode together
T = TypeVar("T")


class BatchThread:
    """Loads the model on a new thread and serves requests until `close`."""

    def __init__(
        self, path: Path | str, adapter: Path | None = None, *, batch_size: int = BATCH_SIZE, share: bool = True
    ) -> None:
        self._path, self._adapter, self._batch_size, self._share = path, adapter, batch_size, share
        self.prefill_tokens = 0  # prompt tokens that the model has processed
        self._jobs: queue.SimpleQueue[Job | FunctionJob[Any] | None] = queue.SimpleQueue()
        self.n_steps = 0  # decoding steps, each of at least one token for every request in the batch
        self.n_computed = 0  # distributions that tokens were sampled from; requests with equal tokens share them
        self.largest_batch = 0  # requests that decoded together
        self._waiting: deque[Job] = deque()
        self._prepared = False  # whether requests can be decoded
        self._running: dict[int, Job] = {}
        self._limits = MemoryLimits()
        self._closed = False
        self._closing = threading.Lock()  # no job may follow the None that ends the thread
        self._ready: queue.SimpleQueue[LoadedModel | BaseException] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="hiddenlayer-mlx", daemon=True)
        self._thread.start()
        loaded = self._ready.get()
        if isinstance(loaded, BaseException):
            raise loaded
        self.tokenizer: Tokenizer = loaded.tokenizer
        self.context = loaded.context
        self.weight_bytes = model_bytes(loaded.model)

    async def generate(
        self,
        prompt_ids: list[int],
        *,
        max_tokens: int,
        temperature: float,
        top_p: float,
        stop: tuple[str, ...],
        seed: int,
        top_logprobs: int = 0,
        token_texts: bool = False,
        token_entropies: bool = False,
    ) -> GenerationResult:
        """Generate one text; cancelling removes it from the batch. Raises ProviderError if decoding fails."""
        loop = asyncio.get_running_loop()
        job = Job(
            prompt_ids=prompt_ids,
            max_tokens=max_tokens,
            temperature=temperature,
            top_p=top_p,
            stop=stop,
            seed=seed,
            top=top_logprobs,
            wants_entropies=token_entropies,
            texts=token_texts,
            loop=loop,
            future=loop.create_future(),
        )
        self._put(job)
        return await job.future

    async def run(self, function: Callable[[LoadedModel], T]) -> T:
        """Return what `function` returns for the loaded model, called on this thread between two decoding steps.

        Its arrays must be evaluated before it returns: numpy, not mlx. Its exception is raised here and harms no
        request. Raises ProviderError if the thread has ended.
        """
        job = FunctionJob(function)
        self._put(job)
        return await asyncio.wrap_future(job.future)

    def _put(self, job: Job | FunctionJob[Any]) -> None:
        with self._closing:
            if self._closed or not self._thread.is_alive():
                raise ProviderError("the mlx thread has ended; start a new run")
            self._jobs.put(job)

    def close(self) -> None:
        """End the thread; unfinished requests fail."""
        with self._closing:
            self._closed = True
            self._jobs.put(None)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        self._serve()
        return_unused_memory()  # what the model held: nothing refers to it any more

    def _serve(self) -> None:
        try:
            loaded = load(self._path, self._adapter)
        except BaseException as error:
            self._ready.put(error)
            with suppress(ImportError):  # without mlx there are no streams
                clear_streams()
            return
        self._ready.put(loaded)
        return_large_blocks()
        while True:
            try:
                self._decode(loaded)
                break
            except Exception as error:  # a failed step fails the requests in the batch, not the thread
                failed = ProviderError(f"mlx failed while decoding: {type(error).__name__}: {error}")
                self._fail(failed)
                if not self._prepared and not self._refuse(loaded, failed):
                    break
        closed = ProviderError("the provider was closed while this request was running")
        self._fail(closed)
        for job in self._waiting:
            job.fail(closed)
        clear_streams()

    def _refuse(self, loaded: LoadedModel, error: ProviderError) -> bool:
        """Fail the requests that wait, or the next one. Returns False if the thread must end."""
        if not self._waiting and not self._receive(loaded, wait=True):
            return False
        while self._waiting:
            self._waiting.popleft().fail(error)
        return True

    def _decode(self, loaded: LoadedModel) -> None:
        self._prepared = False
        self._limits = MemoryLimits.of(model_bytes(loaded.model), loaded.token_bytes)
        prefixes = PrefixCache(loaded.model, loaded.caches, max_bytes=self._limits.prefix_bytes, share=self._share)
        batch = Batch(
            loaded.model,
            prefill_size=min(prefill_batch_size(loaded.model), self._batch_size),
            share=prefixes.usable,
            look_ahead=works_beside_python(),
            draft=prefixes.usable and not works_beside_python(),
        )
        with wired_memory():
            self._prepared = True
            while self._receive(loaded, wait=not self._running and not self._waiting):
                self._remove_cancelled(batch)
                self._admit(batch, prefixes)
                if self._running:
                    self._step(batch, loaded, prefixes)

    def _receive(self, loaded: LoadedModel, *, wait: bool) -> bool:
        """Move new jobs to the waiting ones and run functions. Returns False if the thread must end."""
        while True:
            try:
                job = self._jobs.get(block=wait)
            except queue.Empty:
                return True
            if job is None:
                return False
            if isinstance(job, FunctionJob):
                job.run(loaded)
                if not wait:
                    return True  # one function per step, so that functions cannot hold up requests
            else:
                self._waiting.append(job)
                wait = False

    def _admit(self, batch: Batch, prefixes: PrefixCache) -> None:
        """Move the oldest waiting jobs into the free slots of the batch, as far as memory allows."""
        if not self._waiting:
            return
        candidates = list(islice(self._waiting, self._batch_size - len(self._running)))
        running = [job.length for job in self._running.values()]
        jobs = candidates[: self._limits.n_fitting(running, [job.length for job in candidates])]
        firsts = list({tuple(job.prompt_ids): job for job in reversed(jobs)}.values())[::-1]
        starts: dict[Job, tuple[Prefix | None, int]] = {}
        with suppress(Exception):  # a prompt that fails here fails again, with its error, when it joins the batch
            for index, prefix, n, n_read in prefill_shared(
                [job.prompt_ids for job in firsts],
                prefixes,
                partial(_prefix_of_running, batch, prefixes, self._running),
            ):
                firsts[index].shared_tokens, starts[firsts[index]] = n - n_read, (prefix, n)
                self.prefill_tokens += n_read
        for job in jobs:
            self._waiting.popleft()
            self._join(batch, job, prefixes, *starts.get(job, (None, 0)))

    def _join(self, batch: Batch, job: Job, prefixes: PrefixCache, prefix: Prefix | None, n: int) -> None:
        try:
            if batch.join(job):
                n = job.shared_tokens = len(job.prompt_ids) - 1
            else:
                batch.add(job, prefixes.layers(prefix, n), n)
        except Exception as error:  # only this job fails: it is not in the batch yet
            job.fail(ProviderError(f"mlx rejects this request: {type(error).__name__}: {error}"))
        else:
            self._running[id(job)] = job
            self.prefill_tokens += len(job.prompt_ids) - n

    def _remove_cancelled(self, batch: Batch) -> None:
        self._waiting = deque(job for job in self._waiting if not job.future.cancelled())
        if cancelled := [job for job in self._running.values() if job.future.cancelled()]:
            batch.remove(cancelled)
            for job in cancelled:
                del self._running[id(job)]

    def _step(self, batch: Batch, loaded: LoadedModel, prefixes: PrefixCache) -> None:
        sampled = batch.step()
        self.n_steps += bool(sampled)
        self.n_computed += len({new.index for new in sampled})
        self.largest_batch = max(self.largest_batch, len({new.job for new in sampled}))
        measured = iter(entropies([new.distribution for new in sampled if new.job.wants_entropies]))
        ended: dict[Job, str] = {}
        for new in sampled:
            job, entropy = new.job, next(measured) if new.job.wants_entropies else None
            if job in ended:
                continue  # the rest of a draft
            job.token_ids.append(new.token)
            job.logprobs.append(new.logprob)
            if entropy is not None:
                job.entropies.append(entropy)
            if job.top:
                job.alternatives.append(alternatives(new.distribution, new.token, job.top, loaded.tokenizer))
            if reason := end_reason(job, loaded):
                ended[job] = reason
        for job in ended:
            if len(job.prompt_ids) + len(job.token_ids) > BLOCK and prefixes.usable and (cached := batch.cached(job)):
                prefixes.offer(*cached)
        if ended:
            batch.remove(list(ended))
        for job, reason in ended.items():
            self._finish(job, loaded, reason)

    def _finish(self, job: Job, loaded: LoadedModel, reason: str) -> None:
        del self._running[id(job)]
        job.deliver(result_of(job, loaded, reason))

    def _fail(self, error: ProviderError) -> None:
        for job in self._running.values():
            job.fail(error)
        self._running.clear()


def _prefix_of_running(
    batch: Batch, prefixes: PrefixCache, running: Mapping[int, Job], ids: Sequence[int], n_covered: int
) -> Prefix | None:
    """Return the prefix of the running request that shares most with `ids`, if it exceeds `n_covered` by a block."""
    shared = {
        job: common_length(job.prompt_ids, ids[:-1])
        for job in running.values()
        if job.prompt_ids[:BLOCK] == ids[:BLOCK]
    }
    job = max(shared, key=shared.__getitem__, default=None)
    if job is None or not prefixes.usable or shared[job] - n_covered < BLOCK:
        return None
    cached = batch.cached(job)
    return None if cached is None else prefixes.keep(*cached)  # None: not prefilled yet
