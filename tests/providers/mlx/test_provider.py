"""The bundled model through the mlx provider."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)

from pytest_hiddenlayer.errors import ProviderError
from pytest_hiddenlayer.models import BUNDLED, bundled_path
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.providers.mlx.sampling import Sampler, sample
from pytest_hiddenlayer.providers.mlx.tokenizers import token_texts
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request

PROMPTS = [
    *(f"What is {a}+{b}? Think step by step." for a, b in ((37, 58), (412, 99), (7, 8), (640, 225), (91, 19))),
    "The capital of Norway is which city?",
    "Is 49 less than 48? Answer yes or no.",
    "Make a bullet list of red, blue and train.",
    "Write moon in upper case.",
    "Grüße, 你好 <|end|> 🙂?",  # characters beyond ASCII, and a special token in the user's text
]

REFERENCE = """
import json, sys
import mlx.core as mx
from mlx_lm import load, stream_generate
model, tokenizer = load(sys.argv[1])
model.set_dtype(mx.float32)
results = []
for prompt in json.loads(sys.argv[2]):
    ids = list(tokenizer.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True))
    parts = list(stream_generate(model, tokenizer, ids, max_tokens=64))
    text, new = "".join(part.text for part in parts), [part.token for part in parts]
    logits = model(mx.array([ids + new]))[0, len(ids) - 1 : -1]  # one forward pass over the whole text
    logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
    picked = mx.take_along_axis(logprobs, mx.array(new)[:, None], axis=-1)[:, 0]
    results.append({"text": text, "n_prompt": len(ids), "n_new": len(new), "logprobs": picked.tolist()})
print(json.dumps(results))
"""
"""Generation by mlx_lm itself, in a new process because `import mlx_lm` imports transformers."""


@pytest.fixture(scope="module")
def reference() -> list[dict[str, object]]:
    """Greedy texts, token counts and log-probabilities of mlx_lm for PROMPTS."""
    command = [sys.executable, "-c", REFERENCE, str(bundled_path()), json.dumps(PROMPTS)]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    results: list[dict[str, object]] = json.loads(process.stdout.splitlines()[-1])
    return results


@pytest.fixture(scope="module")
def model() -> Iterator[MlxProvider]:
    """The bundled model, opened once."""
    provider = MlxProvider()
    yield provider
    asyncio.run(provider.close())


def request(prompt: str, seed: int = 0, **params: object) -> Request:
    """Return a request with one user message."""
    return Request(messages=(Message(role="user", content=prompt),), params=GenerationConfig(**params), seed=seed)


CONTEXT = json.loads((bundled_path() / "config.json").read_text())["max_position_embeddings"]
ENDLESS = request("Write moon", 2, temperature=50.0, max_tokens=450)
"""The temperature makes every token equally likely, so it runs for seconds before an end token."""


def ask(model: MlxProvider, *requests: Request) -> list[Completion]:
    """Return the completions of concurrent requests."""

    async def complete_all() -> list[Completion]:
        return list(await asyncio.gather(*map(model.complete, requests)))

    return asyncio.run(complete_all())


async def wait_until_decoding(model: MlxProvider) -> None:
    """Wait until a request in the batch has its first token."""
    while not any(job.token_ids for job in list(model._batch._running.values())):
        await asyncio.sleep(0.001)


@pytest.fixture(scope="module")
def greedy(model) -> list[Completion]:
    """Greedy completions of PROMPTS, requested concurrently."""
    return ask(model, *(request(prompt, max_tokens=64) for prompt in PROMPTS))


def test_input_tokens_are_those_of_mlx_lm(greedy, reference):
    """Input tokens equal those of the chat template rendered by mlx_lm's tokenizer."""
    assert [c.usage.input_tokens for c in greedy] == [r["n_prompt"] for r in reference]


def test_greedy_text_is_that_of_mlx_lm(greedy, reference):
    """Greedy texts decoded in one batch equal those of stream_generate, decoded one by one.

    mlx_lm drops one space at the beginning of a text; the provider keeps it, as the tokenizer decodes it.
    """
    for completion, expected in zip(greedy, reference, strict=True):
        assert expected["text"] in (completion.text, completion.text.removeprefix(" "))


def test_output_tokens_count_the_end_token(greedy, reference):
    """Output tokens are all generated tokens, as in stream_generate."""
    assert [c.usage.output_tokens for c in greedy] == [r["n_new"] for r in reference]


def test_logprobs_are_those_of_a_direct_forward_pass(greedy, reference):
    """Each greedy token's log-probability is within 1e-3 of one forward pass without cache or batch."""
    for completion, expected in zip(greedy, reference, strict=True):
        assert completion.logprobs == pytest.approx(expected["logprobs"], abs=1e-3)


def test_greedy_text_does_not_depend_on_the_batch(model, greedy):
    """A request decoded alone has the same greedy text as in a batch."""
    assert [ask(model, request(prompt, max_tokens=64))[0].text for prompt in PROMPTS] == [c.text for c in greedy]


def test_usage_is_complete_and_free(greedy):
    """A local model reports every count and costs nothing."""
    for completion in greedy:
        assert None not in (
            completion.usage.input_tokens,
            completion.usage.cached_input_tokens,
            completion.usage.reasoning_tokens,
        )
        assert (completion.usage.calls, completion.cost_usd, completion.model) == (1, 0.0, BUNDLED)


def test_sampled_text_depends_on_the_seed_only(model):
    """A sampled text is the same alone and in a batch."""
    hot = [request("Write moon", seed, temperature=1.0, max_tokens=24) for seed in range(8)]
    batch = [c.text for c in ask(model, *hot)]
    assert [ask(model, single)[0].text for single in hot] == batch


def test_different_seeds_have_different_texts(model):
    """At temperature 1 eight seeds do not all generate the same answer to a hard question."""
    hot = [
        request("Calculate 569108-152510. Answer only.", seed, temperature=1.0, max_tokens=24) for seed in range(8)
    ]
    assert len({c.text for c in ask(model, *hot)}) > 1


def test_temperature_sharpens(model):
    """Near temperature 0 every seed generates the greedy text; at 10 no seed does."""
    prompt = PROMPTS[0]
    (cold,) = ask(model, request(prompt, max_tokens=24))
    near = ask(model, *(request(prompt, seed, temperature=1e-4, max_tokens=24) for seed in range(4)))
    far = ask(model, *(request(prompt, seed, temperature=10.0, max_tokens=24) for seed in range(4)))
    assert {c.text for c in near} == {cold.text}
    assert cold.text not in {c.text for c in far}


@pytest.mark.parametrize(
    ("temperature", "top_p", "expected"),
    [
        (1.0, 1.0, (0.5, 0.3, 0.2)),
        (2.0, 1.0, (0.4154, 0.3218, 0.2628)),  # normalized square roots
        (1.0, 0.6, (0.625, 0.375, 0.0)),  # 0.5 does not reach 0.6, 0.5 and 0.3 do
        (1.0, 0.4, (1.0, 0.0, 0.0)),
    ],
)
def test_tokens_are_drawn_from_the_right_distribution(temperature, top_p, expected):
    """Frequencies of 4000 samples are within 0.03 (3.8 standard errors at most) of those computed by hand."""
    import mlx.core as mx

    row, sampler = mx.log(mx.array([[0.5, 0.3, 0.2]])), Sampler.of(temperature, top_p, 7)
    drawn = mx.concatenate([sample(row, [0], [sampler]) for _ in range(4000)]).tolist()
    assert [drawn.count(token) / 4000 for token in range(3)] == pytest.approx(expected, abs=0.03)


def test_a_tiny_top_p_is_greedy(model):
    """top_p near 0 leaves only the most probable token."""
    cold = ask(model, request(PROMPTS[0], temperature=0.0))[0].text
    assert ask(model, request(PROMPTS[0], 5, temperature=1.5, top_p=1e-6))[0].text == cold


def test_max_tokens_limits_the_output(model):
    """At max_tokens the finish reason is length, and there are exactly so many tokens."""
    (completion,) = ask(model, request(PROMPTS[0], max_tokens=5))
    assert (completion.finish_reason, completion.usage.output_tokens) == ("length", 5)


def test_the_text_ends_before_a_stop_text(model):
    """The text ends before the first stop text, with finish reason stop."""
    (whole,) = ask(model, request(PROMPTS[0]))
    (completion,) = ask(model, request(PROMPTS[0], stop=("Answer", "never")))
    assert completion.text == whole.text[: whole.text.index("Answer")]
    assert completion.finish_reason == "stop"


def test_a_stop_text_may_span_tokens(model):
    """A stop text that begins and ends within tokens ends the text before its first character."""
    (whole,) = ask(model, request(PROMPTS[0]))
    stop = whole.text[5:-3]
    (completion,) = ask(model, request(PROMPTS[0], stop=(stop,)))
    assert completion.text == whole.text[:5]


def test_decoding_ends_at_a_stop_text(model):
    """Tokens after a stop text are neither generated nor counted."""
    (whole,) = ask(model, request(PROMPTS[0]))
    (completion,) = ask(model, request(PROMPTS[0], stop=(whole.text[1:4],)))
    assert completion.usage.output_tokens < whole.usage.output_tokens


def test_a_stop_text_in_the_last_token_is_a_stop(model):
    """If the last allowed token completes a stop text, the finish reason is stop, not length."""
    (whole,) = ask(model, request(PROMPTS[0], max_tokens=5))
    (completion,) = ask(model, request(PROMPTS[0], max_tokens=5, stop=(whole.text[-1:],)))
    assert completion.finish_reason == "stop"


def test_token_texts_join_to_the_text(model):
    """Texts of tokens, on request: as many as log-probabilities, and together the generated text."""
    plain, stopped, cut = ask(
        model,
        replace(request(PROMPTS[0]), token_logprobs=True),
        replace(request(PROMPTS[0], stop=("Answer",)), token_logprobs=True),
        replace(request("Write moon", 1, temperature=1.5, max_tokens=7), token_logprobs=True),
    )
    for completion in (plain, stopped, cut):
        assert len(completion.token_texts) == len(completion.logprobs) == completion.usage.output_tokens
    assert "".join(plain.token_texts) == plain.text
    assert plain.token_texts[-1] == ""  # the end token
    assert "".join(stopped.token_texts).startswith(stopped.text + "Answer")
    assert "".join(cut.token_texts) == cut.text
    assert ask(model, request(PROMPTS[0]))[0].token_texts is None


@pytest.mark.parametrize(
    "text", ["", "plain", "h\u00e9llo \U0001f600 \u6f22\u5b57", "\ufffd", "a\ufffd\U0001f600\ufffd"]
)
def test_a_character_belongs_to_the_token_that_completes_it(text):
    """With a tokenizer of bytes, texts of tokens join to the text, whatever characters it has."""

    class Bytes:
        def decode(self, ids):
            return bytes(ids).decode("utf-8", "replace")

    ids = list(text.encode())
    texts = token_texts(Bytes(), ids, text)
    assert "".join(texts) == text
    assert len(texts) == len(ids)


def test_every_token_has_a_logprob(model):
    """Every output token of greedy, stopped and truncated texts has a log-probability of at most 0."""
    for completion in ask(
        model,
        request(PROMPTS[0]),
        request(PROMPTS[0], stop=("Answer",)),
        request("Write moon", 1, temperature=1.5, max_tokens=7),
    ):
        assert completion.logprobs is not None
        assert len(completion.logprobs) == completion.usage.output_tokens
        assert max(completion.logprobs) <= 0.0


def test_a_prompt_beyond_the_context_is_an_error(model):
    """The message has the lengths of the prompt and of the context."""
    with pytest.raises(
        ProviderError,
        match=rf"the prompt has (?!{CONTEXT})\d{{4,}} tokens, but the context of {BUNDLED} is {CONTEXT}",
    ):
        ask(model, request("1 " * CONTEXT))


def test_the_output_ends_at_the_end_of_the_context(model):
    """Prompt and output together never exceed the context; the finish reason there is length."""
    (completion,) = ask(
        model, replace(ENDLESS, messages=(Message(role="user", content="1" * (CONTEXT - 12)),))
    )  # one token per digit
    assert completion.finish_reason == "length"
    assert completion.usage.input_tokens + completion.usage.output_tokens == CONTEXT


def test_a_request_that_cannot_be_decoded_fails_alone(model):
    """A seed out of range is an error of that request, and the next request completes."""

    async def go() -> None:
        await asyncio.wait_for(model.complete(request(PROMPTS[0], 2**70, temperature=1.0)), 60)

    with pytest.raises(ProviderError, match="mlx rejects this request"):
        asyncio.run(go())
    assert ask(model, request(PROMPTS[0]))[0].text.endswith("95")


def test_a_cancelled_request_leaves_the_batch(model):
    """Cancelling a request removes it from the batch and does not change other texts."""

    async def go() -> tuple[str, int]:
        long = asyncio.create_task(model.complete(ENDLESS))
        other = asyncio.create_task(model.complete(request(PROMPTS[0])))
        await wait_until_decoding(model)
        long.cancel()
        return (await other).text, len(model._batch._running)

    assert asyncio.run(go()) == (ask(model, request(PROMPTS[0]))[0].text, 0)


@pytest.fixture
def closable() -> Iterator[MlxProvider]:
    """A provider that a test may close."""
    provider = MlxProvider()
    yield provider
    asyncio.run(provider.close())


def test_closing_fails_running_requests(closable):
    """A request that is decoding when the provider closes ends with an error."""

    async def go() -> None:
        running = asyncio.create_task(closable.complete(ENDLESS))
        await wait_until_decoding(closable)
        await closable.close()
        await asyncio.wait_for(running, 60)

    with pytest.raises(ProviderError, match="closed while this request was running"):
        asyncio.run(go())


def test_a_closed_provider_rejects_requests(closable):
    """A request after `close` is an error at once; it does not wait for the ended thread."""

    async def go() -> None:
        await closable.close()
        await asyncio.wait_for(closable.complete(request(PROMPTS[0])), 60)

    with pytest.raises(ProviderError, match="has ended"):
        asyncio.run(go())


def test_a_request_during_close_is_rejected(closable, monkeypatch):
    """A request while the thread still ends is an error too, and does not wait forever."""

    async def go() -> None:
        asyncio.create_task(closable.complete(ENDLESS))  # noqa: RUF006 - keeps the thread busy
        await wait_until_decoding(closable)
        with monkeypatch.context() as patch:
            patch.setattr(closable._batch._thread, "join", lambda timeout: None)
            await closable.close()
        await asyncio.wait_for(closable.complete(request(PROMPTS[0])), 60)

    with pytest.raises(ProviderError, match="has ended"):
        asyncio.run(go())


def test_two_models_at_the_same_time(model, tmp_path: Path):
    """A copy of the model in another folder is a separate model and generates the same text."""
    shutil.copytree(bundled_path(), tmp_path / "copy")
    other = MlxProvider(str(tmp_path / "copy"))
    try:
        assert ask(other, request(PROMPTS[1]))[0].text == ask(model, request(PROMPTS[1]))[0].text
    finally:
        asyncio.run(other.close())
    assert ask(model, request(PROMPTS[0]))[0].text.endswith("95")


def test_entropies_are_of_the_whole_vocabulary(model):
    """The entropy of every token, on request: at least that of the most probable alternatives, at most ln |V|."""
    asked = replace(request("Write moon", 1, temperature=1.5, max_tokens=7), token_entropies=True, top_logprobs=20)
    (completion,) = ask(model, asked)
    assert len(completion.entropies) == len(completion.logprobs)
    for entropy, alternatives in zip(completion.entropies, completion.top_logprobs, strict=True):
        best = sorted(alternatives.values(), reverse=True)[:20]
        assert -sum(math.exp(log) * log for log in best) <= entropy + 1e-4
        assert 0 <= entropy <= math.log(50_000)
    assert ask(model, request("Write moon"))[0].entropies is None
