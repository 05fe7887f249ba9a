"""The local models of a run: which are loaded, who uses them, and which is unloaded for another.

Equal models are loaded once, however they are named. If another model would exceed the limit, the
least recently used model without a request is unloaded. Requests to a model that is not loaded
wait, and load it again. Models wait in the order of their first waiting request. A model with
requests in flight is never unloaded, so if two models do not fit together, each finishes all its
requests before the other is loaded.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Generic

from ..errors import HiddenLayerError, ProviderError, UsageError
from .sizes import size_text
from .states import HeldModel, ModelSource, ModelState, T, idle_beyond

DEFAULT_SHARE = 0.75
"""Of the device's memory, if the user sets no limit."""
OPTION = "--hl-model-memory"
Freed = list[tuple[ModelSource[Any], HeldModel]]
"""Models that were taken from their states, to be closed."""


class LocalModels:
    """The models of a run, within `limit_bytes` of weights; None: a share of the device's memory."""

    def __init__(self, limit_bytes: int | None = None, notify: Callable[[str], None] = lambda text: None) -> None:
        self._given_limit, self._notify = limit_bytes, notify
        self._changed = threading.Condition()
        self._states: dict[Hashable, ModelState[Any]] = {}
        self._queue: deque[ModelState[Any]] = deque()  # models with waiting requests
        self._loading: ModelState[Any] | None = None
        self._clock = count(1)
        self._closed: list[dict[str, Any]] = []  # figures of models that were closed
        self._unloaded: set[Hashable] = set()  # what was said to be unloaded
        self._peak_bytes = 0
        self._device_bytes: int | None = None

    @property
    def limit_bytes(self) -> int | None:
        """The limit of all weights together; None if the user sets none and the device's memory is unknown."""
        if self._given_limit is not None or self._device_bytes is None:
            return self._given_limit
        return int(DEFAULT_SHARE * self._device_bytes)

    def open(self, source: ModelSource[T]) -> ModelHandle[T]:
        """Return a handle of a model, and load it if it fits without unloading another.

        Raises UsageError for a model above the limit, before it is loaded, and what loading it raises.
        """
        with self._changed:
            if self._device_bytes is None:
                self._device_bytes = source.device_bytes
            self._refuse_larger(source)
            state = self._states.setdefault(source.key, ModelState(source=source, weight_bytes=source.weight_bytes))
            state.handles += 1
        model = ModelHandle(self, state)
        try:
            self._preload(state)
        except BaseException:
            model.close()
            raise
        return model

    def to_json(self) -> dict[str, Any] | None:
        """Return limit, peak, and each model's name, bytes of weights and number of loads; None without models."""
        with self._changed:
            models = [*self._closed, *(state.to_json() for state in self._states.values() if state.loads)]
            if not models:
                return None
            return {"limit_bytes": self.limit_bytes, "peak_bytes": self._peak_bytes, "models": models}

    def _refuse_larger(self, source: ModelSource[Any]) -> None:
        limit, size = self.limit_bytes, source.weight_bytes
        if limit is None or size is None or size <= limit:
            return
        default = "" if self._given_limit is not None else f", {DEFAULT_SHARE:.0%} of the device's memory"
        raise UsageError(
            f"local model {source.name} needs {size_text(size)} of memory for its weights, but the limit is "
            f"{size_text(limit)}{default}; nothing was loaded. Raise {OPTION}, or choose a smaller model"
        )

    def _preload(self, state: ModelState[Any]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._loading is None)
            if state.held is not None or state.error is not None or self._queue or self._victims(state) != []:
                return
            self._loading = state
        self._load(state, [])
        if state.error is not None:
            raise state.error

    def acquire(self, state: ModelState[T]) -> Future[T]:
        """Return the future loaded model; it stays loaded until `release` is called as often as this."""
        future: Future[T] = Future()
        with self._changed:
            if not state.handles:
                future.set_exception(ProviderError(state.closed_message))
            elif state.error is not None:
                future.set_exception(state.error)
            else:
                state.waiting.append(future)
                if state.held is not None:
                    self._grant(state, state.held)
                elif state is not self._loading and state not in self._queue:
                    self._queue.append(state)
                self._advance()
        return future

    def release(self, state: ModelState[Any]) -> None:
        """A request has ended."""
        with self._changed:
            state.n_requests -= 1
            state.last_used = next(self._clock)
            if not state.n_requests:
                self._advance()

    def close(self, state: ModelState[Any]) -> None:
        """Close a handle; the last one unloads the model, and its requests fail."""
        with self._changed:
            state.handles -= 1
            if state.handles:
                return
            if self._states.get(state.source.key) is state:
                del self._states[state.source.key]
            if state.loads:
                self._closed.append(state.to_json())
            held = state.taken()
            state.fail(ProviderError(state.closed_message))
            self._advance()
        if held is not None:
            held.close()

    def _grant(self, state: ModelState[Any], held: HeldModel) -> None:
        if state.grant(held):
            state.last_used = next(self._clock)

    def _advance(self) -> None:
        """Start to load the first model that requests wait for, if it fits, or fits once idle models are unloaded."""
        while self._queue and all(future.cancelled() for future in self._queue[0].waiting):
            self._queue.popleft()
        if self._loading is not None or not self._queue:
            return
        victims = self._victims(self._queue[0])
        if victims is None:
            return
        self._loading = state = self._queue.popleft()
        freed = _take(victims)
        name = "hiddenlayer-load-model"
        threading.Thread(target=self._load, args=(state, freed), name=name, daemon=True).start()

    def _victims(self, state: ModelState[Any]) -> list[ModelState[Any]] | None:
        """Return which idle models to unload so that this one fits; None if those in use take too much memory.

        A model of unknown size is loaded alone. So is one that turned out larger than the limit.
        """
        limit = self.limit_bytes
        if limit is None:
            return []
        needed = limit if state.weight_bytes is None else min(state.weight_bytes, limit)
        victims, fits = idle_beyond(self._states.values(), needed, limit)
        return victims if fits else None

    def _load(self, state: ModelState[Any], freed: Freed) -> None:
        """Unload the freed models, load this one, and give it to those who wait."""
        self._unload(freed, state)
        held, error = _loaded(state.source)
        with self._changed:
            self._loading, state.error = None, error
            if held is not None:
                state.loads, state.weight_bytes = state.loads + 1, held.weight_bytes
                if state.handles:
                    self._keep(state, held)
                    held = None
            elif error is not None:
                state.fail(error)
            above = self._above_limit(state)
            self._advance()
            self._changed.notify_all()
        if held is not None:
            held.close()  # its last handle was closed while it was loaded
        self._unload(above, state)

    def _keep(self, state: ModelState[Any], held: HeldModel) -> None:
        state.held, state.last_used = held, next(self._clock)
        self._peak_bytes = max(self._peak_bytes, sum(s.weight_bytes or 0 for s in self._states.values() if s.held))
        self._grant(state, held)

    def _above_limit(self, state: ModelState[Any]) -> Freed:
        """Take idle models until all are within the limit: the one just loaded may be larger than its files say."""
        limit = self.limit_bytes
        if limit is None or state.held is None:
            return []
        others = [other for other in self._states.values() if other is not state]
        return _take(idle_beyond(others, min(state.weight_bytes or 0, limit), limit)[0])

    def _unload(self, freed: Freed, state: ModelState[Any]) -> None:
        for source, model in freed:
            model.close()
            self._report_unloaded(source, model.weight_bytes, state)

    def _report_unloaded(self, source: ModelSource[Any], weight_bytes: int, state: ModelState[Any]) -> None:
        """Say once per model that it is unloaded."""
        if source.key not in self._unloaded:
            self._unloaded.add(source.key)
            limit = size_text(self.limit_bytes)
            self._notify(
                f"local model {source.name} ({size_text(weight_bytes)}) was unloaded for {state.source.name} "
                f"({size_text(state.weight_bytes)}): {OPTION} allows {limit}. Its next request loads it again; "
                "this is reported once per model"
            )


class ModelHandle(Generic[T]):
    """What a provider holds of a local model. Handles of equal models share one loaded model."""

    def __init__(self, models: LocalModels, state: ModelState[T]) -> None:
        self._models, self._state, self._open = models, state, True

    @property
    def held(self) -> T | None:
        """The loaded model; None while it is not loaded."""
        return self._state.held

    @asynccontextmanager
    async def in_use(self) -> AsyncIterator[T]:
        """Return the loaded model for a `with` block, inside which it stays loaded; waits until it is loaded.

        Raises ProviderError if the handle is closed, and what loading the model raised.
        """
        if not self._open:
            raise ProviderError(self._state.closed_message)
        future = self._models.acquire(self._state)
        try:
            model = future.result() if future.done() else await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if not future.cancel():
                future.add_done_callback(self._release_unused)
            raise
        try:
            yield model
        finally:
            self._models.release(self._state)

    def close(self) -> None:
        """Close the handle; a second call does nothing."""
        if self._open:
            self._open = False
            self._models.close(self._state)

    def _release_unused(self, future: Future[T]) -> None:
        """The model was given to a request that had been cancelled."""
        if not future.cancelled() and future.exception() is None:
            self._models.release(self._state)


def _take(states: list[ModelState[Any]]) -> Freed:
    return [(state.source, held) for state in states if (held := state.taken()) is not None]


def _loaded(source: ModelSource[T]) -> tuple[T | None, HiddenLayerError | None]:
    """Return the loaded model, or why it was not loaded."""
    try:
        return source.load(), None
    except HiddenLayerError as error:
        return None, error
    except Exception as error:  # a loader may raise anything
        return None, ProviderError(f"local model {source.name} was not loaded: {type(error).__name__}: {error}")
