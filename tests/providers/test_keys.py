"""`send_key=False`: which servers still get a key from the environment, and what the error says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fake_server import fake_server
from fake_server.requests import KEY

from pytest_hiddenlayer.calls.factory import open_client
from pytest_hiddenlayer.calls.resources import RunResources
from pytest_hiddenlayer.errors import ProviderUnavailableError, UsageError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.providers import ollama_server, openai_server
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.types import ModelName


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI", "ANTHROPIC", "OLLAMA"):
        monkeypatch.setenv(f"{name}_API_KEY", KEY)
        monkeypatch.delenv(f"{name}_BASE_URL", raising=False)
    monkeypatch.delenv("OLLAMA_HOST", raising=False)


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        (OpenAIProvider, "https://api.openai.com/v1"),
        (AnthropicProvider, "https://api.anthropic.com"),
    ],
)
def test_the_vendor_gets_its_key(provider: Callable[..., OpenAIProvider | AnthropicProvider], url: str):
    """The vendor's own host gets the key in any case."""
    assert provider("m", base_url=url, send_key=False)._server.key == KEY


def test_ollamas_cloud_gets_its_key(monkeypatch: pytest.MonkeyPatch):
    """ollama.com gets the key; a host whose name only begins so does not."""
    keys = []
    monkeypatch.setattr(ollama_server, "_models", lambda url, key: keys.append(key) or [{"model": "m"}])
    for url in ("https://ollama.com", "https://ollama.com.evil.example", "http://ollama.com"):
        ollama_server.find_server("m", url, send_key=False)
    assert keys == [KEY, None, None]


def test_ollama_host_gets_its_key(monkeypatch: pytest.MonkeyPatch):
    """The address in OLLAMA_HOST gets the key, in every form of writing it."""
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1")
    monkeypatch.setattr(ollama_server, "_models", lambda url, key: [{"model": "m"}])
    assert ollama_server.find_server("m", "http://127.0.0.1:11434", send_key=False).key == KEY
    assert ollama_server.find_server("m", "http://127.0.0.1:11435", send_key=False).key is None


def test_a_server_on_this_machine_gets_no_key():
    """A server on loopback may belong to anyone, so it gets no key."""
    with fake_server() as server:
        assert openai_server.find_server("openai", "m", f"{server.url}/v1", send_key=False).key is None
        assert openai_server.find_server("openai", "m", f"{server.url}/v1").key == KEY
        server.stats()  # after this response both connections are accepted, and the server can close them


def test_the_error_says_that_the_key_was_not_sent():
    """If a server lists its models only with a key, the error says that the key was not sent."""
    with fake_server(key=KEY) as server:
        with pytest.raises(UsageError, match="HTTP 401; its address comes from an ini file, so OPENAI_API_KEY"):
            openai_server.find_server("openai", None, f"{server.url}/v1", send_key=False)
        with pytest.raises(
            ProviderUnavailableError, match="HTTP 401; its address comes from an ini file, so OLLAMA_API"
        ):
            ollama_server.find_server("m", server.url, send_key=False)


def test_a_provider_without_send_key_is_rejected(monkeypatch: pytest.MonkeyPatch):
    """A provider without `send_key` is not opened with an address from an ini file."""
    opened = []

    def own(model: str | None = None, *, base_url: str | None = None) -> ScriptedProvider:
        opened.append(base_url)
        return ScriptedProvider(script={"default": "x"})

    monkeypatch.setattr(providers, "_registered", {"own": own})
    urls = {"own": "http://127.0.0.1:9"}
    options = RunOptions(base_urls=urls, ini_urls=frozenset(urls.values()), cache="off")
    with pytest.raises(UsageError, match="provider 'own' has no parameter `send_key`"):
        open_client(ModelName(provider="own"), options, RunResources(options))
    assert opened == []
