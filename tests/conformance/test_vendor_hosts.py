"""What is sent to the vendors' own hosts: every key of a body exists in the types of the installed SDK."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_server import FakeServer, fake_server
from fake_server.requests import KEY, ask, request

from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.http.transport import Transport
from pytest_hiddenlayer.providers.ollama import OllamaProvider
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.types import GenerationConfig

SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}, "additionalProperties": False}
EVERYTHING = {
    "params": GenerationConfig(
        temperature=0.5, top_p=0.9, max_tokens=64, stop=("\n\n", "a", "b", "c", "d", "e"), reasoning_effort="low"
    ),
    "schema": SCHEMA,
    "top_logprobs": 5,
}
HOSTS = {
    "openai": (OpenAIProvider, "api.openai.com", "/v1/chat/completions"),
    "openai_responses": (OpenAIResponsesProvider, "api.openai.com", "/v1/responses"),
    "anthropic": (AnthropicProvider, "api.anthropic.com", "/v1/messages"),
}
OLD_API = {"temperature", "top_p"}
"""Keys of Anthropic's messages in API version 2023-06-01 that the newest version, and so the SDK, no longer has."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    """A fake server that receives what is sent to any host; the headers still name that host."""
    for name in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{name}_API_KEY", KEY)
        monkeypatch.delenv(f"{name}_BASE_URL", raising=False)
    send = Transport._send
    with fake_server() as running:
        port = int(running.url.rpartition(":")[2])

        async def intercept(self: Transport, message: Any, *rest: Any) -> Any:
            headers = message.headers.copy()
            headers["x-host"] = message.url.host
            url = message.url.with_scheme("http").with_host("127.0.0.1").with_port(port)
            return await send(self, replace(message, url=url, headers=headers), *rest)

        monkeypatch.setattr(Transport, "_send", intercept)
        yield running


def sdk_keys(name: str) -> set[str]:
    """Return the keys that the SDK's type of a body has."""
    if name == "openai":
        from openai.types.chat import completion_create_params as chat

        return set(typing.get_type_hints(chat.CompletionCreateParamsStreaming))
    if name == "openai_responses":
        from openai.types.responses import response_create_params as responses

        return set(typing.get_type_hints(responses.ResponseCreateParamsStreaming))
    from anthropic.types import message_create_params as messages

    return set(typing.get_type_hints(messages.MessageCreateParamsStreaming))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("what", [{}, EVERYTHING], ids=["nothing", "everything"])
@pytest.mark.parametrize("name", HOSTS)
def test_every_key_is_one_of_the_sdk(server: FakeServer, name: str, what: Mapping[str, Any], stream: bool):
    """With and without every parameter, whole and streamed, the vendor's host receives only keys that its SDK has."""
    factory, host, path = HOSTS[name]
    provider = factory()
    provider.stream = stream
    ask(provider, request("ANSWER=4", system="be brief", **what))
    sent = server.stats()["last"]
    assert (sent["headers"]["x-host"], sent["path"]) == (host, path)
    unknown = set(sent["body"]) - sdk_keys(name)
    assert unknown <= (OLD_API if name == "anthropic" else set())
    if unknown:
        assert sent["headers"]["anthropic-version"] == "2023-06-01"


def test_nobody_chose_means_not_sent(server: FakeServer):
    """A request without parameters has the model, the messages and what the vendor needs, and nothing is stored."""
    bodies = {}
    for name, (factory, _, _) in HOSTS.items():
        ask(factory(), request("hi"))
        bodies[name] = server.stats()["last"]["body"]
    assert set(bodies["openai"]) == {"model", "messages", "seed", "store"}
    assert set(bodies["openai_responses"]) == {"model", "input", "store"}
    assert set(bodies["anthropic"]) == {"model", "messages", "max_tokens"}
    assert (bodies["openai"]["store"], bodies["openai_responses"]["store"]) == (False, False)


def test_openai_gets_at_most_four_stop_texts(server: FakeServer):
    """The API's limit is four; the response is cut at the others here."""
    params = GenerationConfig(stop=("1", "2", "3", "5", " is"))
    completion = ask(OpenAIProvider(), request("ANSWER=4", params=params))
    assert server.stats()["last"]["body"]["stop"] == ["1", "2", "3", "5"]
    assert (completion.text, completion.finish_reason) == ("The answer", "stop")
    assert "cut at a stop text" in completion.warnings[0]


@pytest.mark.parametrize(
    ("effort", "thinking", "sent_effort"),
    [
        ("none", {"type": "disabled"}, None),
        ("minimal", {"type": "adaptive"}, "low"),
        ("max", {"type": "adaptive"}, "max"),
    ],
)
def test_the_reasoning_effort_controls_claudes_thinking(
    server: FakeServer, effort: str, thinking: Mapping[str, str], sent_effort: str | None
):
    """`none` turns thinking off; any other effort turns it on, and the least at Anthropic is `low`."""
    ask(AnthropicProvider(), request("hi", params=GenerationConfig(reasoning_effort=effort)))
    body = server.stats()["last"]["body"]
    assert (body["thinking"], body.get("output_config", {}).get("effort")) == (thinking, sent_effort)


@pytest.mark.parametrize(("effort", "think"), [("none", False), ("minimal", "low"), ("medium", "medium")])
def test_the_reasoning_effort_controls_ollamas_thinking(effort: str, think: bool | str):
    """`none` turns thinking off; there are three other levels. Without an effort the server decides."""
    with fake_server() as server:
        ask(
            OllamaProvider(base_url=server.url),
            request("hi"),
            request("hi", params=GenerationConfig(reasoning_effort=effort)),
        )
        assert server.stats()["last"]["body"]["think"] == think


def test_the_default_models_are_not_deprecated():
    """No default model is in the list of deprecated models of the installed SDK, and the SDK knows each of them."""
    import openai.types.shared.chat_model as chat_model
    from anthropic.resources.messages.messages import DEPRECATED_MODELS
    from anthropic.types import model_param

    models = typing.get_args(typing.get_args(model_param.ModelParam)[0])
    assert AnthropicProvider.default_model in models
    assert AnthropicProvider.default_model not in DEPRECATED_MODELS
    # The SDK lists deprecated models in a text below the type.
    text = Path(chat_model.__file__).read_text(encoding="utf-8").partition("Deprecated values:")[2]
    assert '"gpt-4o"' in text
    for provider in (OpenAIProvider, OpenAIResponsesProvider):
        assert provider.default_model in typing.get_args(chat_model.ChatModel)
        assert f'"{provider.default_model}"' not in text
