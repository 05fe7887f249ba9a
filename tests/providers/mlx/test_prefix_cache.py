"""Prompts that begin alike: read once, with the same texts."""

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
from pytest_hiddenlayer.providers.mlx.jobs import Generated
from pytest_hiddenlayer.providers.mlx.prefix_cache import BLOCK, Prefixes, common
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.types import GenerationConfig, Message, Request

WORDS = "What is 25+36? Other agents said: " + ", ".join(f"{n}" for n in range(100, 230)) + "."


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The bundled weights with room for 4096 tokens."""
    made = tmp_path_factory.mktemp("long") / "model"
    shutil.copytree(bundled_path(), made)
    config = json.loads((made / "config.json").read_text())
    (made / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 4096}))
    return made


@pytest.fixture
def sharing(folder: Path) -> Iterator[BatchThread]:
    """A thread that shares, with nothing read yet."""
    thread = BatchThread(folder)
    yield thread
    thread.close()


@pytest.fixture
def alone(folder: Path) -> Iterator[BatchThread]:
    """A thread that reads every prompt for itself."""
    thread = BatchThread(folder, share=False)
    yield thread
    thread.close()


def ids_of(thread: BatchThread, text: str) -> list[int]:
    return thread.tokenizer.prompt_ids([Message(role="user", content=text)])


async def made(thread: BatchThread, ids: list[int], seed: int = 0, **wishes: object) -> Generated:
    plain = {"max_tokens": 12, "temperature": 0.0, "top_p": 1.0, "stop": ()}
    return await thread.generate(ids, seed=seed, **(plain | wishes))


def together(thread: BatchThread, prompts: list[list[int]], **wishes: object) -> list[Generated]:
    """All at the same time; the n-th with seed n."""

    async def go() -> list[Generated]:
        return await asyncio.gather(*(made(thread, ids, seed, **wishes) for seed, ids in enumerate(prompts)))

    return asyncio.run(go())


def test_eight_agents_read_their_common_prefix_once(sharing, alone):
    """Eight prompts that share 500 tokens take at most a fifth of the reading, and say the same."""
    prefix = ids_of(sharing, WORDS)[:500]
    prompts = [prefix + ids_of(sharing, f"Agent {i}: reconsider.") for i in range(8)]
    shared, apart = together(sharing, prompts), together(alone, prompts)
    assert len(prefix) == 500
    assert alone.prefill_tokens == sum(map(len, prompts))
    assert sharing.prefill_tokens <= alone.prefill_tokens / 5
    assert [one.token_ids for one in shared] == [one.token_ids for one in apart]


def test_what_was_not_shared_was_read(sharing):
    """Tokens of the prompts are those that were read and those that were shared; the first to read shares none."""
    prompts = [ids_of(sharing, WORDS + f" Agent {i}") for i in range(5)]
    shared = [one.shared_tokens for one in together(sharing, prompts)]
    assert sharing.prefill_tokens == sum(map(len, prompts)) - sum(shared)
    assert sorted(shared)[0] == 0
    assert all(count > 400 for count in sorted(shared)[1:])


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_nested_prefixes_and_prompts_without_one_say_the_same(sharing, alone, temperature: float):
    """Prompts of many lengths, some within others, some unlike all, seeds included, say what they say unshared."""
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
    wishes = {"temperature": temperature, "max_tokens": 20}
    shared = together(sharing, prompts, **wishes)
    assert [one.token_ids for one in shared] == [one.token_ids for one in together(alone, prompts, **wishes)]
    assert sum(one.shared_tokens > 0 for one in shared) == 5


def test_one_prompt_drawn_often_is_read_once(sharing, alone):
    """The same prompt with eight seeds is read once, and every seed says its own."""
    ids = ids_of(sharing, WORDS[:200])
    shared = together(sharing, [ids] * 8, temperature=1.0)
    assert [one.token_ids for one in shared] == [one.token_ids for one in together(alone, [ids] * 8, temperature=1.0)]
    assert sharing.prefill_tokens == len(ids) - 1 + 8  # the last token is read for each
    assert len({one.token_ids for one in shared}) > 1


def test_a_prompt_that_comes_later_shares_with_one_that_is_being_answered(sharing):
    """What a running request has read serves one that comes after it."""

    async def go() -> Generated:
        first = asyncio.create_task(made(sharing, ids_of(sharing, WORDS), temperature=50.0, max_tokens=3000))
        while not any(job.token_ids for job in sharing._running.values()):
            await asyncio.sleep(0.001)
        later = await made(sharing, ids_of(sharing, WORDS + " Reconsider."))
        assert not first.done()
        first.cancel()
        return later

    assert asyncio.run(go()).shared_tokens > 400


def test_a_conversation_goes_on_where_it_ended(sharing, alone):
    """A prompt that begins with an earlier one and its answer shares both."""
    ids = ids_of(sharing, WORDS[:200])
    (answer,) = together(sharing, [ids])
    longer = [*ids, *answer.token_ids, *ids_of(sharing, "What is 7+8?")]
    (shared,) = together(sharing, [longer])
    assert shared.shared_tokens >= len(ids) + len(answer.token_ids) - 1
    assert shared.token_ids == together(alone, [longer])[0].token_ids


def test_an_answer_that_a_stop_text_ended_is_kept_too(sharing):
    """A request that left the batch at its stop text serves the next."""
    ids = ids_of(sharing, WORDS)
    (whole,) = together(sharing, [ids])
    fresh = ids_of(sharing, "Now: " + WORDS)
    (first,) = together(sharing, [fresh], stop=(whole.text[:1],))
    assert first.shared_tokens == 0
    assert together(sharing, [fresh])[0].shared_tokens == len(fresh) - 1


def test_short_prefixes_are_not_shared(sharing):
    """Below a block nothing is shared, and nothing but the prompts is read."""
    prompts = [ids_of(sharing, f"What is {n}+1?") for n in range(4)]
    assert all(len(ids) < BLOCK for ids in prompts)
    assert [one.shared_tokens for one in together(sharing, prompts)] == [0] * 4
    assert sharing.prefill_tokens == sum(map(len, prompts))


def test_more_than_the_batch_holds(folder: Path):
    """Requests beyond the batch wait, share, and are all answered; one that is cancelled while it waits is not."""
    thread = BatchThread(folder, batch_size=2)
    prompts = [ids_of(thread, WORDS[:200] + f" Agent {i}") for i in range(7)]

    async def go() -> list[Generated]:
        tasks = [asyncio.create_task(made(thread, ids)) for ids in prompts]
        await asyncio.sleep(0)
        tasks[-1].cancel()
        return list(await asyncio.gather(*tasks[:-1]))

    try:
        answers = asyncio.run(go())
        assert len(answers) == 6
        assert not thread._running
        assert not thread._waiting
        assert thread.prefill_tokens == sum(map(len, prompts[:-1])) - sum(one.shared_tokens for one in answers)
        assert sum(one.shared_tokens > 0 for one in answers) == 5
    finally:
        thread.close()


def test_a_prefix_that_cannot_be_read_ahead_breaks_nothing(sharing, monkeypatch):
    """Where reading ahead fails, every prompt is read for itself and answered."""

    def fail(*args: object) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(Prefixes, "read", fail)
    ids = ids_of(sharing, WORDS[:200])
    assert len({one.token_ids for one in together(sharing, [ids] * 4)}) == 1


def test_usage_tells_what_was_shared():
    """Cached input tokens are a part of the input tokens."""
    model = MlxProvider()

    async def go() -> list[tuple[int, int]]:
        asked = [
            Request(
                messages=(Message(role="user", content=WORDS[:300] + f" Agent {i}"),),
                params=GenerationConfig(max_tokens=4),
                seed=0,
            )
            for i in range(4)
        ]
        usages = [done.usage for done in await asyncio.gather(*map(model.complete, asked))]
        await model.close()
        return sorted((usage.cached_input_tokens, usage.input_tokens) for usage in usages)

    first, *others = asyncio.run(go())
    assert first[0] == 0
    assert all(200 < cached < read for cached, read in others)


class Plain:
    """A cache like mlx-lm's KVCache."""

    def __init__(self, n: int = 0) -> None:
        self.keys = self.values = mx.zeros((1, 1, n, 4))
        self.offset = n


class Rotating(Plain):
    """One that forgets: it cannot be cut."""


def prefixes(kind: type[Plain] = Plain, **bounds: int) -> Prefixes:
    return Prefixes(None, SimpleNamespace(KVCache=Plain, make_prompt_cache=lambda model: [kind()]), **bounds)


def test_caches_that_cannot_be_cut_are_not_shared():
    """A model with another cache than the plain one shares nothing."""
    store = prefixes(Rotating)
    store.offer(list(range(100)), [Rotating(100)])
    assert (store.usable, store.tokens, store.find(list(range(100)))) == (False, 0, (None, 0))


@pytest.mark.parametrize("bounds", [{"max_tokens": 250}, {"max_bytes": 250 * 2 * 4 * 4}])
def test_what_was_used_longest_ago_makes_room(bounds: dict[str, int]):
    """Of three prefixes of 100 tokens two find room in 250 tokens: the new one and the one that was used."""
    store = prefixes(**bounds)
    a, b, c = ([n] * 100 for n in (1, 2, 3))
    store.keep(a, [Plain(100)])
    store.keep(b, [Plain(100)])
    assert store.find([*a, 0])[1] == 100
    store.keep(c, [Plain(100)])
    assert [store.find([*ids, 0])[1] for ids in (a, b, c)] == [100, 0, 100]
    assert (store.tokens, store.nbytes) == (200, 200 * 2 * 4 * 4)


def test_a_prefix_is_kept_once():
    """The beginning of a kept prefix is not kept again, and one that goes on replaces its beginning."""
    store = prefixes()
    store.keep([1] * 100, [Plain(100)])
    store.keep([1] * 80, [Plain(80)])
    assert store.tokens == 100
    store.keep([1] * 150, [Plain(150)])
    assert store.tokens == 150
    assert store.find([1] * 90)[1] == 89  # one token is left to read


def test_a_prefix_beyond_all_bounds_is_not_kept():
    """One that is larger than the store leaves it empty."""
    store = prefixes(max_tokens=90)
    store.keep([1] * 100, [Plain(100)])
    assert (store.tokens, store.nbytes, store.find([1] * 100)) == (0, 0, (None, 0))


@given(st.lists(st.integers(0, 1)), st.lists(st.integers(0, 1)))
def test_common(a: list[int], b: list[int]):
    """The length of the longest common beginning."""
    expected = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    assert common(a, b) == common(b, a) == expected
