"""--hl-batch: what is sent, what is printed, and what an interruption leaves, with and without -n."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_server import FakeServer, fake_server
from fake_server.requests import KEY

from pytest_hiddenlayer.calls.batch.ledger import read_entries

N = 40
ASKED = ("--hl-batch", "--hl-gate", "off", "--hl-cache", "off", "-q")


@pytest.fixture(autouse=True)
def environment(folder):
    """The key, as the run's own process sees it."""
    folder.write(
        "conftest.py", f"import os\nos.environ['OPENAI_API_KEY'] = os.environ['ANTHROPIC_API_KEY'] = {KEY!r}\n"
    )


def task(folder, n: int = N, prompt: str = "{{ input }} ANSWER=a{{ id[1:] }}", **form: Any) -> None:
    folder.task(n=n, prompt=prompt, scorers=["keyword"], **form)


def url(server: FakeServer, *args: str) -> list[str]:
    return [*ASKED, "--hl-base-url", f"openai={server.url}/v1", "--hl-base-url", f"anthropic={server.url}", *args]


def begun(folder, server: FakeServer, *args: str, provider: str = "openai:m") -> subprocess.Popen[str]:
    """pytest, running on its own."""
    command = [sys.executable, "-m", "pytest", "evals", "--hl-provider", provider, *url(server, *args)]
    return subprocess.Popen(
        command, cwd=folder.path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )


def until(done: Callable[[], Any], seconds: float = 120.0) -> None:
    """Wait until the condition holds; fail if it does not within the limit."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def ledger(folder) -> list[Path]:
    return sorted((folder.path / "reports" / "batches").glob("*"))


def written_down(folder, server: FakeServer, n: int) -> bool:
    """Whether the server's batches have `n` requests in total, and the ledger holds the id of each batch."""
    batches = server.stats()["batches"]
    entries = list(read_entries(folder.path / "reports" / "batches"))
    return sum(batches) == n and [bool(entry.batch_id) for entry in entries] == [True] * len(batches)


def bare(record: dict[str, Any]) -> dict[str, Any]:
    for one in (record, *record["transcript"]):
        for name in ("latency_s", "run_id", "started_at", "time_to_first_token_s"):
            one.pop(name, None)
    return record


def newest(folder) -> list[dict[str, Any]]:
    run = max(folder.runs(), key=lambda path: path.stat().st_mtime_ns)
    lines = (run / "records.jsonl").read_text(encoding="utf-8").splitlines()
    return sorted((bare(json.loads(line)) for line in lines), key=lambda record: str(record["sample_id"]))


@pytest.mark.parametrize("provider", ["openai:m", "openai_responses:m", "anthropic:m"])
def test_one_batch_answers_all_samples(folder, provider):
    """One batch answers every sample; the records and two printed lines say so, and the ledger ends empty."""
    task(folder)
    with fake_server(batch_s=1, key=KEY) as server:
        base = ["--hl-base-url", f"openai_responses={server.url}/v1"]
        result = folder.run(*url(server, *base), provider=provider)
        stats = server.stats()
    result.assert_outcomes(passed=N)
    assert (stats["batches"], stats["requests"]) == ([N], 0)
    assert all(call["batched"] for record in folder.records() for call in record["transcript"])
    result.stdout.fnmatch_lines(
        [f"batch of {N} requests sent to {provider} (batch_0)",
         f"batch batch_0 of {provider}: collected {N} of {N} requests after 12 min"]
    )  # fmt: skip
    assert ledger(folder) == []


@pytest.mark.slow
def test_two_workers_fill_one_batch(folder):
    """With -n 2 the controller sends one batch for both workers and reports it; records equal those of -n 0."""
    task(folder, strategies=["debate"])
    found = []
    for n in ("0", "2"):
        with fake_server(batch_s=1) as server:
            result = folder.run(*url(server, "-n", n), provider="openai:m")
            stats = server.stats()
        result.assert_outcomes(passed=N)
        assert sum(stats["batches"]) == 3 * N
        assert len(stats["batches"]) <= int(n) or stats["batches"] == [3 * N]
        assert stats["requests"] == 4 * N
        result.stdout.fnmatch_lines(["batch of * requests sent to openai:m (batch_0)"])
        found.append(newest(folder))
    assert found[0] == found[1]


def test_a_killed_run_is_collected_by_the_next(folder):
    """After kill -9 during a batch, the same command sends no second batch, and gets the same records."""
    task(folder)
    with fake_server(batch_s=1) as server:
        folder.run(*url(server), provider="openai:m").assert_outcomes(passed=N)
    whole = newest(folder)
    with fake_server(batch_s=3600) as server:
        first = begun(folder, server)
        until(lambda: written_down(folder, server, N))
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
        assert len(ledger(folder)) == 1
        server.finish()
        result = folder.run(*url(server), provider="openai:m")
        stats = server.stats()
    result.assert_outcomes(passed=N)
    assert (stats["batches"], stats["requests"]) == ([N], 0)
    assert newest(folder) == whole
    assert ledger(folder) == []


@pytest.mark.parametrize("n", ["0", pytest.param("2", marks=pytest.mark.slow)])
def test_ctrl_c_reports_the_pending_batch(folder, n):
    """Ctrl-C ends the run with a sentence, without waiting for the batch; the same command collects it."""
    task(folder)
    with fake_server(batch_s=3600) as server:
        first = begun(folder, server, "-n", n)
        until(lambda: written_down(folder, server, N))
        os.kill(first.pid, signal.SIGINT)
        said, _ = first.communicate(timeout=300)
        assert "requests to openai:m is still in progress; run the same command again to collect it" in said
        sent = server.stats()["batches"]
        server.finish()
        result = folder.run(*url(server, "-n", n), provider="openai:m")
        assert server.stats()["batches"] == sent
    result.assert_outcomes(passed=N)


def test_calls_of_test_functions_use_the_synchronous_api(folder):
    """The calls of a test function are not sent as a batch of one request, and one line says so."""
    task(folder, n=3)
    folder.write(
        "test_own.py",
        "import pytest\n\n@pytest.mark.task('evals/sums.yaml')\ndef test_it(evaluate):\n    evaluate()\n",
    )
    with fake_server() as server:
        result = folder.run("test_own.py", *url(server), provider="openai:m")
        stats = server.stats()
    result.assert_outcomes(passed=3)
    assert (stats["batches"], stats["requests"]) == ([], 3)
    assert result.stdout.str().count("items that run one at a time") == 1


def test_a_provider_without_a_batch_api_is_reported_once(sums):
    """The calls of a provider without batch API use the synchronous API, and one line says so."""
    result = sums.run("--hl-batch", "--hl-gate", "off")
    result.assert_outcomes(passed=3)
    text = "--hl-batch: scripted:replies.json has no batch endpoint: its calls use the synchronous API"
    assert result.outlines.count(text) == 1


def test_a_recorded_batch_run_is_replayed_without_a_server(folder):
    """Cassettes hold answers of batches: the replay makes no call, and differs only in the source of each answer."""
    task(folder, n=6)
    with fake_server() as server:
        folder.run(*url(server, "--record", "cassettes"), provider="openai:m").assert_outcomes(passed=6)
    first = [one | {"transcript": plain(one)} for one in newest(folder)]
    result = folder.run("--hl-batch", "--hl-gate", "off", "--replay", "cassettes", provider="openai:m")
    result.assert_outcomes(passed=6)
    again = [one | {"cached": False, "transcript": plain(one)} for one in newest(folder)]
    assert first == again


def plain(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [{k: v for k, v in call.items() if k not in ("batched", "cached")} for call in record["transcript"]]
