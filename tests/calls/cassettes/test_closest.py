"""The message about a call that is not recorded."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cassettes import ANSWER, REQUEST, identity, miss, record, with_prompt

from pytest_hiddenlayer.calls.cassettes.closest import first_difference
from pytest_hiddenlayer.types import GenerationConfig, Message, Request


@pytest.mark.parametrize(
    ("request_", "difference"),
    [
        (replace(REQUEST, seed=8), "seed (asked 8, recorded 7)"),
        (replace(REQUEST, role="agent-2"), "role (asked 'agent-2', recorded 'agent-1')"),
        (replace(REQUEST, round=2), "round (asked 2, recorded 1)"),
        (replace(REQUEST, epoch=2), "epoch (asked 2, recorded 1)"),
        (replace(REQUEST, sample_id="s2"), "sample (asked 's2', recorded 's1')"),
        (replace(REQUEST, top_logprobs=5), "top_logprobs (asked 5, recorded 0)"),
        (replace(REQUEST, schema={"type": "object"}), "the schema of the answer"),
        (
            replace(REQUEST, params=GenerationConfig(temperature=0.5, top_p=1.0, max_tokens=64)),
            "stop (asked None, recorded ['END']), temperature (asked 0.5, recorded 0.0)",
        ),
        (replace(REQUEST, messages=REQUEST.messages[:1]), "number of messages (asked 1, recorded 2)"),
    ],
    ids=["seed", "role", "round", "epoch", "sample", "top", "schema", "params", "count"],
)
def test_the_message_names_the_field_that_differs(tmp_path, request_, difference):
    """Only that field is shown."""
    record(tmp_path)
    assert miss(tmp_path, request_).endswith(f"differs in {difference}")


def test_the_message_has_three_parts(tmp_path):
    """It names the call, the closest recorded call, and the option that records it."""
    record(tmp_path)
    assert miss(tmp_path, replace(REQUEST, seed=8)) == (
        f"--replay {tmp_path}: no recorded answer of mlx:nano-1 for the call of agent-1 in round 1 of sample 's1', "
        f"epoch 1; record it with --record {tmp_path}. The closest recorded call is of agent-1 in round 1 of sample "
        "'s1', epoch 1 and differs in seed (asked 8, recorded 7)"
    )


def test_the_message_shows_where_the_messages_differ(tmp_path):
    """The first message that differs, and a short excerpt of both around the first difference."""
    start, end = "word " * 50, " and more" * 50
    record(tmp_path, (identity(with_prompt(f"{start}seven{end}")), ANSWER))
    told = miss(tmp_path, with_prompt(f"{start}seventy\n{end}")).splitlines()
    assert told[0].endswith("differs in message 2 (user) from character 256 on:")
    assert told[1] == "- …word word word word word seven and more and more and more and more and more and …"
    assert told[2] == "+ …word word word word word seventy\\n and more and more and more and more and more a…"
    assert len(told) == 3


def test_the_document_is_right(tmp_path, monkeypatch):
    """The cassette line in the document is valid, and the message about a missing call is the one shown there."""
    shown = (Path(__file__).parents[3] / "docs" / "cache-and-replay.md").read_text(encoding="utf-8")
    line = shown.partition("```json\n")[2].partition("\n```")[0]
    monkeypatch.chdir(tmp_path)
    folder = Path("fixtures/cassettes")
    folder.mkdir(parents=True)
    (folder / "mlx-nano-1.jsonl").write_text(f"{line}\n", encoding="utf-8")
    one = json.loads(line)
    request = Request(
        messages=(Message(role="user", content="What is 102 * 5?"),),
        params=GenerationConfig(**{**one["params"], "max_tokens": 80}),
        seed=one["seed"],
        role=one["role"],
        sample_id=one["sample"],
    )
    assert miss(folder, request) in shown


def test_an_unknown_model_names_the_recorded_models(tmp_path):
    """The closest call is then another model's."""
    record(tmp_path)
    told = miss(tmp_path, REQUEST, model="nano-2")
    assert "of mlx:nano-2 (recorded models: mlx:nano-1)" in told
    assert told.endswith("differs in model (asked 'nano-2', recorded 'nano-1')")


def test_the_closest_call_has_the_same_sample_role_and_round(tmp_path):
    """Sample, role and round precede the similarity of messages."""
    wanted = with_prompt("What is the sum of 17 and 25?")
    record(
        tmp_path,
        (identity(with_prompt("What is the sum of 17 and 26?", sample_id="s2")), ANSWER),
        (identity(with_prompt("Name a colour.", seed=1)), ANSWER),
        (identity(with_prompt("Name the sum of 17 and 25.", seed=2)), ANSWER),
    )
    assert "seed (asked 7, recorded 2), message 2" in miss(tmp_path, wanted)
    elsewhere = miss(tmp_path, replace(wanted, sample_id="s3"))
    assert "sample (asked 's3', recorded 's2'), message 2" in elsewhere


def test_the_closest_call_has_the_same_messages_first_of_all(tmp_path):
    """If rows of a task file moved, the sample differs, not the messages."""
    rows = ["What is 1 + 1?", "Name a colour.", "What is 5 * 5?"]
    record(tmp_path, *((identity(with_prompt(row, sample_id=str(i))), ANSWER) for i, row in enumerate(rows)))
    assert miss(tmp_path, with_prompt(rows[1], sample_id="2")).endswith("differs in sample (asked '2', recorded '1')")


def test_the_closest_call_has_the_same_epoch(tmp_path):
    """If a prompt changed, the call of the same epoch is shown."""
    calls = [(identity(with_prompt("What is 2+2?", epoch=epoch)), ANSWER) for epoch in range(1, 31)]
    record(tmp_path, *calls)
    assert "differs in message 2 (user) from character 10 on" in miss(
        tmp_path, with_prompt("What is 2 + 2?", epoch=17)
    )


def test_few_calls_are_compared(tmp_path, monkeypatch):
    """Only a few calls are compared word by word, however many are recorded."""
    compared = []
    monkeypatch.setattr(
        "pytest_hiddenlayer.calls.cassettes.closest.similarity", lambda *texts: compared.append(texts) or 0.5
    )
    record(tmp_path, *((identity(with_prompt(f"What is {i}?", sample_id=str(i % 2))), ANSWER) for i in range(400)))
    miss(tmp_path, with_prompt("What is 17?!", sample_id="1"))
    assert 0 < len(compared) <= 12


@given(st.text(), st.text())
def test_texts_are_equal_before_the_first_difference(text, other):
    """Both texts are equal before it, and differ there or end."""
    index = first_difference(text, other)
    assert text[:index] == other[:index]
    assert text[index : index + 1] != other[index : index + 1] or text == other
