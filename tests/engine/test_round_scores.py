"""Scores by round: which agent was right in which round of a debate."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.control_runs import Drawn, Fake, answering

from pytest_hiddenlayer.errors import ProviderError
from pytest_hiddenlayer.registry import scorer, strategies, strategy
from pytest_hiddenlayer.types import IGNORED_SPANS, Answer, Request, Score


@pytest.fixture
def answer(tmp_path: Path) -> Callable[..., Drawn]:
    """A function that answers the one sample with a strategy as typed, under --hl-equal-budget."""
    return answering(tmp_path)


def by_round(*rounds: tuple[str, ...], judge: str = "42") -> Callable[[Request], str]:
    """Replies by round and agent; `judge` is the reply of all other roles."""

    def reply(request: Request) -> str:
        return rounds[request.round][int(request.role[-1]) - 1] if request.role.startswith("agent") else judge

    return reply


def test_agents_are_scored_in_every_round(answer):
    """Each agent's completion of each round has the headline score; a truncated one has None."""
    drawn = answer("debate", Fake(by_round(("It is 41.", "42", "42…"), ("42", "no idea", "7"))), equal_budget=False)
    right = {"score": 1.0, "right": True, "answer": "42"}
    assert drawn.record.answer_metadata["round_scores"] == {
        "agent-1": {"0": {"score": 0.0, "right": False, "answer": "41"}, "1": right},
        "agent-2": {"0": right, "1": {"score": 0.0, "right": False, "answer": None}},
        "agent-3": {
            "0": {"score": None, "right": None, "answer": None},
            "1": {"score": 0.0, "right": False, "answer": "7"},
        },
    }
    json.dumps(drawn.record.to_json(), allow_nan=False)


@pytest.mark.parametrize("typed", ["single", "self_consistency", "manager_worker"])
def test_no_scores_by_round_where_no_agent_speaks_twice(answer, typed):
    """A single answer, samples, and a plan are no rounds of agents."""
    reply = Fake(lambda request: "1. 42" if request.role == "manager" else "42")
    assert "round_scores" not in answer(typed, reply, equal_budget=False).record.answer_metadata


def test_a_debate_of_one_round_is_scored_too(answer):
    """Debates may end after round 0: an analysis of all of them needs those as well."""
    reply = Fake(by_round(("42", "41", "42")))
    scores = answer("debate:n_rounds=1", reply, equal_budget=False).record.answer_metadata["round_scores"]
    assert [scores[f"agent-{i}"]["0"]["right"] for i in (1, 2, 3)] == [True, False, True]


@pytest.mark.parametrize("known", [True, False], ids=["says so", "does not say so"])
def test_a_judged_scorer_is_not_asked_by_round(answer, known):
    """A scorer that calls a model scores the answer only, not the rounds."""

    class Asks:
        def parse(self, output, sample):
            return output

        async def score(self, output, sample, ask=None):
            try:
                await ask("Is it right?", role="scorer")
            except ProviderError:
                return Score(value=None, explanation="no judge")
            return Score(value=1.0)

    name = f"test_equal_budget_judge_{known}".lower()
    if known:

        @scorer(name)
        async def function(output, sample, ask):
            return await Asks().score(output, sample, ask)

    else:
        scorer(name)(lambda: Asks())
    fake = Fake()
    drawn = answer("debate", fake, scorer=name, equal_budget=False)
    assert drawn.record.outcome == "correct"
    assert sum(request.role == "scorer" for request in fake.asked) == 1
    assert "round_scores" not in drawn.record.answer_metadata


def test_a_scorer_that_fails_on_a_round_leaves_it_unscored(answer):
    """An exception of a scorer on an intermediate text is not an error of the record."""

    @scorer("test_equal_budget_raises")
    def raises(output, sample):
        return {"42": 1.0}[output]

    drawn = answer(
        "debate", Fake(by_round(("41", "42", "42"), ("42", "42", "42"))), scorer="test_equal_budget_raises"
    )
    assert drawn.record.outcome == "correct"
    assert drawn.record.answer_metadata["round_scores"]["agent-1"]["0"]["right"] is None
    assert drawn.record.answer_metadata["round_scores"]["agent-1"]["1"]["right"] is True


def test_debaters_that_the_metadata_names_are_scored(answer):
    """Roles named in the metadata's `agents` are scored by round; a judge that speaks in every round is not."""

    @strategy("test_named_debaters")
    async def named(context):
        for number in range(2):
            for role in ("affirmative", "negative", "moderator"):
                completion = await context.ask(context.messages, role=role, round=number)
        return Answer(output=completion.text, metadata={"agents": ["affirmative", "negative"]})

    said = {"affirmative": ("41", "42"), "negative": ("42", "42"), "moderator": ("42", "42")}
    drawn = answer("test_named_debaters", Fake(lambda request: said[request.role][request.round]), equal_budget=False)
    scores = drawn.record.answer_metadata["round_scores"]
    assert {role: [rounds[n]["right"] for n in "01"] for role, rounds in scores.items()} == {
        "affirmative": [False, True],
        "negative": [True, True],
    }


@pytest.mark.parametrize("agents", [5, "affirmative", [None], {"affirmative": 1}])
def test_agents_of_another_form_are_no_debaters(answer, agents):
    """A strategy of a user may keep something else under `agents`: nothing is scored, and nothing fails."""
    name = f"test_other_agents_{type(agents).__name__}"

    @strategy(name)
    async def other(context):
        for number in range(2):
            completion = await context.ask(context.messages, role="affirmative", round=number)
        return Answer(output=completion.text, metadata={"agents": agents})

    drawn = answer(name, Fake(), equal_budget=False)
    assert drawn.record.outcome == "correct"
    assert "round_scores" not in drawn.record.answer_metadata


@pytest.mark.parametrize(
    ("spans", "answers"),
    [
        ({"agent-1": {"0": [0, 10], "1": [9, 14]}}, ["42", "5"]),
        ({"agent-1": {"0": [0, 10]}}, ["42", "7"]),
        ({}, ["42", "7"]),
        ({"agent-1": {"0": [0, 99], "1": "none"}}, [None, "7"]),
        ({"agent-1": [1, 2], "agent-2": None}, ["42", "7"]),
        ("all", ["42", "7"]),
        (None, ["42", "7"]),
    ],
)
def test_what_a_strategy_says_is_no_answer_is_not_scored(answer, monkeypatch, spans, answers):
    """The scores by round ignore the characters that a strategy marks; marks in another form change nothing."""

    async def rated(context) -> Answer:
        for number in (0, 1):
            completion = await context.ask("?", role="agent-1", round=number)
        return Answer(output=completion.text, metadata={IGNORED_SPANS: spans})

    monkeypatch.setitem(strategies._registered, "rated", rated)
    drawn = answer("rated", Fake(by_round(("Score: 5, 42",), ("It is 5. Not 7",))), equal_budget=False)
    scores = drawn.record.answer_metadata["round_scores"]["agent-1"]
    assert [scores["0"]["answer"], scores["1"]["answer"]] == answers
