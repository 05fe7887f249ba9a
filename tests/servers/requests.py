"""Requests with the prompts of evals/, and their completions by one provider."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pytest_hiddenlayer.errors import TransientError
from pytest_hiddenlayer.protocols import Provider
from pytest_hiddenlayer.taskfile import is_task_file, load_task, render_prompt
from pytest_hiddenlayer.types import Completion, GenerationConfig, Request

ROOT = Path(__file__).resolve().parents[2]
CONCURRENCY = 16
ATTEMPTS = 3
DEADLINE_S = 240.0  # for all requests, on a machine with other work


def eval_requests(count: int) -> list[Request]:
    """Return `count` greedy requests, spread evenly over all samples of evals/."""
    tasks = [load_task(path, ROOT) for path in sorted((ROOT / "evals").iterdir()) if is_task_file(path)]
    requests = [
        Request(
            messages=render_prompt(task, sample),
            params=task.generate.with_defaults(GenerationConfig(temperature=0.0)),
            seed=0,
            sample_id=sample.id,
        )
        for task in tasks
        for sample in task.samples
    ]
    assert count <= len(requests)
    return [requests[i * len(requests) // count] for i in range(count)]


def ask_all(provider: Provider, requests: Sequence[Request], *, deadline_s: float = DEADLINE_S) -> list[Completion]:
    """Return the completions in the order of the requests, sent concurrently; closes the provider."""
    return asyncio.run(_ask_all(provider, requests, deadline_s))


async def _ask_all(provider: Provider, requests: Sequence[Request], deadline_s: float) -> list[Completion]:
    slots = asyncio.Semaphore(CONCURRENCY)

    async def ask(request: Request) -> Completion:
        async with slots:
            for _ in range(ATTEMPTS - 1):  # retries as in the engine: a server may close an idle connection
                with suppress(TransientError):
                    return await provider.complete(request)
            return await provider.complete(request)

    try:
        async with asyncio.timeout(deadline_s):
            return await asyncio.gather(*map(ask, requests))
    finally:
        await provider.close()
