"""The retry loop: what is asked again, how long it waits, and the deadlines that hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.virtual_time import run_in_virtual_time

from pytest_hiddenlayer.calls import retry
from pytest_hiddenlayer.calls.limiter import AdaptiveLimiter
from pytest_hiddenlayer.calls.retry import RetryPolicy, complete_with_retry
from pytest_hiddenlayer.errors import ProviderError, TransientError
from pytest_hiddenlayer.types import Completion, Usage

DONE = Completion(text="yes", finish_reason="stop", usage=Usage(calls=1), latency_s=0.1, model="m")
QUICK = RetryPolicy(first_wait_s=0.001, longest_wait_s=0.002)


def failing(times: int, error: Callable[[], Exception]):
    """An attempt that fails so often before it succeeds; `.made` counts them."""
    numbers = count(1)

    async def attempt() -> Completion:
        attempt.made = next(numbers)
        if attempt.made <= times:
            raise error()
        return DONE

    return attempt


def tried(attempt, retry_policy: RetryPolicy = QUICK, limiter: AdaptiveLimiter | None = None) -> Completion:
    return run_in_virtual_time(complete_with_retry(attempt, limiter or AdaptiveLimiter(4), 0, retry_policy))


def test_the_first_success_counts_its_attempts():
    """Two transient failures, then an answer: three attempts; without any failure one."""
    assert tried(failing(2, lambda: TransientError("busy"))).attempts == 3
    assert tried(failing(0, lambda: TransientError("busy"))).attempts == 1


def test_what_is_final_is_not_asked_again():
    """A ProviderError that is not transient, and any other exception, come through at once."""
    for error in (lambda: ProviderError("401 wrong key"), lambda: KeyError("bug")):
        attempt = failing(9, error)
        with pytest.raises((ProviderError, KeyError)):
            tried(attempt)
        assert attempt.made == 1


def test_it_gives_up_and_says_after_what():
    """After the last attempt the server's word stands with the number of attempts."""
    attempt = failing(99, lambda: TransientError("529 overloaded", slow_down=True))
    with pytest.raises(ProviderError, match=r"529 overloaded \(given up after 4 attempts in"):
        tried(attempt, RetryPolicy(attempts=4, first_wait_s=0.001))
    assert attempt.made == 4


def test_no_attempt_begins_after_the_deadline():
    """A wait that would outlast the deadline is not begun."""
    attempt = failing(99, lambda: TransientError("busy", retry_after_s=30))
    with pytest.raises(ProviderError, match="given up after 1 attempt in"):
        tried(attempt, RetryPolicy(total_s=5))


def test_a_trickling_answer_meets_the_deadline():
    """An attempt that never ends is cut off at its deadline, and asked again within the total."""
    began: list[float] = []

    async def trickle() -> Completion:
        began.append(asyncio.get_running_loop().time())
        while True:
            await asyncio.sleep(1)

    with pytest.raises(ProviderError, match=r"no whole answer within [\d.]+ s \(given up after 3 attempts in 30 s\)"):
        tried(trickle, RetryPolicy(attempt_s=10, total_s=30, first_wait_s=0.1))
    assert len(began) == 3
    assert 10 <= began[1] - began[0] <= 10.1


def test_waiting_for_a_place_is_not_part_of_the_deadline():
    """Calls that queue for one place all succeed, though together they take longer than one may."""

    async def slow() -> Completion:
        await asyncio.sleep(5)
        return DONE

    async def go() -> list[Completion]:
        limiter = AdaptiveLimiter(1)
        return await asyncio.gather(
            *(complete_with_retry(slow, limiter, i, RetryPolicy(attempt_s=15, total_s=20)) for i in range(8))
        )

    assert len(run_in_virtual_time(go())) == 8


def test_refusals_lower_the_bound_and_free_the_place():
    """While a refused call waits, others have its place."""
    limiter = AdaptiveLimiter(8, 200)
    tried(failing(2, lambda: TransientError("429", slow_down=True)), limiter=limiter)
    assert (limiter.bound, limiter.in_flight) == (2, 0)


@given(st.integers(1, 20), st.one_of(st.none(), st.floats(-5, 1000)))
def test_waits_are_bounded(number, asked):
    """Full jitter below a doubling bound; a Retry-After is honoured, up to its own bound."""
    retry_policy = RetryPolicy()
    wait = retry._wait_s(TransientError("", retry_after_s=asked), number, retry_policy)
    bound = min(retry_policy.longest_wait_s, retry_policy.first_wait_s * 2 ** (number - 1))
    if asked is None:
        assert 0 <= wait <= bound
    else:
        honoured = min(max(asked, 0), retry_policy.max_retry_after_s)
        assert honoured <= wait <= honoured + bound / 10
