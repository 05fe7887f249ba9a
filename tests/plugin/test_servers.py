"""The options for servers, budgets, cache and cassettes, with a fake server."""

from __future__ import annotations

import json

import pytest
from fake_server import fake_server

PRICES = """
prices:
  - {provider: openai, model: paid*, since: 2026-01-01, input: 10, output: 1000}
"""


@pytest.fixture
def asked(folder):
    """Run pytest against the fake server. Returns (result, requests)."""
    folder.task(n=12, prompt="{{ input }} ANSWER=a{{ id[1:] }}", scorers=[{"keyword": {"require_all": True}}])
    cache = folder.path / "cache.sqlite"
    folder.write("conftest.py", f"import os\nos.environ['HIDDENLAYER_CACHE'] = {str(cache)!r}\n")

    def run(*args, model="m", config=None, provider=None):
        with fake_server(**(config or {})) as server:
            result = folder.run(
                "--hl-base-url", f"{server.url}/v1", "--hl-gate", "off", *args, provider=provider or f"openai:{model}"
            )
            return result, server.stats()

    return run


def test_a_server_at_a_base_url(asked, folder):
    """The server at --hl-base-url answers every sample, at no cost, and records have its model's name."""
    result, stats = asked()
    result.assert_outcomes(passed=12)
    assert stats["requests"] == 12
    assert {record["model"] for record in folder.records()} == {"m"}
    assert {record["cost_usd"] for record in folder.records()} == {0.0}


def test_the_cache_answers_the_second_time(asked, folder):
    """Calls at temperature 0 are cached and marked as such; with --hl-cache=off they are made again."""
    folder.task(n=12, prompt="{{ input }} ANSWER=a{{ id[1:] }}", scorers=["keyword"])
    with fake_server(models=("m",)) as server:
        for n in (1, 2):
            folder.run("--hl-base-url", f"{server.url}/v1", "--hl-gate", "off", provider="openai:m")
            assert server.stats()["requests"] == 12, n
        newest = max(folder.runs(), key=lambda run: run.stat().st_mtime)
        lines = (newest / "records.jsonl").read_text().splitlines()
        assert {json.loads(line)["cached"] for line in lines} == {True}
        folder.run("--hl-base-url", f"{server.url}/v1", "--hl-cache", "off", provider="openai:m")
        assert server.stats()["requests"] == 24


@pytest.mark.parametrize(
    ("first", "second"), [("1" * 64, "2" * 64), ("", "")], ids=["other weights", "a server without a digest"]
)
@pytest.mark.parametrize("option", [(), ("--hl-cache", "all")], ids=["default", "all"])
def test_the_cache_never_answers_for_other_weights(asked, folder, first, second, option):
    """A model under its old name is asked again if its digest changed, or if the server gives none."""
    port = 0
    for digest in (first, second):
        with fake_server(models=("m",), digest=digest, port=port) as server:
            port = int(server.url.rpartition(":")[2])
            folder.run("--hl-base-url", f"{server.url}/v1", *option, "--hl-gate", "off", provider="openai:m")
            assert server.stats()["requests"] == 12


@pytest.mark.parametrize(("option", "told"), [([], False), (["--hl-stream"], True)])
def test_the_time_to_the_first_token(asked, folder, option, told):
    """With --hl-stream every call has a time to the first token; otherwise it is unknown."""
    result, _ = asked(*option)
    result.assert_outcomes(passed=12)
    calls = [call for record in folder.records() for call in record["transcript"]]
    assert {"time_to_first_token_s" in call for call in calls} == {told}
    assert all(0 < call["time_to_first_token_s"] <= call["latency_s"] for call in calls if told)


def test_the_budget_holds(asked, folder, workers):
    """Calls that fit into the budget are made, the rest are skipped with the reason, and the sum is reported."""
    folder.write("hiddenlayer-prices.yaml", PRICES)
    result, stats = asked("--budget", "0.012", "--hl-max-tokens", "4", *workers, model="paid-1")
    counts = result.parseoutcomes()
    assert counts["skipped"] >= 1
    assert counts["passed"] + counts["skipped"] == 12
    assert stats["requests"] == counts["passed"] > 0
    spent = sum(record["cost_usd"] for record in folder.records() if record["outcome"] == "correct")
    assert 0 < spent <= 0.012
    result.stdout.fnmatch_lines(["budget: $0.0* of $0.012 spent, * call* not made"])
    result.stdout.fnmatch_lines(["SKIPPED*budget: $0.012 does not cover this call: it may cost $*"])


def test_a_budget_needs_a_price(asked, folder):
    """A remote model without a price is an error that says what to do; its cost is never 0."""
    folder.write("hiddenlayer-prices.yaml", PRICES)
    result, stats = asked("--budget", "100", model="paid-1")
    result.assert_outcomes(passed=12)
    folder.write("hiddenlayer-prices.yaml", PRICES.replace("2026-01-01", "2999-01-01"))
    result, stats = asked("--budget", "100", model="paid-1")
    result.assert_outcomes(errors=12)
    assert stats["requests"] == 0
    result.stdout.fnmatch_lines(["*the price of openai:paid-1 is unknown*hiddenlayer-prices.yaml*"])


def test_recorded_once_replayed_without_a_server(asked, folder, workers):
    """--replay needs no server and no key, and gives the records of --record, apart from times."""
    asked("--record", "cassettes", *workers)
    first = [bare(record) for record in folder.records()]
    (recorded,) = folder.runs()
    result = folder.run("--replay", "cassettes", "--hl-gate", "off", *workers, provider="openai:m")
    result.assert_outcomes(passed=12)
    (replayed,) = set(folder.runs()) - {recorded}
    again = [bare(json.loads(line)) for line in (replayed / "records.jsonl").read_text().splitlines()]
    assert by_id(first) == by_id(again)
    text = "".join(path.read_text() for path in (folder.path / "cassettes").glob("*.jsonl"))
    assert text.count("\n") == 12
    assert "127.0.0.1" not in text


def bare(record):
    for one in (record, *record["transcript"]):
        for name in ("latency_s", "run_id", "started_at", "cached", "time_to_first_token_s"):
            one.pop(name, None)
    return record


def by_id(records):
    return sorted(records, key=lambda record: record["sample_id"])


def test_what_is_not_recorded_is_an_error(asked, folder):
    """If a prompt changed, --replay names the closest call and the difference, and scores nothing."""
    asked("--record", "cassettes")
    path = folder.path / "evals" / "sums.yaml"
    path.write_text(path.read_text().replace("ANSWER=", "Please: ANSWER="))
    result = folder.run("--replay", "cassettes", "--hl-gate", "off", provider="openai:m")
    result.assert_outcomes(errors=12)
    result.stdout.fnmatch_lines(["*no recorded answer*The closest recorded call is*differs in*"])


def test_failed_requests_are_retried(asked, folder):
    """All samples complete although three of ten requests fail, with every kind of fault."""
    faults = {"429": 0.06, "500": 0.06, "529": 0.06, "drop": 0.06, "html": 0.06}
    result, stats = asked("--hl-cache", "off", config={"faults": faults})
    result.assert_outcomes(passed=12)
    assert stats["requests"] >= 12
    assert max(call["attempts"] for r in folder.records() for call in r["transcript"] if "attempts" in call) >= 2 or (
        stats["requests"] == 12
    )


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--hl-base-url", "127.0.0.1:80"), "write [PROVIDER=]URL"),
        (("--budget", "-1"), "an amount in US dollars above 0"),
        (("--budget", "much"), "an amount in US dollars above 0"),
        (("--replay", "nowhere"), "nowhere: no such folder; --hl-record"),
        (("--hl-prices", "nowhere.yaml"), "no such file"),
        (("--hl-cache", "al"), "did you mean 'all'"),
        (("--hl-timeout", "0"), "at least"),
    ],
)
def test_wrong_options(sums, args, says):
    """A wrong server option is a usage error before anything runs, and says what to write."""
    result = sums.run(*args)
    assert result.ret == 4
    assert says in "\n".join(result.errlines)


def test_a_server_that_does_not_listen_skips(folder):
    """If no server listens, every item is skipped with one sentence, and the session fails."""
    folder.task(n=2)
    result = folder.run("--hl-base-url", "http://127.0.0.1:9/v1", provider="openai:m")
    result.assert_outcomes(skipped=3)  # the gate too: not measured is never green
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*http://127.0.0.1:9*"])
