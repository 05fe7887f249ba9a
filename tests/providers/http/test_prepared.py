"""What is sent: the requests that the official SDKs build, although they build one of each kind only."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fake_server import FakeServer, fake_server
from fake_server.requests import KEY, ask, request

from pytest_hiddenlayer.errors import ProviderError
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.types import GenerationConfig

TEXT = 'say "hé" 😀\u2028 ANSWER=4'
SET_BY_CONNECTION = ("host", "connection", "accept-encoding", "content-length", "x-stainless-read-timeout")
PROVIDERS = {
    "chat": (OpenAIProvider, "/v1", "/chat/completions"),
    "azure": (OpenAIProvider, "/v1?api-version=2024-10-21", "/chat/completions"),
    "responses": (OpenAIResponsesProvider, "/v1", "/responses"),
    "messages": (AnthropicProvider, "", "/v1/messages"),
}


def sdk_client(name: str, url: str) -> Any:
    """Return the SDK's own client, configured as its documentation says."""
    if name == "messages":
        from anthropic import AsyncAnthropic

        return AsyncAnthropic(base_url=url, max_retries=0)
    from openai import AsyncOpenAI

    azure = {"default_query": {"api-version": "2024-10-21"}, "default_headers": {"api-key": KEY}}
    return AsyncOpenAI(base_url=f"{url}/v1", max_retries=0, **(azure if name == "azure" else {}))


def sent_by_sdk(name: str, server: FakeServer, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return what the server receives if the SDK's client sends a body."""

    async def run() -> None:
        async with sdk_client(name, server.url) as client:
            await client.post(path, cast_to=object, body=body)

    asyncio.run(run())
    return received(server)


def received(server: FakeServer) -> dict[str, Any]:
    """Return the last request without the headers that belong to a connection."""
    last = server.stats()["last"]
    headers = {name: value for name, value in last["headers"].items() if name not in SET_BY_CONNECTION}
    return {**last, "headers": headers}


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_prepared_request_is_the_one_of_the_sdk(monkeypatch: pytest.MonkeyPatch, name: str):
    """Address, headers and body of the first and of a later request are those of the SDK's own client.

    The headers include the organization and the project in the environment.
    """
    for variable, value in {"API_KEY": KEY, "ORG_ID": "org-1", "PROJECT_ID": "proj-1"}.items():
        monkeypatch.setenv(f"OPENAI_{variable}", value)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    factory, base, path = PROVIDERS[name]
    with fake_server() as server:
        for count in (1, 2):
            ask(factory("fake-1", base_url=server.url + base), *[request(TEXT)] * count)
            ours = received(server)
            assert ours == sent_by_sdk(name, server, path, ours["body"])
    assert ours["headers"].get("openai-organization") == (None if name == "messages" else "org-1")


def test_a_request_with_sampling_has_its_own_version():
    """Requests to Anthropic with and without a temperature name different versions of the API, in any order."""
    with fake_server() as server:
        provider = AnthropicProvider("fake-1", base_url=server.url)
        versions = []

        async def run() -> None:
            for params in (GenerationConfig(), GenerationConfig(temperature=0.5), GenerationConfig()):
                await provider.complete(request(params=params))
                versions.append(received(server)["headers"]["anthropic-version"])
            await provider.close()

        asyncio.run(run())
    assert versions[0] == versions[2] != versions[1] == "2023-06-01"


def test_a_prompt_that_is_no_text_is_an_error():
    """A prompt with half of a surrogate pair cannot be encoded: it is an error of that call, as with the SDK."""
    with fake_server() as server, pytest.raises(ProviderError, match="surrogates not allowed"):
        ask(OpenAIProvider("fake-1", base_url=f"{server.url}/v1"), request("half: \ud83d"))
