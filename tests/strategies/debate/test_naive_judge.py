"""`naive_judge`: which two answers the judge reads, in which orders, and what its verdicts decide."""

from __future__ import annotations

import pytest
from support.answer_pairs import PAIR_TASK, PASSAGE, chooses, debaters_and_judge
from support.strategies import FakeProvider

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.strategies.debate.judging.verdicts import read_choice

FOUR = PAIR_TASK.replace("choices: [noon, dusk]", "choices: [dawn, noon, dusk, night]")


def judged(judge):
    return FakeProvider(debaters_and_judge(judge))


@pytest.mark.parametrize(("chosen", "outcome"), [("noon", "correct"), ("dusk", "incorrect")])
def test_the_judge_chooses_one_of_two_choices(answer, chosen, outcome):
    """A task with two choices needs no further words: the judge's answer is scored by the task's scorer."""
    fake = judged(chooses(chosen))
    record = answer("naive_judge", fake, task=PAIR_TASK)
    assert (record.output, record.outcome) == (chosen, outcome)
    assert [(r.role, r.params.temperature) for r in fake.requests] == [("judge", 0.0), ("judge", 0.0)]


def test_the_judge_reads_both_orders_at_the_same_time(answer):
    """With swap both orders are asked, at once; without it only the first."""
    fake = FakeProvider(debaters_and_judge(chooses("noon")), overlapping={1: 2})
    answer("naive_judge", fake, task=PAIR_TASK)
    orders = [prompt.index("noon\n") < prompt.index("dusk\n") for prompt in fake.prompts("judge")]
    assert sorted(orders) == [False, True]
    one = judged(chooses("noon"))
    record = answer("naive_judge:swap=false", one, task=PAIR_TASK)
    assert len(one.requests) == 1
    assert record.answer_metadata["consistent"] is None


def test_the_first_order_is_random_by_the_seed(answer):
    """Runs with different seeds differ in what the judge reads first; runs with one seed do not."""
    firsts = {}
    for seed in range(8):
        notes = [
            answer("naive_judge", judged(chooses("noon")), task=PAIR_TASK, seed=seed).answer_metadata for _ in "12"
        ]
        assert notes[0] == notes[1]
        firsts[seed] = notes[0]["pair"][0]
    assert set(firsts.values()) == {"A", "B"}


@pytest.mark.parametrize("number", [1, 2])
def test_a_judge_that_prefers_a_position_gives_no_answer(answer, number):
    """If the judge takes whatever comes first (or second), the sample is unscored, and the reason says so."""
    record = answer("naive_judge", judged(lambda _: f"Choice: {number}"), task=PAIR_TASK)
    notes = record.answer_metadata
    assert (record.outcome, notes["consistent"], notes["winner"]) == ("unscored", False, None)
    assert f"each time the answer in the {('first', 'second')[number - 1]} place" in record.error
    assert sorted(verdict["choice"] for verdict in notes["verdicts"]) == ["A", "B"]


def test_the_first_order_may_decide(answer):
    """With inconsistent=first the verdict of the first order counts, which is random by the seed."""
    judge = judged(lambda _: "Choice: 1")
    records = [answer("naive_judge:inconsistent=first", judge, task=PAIR_TASK, seed=seed) for seed in range(8)]
    assert {record.outcome for record in records} == {"correct", "incorrect"}
    assert all(r.answer_metadata["winner"] == r.answer_metadata["pair"][0] == r.answer for r in records)
    assert not any(record.answer_metadata["consistent"] for record in records)


def test_a_verdict_that_cannot_be_read_does_not_vote(answer):
    """If one order is unreadable, the other decides; the unreadable one is counted."""
    wanted = chooses("dusk")
    replies = iter([lambda _: "Hm.", wanted])
    record = answer("naive_judge", judged(lambda prompt: next(replies)(prompt)), task=PAIR_TASK)
    notes = record.answer_metadata
    assert (record.output, notes["consistent"], notes["unreadable_verdicts"]) == ("dusk", None, 1)


@pytest.mark.parametrize(("reply", "winner"), [("Noon.", "A"), ("The right answer is dusk.", "B"), ("(A)", "A")])
def test_a_judge_may_name_the_answer_itself(answer, reply, winner):
    """A judge that gives the answer in the task's own form, instead of its number, is understood."""
    record = answer("naive_judge", judged(lambda _: reply), task=PAIR_TASK)
    assert record.answer == winner


@pytest.mark.parametrize("reply", ["The answer is 2.", "The answer to this question is **2**"])
def test_a_judge_may_put_the_number_into_a_sentence(answer, reply):
    """`The answer is 2.` names the second answer, if neither answer is a number."""
    record = answer("naive_judge:swap=false", judged(lambda _: reply), task=PAIR_TASK)
    assert record.answer == record.answer_metadata["pair"][1]


@pytest.mark.parametrize("reply", ["I cannot say.", "Answer 1 or answer 2.", "Choice: 1…"])
def test_without_a_readable_verdict_there_is_no_answer(answer, reply):
    """A judge that names none, both, or is cut off makes the sample unscored, with its reply as the reason."""
    record = answer("naive_judge", judged(lambda _: reply), task=PAIR_TASK)
    assert record.outcome == "unscored"
    assert "asked the judge for `Choice: 1` or `Choice: 2`" in record.error
    assert reply in record.error
    assert len(record.transcript) == 2


def test_the_judge_may_read_only_the_question(answer):
    """With judge_reads=question the passage is hidden from the judge."""
    fake = judged(chooses("noon"))
    answer("naive_judge:judge_reads=question", fake, task=PAIR_TASK)
    assert all(p.startswith("When was it?") and PASSAGE not in p for p in fake.prompts("judge"))
    missing = answer("naive_judge:judge_reads=question", fake, task=PAIR_TASK.replace("question:", "other:"))
    assert missing.outcome == "unscored"
    assert "has no text 'question'" in missing.error


def test_the_answers_may_be_named(answer):
    """`answers` names two of many answers; so does the sample's metadata."""
    fake = judged(chooses("night"))
    record = answer("naive_judge:answers=night+noon", fake, task=FOUR)
    assert (record.answer, sorted(record.answer_metadata["pair"])) == ("D", ["B", "D"])
    by_sample = FOUR.replace("metadata: {", "metadata: {debate_answers: [dawn, noon], ")
    record = answer("naive_judge", judged(chooses("dawn")), task=by_sample)
    assert (record.answer, record.answer_metadata["source"]) == ("A", "metadata")


def test_letters_are_shown_with_their_texts(answer):
    """A judge that reads only `A` and `C` would know nothing: the choices' texts are shown."""
    fake = judged(chooses("dusk"))
    record = answer("naive_judge:answers=A+C", fake, task=FOUR)
    assert (record.answer, record.output) == ("C", "C")


@pytest.mark.parametrize("name", ["naive_judge", "persuasive_debate", "consultancy"])
@pytest.mark.parametrize("named", ["noon", "noon+noon", "noon+dusk+dawn", "+"])
def test_answers_that_are_not_two_are_refused(answer, name, named):
    """One answer, the same twice or three are an error before anything is asked."""
    with pytest.raises(UsageError, match="answers must be two different answers joined by "):
        answer(f"{name}:answers={named}", judged(chooses("noon")), task=FOUR)


@pytest.mark.parametrize(
    ("typed", "task"),
    [
        ("naive_judge:answers=noon+blue", FOUR),
        ("naive_judge:answers=noon+B", FOUR),
        ("naive_judge", FOUR.replace("metadata: {", "metadata: {debate_answers: noon, ")),
        ("naive_judge", FOUR.replace("metadata: {", "metadata: {debate_answers: [noon, dusk, dawn], ")),
    ],
)
def test_answers_that_the_scorer_cannot_tell_apart_are_unscored(answer, typed, task):
    """Answers of a sample that are not two, or that its scorer cannot read, make it unscored; nobody is asked."""
    fake = judged(chooses("noon"))
    record = answer(typed, fake, task=task)
    assert (record.outcome, fake.requests) == ("unscored", [])
    assert "name two different answers" in record.error


def test_without_choices_the_candidates_own_answers_are_judged(answer):
    """The two most frequent answers of the candidate's samples are judged; the chosen sample is the output."""
    said = {
        "sample-1": "It is 41.",
        "sample-2": "So 42.",
        "sample-3": "I say 42.",
        "sample-4": "43",
        "sample-5": "no",
    }
    fake = FakeProvider(lambda r: said.get(r.role) or chooses("41")(r.messages[-1].content), overlapping={0: 5})
    record = answer("naive_judge", fake)
    notes = record.answer_metadata
    assert (record.output, notes["source"], notes["votes"]) == ("It is 41.", "samples", {"42": 2, "41": 1, "43": 1})
    assert sorted(notes["pair"]) == ["41", "42"]


def test_samples_that_agree_leave_nothing_to_judge(answer):
    """If all samples give one answer, it is returned without a judge."""
    fake = FakeProvider(lambda r: "It is 42.")
    record = answer("naive_judge:n_samples=3", fake)
    assert (record.outcome, len(fake.requests), record.answer_metadata["votes"]) == ("correct", 3, {"42": 3})


def test_samples_without_an_answer_are_unscored(answer):
    """If no sample can be read, there is nothing to judge, and the error shows what came instead."""
    record = answer("naive_judge", FakeProvider(lambda r: "I pass."))
    assert record.outcome == "unscored"
    assert "none can be read, the first is 'I pass.'" in record.error


def test_a_separate_judge_gets_only_its_calls(answer):
    """The run's judge decides; the candidate is asked for its own answers only."""
    candidate, judge = FakeProvider(lambda r: r.role[-1]), FakeProvider(lambda r: "Choice: 1")
    answer("naive_judge:n_samples=2", candidate, judge)
    assert ({r.role for r in candidate.requests}, {r.role for r in judge.requests}) == (
        {"sample-1", "sample-2"},
        {"judge"},
    )


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("2", "unscored"),
        ("The answer is 2.", "unscored"),
        ("It is 2", "correct"),
        ("7", "incorrect"),
        ("Choice: 1", "correct"),
    ],
)
def test_a_number_that_is_also_the_other_answer_is_not_read(answer, reply, outcome):
    """If answer 1 is `2`, the reply `2` may mean either answer, and is no verdict; `Choice: 1` is one."""
    task = 'task: t\nsamples: [{id: a, input: "1+1?", target: 2}]\nscorers: [numeric]\n'
    two_first = next(
        seed
        for seed in range(20)
        if answer("naive_judge:answers=2+7,swap=false", judged(lambda _: "7"), task=task, seed=seed).answer_metadata[
            "pair"
        ]
        == ["2", "7"]
    )
    record = answer("naive_judge:answers=2+7,swap=false", judged(lambda _: reply), task=task, seed=two_first)
    assert record.outcome == outcome


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Choice: 2", 2),
        ("**Choice:** 1", 1),
        ("Answer 1 is wrong, so\nChoice: [2]", 2),
        ("My choice is answer 1.", 1),
        ("(2)", 2),
        ("1\n\nThe answer is 1.", 1),
        ("Answer 2.", 2),
        ("Answer 2 is correct, since 2+2 is 4.", 2),
        ("Choice: 12", None),
        ("Choice: 3", None),
        ("Choice: 1.5", None),
        ("Answer 1 is wrong and answer 2 is right.", None),
        ("", None),
        ("There are 2 of them.", None),
    ],
)
def test_how_a_verdict_is_read(text, number):
    """A verdict is read from the form that was asked for, or if the reply names one answer only."""
    assert read_choice(text) == number


@pytest.mark.parametrize("typed", ["n_samples=1", "judge_reads=nothing", "swap=maybe"])
def test_wrong_parameters_are_refused(answer, typed):
    """A parameter outside its range is an error before anything is asked."""
    with pytest.raises(UsageError, match=typed.partition("=")[0]):
        answer(f"naive_judge:{typed}", judged(chooses("noon")), task=PAIR_TASK)
