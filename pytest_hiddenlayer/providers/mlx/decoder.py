"""A thread that decodes all requests of a model in one continuous batch.

All MLX operations of a model run on this thread. Requests join the batch of mlx-lm's `BatchGenerator`
while others decode, and leave it when they end. Each request has its own sampler with its own random
key, so that its text does not depend on the other requests in the batch.
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
from .jobs import FunctionJob, GenerationResult, Job
from .loading import LoadedModel, load
from .memory import (
    MemoryLimits,
    clear_streams,
    model_bytes,
    prefill_batch_size,
    return_large_blocks,
    return_unused_memory,
)
from .prefix_cache import BLOCK, Prefix, PrefixCache, common_length, prefill_shared
from .sampling import alternatives, entropies, sampled_logprobs, sampler
from .tokenizers import Tokenizer, token_texts

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
        self.n_steps = 0  # decoding steps, each of one token for every request in the batch
        self.largest_batch = 0  # requests that decoded together
        self._waiting: deque[Job] = deque()
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
                self._fail(ProviderError(f"mlx failed while decoding: {type(error).__name__}: {error}"))
        closed = ProviderError("the provider was closed while this request was running")
        self._fail(closed)
        for job in self._waiting:
            job.fail(closed)
        clear_streams()

    def _decode(self, loaded: LoadedModel) -> None:
        generator = loaded.batch_generator(
            loaded.model,
            stop_tokens=[[token] for token in sorted(loaded.end_ids)] or None,
            completion_batch_size=self._batch_size,
            prefill_batch_size=min(prefill_batch_size(loaded.model), self._batch_size),
        )
        self._limits = MemoryLimits.of(model_bytes(loaded.model), loaded.token_bytes)
        prefixes = PrefixCache(loaded.model, loaded.caches, max_bytes=self._limits.prefix_bytes, share=self._share)
        try:
            while self._receive(loaded, wait=not self._running and not self._waiting):
                self._remove_cancelled(generator)
                self._admit(generator, prefixes)
                if self._running:
                    self._step(generator, loaded, prefixes)
        finally:
            generator.close()

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

    def _admit(self, generator: Any, prefixes: PrefixCache) -> None:
        """Move the oldest waiting jobs into the free slots of the batch, as far as memory allows."""
        if not self._waiting:
            return
        candidates = list(islice(self._waiting, self._batch_size - len(self._running)))
        running = [job.length for job in self._running.values()]
        jobs = candidates[: self._limits.n_fitting(running, [job.length for job in candidates])]
        starts: dict[int, tuple[Prefix | None, int]] = {}
        with suppress(Exception):  # a prompt that fails here fails again, with its error, when it joins the batch
            for index, prefix, n, n_read in prefill_shared(
                [job.prompt_ids for job in jobs],
                prefixes,
                partial(_prefix_of_running, generator, prefixes, self._running),
            ):
                jobs[index].shared_tokens, starts[index] = n - n_read, (prefix, n)
                self.prefill_tokens += n_read
        for index, job in enumerate(jobs):
            self._waiting.popleft()
            self._join(generator, job, prefixes, *starts.get(index, (None, 0)))

    def _join(self, generator: Any, job: Job, prefixes: PrefixCache, prefix: Prefix | None, n: int) -> None:
        try:
            (uid,) = generator.insert(
                [job.prompt_ids[n:]],
                max_tokens=[job.max_tokens],
                caches=[prefixes.layers(prefix, n)],
                all_tokens=[job.prompt_ids[:n]],
                samplers=[sampler(job.temperature, job.top_p, job.seed)],
            )
        except Exception as error:  # only this job fails: it is not in the batch yet
            job.fail(ProviderError(f"mlx rejects this request: {type(error).__name__}: {error}"))
        else:
            self._running[uid] = job
            self.prefill_tokens += len(job.prompt_ids) - n

    def _remove_cancelled(self, generator: Any) -> None:
        self._waiting = deque(job for job in self._waiting if not job.future.cancelled())
        cancelled = [uid for uid, job in self._running.items() if job.future.cancelled()]
        if cancelled:
            generator.remove(cancelled)
            for uid in cancelled:
                del self._running[uid]

    def _step(self, generator: Any, loaded: LoadedModel, prefixes: PrefixCache) -> None:
        stopped = []
        responses = generator.next_generated()
        self.n_steps += 1
        self.largest_batch = max(self.largest_batch, len(responses))
        if wanting := [response for response in responses if self._running[response.uid].wants_entropies]:
            for response, entropy in zip(wanting, entropies(wanting), strict=True):
                self._running[response.uid].entropies.append(entropy)
        for response, logprob in zip(responses, sampled_logprobs(responses), strict=True):
            job = self._running[response.uid]
            job.token_ids.append(response.token)
            job.logprobs.append(logprob)
            if job.top:
                job.alternatives.append(alternatives(response, job.top, loaded.tokenizer))
            if response.finish_reason is not None:
                prefixes.offer(response.all_tokens, response.prompt_cache)
                at_end = response.token in loaded.end_ids
                self._finish(response.uid, loaded, "stop" if at_end else "length")
            elif job.stop and _has_stop_text(job, loaded.tokenizer):
                stopped.append(response.uid)
        if stopped:
            for layers, tokens in generator.remove(stopped, return_prompt_caches=True).values():
                prefixes.offer(tokens, layers)
            for uid in stopped:
                self._finish(uid, loaded, "stop")

    def _finish(self, uid: int, loaded: LoadedModel, reason: str) -> None:
        job = self._running.pop(uid)
        ids = job.token_ids
        spoken = ids[:-1] if ids[-1] in loaded.end_ids else ids
        text = loaded.tokenizer.decode(spoken)
        texts = token_texts(loaded.tokenizer, spoken, text) if job.texts else None
        stops = [index for stop in job.stop if (index := text.find(stop)) >= 0]
        result = GenerationResult(
            text=text[: min(stops)] if stops else text,
            finish_reason="stop" if stops else reason,
            token_ids=tuple(ids),
            logprobs=tuple(job.logprobs),
            top_logprobs=tuple(job.alternatives) if job.top else None,
            entropies=tuple(job.entropies) if job.wants_entropies else None,
            token_texts=texts and (*texts, *[""] * (len(ids) - len(spoken))),  # the end token has no text
            shared_tokens=job.shared_tokens,
        )
        job.deliver(result)

    def _fail(self, error: ProviderError) -> None:
        for job in self._running.values():
            job.fail(error)
        self._running.clear()


def _has_stop_text(job: Job, tokenizer: Tokenizer) -> bool:
    """Return whether the newest token completes a stop text; only a tail long enough for it is decoded."""
    tail = job.token_ids[-(max(map(len, job.stop)) * 4 + 8) :]
    text = tokenizer.decode(tail)
    return any(stop in text for stop in job.stop)


def _prefix_of_running(
    generator: Any, prefixes: PrefixCache, running: Mapping[int, Job], ids: Sequence[int], n_covered: int
) -> Prefix | None:
    """Return the prefix of the running request that shares most with `ids`, if it exceeds `n_covered` by a block."""
    shared = {
        uid: common_length(job.prompt_ids, ids[:-1])
        for uid, job in running.items()
        if job.prompt_ids[:BLOCK] == ids[:BLOCK]
    }
    uid = max(shared, key=shared.__getitem__, default=None)
    if uid is None or not prefixes.usable or shared[uid] - n_covered < BLOCK:
        return None
    layers, tokens = generator.extract_cache([uid])[uid]
    if min(layer.offset for layer in layers) - n_covered < BLOCK:
        return None  # not prefilled yet
    return prefixes.keep(tokens, layers)
