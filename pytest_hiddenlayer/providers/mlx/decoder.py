"""One thread that decodes every request of a model in one running batch.

All MLX work of a model happens on its own thread: requests join the batch of mlx-lm's
`BatchGenerator` while others decode, and leave it when they end. Each request has its own
sampler with its own key, so that its text does not depend on its neighbours.
"""

from __future__ import annotations

import asyncio
import importlib
import queue
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from ...errors import ProviderError
from .jobs import Generated, Job
from .loading import Loaded, Tokenizer, load
from .prefix_cache import BLOCK, Prefix, Prefixes, common, read_ahead
from .sampling import alternatives, sampler, taken

BATCH = 64  # requests that decode together


class BatchThread:
    """Loads the model on its thread and serves requests until closed."""

    def __init__(self, path: Path | str, *, batch_size: int = BATCH, share: bool = True) -> None:
        self._path, self._batch_size, self._share = path, batch_size, share
        self.prefill_tokens = 0  # tokens of prompts that the model has read
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._waiting: deque[Job] = deque()
        self._running: dict[int, Job] = {}
        self._closed = False
        self._closing = threading.Lock()  # no job may come after the None that ends the thread
        self._ready: queue.SimpleQueue[Loaded | BaseException] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="hiddenlayer-mlx", daemon=True)
        self._thread.start()
        loaded = self._ready.get()
        if isinstance(loaded, BaseException):
            raise loaded
        self.tokenizer: Tokenizer = loaded.tokenizer
        self.context = loaded.context

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
    ) -> Generated:
        """One generation; cancelling it takes it out of the batch. Raises ProviderError when decoding failed."""
        loop = asyncio.get_running_loop()
        job = Job(
            prompt_ids=prompt_ids,
            max_tokens=max_tokens,
            temperature=temperature,
            top_p=top_p,
            stop=stop,
            seed=seed,
            top=top_logprobs,
            loop=loop,
            future=loop.create_future(),
        )
        with self._closing:
            if self._closed or not self._thread.is_alive():
                raise ProviderError("the mlx thread has ended; start a new run")
            self._jobs.put(job)
        return await job.future

    def close(self) -> None:
        """End the thread; requests that are still running fail."""
        with self._closing:
            self._closed = True
            self._jobs.put(None)
        self._thread.join(timeout=10)

    # ------------------------------------------------------------ on the thread

    def _serve(self) -> None:
        try:
            loaded = load(self._path)
        except BaseException as error:
            self._ready.put(error)
            with suppress(ImportError):  # no mlx: nothing to give back
                _leave()
            return
        self._ready.put(loaded)
        while True:
            try:
                self._decode(loaded)
                break
            except Exception as error:  # a failed step fails what was in the batch, not the thread
                self._fail(ProviderError(f"mlx failed while decoding: {type(error).__name__}: {error}"))
        closed = ProviderError("the provider was closed while this request was running")
        self._fail(closed)
        for job in self._waiting:
            job.fail(closed)
        _leave()

    def _decode(self, loaded: Loaded) -> None:
        generator = loaded.batch_generator(
            loaded.model,
            stop_tokens=[[end] for end in sorted(loaded.end_ids)] or None,
            completion_batch_size=self._batch_size,
            prefill_batch_size=min(_read_together(loaded.model), self._batch_size),
        )
        prefixes = Prefixes(loaded.model, loaded.caches, share=self._share)
        try:
            while self._take(wait=not self._running and not self._waiting):
                self._leave_cancelled(generator)
                self._admit(generator, prefixes)
                if self._running:
                    self._step(generator, loaded, prefixes)
        finally:
            generator.close()

    def _take(self, *, wait: bool) -> bool:
        """Line up the jobs that came; False when the thread shall end."""
        while True:
            try:
                job = self._jobs.get(block=wait)
            except queue.Empty:
                return True
            if job is None:
                return False
            self._waiting.append(job)
            wait = False

    def _admit(self, generator: Any, prefixes: Prefixes) -> None:
        """Let the first of the waiting join the batch, as many as find a place."""
        free = self._batch_size - len(self._running)
        jobs = list(islice(self._waiting, free))
        starts: dict[int, tuple[Prefix | None, int]] = {}
        with suppress(Exception):  # a prompt that cannot be read fails again, and tells it, when its turn comes
            for number, prefix, n, read in read_ahead(
                [job.prompt_ids for job in jobs], prefixes, partial(_of_running, generator, prefixes, self._running)
            ):
                jobs[number].shared_tokens, starts[number] = n - read, (prefix, n)
                self.prefill_tokens += read
        for number, job in enumerate(jobs):
            self._waiting.popleft()
            self._join(generator, job, prefixes, *starts.get(number, (None, 0)))

    def _join(self, generator: Any, job: Job, prefixes: Prefixes, prefix: Prefix | None, n: int) -> None:
        try:
            (uid,) = generator.insert(
                [job.prompt_ids[n:]],
                max_tokens=[job.max_tokens],
                caches=[prefixes.layers(prefix, n)],
                all_tokens=[job.prompt_ids[:n]],
                samplers=[sampler(job.temperature, job.top_p, job.seed)],
            )
        except Exception as error:  # fails this job alone: it is in no batch yet
            job.fail(ProviderError(f"mlx refuses this request: {type(error).__name__}: {error}"))
        else:
            self._running[uid] = job
            self.prefill_tokens += len(job.prompt_ids) - n

    def _leave_cancelled(self, generator: Any) -> None:
        self._waiting = deque(job for job in self._waiting if not job.future.cancelled())
        gone = [uid for uid, job in self._running.items() if job.future.cancelled()]
        if gone:
            generator.remove(gone)
            for uid in gone:
                del self._running[uid]

    def _step(self, generator: Any, loaded: Loaded, prefixes: Prefixes) -> None:
        stopped = []
        responses = generator.next_generated()
        for response, logprob in zip(responses, taken(responses), strict=True):
            job = self._running[response.uid]
            job.token_ids.append(response.token)
            job.logprobs.append(logprob)
            if job.top:
                job.alternatives.append(alternatives(response, job.top, loaded.tokenizer))
            if response.finish_reason is not None:
                prefixes.offer(response.all_tokens, response.prompt_cache)
                ended = response.token in loaded.end_ids
                self._finish(response.uid, loaded, "stop" if ended else "length")
            elif job.stop and _holds_stop(job, loaded.tokenizer):
                stopped.append(response.uid)
        if stopped:
            for layers, tokens in generator.remove(stopped, return_prompt_caches=True).values():
                prefixes.offer(tokens, layers)
            for uid in stopped:
                self._finish(uid, loaded, "stop")

    def _finish(self, uid: int, loaded: Loaded, reason: str) -> None:
        job = self._running.pop(uid)
        ids = job.token_ids
        text = loaded.tokenizer.decode(ids[:-1] if ids[-1] in loaded.end_ids else ids)
        cuts = [at for stop in job.stop if (at := text.find(stop)) >= 0]
        result = Generated(
            text=text[: min(cuts)] if cuts else text,
            finish_reason="stop" if cuts else reason,
            token_ids=tuple(ids),
            logprobs=tuple(job.logprobs),
            top_logprobs=tuple(job.alternatives) if job.top else None,
            shared_tokens=job.shared_tokens,
        )
        job.deliver(result)

    def _fail(self, error: ProviderError) -> None:
        for job in self._running.values():
            job.fail(error)
        self._running.clear()


SMALL_BYTES = 256 * 2**20
"""Of a model whose steps cost more than their arithmetic."""


def _read_together(model: Any) -> int:
    """Prompts that are read at once: of a large model few, since each takes memory for all its tokens."""
    tree_flatten = importlib.import_module("mlx.utils").tree_flatten
    size = sum(weights.nbytes for _, weights in tree_flatten(model.parameters()))
    return 32 if size < SMALL_BYTES else 8


def _leave() -> None:
    """Give back this thread's streams: mlx asks for it, or the process may abort when it exits."""
    import mlx.core as mx

    mx.synchronize()
    if hasattr(mx, "clear_streams"):  # not in older releases
        mx.clear_streams()


def _holds_stop(job: Job, tokenizer: Tokenizer) -> bool:
    """Whether a stop text ends in the newest token; only a tail that can hold it is decoded."""
    tail = job.token_ids[-(max(map(len, job.stop)) * 4 + 8) :]
    text = tokenizer.decode(tail)
    return any(stop in text for stop in job.stop)


def _of_running(
    generator: Any, prefixes: Prefixes, running: Mapping[int, Job], ids: Sequence[int], known: int
) -> Prefix | None:
    """What the running request that is most like `ids` has read, where that is a block more than is known."""
    alike = {
        uid: common(job.prompt_ids, ids[:-1]) for uid, job in running.items() if job.prompt_ids[:BLOCK] == ids[:BLOCK]
    }
    uid = max(alike, key=alike.__getitem__, default=None)
    if uid is None or not prefixes.usable or alike[uid] - known < BLOCK:
        return None
    layers, tokens = generator.extract_cache([uid])[uid]
    if min(layer.offset for layer in layers) - known < BLOCK:
        return None  # not read yet
    return prefixes.keep(tokens, layers)
