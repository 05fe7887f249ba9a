"""Tests of self-critique: when an answer is revised, and what the record says of the critique."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider

from pytest_hiddenlayer.strategies.introspection.self_critique import read_verdict


def script(first: str = "41", critique: str = "Verdict: wrong", check: str = "yes", revised: str = "42"):
    """A provider that replies by role and round."""
    replies = {("agent-1", 0): first, ("critic", 1): critique, ("checker", 2): check, ("agent-1", 3): revised}
    return FakeProvider(lambda request: replies[request.role, request.round])


def test_an_answer_found_wrong_is_revised(answer):
    """Critique, check and revision each read what came before, and both answers are scored."""
    fake = script()
    record = answer("self_critique", fake)
    calls = [(r.role, r.round) for r in fake.requests]
    assert calls == [("agent-1", 0), ("critic", 1), ("checker", 2), ("agent-1", 3)]
    assert [m.content for m in fake.requests[1].messages[:2]] == [QUESTION, "41"]
    assert fake.requests[2].messages[3].content == "Verdict: wrong"
    assert [m.content for m in fake.requests[3].messages[1:4:2]] == ["41", "Verdict: wrong"]
    assert fake.requests[3].messages[-1].content.endswith(QUESTION)
    assert (record.output, record.outcome) == ("42", "correct")
    scores = record.answer_metadata.pop("round_scores")["agent-1"]
    assert [scores["0"]["right"], scores["3"]["right"]] == [False, True]
    assert record.answer_metadata == {"verdict": "wrong", "critique_right": True, "revised": True}


@pytest.mark.parametrize(
    ("parts", "verdict", "valid"),
    [
        ({"critique": "Verdict: right"}, "right", None),
        ({"check": "No."}, "wrong", False),
        ({"critique": "I am not sure."}, None, None),
        ({"critique": "Verdict: wrong…"}, None, None),
    ],
)
def test_otherwise_the_answer_is_kept(answer, parts, verdict, valid):
    """A right, doubted, unreadable or truncated critique changes nothing."""
    record = answer("self_critique", script(**parts))
    assert record.output == "41"
    assert record.answer_metadata == {"verdict": verdict, "critique_right": valid, "revised": False}


@pytest.mark.parametrize("strategy", ["self_critique:check=false", "self_critique"])
def test_an_unreadable_check_does_not_stop_the_revision(answer, strategy):
    """Only a clear no keeps an answer that the critique finds wrong."""
    record = answer(strategy, script(check="Hmm."))
    assert record.output == "42"
    assert record.answer_metadata["critique_right"] is None


def test_a_truncated_answer_is_not_criticized(answer):
    """An answer that is not scored costs no further call."""
    fake = script(first="4…")
    assert answer("self_critique", fake).outcome == "truncated"
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("It adds up.\nVerdict: right", "right"),
        ("**Verdict:** Wrong.", "wrong"),
        ("Verdict: the answer is incorrect", "wrong"),
        ("My verdict is that it is not right.", "wrong"),
        ("Verdict: right or wrong? Verdict: wrong", "wrong"),
        ("Verdict: right\nVerdict: wrong", None),
        ("The answer is wrong.", None),
    ],
)
def test_verdicts_are_read_as_people_write_them(text, verdict):
    """A verdict counts with or without emphasis; a text without one, or that repeats both lines, has none."""
    assert read_verdict(text) == verdict
