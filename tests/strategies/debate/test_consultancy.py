"""`consultancy`: what the consultant argues for, what the judge asks, and whether it follows."""

from __future__ import annotations

import pytest
from support.answer_pairs import PAIR_TASK, PASSAGE, chooses, debaters_and_judge
from support.strategies import FakeProvider

from pytest_hiddenlayer.errors import UsageError

ARGUE = "Round {round} says {own}."
TEXTS = {"A": "noon", "B": "dusk"}


def consult(judge=None):
    return FakeProvider(debaters_and_judge(judge or chooses("noon"), ARGUE))


def test_one_consultant_argues_for_one_answer(answer):
    """All arguments are for the assigned answer, and the judge reads all of them."""
    fake = consult()
    record = answer("consultancy", fake, task=PAIR_TASK)
    own = TEXTS[record.answer_metadata["assigned"]]
    assert [f"Round {n} says" in fake.prompts("consultant")[2] for n in range(3)] == [True, True, False]
    for prompt in fake.prompts("judge"):
        number = 1 if f"Answer 1: {own}" in prompt else 2
        assert [f"For answer {number}: Round {n} says {own}." in prompt for n in range(3)] == [True] * 3
        assert f"For answer {3 - number}:" not in prompt
    assert (record.output, record.answer_metadata["words"]) == ("noon", [4, 4, 4])


@pytest.mark.parametrize("assigned", ["first", "second"])
def test_the_assignment_may_be_chosen(answer, assigned):
    """`assigned` is the first or the second of the recorded answers, whichever order the judge reads."""
    notes = answer(f"consultancy:assigned={assigned}", consult(), task=PAIR_TASK).answer_metadata
    assert notes["assigned"] == notes["pair"][assigned == "second"]
    assert notes["followed"] == (notes["assigned"] == "A")


def test_the_assignment_is_random_by_the_seed(answer):
    """Over seeds, both answers are assigned, and not always the one that is shown first."""
    notes = [answer("consultancy:n_rounds=1", consult(), task=PAIR_TASK, seed=s).answer_metadata for s in range(24)]
    assert {(n["assigned"], n["pair"][0]) for n in notes} == {(a, b) for a in "AB" for b in "AB"}


def test_an_interactive_judge_asks_between_the_rounds(answer):
    """With interactive=true the judge asks after each round but the last, and the consultant reads the question."""
    wanted = chooses("noon")
    fake = consult(lambda prompt: wanted(prompt) if "Which answer is correct, 1 or 2?" in prompt else "Why so?")
    record = answer("consultancy:interactive=true", fake, task=PAIR_TASK)
    calls = [(call["role"], call["round"]) for call in record.transcript]
    assert calls[:5] == [("consultant", 0), ("judge", 0), ("consultant", 1), ("judge", 1), ("consultant", 2)]
    assert calls[5:] == [("judge", 3), ("judge", 3)]
    assert [prompt.count("Judge: Why so?") for prompt in fake.prompts("consultant")] == [0, 1, 2]
    assert [prompt.count("You: Why so?") for prompt in fake.prompts("judge")[:2]] == [0, 1]
    assert all(p.count("(Question: Why so?)") == 2 for p in fake.prompts("judge", round=3))


def test_a_judge_without_verdict_follows_nobody(answer):
    """If no verdict can be read, whether the judge followed is unknown and the sample is unscored."""
    record = answer("consultancy", consult(lambda _: "Hm."), task=PAIR_TASK)
    assert (record.outcome, record.answer_metadata["followed"]) == ("unscored", None)


def test_only_the_consultant_reads_a_hidden_passage(answer):
    """With judge_reads=question neither the judge's questions nor its verdict see the passage."""
    fake = consult(lambda prompt: "Choice: 1")
    answer("consultancy:judge_reads=question,interactive=true,quotes=true", fake, task=PAIR_TASK)
    assert all(PASSAGE in prompt for prompt in fake.prompts("consultant"))
    assert not any(PASSAGE in prompt for prompt in fake.prompts("judge"))


@pytest.mark.parametrize(
    ("typed", "names"),
    [("assigned=both", "assigned"), ("n_rounds=0", "n_rounds"), ("consultant=mlx:a+mlx:b", "consultant")],
)
def test_wrong_parameters_are_refused(answer, typed, names):
    """A parameter outside its range is an error before anything is asked."""
    with pytest.raises(UsageError, match=names):
        answer(f"consultancy:{typed}", consult(), task=PAIR_TASK)
