"""Replaying without a model, and cassettes that are malformed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from support.cassettes import ANSWER, REPLAYED, REQUEST, identity, record

from pytest_hiddenlayer.calls.cache_key import cache_key_fields
from pytest_hiddenlayer.calls.cassettes.format import format_line
from pytest_hiddenlayer.calls.cassettes.replayer import Recorder, Replayer
from pytest_hiddenlayer.errors import ProviderError, UsageError
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.types import GenerationConfig


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"<<<<<<< HEAD\n", "Expecting value"),
        (b"[1]\n", "a JSON object is needed"),
        (format_line(identity(), ANSWER)[:-30], "Unterminated|delimiter|Expecting"),
        (format_line(identity(), ANSWER).replace(b'"seed":7,', b""), "'seed' is missing"),
        (
            format_line(identity(), ANSWER).replace(b'"seed":7', b'"seed":"7"'),
            "`seed` must be of type int, found '7'",
        ),
        (format_line(identity(), ANSWER).replace(b'"usage"', b'"useage"'), "unknown .'useage'."),
        (format_line(identity(), ANSWER).replace(b'"input_tokens"', b'"tokens"'), "tokens"),
        (
            format_line(identity(), ANSWER).replace(b'{"user":"What is 2 + 2?"}', b'{"user":3}'),
            "a message is {role: text}",
        ),
    ],
    ids=["conflict", "list", "half", "missing", "type", "unknown", "usage", "message"],
)
def test_a_malformed_line_is_an_error(tmp_path, bad, why):
    """The error names file and line, for replaying and for recording; a call that is recorded already is not lost."""
    path = tmp_path / "mlx-nano-1.jsonl"
    recorder = Recorder(tmp_path)
    path.write_bytes(format_line(identity(), ANSWER) + bad)
    for opened in (Replayer, Recorder):
        with pytest.raises(UsageError, match=rf"mlx-nano-1\.jsonl:2: not a recorded call: .*({why})"):
            opened(tmp_path)
    recorder.add(identity(replace(REQUEST, seed=8)), ANSWER)
    with pytest.raises(UsageError, match=r"mlx-nano-1\.jsonl:2"):
        recorder.close()
    path.unlink()
    assert Replayer(tmp_path).find("mlx", "nano-1", "", replace(REQUEST, seed=8)) == REPLAYED


def test_a_folder_without_cassettes_is_an_error(tmp_path):
    """The error says how to make one."""
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match=r"no recorded calls .* there; make some with --record"):
            Replayer(folder)


def test_a_provider_replays_without_its_client(tmp_path):
    """A model is replayed even if its provider is not registered."""
    record(
        tmp_path, (cache_key_fields("acme", "large-1", "https://api.acme", REQUEST), replace(ANSWER, model="large-1"))
    )
    provider = Replayer(tmp_path).model("acme", "large-1")
    assert (provider.model, provider.capabilities.supports_json_schema) == ("large-1", False)
    assert asyncio.run(provider.complete(REQUEST)) == replace(REPLAYED, model="large-1")
    asyncio.run(provider.close())


def test_the_default_model_is_replayed(tmp_path, monkeypatch):
    """It is the provider's default model if recorded, else the only recorded one, else an error names them."""
    factory = type("Acme", (), {"default_model": "usual"})
    monkeypatch.setitem(providers._registered, "acme", factory)
    record(tmp_path, (cache_key_fields("acme", "one", "", REQUEST), ANSWER))
    assert Replayer(tmp_path).model("acme").model == "one"
    record(tmp_path, (cache_key_fields("acme", "two", "", REQUEST), ANSWER))
    with pytest.raises(UsageError, match="recorded models: acme:one, acme:two; write --provider acme:MODEL"):
        Replayer(tmp_path).model("acme")
    record(tmp_path, (cache_key_fields("acme", "usual", "", REQUEST), ANSWER))
    assert Replayer(tmp_path).model("acme").model == "usual"


def test_a_provider_supports_schemas_if_one_was_recorded(tmp_path):
    """Requests with a schema are then made as they were when recording."""
    schema = {"type": "object", "properties": {"verdict": {"type": "string"}}}
    request = replace(REQUEST, schema=schema)
    record(tmp_path, (identity(request), ANSWER))
    provider = Replayer(tmp_path).model("mlx", "nano-1")
    assert provider.capabilities.supports_json_schema
    assert asyncio.run(provider.complete(request)) == REPLAYED


def test_version_0_1_recorded_parameters_that_nobody_chose(tmp_path):
    """Its temperature 0 and top_p 1 answer a call that sets neither; a line of the call itself goes first."""
    unset = replace(REQUEST, params=GenerationConfig(max_tokens=5))
    earlier = replace(REQUEST, params=GenerationConfig(temperature=0.0, top_p=1.0, max_tokens=5))
    with_top_p = replace(REQUEST, params=GenerationConfig(temperature=0.7, top_p=1.0, max_tokens=5))
    record(tmp_path, (identity(earlier), replace(ANSWER, text="0.1")), (identity(with_top_p), ANSWER))
    replayer = Replayer(tmp_path)
    assert replayer.find("mlx", "nano-1", "", unset).text == "0.1"
    warm = replace(REQUEST, params=GenerationConfig(temperature=0.7, max_tokens=5))
    assert replayer.find("mlx", "nano-1", "", warm).text == ANSWER.text
    with pytest.raises(ProviderError, match="no recorded answer"):
        replayer.find("mlx", "nano-1", "", replace(warm, params=replace(warm.params, temperature=0.5)))
    record(tmp_path, (identity(unset), replace(ANSWER, text="0.2")))
    assert Replayer(tmp_path).find("mlx", "nano-1", "", unset).text == "0.2"
