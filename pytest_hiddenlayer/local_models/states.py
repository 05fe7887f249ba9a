"""One local model: how it is loaded, whether it is, and the requests that wait for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar


class HeldModel(Protocol):
    """A loaded model."""

    @property
    def weight_bytes(self) -> int:
        """Memory of its weights."""
        ...

    def close(self) -> None:
        """Release its memory; requests in flight fail."""
        ...


T = TypeVar("T", bound=HeldModel)


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSource(Generic[T]):
    """How a model is loaded. `load` is called on any thread, and may be called again after an unload."""

    key: Hashable  # equal for equal weights
    name: str
    weight_bytes: int | None  # expected in memory; None: unknown
    device_bytes: int | None  # memory of the device that it runs on; None: unknown
    load: Callable[[], T]


@dataclass(kw_only=True, slots=True, eq=False)
class ModelState(Generic[T]):
    """A model that is open: loaded or not."""

    source: ModelSource[T]
    weight_bytes: int | None
    handles: int = 0  # open `ModelHandle` objects
    held: T | None = None
    n_requests: int = 0  # in flight
    last_used: int = 0
    waiting: list[Future[T]] = field(default_factory=list)
    error: Exception | None = None  # of loading it; every request raises it
    loads: int = 0

    @property
    def closed_message(self) -> str:
        """Why a request fails after the last handle was closed."""
        return f"local model {self.source.name} was closed, and its thread has ended; start a new run"

    def to_json(self) -> dict[str, Any]:
        """Name, bytes of weights and number of loads, for `run.json`."""
        return {"model": self.source.name, "weight_bytes": self.weight_bytes, "loads": self.loads}

    def taken(self) -> T | None:
        """Return the loaded model, which is the caller's to close."""
        held, self.held = self.held, None
        return held

    def grant(self, held: T) -> int:
        """Give the loaded model to the requests that wait and were not cancelled; returns how many."""
        waiting, self.waiting = self.waiting, []
        granted = [future for future in waiting if future.set_running_or_notify_cancel()]
        self.n_requests += len(granted)
        for future in granted:
            future.set_result(held)
        return len(granted)

    def fail(self, error: Exception) -> None:
        """Let the requests that wait raise this error."""
        waiting, self.waiting = self.waiting, []
        for future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)


def idle_beyond(states: Iterable[ModelState[Any]], needed: int, limit: int) -> tuple[list[ModelState[Any]], bool]:
    """Return which idle models to unload, least recently used first, so that `needed` bytes fit; whether they do."""
    loaded = [state for state in states if state.held is not None]
    total = needed + sum(state.weight_bytes or 0 for state in loaded)
    victims = []
    for state in sorted(loaded, key=lambda state: state.last_used):
        if total > limit and not state.n_requests:
            victims.append(state)
            total -= state.weight_bytes or 0
    return victims, total <= limit
