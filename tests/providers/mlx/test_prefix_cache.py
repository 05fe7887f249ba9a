"""Common prompt prefixes are prefilled once, and texts do not change."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)

import mlx.core as mx

from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.providers.mlx.decoder import BatchThread
from pytest_hiddenlayer.providers.mlx.jobs import GenerationResult
from pytest_hiddenlayer.providers.mlx.prefix_cache import BLOCK, PrefixCache, common_length
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.types import GenerationConfig, Message, Request

WORDS = "What is 25+36? Other agents said: " + ", ".join(f"{n}" for n in range(100, 230)) + "."


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The bundled weights with a context of 4096 tokens."""
    copy = tmp_path_factory.mktemp("long") / "model"
    shutil.copytree(bundled_path(), copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 4096}))
    return copy


@pytest.fixture
def sharing(folder: Path) -> Iterator[BatchThread]:
    """A thread that shares prefixes, with an empty cache."""
    thread = BatchThread(folder)
    yield thread
    thread.close()


@pytest.fixture
def separate(folder: Path) -> Iterator[BatchThread]:
    """A thread that prefills every prompt in full."""
    thread = BatchThread(folder, share=False)
    yield thread
    thread.close()


def ids_of(thread: BatchThread, text: str) -> list[int]:
    return thread.tokenizer.prompt_ids([Message(role="user", content=text)])


async def generate(thread: BatchThread, ids: list[int], seed: int = 0, **params: object) -> GenerationResult:
    defaults = {"max_tokens": 12, "temperature": 0.0, "top_p": 1.0, "stop": ()}
    return await thread.generate(ids, seed=seed, **(defaults | params))


def generate_all(thread: BatchThread, prompts: list[list[int]], **params: object) -> list[GenerationResult]:
    """Generate for all prompts concurrently; the n-th has seed n."""

    async def go() -> list[GenerationResult]:
        return await asyncio.gather(*(generate(thread, ids, seed, **params) for seed, ids in enumerate(prompts)))

    return asyncio.run(go())


def test_a_common_prefix_is_prefilled_once(sharing, separate):
    """Eight prompts that share 500 tokens prefill at most a fifth of the tokens, and texts do not change."""
    prefix = ids_of(sharing, WORDS)[:500]
    prompts = [prefix + ids_of(sharing, f"Agent {i}: reconsider.") for i in range(8)]
    shared, unshared = generate_all(sharing, prompts), generate_all(separate, prompts)
    assert len(prefix) == 500
    assert separate.prefill_tokens == sum(map(len, prompts))
    assert sharing.prefill_tokens <= separate.prefill_tokens / 5
    assert [result.token_ids for result in shared] == [result.token_ids for result in unshared]


def test_prompt_tokens_are_prefilled_or_shared(sharing):
    """Every prompt token is either prefilled or shared; the first prompt shares none."""
    prompts = [ids_of(sharing, WORDS + f" Agent {i}") for i in range(5)]
    shared = [result.shared_tokens for result in generate_all(sharing, prompts)]
    assert sharing.prefill_tokens == sum(map(len, prompts)) - sum(shared)
    assert sorted(shared)[0] == 0
    assert all(count > 400 for count in sorted(shared)[1:])


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_nested_prefixes_do_not_change_texts(sharing, separate, temperature: float):
    """Nested prompts, unrelated prompts and prompts with other seeds generate the same texts as without sharing."""
    header = ids_of(sharing, WORDS[:120])
    longer = header + ids_of(sharing, WORDS[120:330])
    prompts = [
        longer + ids_of(sharing, "What is 7+8?"),
        ids_of(sharing, "Write moon in upper case."),
        header + ids_of(sharing, "What is 37+58? Think step by step."),
        longer,
        longer + ids_of(sharing, "Is 49 less than 48?"),
        ids_of(sharing, "The capital of Norway is which city?"),
        header + ids_of(sharing, "Sort 3, 1, 2."),
        longer[:-40],
    ]
    params = {"temperature": temperature, "max_tokens": 20}
    shared = generate_all(sharing, prompts, **params)
    assert [result.token_ids for result in shared] == [
        result.token_ids for result in generate_all(separate, prompts, **params)
    ]
    assert sum(result.shared_tokens > 0 for result in shared) == 5


def test_a_repeated_prompt_is_prefilled_once(sharing, separate):
    """A prompt with eight seeds is prefilled once, and the texts differ by seed."""
    ids = ids_of(sharing, WORDS[:200])
    shared = generate_all(sharing, [ids] * 8, temperature=1.0)
    assert [result.token_ids for result in shared] == [
        result.token_ids for result in generate_all(separate, [ids] * 8, temperature=1.0)
    ]
    assert sharing.prefill_tokens == len(ids) - 1 + 8  # the last token is prefilled for each
    assert len({result.token_ids for result in shared}) > 1


def test_a_later_prompt_shares_with_a_running_request(sharing):
    """A prompt that arrives later shares the prefix of a request that is still decoding."""

    async def go() -> GenerationResult:
        first = asyncio.create_task(generate(sharing, ids_of(sharing, WORDS), temperature=50.0, max_tokens=1000))
        while not any(job.token_ids for job in sharing._running.values()):
            await asyncio.sleep(0.001)
        later = await generate(sharing, ids_of(sharing, WORDS + " Reconsider."))
        assert not first.done()
        first.cancel()
        return later

    assert asyncio.run(go()).shared_tokens > 400


def test_a_conversation_shares_its_earlier_turns(sharing, separate):
    """A prompt that begins with an earlier prompt and its response shares both."""
    ids = ids_of(sharing, WORDS[:200])
    (answer,) = generate_all(sharing, [ids])
    longer = [*ids, *answer.token_ids, *ids_of(sharing, "What is 7+8?")]
    (shared,) = generate_all(sharing, [longer])
    assert shared.shared_tokens >= len(ids) + len(answer.token_ids) - 1
    assert shared.token_ids == generate_all(separate, [longer])[0].token_ids


def test_a_request_with_a_stop_text_is_kept(sharing):
    """The next request shares the prefix of a request that ended at a stop text."""
    ids = ids_of(sharing, WORDS)
    (whole,) = generate_all(sharing, [ids])
    fresh = ids_of(sharing, "Now: " + WORDS)
    (first,) = generate_all(sharing, [fresh], stop=(whole.text[:1],))
    assert first.shared_tokens == 0
    assert generate_all(sharing, [fresh])[0].shared_tokens == len(fresh) - 1


def test_short_prefixes_are_not_shared(sharing):
    """Prompts shorter than a block share nothing, and only the prompts are prefilled."""
    prompts = [ids_of(sharing, f"What is {n}+1?") for n in range(4)]
    assert all(len(ids) < BLOCK for ids in prompts)
    assert [result.shared_tokens for result in generate_all(sharing, prompts)] == [0] * 4
    assert sharing.prefill_tokens == sum(map(len, prompts))


def test_more_requests_than_the_batch_size(folder: Path):
    """Requests beyond the batch size wait, share and complete; a request cancelled while it waits does not run."""
    thread = BatchThread(folder, batch_size=2)
    prompts = [ids_of(thread, WORDS[:200] + f" Agent {i}") for i in range(7)]

    async def go() -> list[GenerationResult]:
        tasks = [asyncio.create_task(generate(thread, ids)) for ids in prompts]
        await asyncio.sleep(0)
        tasks[-1].cancel()
        return list(await asyncio.gather(*tasks[:-1]))

    try:
        answers = asyncio.run(go())
        assert len(answers) == 6
        assert not thread._running
        assert not thread._waiting
        assert thread.prefill_tokens == sum(map(len, prompts[:-1])) - sum(result.shared_tokens for result in answers)
        assert sum(result.shared_tokens > 0 for result in answers) == 5
    finally:
        thread.close()


def test_a_failed_prefill_of_a_prefix_is_harmless(sharing, monkeypatch):
    """If the prefill of a common prefix fails, every prompt is prefilled in full and completes."""

    def fail(*args: object) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(PrefixCache, "prefill", fail)
    ids = ids_of(sharing, WORDS[:200])
    assert len({result.token_ids for result in generate_all(sharing, [ids] * 4)}) == 1


def test_usage_counts_shared_tokens():
    """Shared tokens are the cached input tokens, which are part of the input tokens."""
    model = MlxProvider()

    async def go() -> list[tuple[int, int]]:
        requests = [
            Request(
                messages=(Message(role="user", content=WORDS[:300] + f" Agent {i}"),),
                params=GenerationConfig(max_tokens=4),
                seed=0,
            )
            for i in range(4)
        ]
        usages = [completion.usage for completion in await asyncio.gather(*map(model.complete, requests))]
        await model.close()
        return sorted((usage.cached_input_tokens, usage.input_tokens) for usage in usages)

    first, *others = asyncio.run(go())
    assert first[0] == 0
    assert all(200 < cached < total for cached, total in others)


class Plain:
    """A cache like mlx-lm's KVCache."""

    def __init__(self, n: int = 0) -> None:
        self.keys = self.values = mx.zeros((1, 1, n, 4))
        self.offset = n


class Rotating(Plain):
    """A cache that drops old tokens and cannot be cut."""


def prefixes(kind: type[Plain] = Plain, **bounds: int) -> PrefixCache:
    return PrefixCache(None, SimpleNamespace(KVCache=Plain, make_prompt_cache=lambda model: [kind()]), **bounds)


def test_only_plain_caches_are_shared():
    """A model with another cache than the plain one shares nothing."""
    store = prefixes(Rotating)
    store.offer(list(range(100)), [Rotating(100)])
    assert (store.usable, store.tokens, store.find(list(range(100)))) == (False, 0, (None, 0))


@pytest.mark.parametrize("bounds", [{"max_tokens": 250}, {"max_bytes": 250 * 2 * 4 * 4}])
def test_the_least_recently_used_prefix_is_dropped(bounds: dict[str, int]):
    """Of three prefixes of 100 tokens a limit of 250 keeps the new one and the one used last."""
    store = prefixes(**bounds)
    a, b, c = ([n] * 100 for n in (1, 2, 3))
    store.keep(a, [Plain(100)])
    store.keep(b, [Plain(100)])
    assert store.find([*a, 0])[1] == 100
    store.keep(c, [Plain(100)])
    assert [store.find([*ids, 0])[1] for ids in (a, b, c)] == [100, 0, 100]
    assert (store.tokens, store.nbytes) == (200, 200 * 2 * 4 * 4)


def test_a_prefix_is_kept_once():
    """A prefix of a kept prefix is not kept again; a longer prefix replaces the shorter one."""
    store = prefixes()
    store.keep([1] * 100, [Plain(100)])
    store.keep([1] * 80, [Plain(80)])
    assert store.tokens == 100
    store.keep([1] * 150, [Plain(150)])
    assert store.tokens == 150
    assert store.find([1] * 90)[1] == 89  # one token is left to prefill


def test_a_prefix_above_the_limit_is_not_kept():
    """A prefix larger than the limit leaves the cache empty."""
    store = prefixes(max_tokens=90)
    store.keep([1] * 100, [Plain(100)])
    assert (store.tokens, store.nbytes, store.find([1] * 100)) == (0, 0, (None, 0))


@given(st.lists(st.integers(0, 1)), st.lists(st.integers(0, 1)))
def test_common_length(a: list[int], b: list[int]):
    """The result is the length of the longest common prefix, in any order of the arguments."""
    expected = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    assert common_length(a, b) == common_length(b, a) == expected
