"""The one retry loop: what may pass is asked again, within deadlines.

Full jitter: Brooker 2015, "Exponential Backoff And Jitter". What a server asks for with
Retry-After is waited for, up to a bound.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from ..errors import ProviderError, TransientError
from ..types import Completion
from .limiter import AdaptiveLimiter

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """How long one call may take, in seconds."""

    attempt_s: float | None = 120.0  # one request, to the last byte of its answer; None: as long as it takes
    total_s: float | None = 600.0  # all attempts and what lies between them
    attempts: int = 12
    first_wait_s: float = 0.5  # bound of the first wait; it doubles each time
    longest_wait_s: float = 30.0
    max_retry_after_s: float = 60.0  # what of a Retry-After is honoured


async def complete_with_retry(
    attempt: Callable[[], Awaitable[Completion]],
    limiter: AdaptiveLimiter,
    order: int,
    retry_policy: RetryPolicy = RetryPolicy(),
) -> Completion:
    """The completion of the first attempt that succeeds, with their number; each holds a place while it runs.

    Raises as `insist` does.
    """
    done, number = await retry(attempt, limiter, order, retry_policy)
    return replace(done, attempts=number) if number > 1 else done


async def retry(
    attempt: Callable[[], Awaitable[T]],
    limiter: AdaptiveLimiter,
    order: int,
    retry_policy: RetryPolicy = RetryPolicy(),
) -> tuple[T, int]:
    """(what the first attempt that succeeds gives, attempts made); each holds a place while it runs.

    Waiting for a place counts for no deadline. Raises ProviderError where an attempt fails for
    good, where none is left, and where the next would begin after the deadline.
    """
    used_s = 0.0
    for number in range(1, retry_policy.attempts + 1):
        async with limiter.acquire(order) as held:
            began = time.monotonic()
            try:
                done = await _once(attempt, retry_policy, used_s)
                limiter.on_success()
                return done, number
            except TransientError as error:
                failed = error
                if error.slow_down:
                    limiter.on_overload(held)
            used_s += time.monotonic() - began
        wait_s = _wait(failed, number, retry_policy)
        used_s += wait_s
        if number == retry_policy.attempts or (retry_policy.total_s is not None and used_s >= retry_policy.total_s):
            break
        await asyncio.sleep(wait_s)
    tried = f"{number} attempt{'s' if number > 1 else ''} in {used_s - wait_s:.3g} s"
    raise ProviderError(f"{failed} (given up after {tried})") from failed


async def _once(attempt: Callable[[], Awaitable[T]], retry_policy: RetryPolicy, used_s: float) -> T:
    left_s = None if retry_policy.total_s is None else retry_policy.total_s - used_s
    seconds = min((limit for limit in (retry_policy.attempt_s, left_s) if limit is not None), default=None)
    try:
        async with asyncio.timeout(seconds):
            return await attempt()
    except TimeoutError as error:
        raise TransientError(f"no whole answer within {seconds or 0:.3g} s") from error


def _wait(failed: TransientError, number: int, retry_policy: RetryPolicy) -> float:
    """Seconds until the next attempt."""
    bound = min(retry_policy.longest_wait_s, retry_policy.first_wait_s * 2 ** (number - 1))
    drawn = random.uniform(0, bound)
    if failed.retry_after_s is None:
        return drawn
    return min(max(0.0, failed.retry_after_s), retry_policy.max_retry_after_s) + drawn / 10
