"""Debates are read from records of many kinds: the engine's scores by round, or a bare transcript."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.debates import debate
from support.records import record

from pytest_hiddenlayer.analysis.debates.analysis import analyse_debates
from pytest_hiddenlayer.analysis.debates.turns import debates_of


def spoken(*calls: tuple[str, int, str], **metadata: object):
    """A record without scores by round, of calls (role, round, completion)."""
    transcript = [
        {"role": role, "round": number, "completion": text, "finish_reason": "stop", "model": "m", "usage": {}}
        for role, number, text in calls
    ]
    return record("q", 1.0, strategy="of_a_user", transcript=transcript, answer_metadata=metadata)


def test_a_transcript_without_scores_is_compared_by_texts():
    """Two agents that nobody scored: their texts are their answers, and it says so."""
    calls = [("agent-1", 0, "Yes. "), ("agent-2", 0, "No."), ("agent-1", 1, "Yes."), ("agent-2", 1, "Yes.")]
    (cell,) = analyse_debates([spoken(*calls)])
    assert (cell.from_texts, cell.scored) == (1, False)
    assert [one.consensus.mean for one in cell.rounds] == [0.0, 1.0]
    assert cell.persuasion.total.persuaded == 1
    assert cell.answer.mean == 1.0  # the strategy's answer is scored


def test_a_strategy_of_a_user_with_names_of_its_own():
    """Roles that speak in several rounds debate, also under other names; the judge and samples do not."""
    calls = [(role, number, f"{role}") for number in (0, 1) for role in ("alice", "bob", "judge", "sample-1")]
    (found,) = debates_of([spoken(*calls)]).debates
    assert found.agents == ("alice", "bob")
    built_in = replace(spoken(*calls), strategy="manager_worker")  # it would name them
    assert debates_of([built_in]).debates == ()
    (named,) = debates_of([spoken(*calls, agents=["bob", "judge"])]).debates
    assert named.agents == ("bob", "judge")


@pytest.mark.parametrize(
    "calls",
    [[("manager", 0, "plan"), ("manager", 1, "sum"), ("worker-1", 0, "x")],
     [("agent-1", 0, "a")], [("answer", 0, "a"), ("answer", 1, "b")], []],
    ids=["plan", "one round", "one role", "no calls"],
)  # fmt: skip
def test_what_is_no_debate(calls):
    """A plan, one agent in one round, a role alone without a name as an agent, and no calls."""
    found = debates_of([spoken(*calls)])
    assert (found.debates, found.others) == ((), 1)


@pytest.mark.parametrize("scores", [5, "a", {"agent-1": "right"}, {"agent-1": {"x": {}}}, {"agent-1": {"0": {}}}])
def test_a_record_of_another_form_is_no_debate(scores):
    """Something else under the engine's names is no debate, and no traceback."""
    assert analyse_debates([replace(debate("q", "a", "a"), answer_metadata={"round_scores": scores})]) == []


def test_a_truncated_answer_is_unreadable():
    """The engine has no score of a truncated answer: it is unreadable, and not right."""
    made = debate("q", "ab", "ab")
    made.answer_metadata["round_scores"]["agent-1"]["1"] = {"score": None, "right": None, "answer": None}
    (cell,) = analyse_debates([made])
    assert (cell.rounds[1].unreadable.mean, cell.rounds[1].carried["agents"].mean) == (0.5, 0.0)


def test_agents_are_in_the_order_of_their_numbers():
    """agent-2 comes before agent-10, however the answers arrived."""
    names = ["agent-10", "agent-2", "agent-1"]
    (found,) = debates_of([debate("q", "abc", "abc", names=names)]).debates
    assert found.agents == ("agent-1", "agent-2", "agent-10")
    (cell,) = analyse_debates([debate("p", ".a", ".a"), debate("q", "ab", "ab")])
    assert [agent.agent for agent in cell.agents] == ["agent-1", "agent-2"]


def test_uneven_rounds_and_agents_that_come_late():
    """Rounds 0, 2 and 5, with an agent that speaks only in the last: every round has its own agents."""
    made = debate("q", "ab.", "a..", "aba")
    scores = made.answer_metadata["round_scores"]
    renamed = {role: {{"0": "0", "1": "2", "2": "5"}[n]: e for n, e in by.items()} for role, by in scores.items()}
    (found,) = debates_of([replace(made, answer_metadata={"round_scores": renamed})]).debates
    assert found.numbers == (0, 2, 5)
    assert [len(turns) for turns in found.rounds] == [2, 1, 3]


def test_cells_are_analysed_apart():
    """Each task, strategy and model is a cell, ordered by key; a cell without debates is left out."""
    other = debate("q", "ab", "ab", changes={"label": "debate.b"})
    alone = record("q", 1.0)
    assert [cell.key[1] for cell in analyse_debates([other, alone, debate("q", "ab", "ab")])] == [
        "debate",
        "debate.b",
    ]


def test_a_debate_that_ended_after_its_first_round_is_one():
    """Without scores too: two agents in one round are a debate that ended early."""
    (found,) = debates_of([spoken(("agent-1", 0, "a"), ("agent-2", 0, "a"))]).debates
    assert found.numbers == (0,)


def test_recorded_models_win_over_called_ones():
    """A recording names the models of its agents; what repeats it is no model."""
    made = debate("q", "ab", "aa", models=["recorded"])
    made = replace(made, answer_metadata={**made.answer_metadata, "models": {"agent-1": "big", "agent-2": None}})
    (cell,) = analyse_debates([made])
    assert [agent.models for agent in cell.agents] == [("big",), ("recorded",)]
