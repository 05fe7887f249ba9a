"""Servers that refuse, fail, expire or have no batches."""

from __future__ import annotations

import pytest
from fake_server import fake_server
from fake_server.requests import KEY
from support.batch_runs import BatchRuns, independent, texts

from pytest_hiddenlayer.errors import ProviderError


@pytest.mark.parametrize("mark", ["FAULT=500*1", "FAULT=429*1", "FAULT=expired*1", "FAULT=missing*1"])
def test_transient_failures_use_the_synchronous_api(runs: BatchRuns, mark: str):
    """An expired request, a server's failure or a missing result uses the synchronous API, once, at its price."""
    with fake_server() as server:
        answers = runs.run(server, independent(5, mark))
        stats = server.stats()
    assert texts(answers) == [f"The answer is {i}" for i in range(5)]
    assert [one.batched for one in answers] == [True] * 4 + [False]
    assert (stats["batches"], stats["requests"]) == ([5], 1)
    assert runs.messages[-1] == (
        f"1 request to {runs.vendor}:m got no answer in a batch and used the synchronous API, at its price"
    )
    assert runs.files == []


def test_a_cancelled_request_is_an_error(runs: BatchRuns):
    """If a batch is cancelled, its unanswered calls are errors; the next run sends them again."""
    with fake_server() as server:
        *good, bad = runs.run(server, independent(3, "FAULT=cancelled*1"))
        assert server.stats()["requests"] == 0
        assert texts(good) == ["The answer is 0", "The answer is 1"]
        assert isinstance(bad, ProviderError)
        assert "cancelled" in str(bad)
        assert texts(runs.run(server, independent(3, "FAULT=cancelled*1"))) == [
            f"The answer is {i}" for i in range(3)
        ]


def test_a_refused_request_is_an_error_of_its_call(runs: BatchRuns):
    """400 in a batch is an error of its call, with the server's message; the others are answered."""
    with fake_server() as server:
        *good, bad = runs.run(server, independent(5, "FAULT=400"))
        assert server.stats()["requests"] == 0
    assert texts(good) == [f"The answer is {i}" for i in range(4)]
    assert isinstance(bad, ProviderError)
    assert "HTTP 400: Unsupported parameter: 'temperature'" in str(bad)


def test_a_refused_batch_is_an_error_of_each_call(runs: BatchRuns):
    """Every call's error contains the server's message; the next run sends the batch again."""
    with fake_server(batch_refused="Line 1 has no such model") as server:
        answers = runs.run(server, independent(3))
    assert all(isinstance(one, ProviderError) and "Line 1 has no such model" in str(one) for one in answers)
    assert runs.files == []
    with fake_server() as server:
        assert texts(runs.run(server, independent(3))) == [f"The answer is {i}" for i in range(3)]


def test_a_server_without_batches(runs: BatchRuns):
    """After 404 for a batch, one sentence is reported and all calls use the synchronous API."""
    with fake_server(batches=False) as server:
        answers = runs.run(server, independent(3))
        assert server.stats()["requests"] == 3
    assert texts(answers) == [f"The answer is {i}" for i in range(3)]
    assert runs.messages == [
        f"--hl-batch: {runs.vendor}:m has no batch endpoint (HTTP 404): its calls use the synchronous API"
    ]
    assert runs.files == []


def test_failed_polls_are_repeated(runs: BatchRuns):
    """Three of ten polls fail in various ways: nothing is lost, nothing is sent twice."""
    faults = {"500": 0.06, "429": 0.06, "drop": 0.06, "html": 0.06, "cut": 0.06}
    with fake_server(batch_s=0.5, batch_faults=faults) as server:
        answers = runs.run(server, independent(4))
        stats = server.stats()
    assert texts(answers) == [f"The answer is {i}" for i in range(4)]
    assert (stats["batches"], stats["requests"]) == ([4], 0)


def test_an_error_does_not_contain_the_key(runs: BatchRuns):
    """401 is an error of every call; the key is neither in the error nor on disk."""
    with fake_server(key="another-key") as server:
        answers = runs.run(server, independent(2))
    assert all(isinstance(one, ProviderError) and "HTTP 401" in str(one) and KEY not in str(one) for one in answers)
    assert runs.files == []
