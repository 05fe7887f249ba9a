"""Retries transient errors within deadlines.

Full jitter: Brooker 2015, "Exponential Backoff And Jitter". A server's Retry-After is honoured up
to a bound.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias, TypeVar

from ..errors import ProviderError, TransientError
from ..types import Completion

T = TypeVar("T")
OnFailure: TypeAlias = Callable[[TransientError], Awaitable[None]]


class Slots(Protocol):
    """Slots for attempts: a limiter, or the servers of one call."""

    def acquire(self, order: int) -> AbstractAsyncContextManager[int]:
        """Hold a slot while the block runs; yields the argument for `on_overload`."""
        ...

    def on_success(self) -> None:
        """An attempt that held a slot succeeded."""
        ...

    def on_overload(self, decreases: int) -> None:
        """The server rejected the attempt because it has too much to do."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """How often and how long one call is attempted."""

    attempt_s: float | None = 120.0  # one request, to the last byte of its answer; None: no limit
    total_s: float | None = 600.0  # all attempts and our own waits between them; None: no limit
    attempts: int = 12
    first_wait_s: float = 0.5  # bound of the first wait; it doubles with each attempt
    longest_wait_s: float = 30.0
    max_retry_after_s: float = 60.0  # longest Retry-After that is honoured
    malformed_attempts: int = 3  # of them, those that the server answers with something else than its API documents


async def complete_with_retry(
    attempt: Callable[[], Awaitable[Completion]],
    limiter: Slots,
    order: int,
    retry_policy: RetryPolicy = RetryPolicy(),
    on_failure: OnFailure | None = None,
    asked: str = "",
) -> Completion:
    """Return the completion of the first attempt that succeeds, with the number of attempts.

    Raises as `retry` does.
    """
    completion, n_attempts = await retry(attempt, limiter, order, retry_policy, on_failure, asked)
    return replace(completion, attempts=completion.attempts + n_attempts - 1) if n_attempts > 1 else completion


async def retry(
    attempt: Callable[[], Awaitable[T]],
    limiter: Slots,
    order: int,
    retry_policy: RetryPolicy = RetryPolicy(),
    on_failure: OnFailure | None = None,
    asked: str = "",
) -> tuple[T, int]:
    """Return (result of the first attempt that succeeds, number of attempts).

    An attempt holds a slot of the limiter while it runs. Waiting for a slot, and the waits that the
    server asks for, count towards no deadline. `on_failure` is awaited with the error of an attempt
    before another one is made; what it raises ends the call. `asked` names the model in the message of a
    deadline. Raises ProviderError if an attempt fails with an error that is not transient, if no attempt
    is left, or if the next one would begin after the deadline.
    """
    used_s, n_malformed, limit = 0.0, 0, ""
    for number in range(1, retry_policy.attempts + 1):
        async with limiter.acquire(order) as decreases:
            start_s = time.monotonic()
            try:
                result = await _attempt(attempt, retry_policy, used_s, asked)
                limiter.on_success()
                return result, number
            except TransientError as error:
                last_error = error
                if error.slow_down:
                    limiter.on_overload(decreases)
            used_s += time.monotonic() - start_s
        wait_s = _wait_s(last_error, number, retry_policy)
        own_wait_s = wait_s if last_error.retry_after_s is None else 0.0
        total_s = retry_policy.total_s
        n_malformed += last_error.status == 200
        if number == retry_policy.attempts or n_malformed == retry_policy.malformed_attempts:
            break
        if total_s is not None and used_s + own_wait_s >= total_s:
            limit = f" within {total_s:g} s"
            break
        if on_failure is not None:
            await on_failure(last_error)
        await asyncio.sleep(wait_s)
        used_s += own_wait_s
    effort = f"{number} attempt{'s' if number > 1 else ''}{limit}"
    raise ProviderError(f"{last_error} (given up after {effort})", status=last_error.status) from last_error


def response_lost(error: BaseException) -> bool:
    """Whether a request was sent and its response did not arrive: the server may have acted on it, and billed it."""
    cause = error if isinstance(error, TransientError) else error.__cause__
    return isinstance(cause, TransientError) and cause.status is None and cause.sent


async def _attempt(attempt: Callable[[], Awaitable[T]], retry_policy: RetryPolicy, used_s: float, asked: str) -> T:
    left_s = None if retry_policy.total_s is None else retry_policy.total_s - used_s
    seconds = min((limit for limit in (retry_policy.attempt_s, left_s) if limit is not None), default=None)
    try:
        async with asyncio.timeout(seconds):
            return await attempt()
    except TimeoutError as error:
        raise TransientError(_late(retry_policy, asked)) from error


def _late(retry_policy: RetryPolicy, asked: str) -> str:
    """The message of an attempt that took too long. The last one may have less time: what is left of the total."""
    limits = [limit for limit in (retry_policy.attempt_s, retry_policy.total_s) if limit is not None]
    subject = f"{asked}: " if asked else ""
    return f"{subject}no complete answer within {min(limits, default=0):.3g} s; --hl-timeout allows more"


def _wait_s(error: TransientError, number: int, retry_policy: RetryPolicy) -> float:
    """Seconds until the next attempt."""
    bound = min(retry_policy.longest_wait_s, retry_policy.first_wait_s * 2 ** (number - 1))
    jitter = random.uniform(0, bound)
    if error.retry_after_s is None:
        return jitter
    return min(max(0.0, error.retry_after_s), retry_policy.max_retry_after_s) + jitter / 10
