"""`--hl-token-logprobs`: the records keep text and log-probability of every output token."""

from __future__ import annotations

import json

import pytest

OPTION = "--hl-token-logprobs"
TOKENS = [["The", -0.25], [" answer", None], [" a0", -1.5]]


@pytest.fixture
def scripted(folder):
    """One sample, whose answer has log-probabilities."""
    folder.task(n=1, scorers=["keyword"])
    rule = {"contains": "q0.", "reply": "The answer a0", "logprobs": [-0.25, float("-inf"), -1.5]}
    folder.write("replies.json", json.dumps({"rules": [rule]}))
    return folder


def _tokens(folder) -> list[list[object] | None]:
    """What each run kept of its only call, in the order of the runs."""
    runs = sorted(folder.runs(), key=lambda run: run.stat().st_ctime_ns)
    records = [json.loads(line) for run in runs for line in (run / "records.jsonl").read_text().splitlines()]
    return [record["transcript"][0].get("token_logprobs") for record in records]


def test_tokens_are_kept_on_request_only(scripted, workers):
    """Without the option a record has no tokens; with it every call has them, with null for a probability of 0."""
    scripted.run(*workers)
    scripted.run(OPTION, *workers)
    assert _tokens(scripted) == [None, TOKENS]


def test_the_ini_key(scripted):
    """`hl_token_logprobs = true` is the option."""
    scripted.write("pytest.ini", "[pytest]\nhl_token_logprobs = true\n")
    scripted.run()
    assert _tokens(scripted) == [TOKENS]


def test_cassettes_keep_tokens(scripted):
    """A recorded run replays its tokens; without the option the same cassette has no answer, and says why."""
    scripted.run(OPTION, "--record", "calls")
    scripted.run(OPTION, "--replay", "calls")
    assert _tokens(scripted) == [TOKENS, TOKENS]
    missing = scripted.run("--replay", "calls")
    assert missing.ret == 1
    assert "token log-probabilities (recorded with --hl-token-logprobs)" in "\n".join(missing.outlines)


def test_a_cassette_without_tokens_is_no_answer(scripted):
    """Calls that were recorded without the option are missing under it, and the message says what to do."""
    scripted.run("--record", "calls")
    missing = scripted.run(OPTION, "--replay", "calls")
    assert missing.ret == 1
    assert "token log-probabilities (asked with --hl-token-logprobs, recorded without)" in "\n".join(missing.outlines)


def test_the_cache_keeps_tokens(scripted):
    """An answer from the cache has its tokens, and an answer without them is not taken for one with them."""
    for options in ([], [OPTION], [OPTION]):
        scripted.run("--hl-cache=all", *options)
    assert _tokens(scripted) == [None, TOKENS, TOKENS]


def test_resumed_answers_keep_theirs(scripted):
    """A resumed run writes the tokens of the answers that it reuses."""
    scripted.run(OPTION)
    scripted.run(OPTION, "--resume", "last")
    assert _tokens(scripted) == [TOKENS, TOKENS]


def test_a_provider_without_them_is_named_once(folder):
    """If a provider returns none, the run says so once per model, and answers count as always."""
    folder.task(n=3)
    folder.replies()
    printed = folder.run(OPTION)
    assert printed.ret == 0
    lines = [line for line in printed.outlines if "returned no token log-probabilities" in line]
    assert len(lines) == 1
