"""Which errors are retried, the waits between attempts, and the deadlines."""

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
    """An attempt that fails some times before it succeeds; `.made` counts them."""
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
    """Two transient failures and an answer are three attempts; an answer alone is one."""
    assert tried(failing(2, lambda: TransientError("busy"))).attempts == 3
    assert tried(failing(0, lambda: TransientError("busy"))).attempts == 1


def test_other_errors_are_not_retried():
    """A ProviderError that is not transient, and any other exception, is raised at once."""
    for error in (lambda: ProviderError("401 wrong key"), lambda: KeyError("bug")):
        attempt = failing(9, error)
        with pytest.raises((ProviderError, KeyError)):
            tried(attempt)
        assert attempt.made == 1


def test_it_gives_up_after_the_last_attempt():
    """The error has the server's message and the number of attempts."""
    attempt = failing(99, lambda: TransientError("529 overloaded", slow_down=True))
    with pytest.raises(ProviderError, match=r"529 overloaded \(given up after 4 attempts"):
        tried(attempt, RetryPolicy(attempts=4, first_wait_s=0.001))
    assert attempt.made == 4


def test_no_attempt_begins_after_the_deadline(monkeypatch):
    """A wait that would exceed the deadline does not start."""
    monkeypatch.setattr(retry.random, "uniform", lambda low, high: high)
    attempt = failing(99, lambda: TransientError("busy"))
    with pytest.raises(ProviderError, match="given up after 1 attempt within 5 s"):
        tried(attempt, RetryPolicy(total_s=5, first_wait_s=30, longest_wait_s=30))


def test_waits_that_the_server_asks_for_do_not_count():
    """With 5 s for everything, three waits of 20 s that the server asks for end in its answer."""
    attempt = failing(3, lambda: TransientError("busy", status=429, retry_after_s=20))
    assert tried(attempt, RetryPolicy(attempt_s=5, total_s=5)).attempts == 4


@pytest.mark.parametrize(("status", "made"), [(200, 3), (503, 12), (None, 12)])
def test_a_server_that_answers_something_else_is_asked_few_times(status, made):
    """An answer in another format (status 200) gets three attempts, an overload or a lost connection twelve."""
    attempt = failing(99, lambda: TransientError("HTTP 200 without JSON", status=status))
    with pytest.raises(ProviderError, match=f"given up after {made} attempts"):
        tried(attempt)
    assert attempt.made == made


def test_a_slow_answer_is_cancelled_at_the_deadline():
    """An attempt that never ends is cancelled at its deadline, and repeated within the total."""
    began: list[float] = []

    async def trickle() -> Completion:
        began.append(asyncio.get_running_loop().time())
        while True:
            await asyncio.sleep(1)

    message = r"^no complete answer within 10 s; --hl-timeout allows more \(given up after 3 attempts within 30 s\)$"
    with pytest.raises(ProviderError, match=message):  # the last attempt has what is left of 30 s: less than 10 s
        tried(trickle, RetryPolicy(attempt_s=10, total_s=30, first_wait_s=0.1))
    assert len(began) == 3
    assert 10 <= began[1] - began[0] <= 10.1


def test_waiting_for_a_slot_is_not_part_of_the_deadline():
    """Calls that queue for one slot all succeed, even if together they exceed one call's deadline."""

    async def slow() -> Completion:
        await asyncio.sleep(5)
        return DONE

    async def go() -> list[Completion]:
        limiter = AdaptiveLimiter(1)
        return await asyncio.gather(
            *(complete_with_retry(slow, limiter, i, RetryPolicy(attempt_s=15, total_s=20)) for i in range(8))
        )

    assert len(run_in_virtual_time(go())) == 8


def test_an_overload_lowers_the_bound_and_frees_the_slot():
    """While a rejected call waits, others use its slot."""
    limiter = AdaptiveLimiter(8, 200)
    tried(failing(2, lambda: TransientError("429", slow_down=True)), limiter=limiter)
    assert (limiter.bound, limiter.in_flight) == (2, 0)


@given(st.integers(1, 20), st.one_of(st.none(), st.floats(-5, 1000)))
def test_waits_are_bounded(number, asked):
    """Full jitter below a bound that doubles; a Retry-After is honoured up to its own bound."""
    retry_policy = RetryPolicy()
    wait = retry._wait_s(TransientError("", retry_after_s=asked), number, retry_policy)
    bound = min(retry_policy.longest_wait_s, retry_policy.first_wait_s * 2 ** (number - 1))
    if asked is None:
        assert 0 <= wait <= bound
    else:
        honoured = min(max(asked, 0), retry_policy.max_retry_after_s)
        assert honoured <= wait <= honoured + bound / 10
