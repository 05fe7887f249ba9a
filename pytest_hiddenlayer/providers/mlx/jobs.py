"""A request on its way through the decoding thread, and what comes out of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ...errors import ProviderError


@dataclass(frozen=True, kw_only=True, slots=True)
class Generated:
    """What came out of one request."""

    text: str
    finish_reason: str  # stop or length
    token_ids: tuple[int, ...]  # the end token included
    logprobs: tuple[float, ...]  # natural log, one per token, under the model's own distribution
    top_logprobs: tuple[Mapping[str, float], ...] | None  # per token: text → natural log; None: not asked for
    shared_tokens: int  # tokens of the prompt that were not read for this request: another's reading served


@dataclass(kw_only=True, slots=True, eq=False)
class Job:
    """A request, the event loop that waits for it, and what was made for it so far."""

    prompt_ids: list[int]
    max_tokens: int
    temperature: float
    top_p: float
    stop: tuple[str, ...]
    seed: int
    top: int  # alternatives wanted for every token
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Generated]
    shared_tokens: int = 0
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    alternatives: list[Mapping[str, float]] = field(default_factory=list)

    def deliver(self, result: Generated) -> None:
        """Hand the result to whoever waits; from any thread."""
        self._unless_done(lambda: self.future.set_result(result))

    def fail(self, error: ProviderError) -> None:
        """Raise the error where somebody waits; from any thread."""
        self._unless_done(lambda: self.future.set_exception(error))

    def _unless_done(self, settle: Callable[[], None]) -> None:
        def on_the_loop() -> None:
            if not self.future.done():
                settle()

        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(on_the_loop)
