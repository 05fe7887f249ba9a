"""Runs that are interrupted, repeated or run at the same time: nothing is sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fake_server import FakeServer, fake_server
from fake_server.requests import KEY, request
from support.batch_runs import BatchRuns, independent, texts

from pytest_hiddenlayer.calls.batch.entries import read_entries
from pytest_hiddenlayer.calls.batch.ledger import Ledger
from pytest_hiddenlayer.calls.client import ModelClient
from pytest_hiddenlayer.calls.retry import RetryPolicy
from pytest_hiddenlayer.errors import ProviderError
from pytest_hiddenlayer.types import Request


def test_an_interrupted_run_is_collected_by_the_next(runs: BatchRuns):
    """A run that is cancelled reports its batch; the next run sends nothing and collects it."""
    with fake_server(batch_s=60, key=KEY) as server:
        said = runs.interrupted(server, independent(20))
        assert said == [
            f"batch batch_0 of 20 requests to {runs.vendor}:m is still in progress; "
            "run the same command again to collect it"
        ]
        assert len(runs.files) == 1
        assert KEY not in (runs.folder / runs.files[0]).read_text()
        server.finish()
        answers = runs.run(server, independent(20))
        stats = server.stats()
    assert texts(answers) == [f"The answer is {i}" for i in range(20)]
    assert (stats["batches"], stats["requests"]) == ([20], 0)
    assert runs.files == []


def test_a_run_that_did_not_end_keeps_what_it_collected(runs: BatchRuns):
    """If a run is killed after collecting, the next run reads the results from disk and makes no request."""
    with fake_server(key=KEY) as server:
        first = runs.run(server, independent(5), release=False)
        assert KEY not in "".join((runs.folder / name).read_text() for name in runs.files)
        calls = server.stats()["batch_calls"]
        again = runs.run(server, independent(5))
        assert server.stats()["batch_calls"] == calls
    assert first == again
    assert runs.files == []


def test_uncollected_answers_stay(runs: BatchRuns):
    """A run over a part of the samples collects its part; the rest stays for the next run."""
    with fake_server(batch_s=60) as server:
        runs.interrupted(server, independent(6))
        server.finish()
        runs.run(server, independent(2))
        assert len(runs.files) == 2
        assert texts(runs.run(server, independent(6)[2:])) == [f"The answer is {i}" for i in range(2, 6)]
        assert server.stats()["batches"] == [6]
    assert runs.files == []


@pytest.mark.parametrize("when", ["in the run", "in the next run"])
def test_a_batch_whose_id_was_lost_is_found(runs: BatchRuns, when: str):
    """If the connection breaks before the batch's id arrives, the batch is searched at the server, not sent again."""
    with fake_server(lose_batches=1) as server:
        if when == "in the next run":
            first_run = BatchRuns(runs.folder, runs.vendor)
            no_retries = RetryPolicy(attempts=1)
            asyncio.run(_lost(first_run, server, no_retries))
            assert [entry.batch_id for entry in read_entries(runs.folder)] == [None]
        answers = runs.run(server, independent(5))
        stats = server.stats()
    assert texts(answers) == [f"The answer is {i}" for i in range(5)]
    assert (stats["batches"], stats["requests"]) == ([5], 0)
    assert runs.files == []


async def _lost(runs: BatchRuns, server: FakeServer, retry_policy: RetryPolicy) -> None:
    client = runs.client(server)
    assert client.batcher is not None
    client.batcher._session.retry_policy = retry_policy
    answers = await asyncio.gather(*map(client.complete, independent(5)), return_exceptions=True)
    assert all(isinstance(one, ProviderError) for one in answers)
    await client.close()


def test_an_entry_that_was_never_sent_is_sent(runs: BatchRuns):
    """Killed between the note and the sending: no batch is answers, so the next run sends it."""
    with fake_server() as server:
        client = runs.client(server)
        keys = asyncio.run(_keys(client, independent(5)))
        with closing(Ledger(runs.folder, runs.vendor, "m", client.endpoint)) as killed:
            killed.register(client.provider.capabilities.batch_api.kind(independent(1)[0]), keys)
        answers = runs.run(server, independent(5))
        assert server.stats()["batches"] == [5]
    assert texts(answers) == [f"The answer is {i}" for i in range(5)]
    assert runs.files == []


async def _keys(client: ModelClient, requests: Sequence[Request]) -> list[str]:
    from pytest_hiddenlayer.calls.cache_key import cache_key_fields, call_key

    await client.close()
    return [call_key(cache_key_fields(client.name, client.model, client.endpoint, one)) for one in requests]


def test_a_batch_with_other_requests_is_ignored(tmp_path: Path):
    """Anthropic stores no tag: a batch of the same size with other requests is ignored, and this one is sent."""
    other, mine = BatchRuns(tmp_path / "other", "anthropic"), BatchRuns(tmp_path / "mine", "anthropic")
    with fake_server() as server:
        other.run(server, [request(f"ANSWER=other{i}", independent=True) for i in range(5)])
        client = mine.client(server)
        with closing(Ledger(mine.folder, "anthropic", "m", client.endpoint)) as killed:
            killed.register("", asyncio.run(_keys(client, independent(5))))
        answers = mine.run(server, independent(5))
        assert server.stats()["batches"] == [5, 5]
    assert texts(answers) == [f"The answer is {i}" for i in range(5)]


def test_a_folder_that_cannot_be_written_is_an_error(runs: BatchRuns):
    """What cannot be written to the ledger is not sent: its results could never be collected."""
    runs.folder.write_text("in the way")
    with fake_server() as server:
        answers = runs.run(server, independent(2), release=False)
        assert (server.stats()["batches"], server.stats()["requests"]) == ([], 0)
    assert all("cannot be written" in str(one) and "nothing was sent" in str(one) for one in answers)


def test_a_call_asked_again_while_its_batch_is_sent_joins_it(runs: BatchRuns):
    """A call that is repeated while its batch is sent gets the same answer, and is sent once."""

    async def run(server: FakeServer) -> list[Any]:
        client = runs.client(server)
        first = asyncio.create_task(client.complete(independent(1)[0]))
        while not runs.files:
            await asyncio.sleep(0.01)
        answers = await asyncio.gather(first, client.complete(independent(1)[0]))
        await client.close()
        return answers

    with fake_server(make_s=0.3) as server:
        answers = asyncio.run(run(server))
        assert server.stats()["batches"] == [1]
    assert texts(answers) == ["The answer is 0"] * 2
    assert sorted(one.cached for one in answers) == [False, True]


def test_a_call_that_was_given_up_before_sending_is_not_sent(runs: BatchRuns):
    """A call that is cancelled before its batch is sent is not in the batch."""

    async def run(server: FakeServer) -> list[Any]:
        client = runs.client(server, quiet_s=2)
        asked = [asyncio.create_task(client.complete(one)) for one in independent(3)]
        for _ in range(50):  # rounds of the loop, not seconds: all three then wait for their batch
            await asyncio.sleep(0)
        asked[1].cancel()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        await client.close()
        return answers

    with fake_server() as server:
        first, gone, last = asyncio.run(run(server))
        assert server.stats()["batches"] == [2]
    assert texts([first, last]) == ["The answer is 0", "The answer is 2"]
    assert isinstance(gone, asyncio.CancelledError)


def test_a_batch_that_another_process_is_sending_is_waited_for(runs: BatchRuns):
    """Of two runs in one folder, the second finds the first's entry, waits for its id and sends nothing."""

    async def both(server: FakeServer) -> list[Any]:
        first = runs.client(server)
        one = [asyncio.create_task(first.complete(each)) for each in independent(5)]
        while not runs.files:
            await asyncio.sleep(0.005)
        assert [entry.batch_id for entry in read_entries(runs.folder)] == [None]
        second = runs.client(server)
        two = [asyncio.create_task(second.complete(each)) for each in independent(5)]
        for _ in range(50):  # rounds of the loop: all of them ask
            await asyncio.sleep(0)
        await asyncio.to_thread(server.finish)
        answers = await asyncio.gather(*one, *two)
        await first.close()
        await second.close()
        return answers

    with fake_server(make_s=60) as server:
        answers = asyncio.run(both(server))
        assert server.stats()["batches"] == [5]
    assert texts(answers) == [f"The answer is {i}" for i in range(5)] * 2
