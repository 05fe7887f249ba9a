"""What the decoding thread does: requests with their results, and functions that run between two steps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from ...errors import ProviderError

if TYPE_CHECKING:
    from .loading import LoadedModel

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationResult:
    """The result of one request."""

    text: str
    finish_reason: str  # stop or length
    token_ids: tuple[int, ...]  # includes the end token
    logprobs: tuple[float, ...]  # natural log per token, under the model's own distribution
    top_logprobs: tuple[Mapping[str, float], ...] | None  # per token: text → natural log; None: not requested
    entropies: tuple[float, ...] | None  # nat, per token, over the whole vocabulary; None: not requested
    token_texts: tuple[str, ...] | None  # per token; None: not requested
    shared_tokens: int  # tokens of the prompt whose key-value cache came from another request


@dataclass(kw_only=True, slots=True, eq=False)
class Job:
    """A request, the event loop that waits for it, and the tokens generated so far."""

    prompt_ids: list[int]
    max_tokens: int
    temperature: float
    top_p: float
    stop: tuple[str, ...]
    seed: int
    top: int  # number of alternatives to return per token
    wants_entropies: bool  # whether to return the entropy of each token
    texts: bool  # whether to return the text of each token
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[GenerationResult]
    shared_tokens: int = 0
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    alternatives: list[Mapping[str, float]] = field(default_factory=list)
    entropies: list[float] = field(default_factory=list)

    @property
    def length(self) -> int:
        """The most tokens that prompt and response may have together."""
        return len(self.prompt_ids) + self.max_tokens

    def deliver(self, result: GenerationResult) -> None:
        """Set the result of the future; callable from any thread."""
        self._unless_done(lambda: self.future.set_result(result))

    def fail(self, error: ProviderError) -> None:
        """Set the exception of the future; callable from any thread."""
        self._unless_done(lambda: self.future.set_exception(error))

    def _unless_done(self, set_outcome: Callable[[], None]) -> None:
        def on_loop() -> None:
            if not self.future.done():
                set_outcome()

        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(on_loop)


class FunctionJob(Generic[T]):
    """A function of the loaded model, and the future of its result."""

    def __init__(self, function: Callable[[LoadedModel], T]) -> None:
        self._function = function
        self.future: Future[T] = Future()

    def run(self, loaded: LoadedModel) -> None:
        """Call the function, unless its caller was cancelled; any exception goes to the caller."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self._function(loaded)
        except StopIteration as error:  # asyncio cannot carry it
            self.future.set_exception(RuntimeError(f"the function raised {error!r}"))
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)
