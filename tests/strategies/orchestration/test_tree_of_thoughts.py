"""`tree_of_thoughts`: which states are grown, rated and kept, and what a search without readable replies is."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider

from pytest_hiddenlayer.errors import ParameterError

TWO_STEPS = "tree_of_thoughts:n_steps=2,breadth=1,n_generate=2,n_evaluate=2"


def thinker(steps="1. good {n}\n2. bad {n}", rating=lambda prompt: "sure" if "bad" not in prompt else "impossible"):
    """Replies with steps that have the number of the round, ratings of the prompt, and 42 as the answer."""

    def reply(request):
        if request.role == "answer":
            return "42"
        if request.role.startswith("evaluator"):
            return rating(request.messages[-1].content)
        return steps.format(n=request.round)

    return reply


def test_the_best_states_are_grown_and_the_best_of_all_is_answered(answer):
    """Every new state is rated, the best `breadth` go on, and the answer reads the steps of the best one."""
    fake = FakeProvider(thinker())
    record = answer(TWO_STEPS, fake)
    assert [(r.role, r.round) for r in fake.requests] == [
        ("proposer-1", 0),
        *[("evaluator-1", 0)] * 2,
        *[("evaluator-2", 0)] * 2,
        ("proposer-1", 1),
        *[("evaluator-1", 1)] * 2,
        *[("evaluator-2", 1)] * 2,
        ("answer", 2),
    ]
    assert "Steps so far" not in fake.prompts("proposer-1", 0)[0]
    assert "1. good 0" in fake.prompts("proposer-1", 1)[0]
    assert "bad" not in fake.prompts("proposer-1", 1)[0]
    (last,) = fake.prompts("answer")
    assert "1. good 0\n2. good 1" in last
    assert QUESTION in last
    assert record.outcome == "correct"
    assert record.answer_metadata["steps"][0] == [
        {"text": ["good 0"], "value": 20.0, "kept": True},
        {"text": ["bad 0"], "value": 0.001, "kept": False},
    ]


def test_calls_of_one_step_run_together(answer):
    """Ratings of all new states of a step overlap."""

    class Together(FakeProvider):
        async def complete(self, request):
            self.overlapping = {0: 4} if request.role.startswith("evaluator") else {}
            return await super().complete(request)

    fake = Together(thinker())
    assert answer("tree_of_thoughts:n_steps=1,n_generate=2,n_evaluate=2", fake).outcome == "correct"


def test_sampled_steps_are_whole_replies_and_equal_ones_are_one_state(answer):
    """With `sample` each call writes one step; duplicates are counted and rated once."""
    fake = FakeProvider(thinker("Add both\n numbers"))
    record = answer("tree_of_thoughts:generate=sample,n_steps=1,n_generate=3", fake)
    assert [r.role for r in fake.requests] == ["proposer-1", "proposer-2", "proposer-3", "answer"]
    assert record.answer_metadata["duplicates"] == 2
    assert record.answer_metadata["steps"] == [[{"text": ["Add both numbers"], "value": None, "kept": True}]]


def test_votes_choose_among_all_states(answer):
    """With `vote` every call reads all new states; the state with the most votes is the best one."""
    fake = FakeProvider(thinker(rating=lambda _: "Choice: 2"))
    record = answer("tree_of_thoughts:evaluate=vote,n_steps=1,n_generate=2,n_evaluate=2,breadth=1", fake)
    assert [r.role for r in fake.requests] == ["proposer-1", "evaluator-1", "evaluator-2", "answer"]
    assert "Choice 1:\n1. good 0\n\nChoice 2:\n1. bad 0" in fake.prompts("evaluator-1")[0]
    assert [state["value"] for state in record.answer_metadata["steps"][0]] == [0.0, 2.0]
    assert "bad 0" in fake.prompts("answer")[0]


def test_an_unreadable_rating_is_not_a_low_one(answer):
    """A state whose ratings cannot be read has the value None and is behind one that is impossible."""
    fake = FakeProvider(thinker(rating=lambda prompt: "hm" if "good" in prompt else "impossible"))
    record = answer("tree_of_thoughts:n_steps=1,n_generate=2,n_evaluate=1,breadth=1", fake)
    assert [(s["value"], s["kept"]) for s in record.answer_metadata["steps"][0]] == [(None, False), (0.001, True)]
    assert record.answer_metadata["unreadable_ratings"] == 1


@pytest.mark.parametrize(
    ("steps", "rating", "error"),
    [
        (
            "…",
            "sure",
            "step 1, but no reply has a step; the last reply is '…'; name another model, or write generate=sample",
        ),
        ("1. a\n2. b", "hm", "write evaluate=vote"),
    ],
)
def test_a_search_without_readable_replies_is_an_outcome(answer, steps, rating, error):
    """Without any step, or any rating of several states, the outcome is `unscored`: nothing is drawn by lot."""
    record = answer("tree_of_thoughts", FakeProvider(thinker(steps, lambda _: rating)))
    assert record.outcome == "unscored"
    assert error in record.error
    assert record.transcript


def test_the_defaults_make_at_most_257_calls(answer):
    """The bound of the docstring: 1 + 15 in the first step, 5 + 75 in three more, and the answer."""

    def reply(request):
        if request.role.startswith("evaluator"):
            return "likely"
        return "\n".join(f"{i}. {request.role} {request.round} {i}" for i in range(1, 9))

    fake = FakeProvider(reply)
    answer("tree_of_thoughts", fake)
    assert len(fake.requests) == 257


@pytest.mark.parametrize("typed", ["n_steps=0", "breadth=0", "generate=think", "evaluate=sum", "n_evaluate=0"])
def test_wrong_parameters_are_refused(answer, typed):
    """Each parameter has the range and the choices of its annotation."""
    with pytest.raises(ParameterError, match=typed.partition("=")[0]):
        answer(f"tree_of_thoughts:{typed}", FakeProvider(thinker()))
