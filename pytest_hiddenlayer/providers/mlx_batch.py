"""One thread that decodes every request of a model in one running batch.

All MLX work of a model happens on its own thread: requests join the batch of mlx-lm's
`BatchGenerator` while others decode, and leave it when they end. Each request has its own
sampler with its own key, so that its text does not depend on its neighbours.
"""

from __future__ import annotations

import asyncio
import math
import queue
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ProviderError
from .mlx_load import Loaded, Tokenizer, load


@dataclass(frozen=True, kw_only=True, slots=True)
class Generated:
    """What came out of one request."""

    text: str
    finish_reason: str  # stop or length
    token_ids: tuple[int, ...]  # the end token included
    logprobs: tuple[float, ...]  # natural log, one per token, under the model's own distribution
    top_logprobs: tuple[Mapping[str, float], ...] | None  # per token: text → natural log; None: not asked for


@dataclass(kw_only=True, slots=True)
class _Job:
    prompt_ids: list[int]
    max_tokens: int
    temperature: float
    top_p: float
    stop: tuple[str, ...]
    seed: int
    top: int  # alternatives wanted for every token
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Generated]
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    alternatives: list[Mapping[str, float]] = field(default_factory=list)


class BatchThread:
    """Loads the model on its thread and serves requests until closed."""

    def __init__(self, path: Path | str, *, batch_size: int = 32) -> None:
        self._path, self._batch_size = path, batch_size
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._running: dict[int, _Job] = {}
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
        job = _Job(
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
        self._fail(ProviderError("the provider was closed while this request was running"))
        _leave()

    def _decode(self, loaded: Loaded) -> None:
        generator = loaded.batch_generator(
            loaded.model,
            stop_tokens=[[end] for end in sorted(loaded.end_ids)] or None,
            completion_batch_size=self._batch_size,
            prefill_batch_size=min(8, self._batch_size),
        )
        try:
            while self._take(generator, wait=not self._running):
                self._leave_cancelled(generator)
                if self._running:
                    self._step(generator, loaded)
        finally:
            generator.close()

    def _take(self, generator: Any, *, wait: bool) -> bool:
        """Let waiting jobs join the batch; False when the thread shall end."""
        while True:
            try:
                job = self._jobs.get(block=wait)
            except queue.Empty:
                return True
            if job is None:
                return False
            self._join(generator, job)
            wait = not self._running

    def _join(self, generator: Any, job: _Job) -> None:
        try:
            sampler = _sampler(job.temperature, job.top_p, job.seed)
            (uid,) = generator.insert([job.prompt_ids], max_tokens=[job.max_tokens], samplers=[sampler])
        except Exception as error:  # fails this job alone: it is in no batch yet
            _fail_job(job, ProviderError(f"mlx refuses this request: {type(error).__name__}: {error}"))
        else:
            self._running[uid] = job

    def _leave_cancelled(self, generator: Any) -> None:
        gone = [uid for uid, job in self._running.items() if job.future.cancelled()]
        if gone:
            generator.remove(gone)
            for uid in gone:
                del self._running[uid]

    def _step(self, generator: Any, loaded: Loaded) -> None:
        stopped = []
        for response in generator.next_generated():
            job = self._running[response.uid]
            job.token_ids.append(response.token)
            job.logprobs.append(response.logprobs[response.token].item())
            if job.top:
                job.alternatives.append(_alternatives(response, job.top, loaded.tokenizer))
            if response.finish_reason is not None:
                ended = response.token in loaded.end_ids
                self._finish(response.uid, loaded, "stop" if ended else "length")
            elif job.stop and _holds_stop(job, loaded.tokenizer):
                stopped.append(response.uid)
        if stopped:
            generator.remove(stopped)
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
        )
        _from_thread(job, lambda: job.future.set_result(result))

    def _fail(self, error: ProviderError) -> None:
        for job in self._running.values():
            _fail_job(job, error)
        self._running.clear()


def _leave() -> None:
    """Give back this thread's streams: mlx asks for it, or the process may abort when it exits."""
    import mlx.core as mx

    mx.synchronize()
    if hasattr(mx, "clear_streams"):  # not in older releases
        mx.clear_streams()


def _fail_job(job: _Job, error: ProviderError) -> None:
    _from_thread(job, lambda: job.future.set_exception(error))


def _from_thread(job: _Job, deliver: Callable[[], None]) -> None:
    def unless_done() -> None:
        if not job.future.done():
            deliver()

    if not job.loop.is_closed():
        job.loop.call_soon_threadsafe(unless_done)


def _holds_stop(job: _Job, tokenizer: Tokenizer) -> bool:
    """Whether a stop text ends in the newest token; only a tail that can hold it is decoded."""
    tail = job.token_ids[-(max(map(len, job.stop)) * 4 + 8) :]
    text = tokenizer.decode(tail)
    return any(stop in text for stop in job.stop)


def _alternatives(response: Any, top: int, tokenizer: Tokenizer) -> dict[str, float]:
    """The texts of the most probable tokens and of the one that was taken; those of equal text add up."""
    import mlx.core as mx

    logprobs = response.logprobs
    best: Any = mx.argsort(-logprobs)[:top]
    ids = [*best.tolist(), response.token]
    logs = [*logprobs[best].tolist(), logprobs[response.token].item()]
    found: dict[str, float] = {}
    for token, log in dict(zip(ids, logs, strict=True)).items():
        text = tokenizer.decode([token])
        found[text] = _log_sum(found[text], log) if text in found else log
    return found


def _log_sum(a: float, b: float) -> float:
    """ln(eᵃ + eᵇ)."""
    high, low = max(a, b), min(a, b)
    return high if high == -math.inf else high + math.log1p(math.exp(low - high))


def _sampler(temperature: float, top_p: float, seed: int) -> Any:
    """Draws from the distribution with a key of its own; None (greedy) at temperature 0.

    As in mlx-lm, top_p is taken before the temperature.
    """
    if temperature == 0:
        return None
    import mlx.core as mx

    key = mx.random.key(seed)

    def sample(logprobs: Any) -> Any:
        nonlocal key
        key, now = mx.random.split(key)
        kept = _nucleus(mx, logprobs, top_p) if top_p < 1 else logprobs
        return mx.random.categorical(kept * (1 / temperature), key=now)

    return sample


def _nucleus(mx: Any, logprobs: Any, top_p: float) -> Any:
    """The smallest set of tokens whose probability reaches `top_p`; all others at minus infinity.

    Holtzman et al. 2019, "The Curious Case of Neural Text Degeneration", section 3.1.
    """
    order = mx.argsort(-logprobs, axis=-1)
    ranked = mx.take_along_axis(mx.exp(logprobs), order, axis=-1)
    before = mx.cumsum(ranked, axis=-1) - ranked
    drop = mx.put_along_axis(mx.zeros_like(logprobs), order, (before >= top_p).astype(logprobs.dtype), axis=-1)
    return mx.where(drop > 0, mx.array(-float("inf"), logprobs.dtype), logprobs)
