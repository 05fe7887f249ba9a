"""Values at the edges of what vendors accept: what is sent, what is left out, and what an error says to do."""

from __future__ import annotations

from typing import Any

import pytest
from fake_server.requests import KEY, ask, request

from pytest_hiddenlayer.errors import ProviderError, TransientError
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.ollama import OllamaProvider
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request

from .rules import FAMILIES
from .stand_in import MODEL, StandIn, stand_in

PROVIDERS: dict[str, Any] = {
    "openai": OpenAIProvider,
    "openai_responses": OpenAIResponsesProvider,
    "anthropic": AnthropicProvider,
    "ollama": OllamaProvider,
}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, KEY)


def answer(server: StandIn, text: str = "2 + 2?", *, times: int = 1, **params: Any) -> Completion:
    """Return the last completion of equal requests with these generation parameters."""
    provider = PROVIDERS[server.family.provider](MODEL, base_url=server.url)
    return ask(provider, *[request(text, params=GenerationConfig(**params))] * times)


@pytest.mark.parametrize("stop", [(" ",), ("\n", "\t"), ("\n\n", "END"), ("a b", "c", "d", "e", "\n\n")])
@pytest.mark.parametrize(
    "family", ["openai plain", "openai reasoning", "openai responses reasoning", "claude 4.5", "ollama"]
)
def test_every_stop_text_applies(family: str, stop: tuple[str, ...]):
    """Blank stop texts, more than four of them, and refused ones end the response all the same."""
    with stand_in(FAMILIES[family]) as server:
        completion = answer(server, stop=stop)
    whole = "The answer is 4\n\nThat was easy."
    ends = [whole.index(text) for text in stop if text in whole]
    assert completion.text == whole[: min(ends)]
    assert completion.finish_reason == "stop"


@pytest.mark.parametrize(("temperature", "is_sent"), [(0.0, False), (0.7, False), (1.0, True)])
def test_a_temperature_that_a_reasoning_model_refuses_is_left_out(temperature: float, is_sent: bool):
    """The refused parameter is named in a warning and in `not_sent`; a value that the model accepts is sent."""
    with stand_in(FAMILIES["openai reasoning"]) as server:
        completion = answer(server, temperature=temperature, times=2)
        assert ["temperature" in body for body in server.accepted] == [is_sent] * 2
        assert len(server.refused) == (not is_sent)
    assert completion.not_sent == (() if is_sent else ("temperature",))
    assert completion.warnings == (() if is_sent else ("temperature was not sent, because the server refuses it",))


def test_of_temperature_and_top_p_the_temperature_is_kept():
    """A model that accepts only one of them gets the temperature."""
    with stand_in(FAMILIES["claude 4.5"]) as server:
        completion = answer(server, temperature=0.5, top_p=0.9)
        assert (server.accepted[0]["temperature"], "top_p" in server.accepted[0]) == (0.5, False)
    assert completion.warnings == ("top_p was not sent, because the server refuses it",)


def test_a_reasoning_effort_that_a_model_does_not_have_is_left_out():
    """Claude 4.5 has no effort and Ollama's model does not think: both answer without, with a warning."""
    for family in ("claude 4.5", "ollama"):
        with stand_in(FAMILIES[family]) as server:
            completion = answer(server, reasoning_effort="high", temperature=0.5)
            assert not {"thinking", "output_config", "think"} & set(server.accepted[0])
        assert completion.not_sent == ("reasoning_effort",)


@pytest.mark.parametrize("name", ["openai reasoning", "openai effort none"])
def test_the_token_limit_is_sent_by_the_name_that_the_server_knows(name: str):
    """A reasoning model behind another host gets `max_completion_tokens`, without a warning: nothing is lost."""
    with stand_in(FAMILIES[name]) as server:
        completion = answer(server, max_tokens=50, times=2)
        assert [body["max_completion_tokens"] for body in server.accepted] == [50, 50]
        assert sum(server.refused.values()) == 1
    assert (completion.warnings, completion.attempts) == ((), 1)


def test_a_refused_request_counts_as_an_attempt():
    """The completion says how many requests were made for it."""
    with stand_in(FAMILIES["openai reasoning"]) as server:
        assert answer(server, max_tokens=50, temperature=0.0).attempts == 3


@pytest.mark.parametrize(("limit", "sent"), [(1, 16), (15, 16), (16, 16), (17, 17)])
def test_the_responses_api_gets_at_least_sixteen_tokens(limit: int, sent: int):
    """A smaller limit is sent as 16, with a warning."""
    with stand_in(FAMILIES["openai responses reasoning"]) as server:
        completion = answer(server, max_tokens=limit)
        assert server.accepted[0]["max_output_tokens"] == sent
    assert len(completion.warnings) == (limit < 16)


@pytest.mark.parametrize(
    ("family", "params", "message"),
    [
        ("claude 4.5", {"temperature": 1.5}, "Anthropic accepts temperatures from 0 to 1"),
        ("claude 4.5", {"max_tokens": 200_000}, "lower max_tokens in the task's `generate`, or --hl-max-tokens"),
        ("openai effort none", {"max_tokens": 200_000}, "lower max_tokens"),
    ],
)
def test_a_value_out_of_range_is_the_users_to_correct(family: str, params: dict[str, Any], message: str):
    """It is neither left out nor changed: the final error says what to do."""
    with stand_in(FAMILIES[family]) as server, pytest.raises(ProviderError, match=message) as caught:
        answer(server, **params)
    assert not isinstance(caught.value, TransientError)


@pytest.mark.parametrize(
    ("messages", "hint"),
    [
        ((Message(role="user", content=" "),), "a message is empty: write a text into every message"),
        (
            (Message(role="user", content="2 + 2?"), Message(role="assistant", content="The answer is")),
            "end the messages with a user message",
        ),
    ],
    ids=["blank", "prefill"],
)
def test_messages_that_a_model_refuses_get_a_hint(messages: tuple[Message, ...], hint: str):
    """The error of the server is followed by what to do."""
    with stand_in(FAMILIES["claude 4.7 and later"]) as server, pytest.raises(ProviderError, match=hint):
        ask(
            AnthropicProvider(MODEL, base_url=server.url),
            Request(messages=messages, params=GenerationConfig(), seed=0),
        )
