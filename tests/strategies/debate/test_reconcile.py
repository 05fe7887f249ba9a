"""`reconcile`: when agents discuss, what they read, and how confidences weigh votes."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider, by_agent

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.strategies.debate.reconcile import find_confidence, recalibrated


def said(number, confidence, why="Since I counted."):
    return f"{why} It is {number}.\nConfidence: {confidence}"


SPLIT = (said(42, 70), said(42, 60), said(41, 95))


def test_agents_that_agree_do_not_discuss(answer):
    """If all agents give one answer, there is no discussion."""
    fake = FakeProvider(by_agent((said(42, 50), said(42, 10), said("42.0", 99))), overlapping={0: 3})
    record = answer("reconcile", fake)
    notes = record.answer_metadata
    assert (len(fake.requests), notes["consensus"], notes["discussions"]) == (3, True, 0)
    assert (record.output, record.outcome) == ("Since I counted. It is 42.", "correct")


def test_a_discussion_shows_the_others_in_groups(answer):
    """Each agent reads its own reply and the others' answers, grouped, with reasons and confidences."""
    fake = FakeProvider(by_agent(SPLIT, (said(42, 80),) * 3), overlapping={0: 3, 1: 3})
    record = answer("reconcile", fake)
    third = fake.prompts("agent-3", round=1)[0]
    assert third.startswith(QUESTION)
    assert f"Your answer so far:\n{SPLIT[2]}" in third
    assert "Answer of 2 other agents: 42\n- Since I counted. It is 42. (confidence 70 of 100)\n" in third
    assert "(confidence 95 of 100)" not in third
    first = fake.prompts("agent-1", round=1)[0]
    assert first.count("Answer of 1 other agent: ") == 2
    assert (record.answer_metadata["discussions"], record.answer_metadata["consensus"]) == (1, True)


def test_agents_discuss_at_most_max_discussions_times(answer):
    """Agents that never agree discuss `max_discussions` times after their first answers."""
    for max_discussions in (0, 2):
        fake = FakeProvider(by_agent(SPLIT, SPLIT, SPLIT))
        record = answer(f"reconcile:max_discussions={max_discussions}", fake)
        assert (len(fake.requests), record.answer_metadata["discussions"]) == (
            3 + 3 * max_discussions,
            max_discussions,
        )


def test_a_confident_minority_outvotes_an_unsure_majority(answer):
    """The vote weighs 0.3 + 0.1 for 42 and 0.8 for 41."""
    record = answer("reconcile:max_discussions=0", FakeProvider(by_agent(SPLIT)))
    notes = record.answer_metadata
    assert (record.answer, notes["weights"]) == ("41", {"42": 0.4, "41": 0.8})
    assert notes["vote"]["votes"] == {"42": 2, "41": 1}
    assert notes["confidences"] == [[0.7, 0.6, 0.95]]


@pytest.mark.parametrize(
    ("confidence", "weight"),
    [(1.0, 1.0), (0.99, 0.8), (0.9, 0.8), (0.89, 0.5), (0.8, 0.5), (0.79, 0.3), (0.61, 0.3), (0.6, 0.1), (0.0, 0.1)],
)
def test_confidences_are_rescaled_by_the_papers_table(confidence, weight):
    """The weights are those of section 3.3, with its limits."""
    assert recalibrated(confidence) == weight


def test_a_tie_goes_to_the_answer_seen_first(answer):
    """Equal weights are marked as a tie, which the first agent's answer wins."""
    record = answer("reconcile:max_discussions=0,n_agents=2", FakeProvider(by_agent((said(41, 95), said(42, 90)))))
    assert (record.answer, record.answer_metadata["tie"]) == ("41", True)


def test_what_cannot_be_read_has_no_vote(answer):
    """A reply that was cut off or has no answer has no vote, nor has an answer without readable confidence."""
    replies = ("It is 41.", "I pass.\nConfidence: 99", said(42, 61), "It is 41.\nConfidence: 99…")
    record = answer("reconcile:max_discussions=0,n_agents=4", FakeProvider(by_agent(replies)))
    notes = record.answer_metadata
    assert (record.answer, notes["weights"]) == ("42", {"42": 0.3})
    assert (notes["unreadable_answers"], notes["unreadable_confidences"]) == (2, 1)


def test_unreadable_replies_are_left_out_of_the_discussion(answer):
    """Others do not read a reply without an answer; its agent reads its own reply."""
    fake = FakeProvider(by_agent(("I pass.", said(41, 50), said(42, 50)), (said(42, 90),) * 3))
    answer("reconcile", fake)
    assert "I pass." in fake.prompts("agent-1", round=1)[0]
    assert "I pass." not in fake.prompts("agent-2", round=1)[0]


def test_an_answer_without_readable_confidence_is_shown_without_one(answer):
    """A confidence that is not known is not shown as a number."""
    fake = FakeProvider(by_agent(("It is 41.", said(42, "hm")), (said(42, 90),) * 2))
    answer("reconcile:n_agents=2", fake)
    assert "confidence" not in fake.prompts("agent-2", round=1)[0].split("The others")[0]


@pytest.mark.parametrize(
    ("replies", "reason"),
    [
        (("I pass.", "Me too."), "no reply of the last round has a readable answer"),
        (("It is 41.", "It is 42."), "no answer of the last round has a readable confidence"),
    ],
)
def test_nothing_readable_is_unscored(answer, replies, reason):
    """Without any vote the outcome is unscored, never a random answer, and the transcript is kept."""
    record = answer("reconcile:max_discussions=0,n_agents=2", FakeProvider(by_agent(replies)))
    assert record.outcome == "unscored"
    assert reason in record.error
    assert len(record.transcript) == 2


def test_agreement_needs_no_confidence(answer):
    """If all agree, their answer is the result even if no confidence can be read."""
    record = answer("reconcile", FakeProvider(by_agent(("It is 42.",) * 3)))
    assert (record.outcome, record.answer_metadata["unreadable_confidences"]) == ("correct", 3)


def test_the_confidence_is_no_part_of_the_answer(answer):
    """Scores by round are those of the answer: the last number of a reply, its confidence, does not count."""
    record = answer("reconcile:n_agents=2", FakeProvider(by_agent((said(42, 70), said(41, 42)), (said(42, 7),) * 2)))
    scores = record.answer_metadata["round_scores"]
    assert [scores["agent-1"][r]["answer"] for r in "01"] == ["42", "42"]
    assert [scores["agent-2"][r]["right"] for r in "01"] == [False, True]


@pytest.mark.parametrize(
    ("text", "rest", "confidence"),
    [
        ("It is 4.\nConfidence: 80", "It is 4.", 0.8),
        ("It is 4.\n**Confidence:** 80%", "It is 4.", 0.8),
        ("It is 4. My confidence level is 0.9", "It is 4.", 0.9),
        ('{"answer": "4", "confidence_level": 0.7}', '{"answer": "4",', 0.7),
        ("Confidence: 10\nNo. Confidence: 90", "Confidence: 10\nNo.", 0.9),
        ("Confidence: 75\nIt is 4.", "It is 4.", 0.75),
        ("Confidence: 75. It is 4.", "It is 4.", 0.75),
        ("It is 4. Confidence: 8/10, as I counted twice.", "It is 4., as I counted twice.", 0.8),
        ('It is 4.\n"Confidence: 80."', 'It is 4.\n"', 0.8),
        ("It is 4.\nConfidence: high", "It is 4.", None),
        ("It is 4.\nConfidence: 120", "It is 4.", None),
        ("I answer with confidence 4.", "I answer with confidence 4.", None),
        ("It is 4.", "It is 4.", None),
    ],
)
def test_how_a_confidence_is_read(text, rest, confidence):
    """A confidence is read from the line that was asked for, and from its usual variants."""
    (start, end), value = find_confidence(text)
    assert ((text[:start] + text[end:]).strip(), value) == (rest, confidence)


@pytest.mark.parametrize("typed", ["n_agents=1", "max_discussions=-1", "temperature=-1", "agents=?"])
def test_wrong_parameters_are_refused(answer, typed):
    """A parameter outside its range is an error before anything is asked."""
    with pytest.raises(UsageError, match=typed.partition("=")[0]):
        answer(f"reconcile:{typed}", FakeProvider(by_agent(SPLIT)))
