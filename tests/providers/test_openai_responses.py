"""OpenAI's responses, against the fake server: what is sent and what is returned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fake_server import FakeServer, fake_server
from fake_server.requests import KEY, ask, request

from pytest_hiddenlayer.errors import ProviderError, TransientError
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.types import GenerationConfig, Usage


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    with fake_server() as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def opened(server: FakeServer) -> OpenAIResponsesProvider:
    return OpenAIResponsesProvider("m", base_url=f"{server.url}/v1")


def sent(server: FakeServer) -> dict[str, Any]:
    found: dict[str, Any] = server.stats()["last"]["body"]
    return found


def test_an_answer_comes_back_with_all_that_was_told(server: FakeServer):
    """Reasoning is a part of the output tokens and not of the text."""
    done = ask(opened(server), request("CACHED=2 ANSWER=4"))
    assert (done.text, done.finish_reason, done.cost_usd) == ("The answer is 4", "stop", 0.0)
    assert done.usage == Usage(
        input_tokens=5, output_tokens=11, cached_input_tokens=2, reasoning_tokens=7, cache_write_tokens=None, calls=1
    )


def test_every_parameter_is_sent(server: FakeServer):
    """Parameters and system message arrive, and nothing is stored at the server."""
    ask(
        opened(server),
        request("hi", system="brief", params=GenerationConfig(temperature=0.5, top_p=0.9, max_tokens=9)),
    )
    assert sent(server) == {
        "model": "m",
        "input": [{"role": "system", "content": "brief"}, {"role": "user", "content": "hi"}],
        "store": False,
        "temperature": 0.5,
        "top_p": 0.9,
        "max_output_tokens": 9,
    }


def test_stop_texts_are_refused(server: FakeServer):
    """The API has none; the error names the provider that has."""
    with pytest.raises(ProviderError, match="use --provider openai"):
        ask(opened(server), request("hi", params=GenerationConfig(stop=("x",))))


def test_probabilities_come_back_where_they_were_asked_for(server: FakeServer):
    """They must be asked for twice: included, and how many."""
    done = ask(opened(server), request("ANSWER=4", top_logprobs=2))
    assert done.logprobs == (-0.5,) * 4
    assert done.top_logprobs is not None
    assert done.top_logprobs[3] == {" 4": -0.5, "other": -1.5}
    assert (sent(server)["include"], sent(server)["top_logprobs"]) == (["message.output_text.logprobs"], 2)


def test_a_schema_becomes_structured_output(server: FakeServer):
    """The schema is sent as the text's format."""
    done = ask(opened(server), request("ANSWER=4", schema={"type": "object"}))
    assert done.text == '{"answer": "4"}'
    assert sent(server)["text"]["format"]["schema"] == {"type": "object"}


@pytest.mark.parametrize(("word", "reason"), [("max_output_tokens", "length"), ("content_filter", "content_filter")])
def test_why_a_response_is_incomplete_is_told(server: FakeServer, word: str, reason: str):
    """The reason of an incomplete response is its finish reason."""
    assert ask(opened(server), request(f"FINISH={word}")).finish_reason == reason


def test_a_refusal_is_told_as_one(server: FakeServer):
    """A refusal's words are the text, and the reason says what they are."""
    done = ask(opened(server), request("REFUSE=1"))
    assert (done.text, done.finish_reason) == ("I cannot help with that", "refusal")


def test_a_response_that_failed_at_the_server_may_be_asked_again(server: FakeServer):
    """A failed response is an error, and transient where its code says so."""
    provider = opened(server)
    failed = {"status": "failed", "error": {"code": "server_error", "message": "sorry"}}
    with pytest.raises(TransientError, match="HTTP 500: sorry"):
        provider._raise_if_failed(failed)
    with pytest.raises(ProviderError, match="the response failed: no") as caught:
        provider._raise_if_failed({"status": "failed", "error": {"code": "invalid_prompt", "message": "no"}})
    assert not isinstance(caught.value, TransientError)
