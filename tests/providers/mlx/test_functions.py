"""Functions on the decoder thread, between two steps of running requests."""

from __future__ import annotations

import asyncio
import threading

import pytest
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)

from pytest_hiddenlayer.errors import ProviderError
from pytest_hiddenlayer.probes.capture import capture
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.types import GenerationConfig, Message, Request


def request(number):
    return Request(
        messages=(Message(role="user", content=f"Calculate {number}+{3 * number}."),),
        params=GenerationConfig(max_tokens=24, temperature=0.7),
        seed=number,
        token_logprobs=True,
        top_logprobs=2,
    )


async def answers(*, probed: bool):
    provider, captures = MlxProvider(), []
    try:
        requests = [asyncio.create_task(provider.complete(request(number))) for number in range(20)]
        while probed and not all(task.done() for task in requests):
            captures.append(await provider.run(lambda loaded: capture(loaded.model, range(1, 30), WHAT)))
        completions = await asyncio.gather(*requests)
    finally:
        await provider.close()
    return [(c.text, c.logprobs, c.top_logprobs, c.token_texts, c.finish_reason) for c in completions], captures


WHAT = ("attention_weights", "residual_post", "lens", "token_logprobs")


def test_captures_between_steps_change_no_request():
    """Texts, tokens and log-probabilities of 20 concurrent requests are identical with and without captures."""
    expected, _ = asyncio.run(answers(probed=False))
    found, captures = asyncio.run(answers(probed=True))
    assert found == expected
    assert len(captures) >= 3
    assert all((one["attention_weights"] == captures[0]["attention_weights"]).all() for one in captures)


def test_an_error_of_the_function_is_raised_to_its_caller_only():
    """A function that raises does not end the thread or harm a request that runs."""

    async def run():
        provider = MlxProvider()
        task = asyncio.create_task(provider.complete(request(1)))
        for error in (ZeroDivisionError("no"), StopIteration(), SystemExit(3)):
            with pytest.raises((ZeroDivisionError, RuntimeError, SystemExit)):
                await provider.run(lambda loaded, error=error: _raise(error))
        name = await provider.run(lambda loaded: threading.current_thread().name)
        text = (await task).text
        await provider.close()
        return name, text

    name, text = asyncio.run(run())
    assert name == "hiddenlayer-mlx"
    assert text == asyncio.run(answers(probed=False))[0][1][0]


def test_a_closed_provider_runs_nothing():
    """After close, a function is refused with a clear error."""

    async def run():
        provider = MlxProvider()
        await provider.close()
        await provider.run(lambda loaded: 1)

    with pytest.raises(ProviderError, match="and its thread has ended"):
        asyncio.run(run())


def _raise(error):
    raise error


def test_an_mlx_that_cannot_decode_fails_requests_and_ends(monkeypatch):
    """If decoding cannot begin, every request fails with the reason, now and later, and the provider closes."""
    monkeypatch.delattr("mlx.core.device_info")

    async def run():
        provider = MlxProvider()
        tasks = [asyncio.create_task(provider.complete(request(number))) for number in range(3)]
        found = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)
        later = await asyncio.wait_for(asyncio.gather(provider.complete(request(4)), return_exceptions=True), 60)
        await provider.close()
        return [*found, *later]

    for error in asyncio.run(run()):
        assert isinstance(error, ProviderError)
        assert "mlx failed while decoding: AttributeError" in str(error)
