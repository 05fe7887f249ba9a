"""OpenAI's responses, against the fake server: what is sent and what is returned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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


def open_provider(server: FakeServer) -> OpenAIResponsesProvider:
    return OpenAIResponsesProvider("m", base_url=f"{server.url}/v1")


def sent(server: FakeServer) -> dict[str, Any]:
    body: dict[str, Any] = server.stats()["last"]["body"]
    return body


def test_a_completion_has_all_reported_fields(server: FakeServer):
    """Reasoning is part of the output tokens and not of the text."""
    completion = ask(open_provider(server), request("CACHED=2 ANSWER=4"))
    assert (completion.text, completion.finish_reason, completion.cost_usd) == ("The answer is 4", "stop", 0.0)
    assert completion.usage == Usage(
        input_tokens=5, output_tokens=11, cached_input_tokens=2, reasoning_tokens=7, cache_write_tokens=None, calls=1
    )


def test_every_parameter_is_sent(server: FakeServer):
    """Parameters and system message are sent, and the server is asked to store nothing.

    The API accepts no fewer than 16 output tokens; a warning says that 9 were asked.
    """
    completion = ask(
        open_provider(server),
        request("hi", system="brief", params=GenerationConfig(temperature=0.5, top_p=0.9, max_tokens=9)),
    )
    assert sent(server) == {
        "model": "m",
        "input": [{"role": "system", "content": "brief"}, {"role": "user", "content": "hi"}],
        "store": False,
        "temperature": 0.5,
        "top_p": 0.9,
        "max_output_tokens": 16,
    }

    assert completion.warnings == ("max_tokens 9 was sent as 16, the least that the responses API accepts",)


def test_responses_are_cut_at_stop_texts(server: FakeServer):
    """The API has no stop texts: none is sent, and text and tokens end before the first of them."""
    params = GenerationConfig(stop=("x", " is"))
    completion = ask(open_provider(server), request("ANSWER=4", params=params, top_logprobs=2))
    assert (completion.text, completion.finish_reason, completion.logprobs) == ("The answer", "stop", (-0.5, -0.5))
    assert "stop" not in sent(server)
    assert "cut at a stop text" in completion.warnings[0]


def test_log_probabilities_are_returned_on_request(server: FakeServer):
    """The request includes log-probabilities and states the number of alternatives."""
    completion = ask(open_provider(server), request("ANSWER=4", top_logprobs=2))
    assert completion.logprobs == (-0.5,) * 4
    assert completion.top_logprobs is not None
    assert completion.top_logprobs[3] == {" 4": -0.5, "other": -1.5}
    assert (sent(server)["include"], sent(server)["top_logprobs"]) == (["message.output_text.logprobs"], 2)


def test_token_texts_are_returned_on_request(server: FakeServer):
    """The request includes log-probabilities without alternatives; texts join to the answer."""
    completion = ask(open_provider(server), replace(request("ANSWER=4"), token_logprobs=True))
    assert "".join(completion.token_texts) == completion.text
    assert (sent(server)["include"], "top_logprobs" in sent(server)) == (["message.output_text.logprobs"], False)


def test_a_schema_becomes_structured_output(server: FakeServer):
    """The schema is sent as the text's format."""
    completion = ask(open_provider(server), request("ANSWER=4", schema={"type": "object"}))
    assert completion.text == '{"answer": "4"}'
    assert sent(server)["text"]["format"]["schema"] == {"type": "object"}


@pytest.mark.parametrize(("word", "reason"), [("max_output_tokens", "length"), ("content_filter", "content_filter")])
def test_an_incomplete_response_has_its_reason(server: FakeServer, word: str, reason: str):
    """The reason of an incomplete response is its finish reason."""
    assert ask(open_provider(server), request(f"FINISH={word}")).finish_reason == reason


def test_a_refusal_has_the_finish_reason_refusal(server: FakeServer):
    """The text of a refusal is its message."""
    completion = ask(open_provider(server), request("REFUSE=1"))
    assert (completion.text, completion.finish_reason) == ("I cannot help with that", "refusal")


def test_a_failed_response_is_transient_by_its_code(server: FakeServer):
    """A response with status `failed` is an error; its code decides whether it is transient."""
    provider = open_provider(server)
    failed = {"status": "failed", "error": {"code": "server_error", "message": "sorry"}}
    with pytest.raises(TransientError, match="HTTP 500: sorry"):
        provider._raise_if_failed(failed)
    with pytest.raises(ProviderError, match="HTTP 400: no") as caught:
        provider._raise_if_failed({"status": "failed", "error": {"code": "invalid_prompt", "message": "no"}})
    assert not isinstance(caught.value, TransientError)
