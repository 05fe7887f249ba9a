"""Replies in the forms that vendors send: errors inside of them, thoughts, null counts, other logprobs."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import pytest
from fake_server import fake_server
from fake_server.replies import Reply
from fake_server.requests import KEY, ask, request

from pytest_hiddenlayer.errors import ProviderError, TransientError
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.ollama import OllamaProvider
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.types import Completion, GenerationConfig

FACTORIES: dict[str, Any] = {
    "openai": lambda url: OpenAIProvider("m", base_url=f"{url}/v1"),
    "openai_responses": lambda url: OpenAIResponsesProvider("m", base_url=f"{url}/v1"),
    "anthropic": lambda url: AnthropicProvider("m", base_url=url),
    "ollama": lambda url: OllamaProvider(base_url=url),
}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, KEY)


def read(provider: str, *events: Any, stream: bool = False, lines: bool = False, **asked: Any) -> Completion:
    """Return the completion in a reply: one object, server-sent events with `stream`, or lines of JSON."""
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) if stream else json.dumps(events[0])
    if lines:
        body = "".join(f"{json.dumps(event)}\n" for event in events)
    with fake_server(refuse=lambda path, sent: Reply(body.encode())) as server:
        opened = FACTORIES[provider](server.url)
        if stream:
            opened.stream = True
        return ask(opened, request("2 + 2?", **asked))


def chat(message: dict[str, Any], **choice: Any) -> dict[str, Any]:
    """Return a chat completion."""
    usage = {"prompt_tokens": 5, "completion_tokens": 4}
    return {"choices": [{"message": message, "finish_reason": "stop", **choice}], "model": "m", "usage": usage}


def chunk(delta: dict[str, Any], **choice: Any) -> dict[str, Any]:
    """Return a chunk of a chat completion."""
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None, **choice}], "model": "m"}


def tokens(*pairs: tuple[str, float]) -> list[dict[str, Any]]:
    """Return OpenAI's list of tokens."""
    return [
        {"token": text, "logprob": value, "top_logprobs": [{"token": text, "logprob": value}]}
        for text, value in pairs
    ]


THINKING = (("<think>", -2.0), ("hm", -3.0), ("</think>", -1.0), ("\n\n", -1.0))
ANSWER = (("4", -0.01), (".", -0.02))


@pytest.mark.parametrize(
    ("provider", "event", "status", "slow_down"),
    [
        # goai#88: the code, not the type, says what happened.
        ("openai_responses", {"error": {"type": "tokens", "code": "rate_limit_exceeded", "message": "x"}}, 429, True),
        # openai.types.responses.ResponseErrorEvent is flat.
        ("openai_responses", {"code": "rate_limit_exceeded", "message": "x", "param": None}, 429, True),
        ("openai_responses", {"code": "server_error", "message": "x"}, 500, False),
        ("openai", {"error": {"type": "requests", "code": "rate_limit_exceeded", "message": "x"}}, 429, True),
        ("openai", {"error": {"message": "x", "code": 503}}, 503, True),
        ("openai", {"error": "x"}, 200, False),
        ("anthropic", {"error": {"type": "overloaded_error", "message": "x"}}, 529, True),
        ("anthropic", {"error": {"type": "api_error", "message": "x"}}, 500, False),
    ],
)
def test_a_transient_error_in_a_stream_may_be_retried(
    provider: str, event: dict[str, Any], status: int, slow_down: bool
):
    """Nested or flat, by code or by type."""
    with pytest.raises(TransientError) as caught:
        read(provider, {"type": "error", **event}, stream=True)
    assert (caught.value.status, caught.value.slow_down) == (status, slow_down)


@pytest.mark.parametrize(
    ("provider", "event"),
    [
        ("openai", {"error": {"type": "invalid_request_error", "code": "unknown_word", "message": "x"}}),
        ("openai", {"error": {"type": "insufficient_quota", "message": "x"}}),
        ("openai_responses", {"code": "invalid_prompt", "message": "x"}),
        ("openai_responses", {"error": {"type": "invalid_request_error", "message": "x"}}),
        ("anthropic", {"error": {"type": "invalid_request_error", "message": "x"}}),
        ("anthropic", {"error": {"type": "authentication_error", "message": "x"}}),
    ],
)
def test_a_final_error_in_a_stream_is_not_retried(provider: str, event: dict[str, Any]):
    """A request that the server will never accept is not sent again."""
    with pytest.raises(ProviderError) as caught:
        read(provider, {"type": "error", **event}, stream=True)
    assert not isinstance(caught.value, TransientError)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("code", "is_transient"), [(502, True), ("server_error", True), (400, False)])
def test_an_error_of_a_choice_is_an_error(stream: bool, code: int | str, is_transient: bool):
    """OpenRouter reports a fault of the provider behind it in the choice, with half of a text."""
    fault = {"finish_reason": "error", "error": {"code": code, "message": "upstream broke"}}
    reply = chunk({"content": "The ans"}, **fault) if stream else chat({"content": "The ans"}, **fault)
    with pytest.raises(ProviderError, match="upstream broke") as caught:
        read("openai", reply, stream=stream)
    assert isinstance(caught.value, TransientError) is is_transient


def test_nulls_in_a_delta_leave_known_counts():
    """`message_delta` repeats the usage of `message_start` with nulls: the known counts stay."""
    usage = {"input_tokens": 12, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 0, "output_tokens": 1}
    nulls = {"input_tokens": None, "cache_read_input_tokens": None, "output_tokens": 9}
    completion = read(
        "anthropic",
        {"type": "message_start", "message": {"model": "m", "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "4"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": nulls},
        {"type": "message_stop"},
        stream=True,
    )
    assert (completion.usage.input_tokens, completion.usage.output_tokens) == (15, 9)


@pytest.mark.parametrize("lines", [False, True], ids=["whole", "chunks"])
def test_ollamas_thoughts_have_no_part_in_the_log_probabilities(lines: bool):
    """The server lists the tokens of thoughts and answer before it splits them: only the answer's are returned."""
    end = {"model": "fake-1", "done": True, "done_reason": "stop", "prompt_eval_count": 5, "eval_count": 6}
    head = {"model": "fake-1", "done": False}
    if lines:
        replies = [
            {
                **head,
                "message": {"role": "assistant", "content": "", "thinking": "hm"},
                "logprobs": tokens(*THINKING[:2]),
            },
            {**head, "message": {"role": "assistant", "content": "4"}, "logprobs": tokens(*THINKING[2:], ANSWER[0])},
            {**head, "message": {"role": "assistant", "content": "."}, "logprobs": tokens(ANSWER[1])},
            {**end, "message": {"role": "assistant", "content": ""}},
        ]
    else:
        message = {"role": "assistant", "content": "4.", "thinking": "hm"}
        replies = [{**end, "message": message, "logprobs": tokens(*THINKING, *ANSWER)}]
    completion = read("ollama", *replies, lines=True, top_logprobs=2)
    assert (completion.text, completion.reasoning, completion.logprobs) == ("4.", "hm", (-0.01, -0.02))


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_reasoning_has_no_part_in_the_log_probabilities_of_chat_completions(name: str, stream: bool):
    """vLLM lists the tokens of the reasoning too, and an end token after the answer."""
    content = tokens(*THINKING, *ANSWER, ("<|im_end|>", -0.5))
    if stream:
        events = [
            chunk({name: "hm"}, logprobs={"content": content[:4]}),
            chunk({"content": "4."}, logprobs={"content": content[4:]}, finish_reason="stop"),
        ]
    else:
        events = [chat({"content": "4.", name: "hm"}, logprobs={"content": content})]
    completion = read("openai", *events, stream=stream, top_logprobs=2)
    assert (completion.text, completion.reasoning, completion.logprobs) == ("4.", "hm", (-0.01, -0.02))


def test_log_probabilities_that_cannot_be_assigned_are_unknown():
    """If no run of tokens at the end is the answer, none is returned, instead of those of the reasoning."""
    message = {"content": "Four", "reasoning": "hm"}
    assert read("openai", chat(message, logprobs={"content": tokens(*THINKING, *ANSWER)})).logprobs is None


def test_together_lists_tokens_in_the_form_of_completions():
    """`tokens`, `token_logprobs` and `top_logprobs` are parallel lists (togethercomputer/openapi#104)."""
    logprobs = {
        "tokens": ["4", "."],
        "token_logprobs": [-0.01, -0.02],
        "top_logprobs": [{"4": -0.01, "5": -4.0}, {".": -0.02}],
    }
    completion = read("openai", chat({"content": "4."}, logprobs=logprobs), top_logprobs=2)
    assert completion.logprobs == (-0.01, -0.02)
    assert completion.top_logprobs == ({"4": -0.01, "5": -4.0}, {".": -0.02})
    nulls = {"tokens": ["4"], "token_logprobs": [None]}
    assert read("openai", chat({"content": "4"}, logprobs=nulls)).logprobs is None


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_mistrals_list_of_parts_is_its_text(stream: bool):
    """A thinking model sends lists of parts, in deltas too; only the text counts (platform-docs-public#7)."""
    thought = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm, 5?"}]}]
    answered = [{"type": "text", "text": "4"}]
    if stream:
        events = [chunk({"content": thought}), chunk({"content": answered}), chunk({}, finish_reason="stop")]
    else:
        events = [chat({"content": [*thought, *answered]})]
    completion = read("openai", *events, stream=stream)
    assert (completion.text, completion.reasoning) == ("4", "hm, 5?")


def test_deepseeks_cached_tokens_are_read():
    """Its usage has `prompt_cache_hit_tokens` next to the prompt's tokens."""
    reply = chat({"content": "4"}) | {
        "usage": {"prompt_tokens": 50, "completion_tokens": 2, "prompt_cache_hit_tokens": 32}
    }
    assert read("openai", reply).usage.cached_input_tokens == 32


@pytest.mark.parametrize(
    ("tier", "is_other"), [("default", False), (None, False), ("priority", True), ("flex", True)]
)
def test_another_price_tier_has_another_price(tier: str | None, is_other: bool):
    """The list has standard prices, so a response of another tier says so, streamed or not."""
    whole = read("openai", chat({"content": "4"}) | {"service_tier": tier})
    streamed = read("openai", chunk({"content": "4"}, finish_reason="stop") | {"service_tier": tier}, stream=True)
    assert whole.price_unknown == (f"served at the tier {tier!r}" if is_other else "")
    assert streamed.price_unknown == whole.price_unknown


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        ({"service_tier": "standard", "speed": "standard", "inference_geo": "global"}, ""),
        ({"service_tier": "batch", "inference_geo": "not_available"}, ""),
        ({"service_tier": "priority"}, "served at the tier 'priority'"),
        ({"speed": "fast"}, "served at the tier 'fast'"),
        ({"inference_geo": "us"}, "served in the region 'us'"),
    ],
)
def test_anthropics_other_prices_are_named(usage: dict[str, Any], reason: str):
    """Another tier, fast mode and inference in one region have other prices than the list's."""
    reply = {"type": "message", "model": "m", "content": [{"type": "text", "text": "4"}], "stop_reason": "end_turn"}
    completion = read("anthropic", reply | {"usage": {"input_tokens": 5, "output_tokens": 1, **usage}})
    assert completion.price_unknown == reason


def test_anthropics_cache_writes_are_counted_by_lifetime():
    """Without a sum the counts by lifetime are added; those of the one-hour cache have another price."""
    writes = {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 30}
    usage = {"input_tokens": 5, "output_tokens": 1, "cache_creation": writes, "service_tier": "standard"}
    reply = {"type": "message", "model": "m", "content": [{"type": "text", "text": "4"}], "stop_reason": "end_turn"}
    completion = read("anthropic", reply | {"usage": usage})
    assert (completion.usage.input_tokens, completion.usage.cache_write_tokens) == (45, 40)
    assert completion.price_unknown == "30 tokens were written to the one-hour cache"


def test_a_rejection_that_names_nothing_optional_is_final():
    """Such a request is sent once."""
    sent = []

    def refuse(path: str, body: Any) -> Reply:
        sent.append(body)
        return Reply(
            json.dumps({"error": {"message": "I do not like this", "param": "messages"}}).encode(), status=400
        )

    with fake_server(refuse=refuse) as server, pytest.raises(ProviderError, match="I do not like this"):
        ask(FACTORIES["openai"](server.url), request("no temperature", top_logprobs=2))
    assert len(sent) == 1


def test_calls_in_flight_learn_from_each_other():
    """Twenty calls at once are all answered although the server refuses a parameter of each."""

    def refuse(path: str, body: Any) -> Reply | None:
        message = {"error": {"message": "unknown field: seed", "param": None}}
        return Reply(json.dumps(message).encode(), status=422) if "seed" in body else None

    async def ask_all(url: str) -> list[Completion]:
        provider = FACTORIES["openai"](url)
        try:
            return await asyncio.gather(*(provider.complete(request(f"ANSWER={i}")) for i in range(20)))
        finally:
            await provider.close()

    with fake_server(refuse=refuse) as server:
        completions = asyncio.run(ask_all(server.url))
    assert [completion.text for completion in completions] == [f"The answer is {i}" for i in range(20)]
    assert {completion.not_sent for completion in completions} == {("seed",)}
    assert all(math.isfinite(completion.latency_s) for completion in completions)


def test_claudes_thoughts_are_not_its_text():
    """A model that thinks by default sends its thoughts in blocks of their own; their tokens are reasoning."""
    content = [{"type": "thinking", "thinking": "5?", "signature": "s"}, {"type": "text", "text": "4"}]
    usage = {"input_tokens": 5, "output_tokens": 40, "output_tokens_details": {"thinking_tokens": 38}}
    reply = {"type": "message", "model": "m", "content": content, "stop_reason": "end_turn", "usage": usage}
    completion = read("anthropic", reply)
    assert (completion.text, completion.reasoning, completion.usage.reasoning_tokens) == ("4", "5?", 38)


def test_claudes_streamed_thoughts_are_its_reasoning():
    """Pieces of thinking and of text go to their blocks; signatures and redacted blocks add nothing."""
    start = {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 5, "output_tokens": 1}}}
    blocks = [
        ({"type": "thinking", "thinking": "", "signature": ""}, "thinking", ["5", "?"]),
        ({"type": "redacted_thinking", "data": "x"}, "signature", []),
        ({"type": "text", "text": ""}, "text", ["", "4"]),
    ]
    events: list[dict[str, Any]] = [start]
    for index, (block, field, pieces) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        deltas = [{"type": f"{field}_delta", field: piece} for piece in pieces]
        deltas += [{"type": "signature_delta", "signature": "s"}] if field == "thinking" else []
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    events.append({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}})
    completion = read("anthropic", *events, {"type": "message_stop"}, stream=True)
    assert (completion.text, completion.reasoning, completion.finish_reason) == ("4", "5?", "stop")


def test_a_model_without_levels_of_thinking_thinks():
    """Ollama refuses `think: "low"` for a model that only thinks or not: it is asked to think."""
    sent = []

    def refuse(path: str, body: Any) -> Reply | None:
        sent.append(body.get("think"))
        message = {"error": 'think value "low" is not supported for this model'}
        return Reply(json.dumps(message).encode(), status=400) if body.get("think") == "low" else None

    with fake_server(refuse=refuse) as server:
        completion = ask(FACTORIES["ollama"](server.url), request(params=GenerationConfig(reasoning_effort="low")))
    assert sent == ["low", True]
    assert (completion.not_sent, len(completion.warnings)) == ((), 1)


def test_a_refusal_that_another_change_does_not_cure_is_not_remembered():
    """If the request is refused without the parameter too, later requests have it again."""
    sent = []

    def refuse(path: str, body: Any) -> Reply | None:
        sent.append("seed" in body)
        message = {"error": {"message": "the word seed is forbidden here", "param": None}}
        return Reply(json.dumps(message).encode(), status=400) if "seed" in body["messages"][0]["content"] else None

    async def run(url: str) -> Completion:
        provider = FACTORIES["openai"](url)
        try:
            with pytest.raises(ProviderError, match="forbidden"):
                await provider.complete(request("a seed"))
            return await provider.complete(request("a stone"))
        finally:
            await provider.close()

    with fake_server(refuse=refuse) as server:
        completion = asyncio.run(run(server.url))
    assert sent == [True, False, True]
    assert completion.not_sent == ()


@pytest.mark.parametrize(
    ("item", "reasoning"),
    [
        ({"summary": [{"type": "summary_text", "text": "It adds."}]}, "It adds."),
        ({"summary": [], "content": [{"type": "reasoning_text", "text": "2 + 2"}]}, "2 + 2"),
        ({"summary": []}, None),
    ],
)
def test_the_reasoning_items_of_the_responses_api_are_the_reasoning(item: dict[str, Any], reasoning: str | None):
    """A summary, or the whole text where a server has it; an empty summary is none."""
    message = {"type": "message", "content": [{"type": "output_text", "text": "4"}]}
    output = [{"type": "reasoning", "id": "rs_1", **item}, message]
    completion = read("openai_responses", {"status": "completed", "model": "m", "output": output})
    assert (completion.text, completion.reasoning) == ("4", reasoning)
