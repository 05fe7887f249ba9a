"""What is recorded is small, stable and portable, and is replayed unchanged."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cassettes import ANSWER, REPLAYED, REQUEST, identity, record, with_prompt

from pytest_hiddenlayer.calls.cache_key import cache_key_fields
from pytest_hiddenlayer.calls.cassettes.format import format_line, parse_line
from pytest_hiddenlayer.calls.cassettes.replayer import Replayer
from pytest_hiddenlayer.types import GenerationConfig, Message, Usage


def test_a_call_is_replayed_as_it_was(tmp_path):
    """Text, finish reason, usage and model are those recorded; time and cost are 0."""
    record(tmp_path)
    assert Replayer(tmp_path).find("mlx", "nano-1", "", REQUEST) == REPLAYED


@pytest.mark.parametrize(
    "odd",
    [
        replace(ANSWER, finish_reason="length"),
        replace(ANSWER, finish_reason="refusal", text=""),
        replace(ANSWER, model="nano-1-2026-01-01", warnings=("nano-1-2026-01-01 answered instead of nano-1",)),
        replace(ANSWER, usage=Usage(calls=1)),
        replace(
            ANSWER, usage=Usage(input_tokens=1, output_tokens=2, reasoning_tokens=3, cache_write_tokens=0, calls=2)
        ),
        replace(ANSWER, text="a\nb\u2028c \ud800 é"),
    ],
    ids=["cut", "refused", "another model", "no usage", "all usage", "odd text"],
)
def test_nothing_of_an_answer_is_lost(tmp_path, odd):
    """Unusual values are replayed too; unknown stays unknown, and 0 stays 0."""
    record(tmp_path, (identity(), odd))
    found = Replayer(tmp_path).find("mlx", "nano-1", "", REQUEST)
    assert found == replace(
        REPLAYED, **{f: getattr(odd, f) for f in ("text", "finish_reason", "usage", "model", "warnings")}
    )


def test_log_probabilities_come_back_shortened(tmp_path):
    """Those of sampled tokens within 5e-5; alternatives within 1e-6, and only if they were requested."""
    top = ({"4": -0.123456789, "5": -math.inf},)
    full = replace(ANSWER, logprobs=(-0.123456789, -math.inf, 0.0), top_logprobs=top)
    wanted = replace(REQUEST, top_logprobs=2)
    record(tmp_path, (identity(), full), (identity(wanted), full))
    plain, more = (Replayer(tmp_path).find("mlx", "nano-1", "", request) for request in (REQUEST, wanted))
    assert plain.logprobs == more.logprobs == pytest.approx((-0.123456789, -math.inf, 0.0), abs=5e-5)
    assert plain.top_logprobs is None
    assert more.top_logprobs is not None
    assert more.top_logprobs[0] == pytest.approx(top[0], abs=1e-6)


@given(
    text=st.text(),
    contents=st.lists(st.text(), min_size=1, max_size=3),
    logprobs=st.none() | st.lists(st.floats(max_value=0, allow_nan=False)),
    round_=st.integers(0, 9),
    sample=st.text(),
)
def test_any_call_reads_back(text, contents, logprobs, round_, sample):
    """A call is one line, from which its key fields without the server, and its text, are read back."""
    messages = tuple(Message(role="user", content=content) for content in contents)
    one = identity(replace(REQUEST, messages=messages, round=round_, sample_id=sample), endpoint="http://x")
    line = format_line(one, replace(ANSWER, text=text, logprobs=None if logprobs is None else tuple(logprobs)))
    assert line.count(b"\n") == 1
    call = parse_line(line)
    assert call.key_fields == {name: value for name, value in one.items() if name != "endpoint"}
    assert call.completion.text == text
    assert len(call.completion.logprobs or ()) == len(logprobs or ())


def test_the_server_does_not_matter(tmp_path):
    """The answer of one server is replayed for any other."""
    record(tmp_path, (identity(endpoint="http://127.0.0.1:8080"), ANSWER))
    assert Replayer(tmp_path).find("mlx", "nano-1", "https://elsewhere", REQUEST) == REPLAYED
    assert b"127.0.0.1" not in (tmp_path / "mlx-nano-1.jsonl").read_bytes()


def test_0_and_0_0_are_the_same_temperature(tmp_path):
    """0 equals 0.0, and 1 equals 1.0."""
    record(tmp_path, (identity(replace(REQUEST, params=GenerationConfig(temperature=0, top_p=1))), ANSWER))
    request = replace(REQUEST, params=GenerationConfig(temperature=0.0, top_p=1.0))
    assert Replayer(tmp_path).find("mlx", "nano-1", "", request) == REPLAYED


def test_a_models_folder_does_not_matter(tmp_path):
    """A model named by an absolute path is recorded by its last part, and found from another folder."""
    record(tmp_path, (identity(model="/srv/models/tiny"), replace(ANSWER, model="/srv/models/tiny")))
    found = Replayer(tmp_path).find("mlx", "/srv/tiny", "", REQUEST)
    assert (found.text, found.model) == ("4", "tiny")
    assert b"home" not in (tmp_path / "mlx-tiny.jsonl").read_bytes()


def test_the_same_call_twice_is_the_same_answer(tmp_path):
    """An answer can be replayed any number of times."""
    record(tmp_path)
    replayer = Replayer(tmp_path)
    assert replayer.find("mlx", "nano-1", "", REQUEST) == replayer.find("mlx", "nano-1", "", REQUEST)


def test_each_model_has_a_file(tmp_path):
    """Models that share a slug share a file, and remain distinct."""
    models = ("gpt-4.1", "org/Llama", "other/llama")
    record(
        tmp_path, *((cache_key_fields("openai", m, "", REQUEST), replace(ANSWER, text=m, model=m)) for m in models)
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["openai-gpt-4.1.jsonl", "openai-llama.jsonl"]
    replayer = Replayer(tmp_path)
    assert [replayer.find("openai", model, "", REQUEST).text for model in models] == list(models)


def test_a_line_has_no_default_values(tmp_path):
    """There is no key, time or server; default values are omitted; fields are sorted."""
    record(tmp_path, (identity(endpoint="http://127.0.0.1:8080"), ANSWER))
    line = (tmp_path / "mlx-nano-1.jsonl").read_text()
    assert line == (
        '{"messages":[{"system":"You are agent 1 of 3."},{"user":"What is 2 + 2?"}],"model":"nano-1",'
        '"params":{"max_tokens":64,"stop":["END"],"temperature":0.0,"top_p":1.0},"provider":"mlx","role":"agent-1",'
        '"round":1,"sample":"s1","seed":7,"text":"4",'
        '"usage":{"cached_input_tokens":0,"input_tokens":9,"output_tokens":1}}\n'
    )


def test_the_order_of_calls_does_not_matter(tmp_path):
    """The same calls make the same file in any order; the calls of a sample are adjacent."""
    calls = [
        (identity(with_prompt(f"q{i}", sample_id=f"s{i}", round=r, role=role)), replace(ANSWER, text=f"{i}{r}{role}"))
        for i in range(3)
        for r in range(2)
        for role in ("a", "b")
    ]
    record(tmp_path / "one", *calls)
    record(tmp_path / "other", *calls[::-1])
    one, other = ((tmp_path / name / "mlx-nano-1.jsonl").read_text() for name in ("one", "other"))
    assert one == other
    assert [json.loads(line)["text"] for line in one.splitlines()][:4] == ["00a", "00b", "01a", "01b"]
