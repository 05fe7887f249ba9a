"""The batch computes each sequence of tokens once, and every request has the tokens that it has alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from support.mlx_batch import decode, ids_of, job
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)

import mlx.core as mx

from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.providers.mlx.decoder import BatchThread
from pytest_hiddenlayer.providers.mlx.decoding import prompts
from pytest_hiddenlayer.providers.mlx.decoding.batch import Batch
from pytest_hiddenlayer.providers.mlx.jobs import GenerationResult, Job
from pytest_hiddenlayer.providers.mlx.loading import LoadedModel, load

QUESTION = "What is 37+58? Think step by step."


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    """The bundled model."""
    return load(bundled_path())


@pytest.fixture
def threads() -> Iterator[tuple[BatchThread, BatchThread]]:
    """A thread on which requests share what they compute, and one on which they do not."""
    both = BatchThread(bundled_path()), BatchThread(bundled_path(), share=False)
    yield both
    for thread in both:
        thread.close()


def generate_all(thread: BatchThread, prompt_ids: list[int], temperature: float) -> list[GenerationResult]:
    async def go() -> list[GenerationResult]:
        requests = [
            thread.generate(
                prompt_ids, max_tokens=24, temperature=temperature, top_p=1.0, stop=(), seed=seed, top_logprobs=2
            )
            for seed in range(9)
        ]
        return await asyncio.gather(*requests)

    return asyncio.run(go())


@pytest.mark.parametrize("temperature", [0.0, 0.7, 2.0])
def test_requests_with_one_prompt_share_their_computation(threads, temperature: float):
    """Nine equal prompts compute fewer tokens than they have, and their results are those of separate rows."""
    shared, separate = (generate_all(thread, ids_of(thread, QUESTION), temperature) for thread in threads)
    n_tokens = sum(len(result.token_ids) for result in separate)
    assert [(r.token_ids, r.text, r.finish_reason) for r in shared] == [
        (r.token_ids, r.text, r.finish_reason) for r in separate
    ]
    assert threads[1].n_computed == n_tokens
    assert threads[0].n_computed == n_tokens / 9 if temperature == 0 else threads[0].n_computed < n_tokens
    for one, other in zip(shared, separate, strict=True):
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)
        assert [list(step) for step in one.top_logprobs] == [list(step) for step in other.top_logprobs]
    assert [result.shared_tokens for result in shared] == [0, *[len(ids_of(threads[0], QUESTION)) - 1] * 8]


@pytest.mark.parametrize("look_ahead", [False, True])
@pytest.mark.parametrize("share", [False, True])
def test_requests_come_and_go(loaded, look_ahead: bool, share: bool):
    """Requests that join a running batch, with equal and other prompts and lengths, have their tokens of alone."""
    texts = [QUESTION, QUESTION, "Write moon in upper case.", QUESTION, "Is 49 less than 48?", "Write moon"]

    def jobs() -> list[Job]:
        return [job(ids_of(loaded, text), seed, max_tokens=5 + 3 * seed) for seed, text in enumerate(texts)]

    def batch() -> Batch:
        return Batch(loaded.model, prefill_size=2, share=share, look_ahead=look_ahead)

    alone = [decode(batch(), loaded.model, loaded.caches, {0: [one]})[0] for one in jobs()]
    a, b, c, d, e, f = jobs()
    assert decode(batch(), loaded.model, loaded.caches, {0: [a, b, c], 3: [d], 4: [e, f]}) == alone


def test_removed_requests_leave_the_others_as_they_are(loaded):
    """Requests removed before, during and after their prefill, alone and of a shared row, change no other."""
    question, other = ids_of(loaded, QUESTION), ids_of(loaded, "Write moon")
    batch = Batch(loaded.model, prefill_size=1, share=True, look_ahead=False)
    jobs = [job(question, seed) for seed in range(3)] + [job(other, 3), job(other[:-1], 4)]
    for one in jobs:
        if not batch.join(one):
            batch.add(one, loaded.caches.make_prompt_cache(loaded.model), 0)
    batch.remove([jobs[4]])
    for _ in range(12):
        for one in batch.step():
            one.job.token_ids.append(one.token)
        if len(jobs[0].token_ids) == 1:
            batch.remove([jobs[1], jobs[3]])
    alone = Batch(loaded.model, prefill_size=1, share=True, look_ahead=False)
    (expected,) = decode(alone, loaded.model, loaded.caches, {0: [job(question, 0)]})
    assert jobs[0].token_ids == expected
    assert len(jobs[2].token_ids) == 12
    assert jobs[4].token_ids == []


def test_long_prompts_are_prefilled_in_chunks(loaded, monkeypatch):
    """Prompts of several lengths, prefilled 7 tokens at a time, decode as in one pass."""
    texts = ["Write moon", QUESTION, QUESTION + " " + QUESTION, "Is 49 less than 48?"]

    def decoded() -> list[list[int]]:
        batch = Batch(loaded.model, prefill_size=4, share=True, look_ahead=False)
        return decode(
            batch, loaded.model, loaded.caches, {0: [job(ids_of(loaded, t), temperature=0.0) for t in texts]}
        )

    whole = decoded()
    monkeypatch.setattr(prompts, "CHUNK", 7)
    assert decoded() == whole


@pytest.mark.slow  # imports mlx_lm with transformers
@pytest.mark.parametrize("kind", ["gemma3_text", "mamba"])
def test_models_with_other_caches_decode_in_a_batch(kind: str):
    """Models with sliding windows or a state have the greedy tokens of one sequence at a time."""
    from mlx_lm.models import cache, gemma3_text, mamba

    mx.random.seed(3)
    if kind == "mamba":
        args = mamba.ModelArgs(
            model_type="mamba",
            vocab_size=60,
            hidden_size=32,
            intermediate_size=64,
            state_size=8,
            num_hidden_layers=2,
            conv_kernel=4,
            use_bias=False,
            use_conv_bias=True,
            time_step_rank=4,
        )
        model = mamba.Model(args)
    else:
        args = gemma3_text.ModelArgs(
            model_type="gemma3_text",
            hidden_size=32,
            num_hidden_layers=3,
            intermediate_size=64,
            num_attention_heads=2,
            head_dim=16,
            vocab_size=60,
            num_key_value_heads=1,
            query_pre_attn_scalar=16,
            sliding_window=8,
            sliding_window_pattern=3,
        )
        model = gemma3_text.Model(args)
    prompt_ids = [list(range(1, 5)), list(range(9, 30)), list(range(2, 13))]
    jobs = [job(ids, temperature=0.0, max_tokens=10) for ids in prompt_ids]
    found = decode(
        Batch(model, prefill_size=2, share=False, look_ahead=False), model, cache, {0: jobs[:2], 3: jobs[2:]}
    )
    for ids, tokens in zip(prompt_ids, found, strict=True):
        layers = cache.make_prompt_cache(model)
        logits, expected = model(mx.array([ids]), cache=layers), []
        for _ in range(10):
            expected.append(mx.argmax(logits[0, -1]).item())
            logits = model(mx.array([[expected[-1]]]), cache=layers)
        assert tokens == expected


def test_a_kind_of_cache_that_cannot_be_merged_is_named():
    """A cache without batches is an error that names its class."""
    batch = Batch(None, prefill_size=2, share=False, look_ahead=False)
    batch.add(job([1, 2]), [SimpleNamespace()], 0)
    with pytest.raises(ValueError, match="SimpleNamespace cannot be decoded in a batch"):
        batch.step()
