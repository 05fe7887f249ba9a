"""What a server's list of models says about the weights behind a name."""

from __future__ import annotations

import pytest
from fake_server import fake_server

from pytest_hiddenlayer.providers.http.fingerprint import fingerprint_of, model_fingerprint

NOW_S = 1_790_000_000.0


def of(model: str = "m", **entry: object) -> str:
    """The fingerprint of the model from a list of two."""
    return fingerprint_of([{"id": "other", "created": 5}, {"id": "m", **entry}], model, NOW_S)


@pytest.mark.parametrize(
    ("entry", "changed"),
    [
        ({"digest": "a"}, {"digest": "b"}),
        ({"meta": {"sha256": "a"}}, {"meta": {"sha256": "b"}}),
        ({"details": {"hash": "a"}}, {"details": {"hash": "b"}}),
        ({"created": 1_700_000_000}, {"created": 1_700_000_001}),
        ({"digest": "a", "meta": {"size": 1}}, {"digest": "a", "meta": {"size": 2}}),
        ({"digest": "a", "owned_by": "x"}, {"digest": "a", "owned_by": "y"}),
    ],
)
def test_other_weights_have_another_fingerprint(entry, changed):
    """A digest, the time of creation, or what describes the model tells weights apart."""
    assert of(**entry)
    assert of(**entry) == of(**entry)
    assert of(**entry) != of(**changed)


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"owned_by": "me", "object": "model"},
        {"meta": {"n_params": 135_000_000, "size": 5}},
        {"created": int(NOW_S)},
        {"created": int(NOW_S) - 3},
        {"created": 0},
        {"created": 1677610602},
        {"created": True},
        {"created": "2026-01-01"},
        {"digest": ""},
        {"digest": None},
    ],
)
def test_a_name_alone_identifies_no_weights(entry):
    """Names, owners, sizes, placeholders and the time of the request are the same for other weights."""
    assert of(**entry) == ""


def test_a_time_that_all_models_share_is_a_placeholder():
    """A list whose models were all created in the same second says nothing about their weights."""
    entries = [{"id": name, "created": 1_700_000_000} for name in ("m", "n")]
    assert fingerprint_of(entries, "m", NOW_S) == ""
    assert fingerprint_of(entries[:1], "m", NOW_S)


def test_what_changes_with_each_request_is_left_out():
    """vLLM's random permission ids and the times of requests do not change a fingerprint."""
    first = of(digest="a", created=int(NOW_S), permission=[{"id": "modelperm-1"}])
    assert first == of(digest="a", created=int(NOW_S) - 1, permission=[{"id": "modelperm-2"}])


def test_a_model_that_is_not_listed_has_none():
    """An alias such as mlx_lm.server's `default_model` says nothing; a tag of Ollama is the model."""
    assert of("default_model", digest="a") == ""
    entries = [{"id": "llama:latest", "digest": "a"}]
    assert fingerprint_of(entries, "llama", NOW_S) == fingerprint_of(entries, "llama:latest", NOW_S) != ""


def test_a_server_without_a_list_has_none():
    """A server that refuses, or answers something else, is used without a fingerprint."""
    with fake_server(models=("m",)) as server:
        assert model_fingerprint(f"{server.url}/v1", "m", {})
        assert model_fingerprint(f"{server.url}/nowhere", "m", {}) == ""
    assert model_fingerprint(f"{server.url}/v1", "m", {}) == ""
