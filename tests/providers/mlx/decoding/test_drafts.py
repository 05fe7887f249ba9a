"""Drafts are the tokens that followed before, and change no token of a request."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.mlx_batch import decode, ids_of, job
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)

import mlx.core as mx

from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.providers.mlx.decoder import BatchThread
from pytest_hiddenlayer.providers.mlx.decoding.batch import MAX_DRAFT, Batch
from pytest_hiddenlayer.providers.mlx.decoding.drafts import Drafts
from pytest_hiddenlayer.providers.mlx.jobs import GenerationResult
from pytest_hiddenlayer.providers.mlx.loading import LoadedModel, load
from pytest_hiddenlayer.providers.mlx.rng import AHEAD

TEXTS = ["What is 37+58? Think step by step.", "What is 37+59? Think step by step.", "Write moon", "Write moons"]


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    """The bundled model."""
    return load(bundled_path())


def test_a_draft_is_what_followed_last():
    """The newest text with the same five tokens is continued, or else the newest with the same three."""
    drafts = Drafts()
    drafts.learn([1, 2, 3, 4, 5, 6, 7, 8])
    assert drafts.propose([1, 2, 3, 4, 5], 2) == [6, 7]
    drafts.learn([0, 0, 3, 4, 5, 9])
    assert drafts.propose([1, 2, 3, 4, 5], 2) == [6, 7]
    assert drafts.propose([8, 8, 3, 4, 5], 2) == [9]
    assert drafts.propose([3, 4, 5], 0) == drafts.propose([4, 5, 3], 2) == drafts.propose([4, 5], 2) == []
    assert drafts.propose([6, 7, 8], 2) == []


@given(st.lists(st.lists(st.integers(0, 2), max_size=30), max_size=12), st.integers(1, 40))
def test_old_texts_make_room(texts: list[list[int]], limit: int):
    """At most `limit` tokens are remembered, and every draft is part of a remembered text."""
    drafts = Drafts(limit)
    for text in texts:
        drafts.learn(text)
        assert drafts.n_tokens <= limit
    kept, room = [], limit
    for text in reversed(texts):
        part = text[-limit:]
        if len(part) > room:
            break
        kept.append(part)
        room -= len(part)
    for text in texts:
        draft = drafts.propose(text, 4)
        assert not draft or any(text[-3:] + draft == k[i : i + 3 + len(draft)] for k in kept for i in range(len(k)))


def test_the_numbers_of_a_draft_can_be_given_back():
    """A draft is shorter than what a seed remembers of its random numbers."""
    assert MAX_DRAFT < AHEAD


def test_a_model_in_half_precision_has_no_drafts():
    """Every step of a model in half precision has one position, also if a text is repeated."""
    loaded, shapes = load(bundled_path()), []
    loaded.model.set_dtype(mx.float16)

    def model(tokens: mx.array, **named: object) -> object:
        shapes.append(tokens.shape[1])
        return loaded.model(tokens, **named)

    batch, ids = Batch(model, prefill_size=4, share=True, look_ahead=False, draft=True), ids_of(loaded, TEXTS[0])
    for _ in range(2):
        decode(batch, loaded.model, loaded.caches, {0: [job([*ids, *ids], temperature=0.0, max_tokens=8)]})
    assert shapes == [2 * len(ids) - 1, *[1] * 8] * 2


@pytest.mark.parametrize(("temperature", "n_rows"), [(0.0, 1), (1.0, 3)])
def test_drafts_change_no_token(loaded, temperature: float, n_rows: int):
    """Requests that repeat earlier ones take fewer steps with drafts, and have the same tokens."""
    calls = {True: 0, False: 0}

    class Counting:
        def __init__(self, draft: bool) -> None:
            self.draft = draft

        def __call__(self, *args: object, **named: object) -> object:
            calls[self.draft] += 1
            return loaded.model(*args, **named)

    def decoded(draft: bool) -> list[list[list[int]]]:
        batch = Batch(Counting(draft), prefill_size=4, share=True, look_ahead=False, draft=draft)
        found = []
        for turn in range(3):
            jobs = [
                job(ids_of(loaded, TEXTS[index]), 10 * turn + index, temperature=temperature, max_tokens=16 + index)
                for index in range(n_rows)
            ]
            found.append(decode(batch, loaded.model, loaded.caches, {0: jobs[:2], 2: jobs[2:]}))
        return found

    assert decoded(True) == decoded(False)
    assert calls[True] < calls[False]


def test_requests_of_one_row_are_verified_together(loaded):
    """Equal prompts whose tokens differ within a draft keep their own tokens."""

    def decoded(draft: bool) -> list[list[int]]:
        batch = Batch(loaded.model, prefill_size=4, share=True, look_ahead=False, draft=draft)
        ids = ids_of(loaded, TEXTS[0])
        decode(batch, loaded.model, loaded.caches, {0: [job(ids, 99, temperature=0.0, max_tokens=24)]})
        return decode(
            batch,
            loaded.model,
            loaded.caches,
            {0: [job(ids, seed, temperature=2.0, max_tokens=24) for seed in range(3)]},
        )

    assert decoded(True) == decoded(False)


def test_a_draft_beyond_the_end_of_a_response_is_dropped():
    """A request whose answer is quoted in an earlier prompt ends where it ends without drafts, in fewer steps."""
    drafting, plain = BatchThread(bundled_path()), BatchThread(bundled_path(), share=False)
    question = ids_of(drafting, TEXTS[0])

    async def generate(thread: BatchThread, ids: list[int]) -> GenerationResult:
        return await thread.generate(
            ids, max_tokens=40, temperature=0.0, top_p=1.0, stop=(), seed=0, top_logprobs=2, token_entropies=True
        )

    async def go() -> None:
        expected = await generate(plain, question)
        await generate(drafting, [*question, *expected.token_ids, *question])
        before = drafting.n_steps
        found = await generate(drafting, question)
        assert (found.text, found.token_ids, found.finish_reason) == (expected.text, expected.token_ids, "stop")
        assert len(found.logprobs) == len(found.entropies) == len(found.top_logprobs) == len(expected.token_ids)
        assert found.logprobs == pytest.approx(expected.logprobs, abs=1e-4)
        assert found.entropies == pytest.approx(expected.entropies, abs=1e-4)
        assert drafting.n_steps - before < len(expected.token_ids) / 2

    try:
        asyncio.run(go())
    finally:
        drafting.close()
        plain.close()


def test_the_caches_hold_what_was_accepted(loaded):
    """After every step with drafts, the caches of a request have exactly the tokens of its text but the newest."""
    batch = Batch(loaded.model, prefill_size=4, share=True, look_ahead=False, draft=True)
    n_longer = 0
    for turn in range(2):
        jobs = [job(ids_of(loaded, text), 3, temperature=0.5 * turn, max_tokens=20) for text in TEXTS[:3]]
        for one in jobs:
            batch.add(one, loaded.caches.make_prompt_cache(loaded.model), 0)
        while any(len(one.token_ids) < one.max_tokens for one in jobs):
            sampled = batch.step()
            for new in sampled:
                new.job.token_ids.append(new.token)
            n_longer += len(sampled) > len({new.job for new in sampled})
            for one in {new.job for new in sampled}:
                tokens, layers = batch.cached(one)
                assert tokens == [*one.prompt_ids, *one.token_ids][:-1]
                assert {layer.offset for layer in layers} == {len(tokens)}
            batch.remove(list({new.job for new in sampled if len(new.job.token_ids) == new.job.max_tokens}))
    assert n_longer
