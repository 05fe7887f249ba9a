"""Measures what probes and confidence measures cost; ratios of CPU time on the same prompts, in one process.

    python benchmarks/probes.py [MODEL] [REPEATS]

- decoding after a model was verified and probed, against before: nothing may be left behind;
- one capture, against one plain forward pass over the same tokens;
- answers with the measures of `--hl-confidence tokens`, against without; the sampled text is the same.

CPU time is that of all threads of the process. Medians; both sides of a ratio alternate, except before and after.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest_hiddenlayer as hl
from pytest_hiddenlayer.confidence import token_measures
from pytest_hiddenlayer.probes.capture import capture
from pytest_hiddenlayer.probes.verification import verify
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.types import GenerationConfig, Message, Request

PROMPT = "Calculate 17+25, then add 9 to the result, and write down every step."
N_TOKENS = 64
N_REQUESTS = 8
TOP_LOGPROBS = 20


def main(model: str = "nano-2", repeats: int = 9) -> None:
    """Print one row per ratio."""
    asyncio.run(_main(model, repeats))


async def _main(model: str, repeats: int) -> None:
    provider = MlxProvider(model)
    requests = [_request(seed) for seed in range(N_REQUESTS)]
    measured = [_request(seed, measured=True) for seed in range(N_REQUESTS)]
    await _decode(provider, requests)  # loads the model
    probed = hl.load_probe_model(model)
    ids = (probed.prompt_ids(PROMPT) + probed.text_ids(PROMPT * 4))[:N_TOKENS]
    before = [await _decode(provider, requests) for _ in range(repeats)]
    await provider.run(lambda loaded: _probe(loaded.model, ids))
    after = [await _decode(provider, requests) for _ in range(repeats)]
    pairs = [(await _decode(provider, measured), await _decode(provider, requests)) for _ in range(repeats)]
    await provider.close()
    print(f"{model}, {repeats} repeats, medians of CPU seconds\n")
    print("| | with | without | ratio |\n| --- | --- | --- | --- |")
    _row(f"decoding {N_REQUESTS} answers after a probe, against before", after, before)
    for what in (("lens",), ("attention_weights",), ("lens", "attention_weights", "residual_post")):
        _capture(probed.model, ids, what)  # proves the model the first time
        costs = [(_cpu(_capture, probed.model, ids, what), _cpu(_pass, probed.model, ids)) for _ in range(repeats)]
        name = f"one capture of {', '.join(what)} over {N_TOKENS} tokens, against a forward pass"
        _row(name, *zip(*costs, strict=True))
    _row("answers with the measures of tokens, against none", *zip(*pairs, strict=True))


def _request(seed: int, *, measured: bool = False) -> Request:
    """A request as the engine makes it, with or without `--hl-confidence tokens`."""
    return Request(
        messages=(Message(role="user", content=PROMPT),),
        params=GenerationConfig(temperature=0.8, max_tokens=N_TOKENS),
        seed=seed,
        top_logprobs=TOP_LOGPROBS if measured else 0,
        token_entropies=measured,
    )


async def _decode(provider: MlxProvider, requests: Sequence[Request]) -> float:
    """Return the CPU seconds of these answers, measures included if they were requested."""
    began = time.process_time()
    for completion in await asyncio.gather(*map(provider.complete, requests)):
        if completion.top_logprobs:
            token_measures(completion.logprobs, completion.top_logprobs, completion.entropies)
    return time.process_time() - began


def _probe(model: Any, ids: Sequence[int]) -> None:
    verify(model)
    _capture(model, ids, ("lens", "attention_weights"))


def _capture(model: Any, ids: Sequence[int], what: Sequence[str]) -> None:
    capture(model, ids, what)


def _pass(model: Any, ids: Sequence[int]) -> None:
    import mlx.core as mx

    mx.eval(model(mx.array([ids])))


def _cpu(function: Callable[..., None], *arguments: Any) -> float:
    began = time.process_time()
    function(*arguments)
    return time.process_time() - began


def _row(name: str, with_it: Sequence[float], without: Sequence[float]) -> None:
    high, low = statistics.median(with_it), statistics.median(without)
    print(f"| {name} | {high:.4f} | {low:.4f} | {high / low:.2f} |")


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]))
