"""`mad`: two opposed sides, a moderator that may stop them, and a judge."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.strategies import QUESTION, FakeProvider

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.strategies.bind import bind_strategy, parse_strategy
from pytest_hiddenlayer.types import Request

AFFIRMATIVE = ("I say 11.", "Still 12.", "At last 13.")
NEGATIVE = ("No, 21.", "No, 22.", "No, 23.")


def sides(*moderator: str, judge: str = "Answer: 23") -> Callable[[Request], str]:
    """Replies of both sides by round, the moderator's by round (the last one repeats), and the judge's last one."""

    def reply(request: Request) -> str:
        if request.role == "judge":
            return judge if request.messages[-2:-1] else "11, 12, 13, 21, 22, 23"
        said = {"affirmative": AFFIRMATIVE, "negative": NEGATIVE, "moderator": moderator}[request.role]
        return said[min(request.round, len(said) - 1)]

    return reply


def marked_task(marker: str) -> str:
    """A task whose scorer finds an answer only after a marker."""
    sample = f'{{id: a, input: "{QUESTION}", target: 42}}'
    return f'task: t\nsamples: [{sample}]\nscorers: [{{pattern: {{pattern: "{marker}(\\\\d+)"}}}}]\n'


def spoken(fake: FakeProvider) -> list[tuple[str, int]]:
    """Role and round of every call, in order."""
    return [(request.role, request.round) for request in fake.requests]


def test_a_moderator_that_decides_ends_the_debate(answer):
    """With an answer after the first round there are three calls, and a debater's text with it is the output."""
    fake = FakeProvider(sides("Side: negative\nAnswer: 21"))
    record = answer("mad", fake)
    assert spoken(fake) == [("affirmative", 0), ("negative", 0), ("moderator", 0)]
    assert (record.output, record.answer) == ("No, 21.", "21")
    assert record.answer_metadata["decided_by"] == "moderator"
    assert record.answer_metadata["decisions"] == [{"readable": True, "answer": "21", "side": "negative"}]


def test_each_side_reads_the_other_and_its_own_chat(answer):
    """The negative side reads the affirmative answer of its round, the affirmative side that of the round before."""
    fake = FakeProvider(sides("Answer: none"))
    answer("mad:max_rounds=2", fake)
    by_role = {(r.role, r.round): [m.content for m in r.messages] for r in fake.requests}
    assert by_role["affirmative", 0] == [QUESTION]
    (opposed,) = by_role["negative", 0]
    assert "I say 11." in opposed
    assert "disagree" in opposed
    assert QUESTION in opposed
    question, own, other = by_role["affirmative", 1]
    assert (question, own) == (QUESTION, "I say 11.")
    assert "No, 21." in other
    _, own, other = by_role["negative", 1]
    assert own == "No, 21."
    assert "Still 12." in other
    assert "11" not in other


def test_the_moderator_reads_all_rounds_so_far(answer):
    """After the second round it reads both, and it is asked in a request of its own."""
    fake = FakeProvider(sides("Answer: none"))
    answer("mad:max_rounds=2", fake)
    first, second = fake.prompts("moderator")
    assert all(text in first for text in (QUESTION, "I say 11.", "No, 21."))
    assert "12" not in first
    assert all(text in second for text in ("I say 11.", "No, 21.", "Still 12.", "No, 22."))


def test_a_moderator_that_never_stops_ends_with_the_judge(answer):
    """After `max_rounds` the judge lists the answers of all rounds, and then chooses in the same chat."""
    fake = FakeProvider(sides("Answer: none", judge="It is the last one.\nAnswer: 23"))
    record = answer("mad", fake)
    assert spoken(fake)[-4:] == [("negative", 2), ("moderator", 2), ("judge", 3), ("judge", 4)]
    assert len(fake.requests) == 11
    listing, choosing = (r for r in fake.requests if r.role == "judge")
    assert all(text in listing.messages[-1].content for text in (*AFFIRMATIVE, *NEGATIVE))
    assert [m.role for m in choosing.messages] == ["user", "assistant", "user"]
    assert choosing.messages[1].content == "11, 12, 13, 21, 22, 23"
    assert (record.output, record.answer_metadata["decided_by"]) == ("No, 23.", "judge")
    assert record.answer_metadata["candidates"] == "11, 12, 13, 21, 22, 23"


@pytest.mark.parametrize("reply", ["Both have a point.", "Answer: 2…", "", "Answer: the one of the negative side"])
def test_an_unreadable_decision_decides_nothing(answer, reply):
    """A reply without an answer that the scorer reads lets the debate go on, and is counted."""
    record = answer("mad:max_rounds=2", FakeProvider(sides(reply)))
    assert record.answer_metadata["decided_by"] == "judge"
    assert record.answer_metadata["unreadable_decisions"] == 2


@pytest.mark.parametrize("reply", ["Answer: 11 or 21", "Answer: 11, or 21."])
def test_both_answers_are_no_decision(answer, reply):
    """A moderator that names both sides' answers lets the debate go on, and a judge that does so is unscored."""
    record = answer("mad:max_rounds=1", FakeProvider(sides(reply, judge=reply)))
    assert (record.outcome, record.answer_metadata["decided_by"]) == ("unscored", "judge")
    assert record.answer_metadata["unreadable_decisions"] == 1


def test_no_decision_is_not_counted_as_unreadable(answer):
    """A moderator that says `none` can be read."""
    record = answer("mad", FakeProvider(sides("Answer: none")))
    assert record.answer_metadata["unreadable_decisions"] == 0


@pytest.mark.parametrize("reply", ["I cannot say.", "Answer: none", ""])
def test_an_unreadable_judge_is_unscored(answer, reply):
    """Without a verdict there is no score; the reason and all calls are kept."""
    record = answer("mad:max_rounds=1", FakeProvider(sides("none", judge=reply)))
    assert (record.outcome, record.score) == ("unscored", None)
    assert "mad asked the judge for the right answer after 1 round, but its reply has none" in record.error
    assert len(record.transcript) == 5


def test_a_truncated_judge_is_truncated(answer):
    """The outcome is that of every truncated answer, not a reading of its beginning."""
    assert answer("mad:max_rounds=1", FakeProvider(sides("none", judge="Answer: 4…"))).outcome == "truncated"


def test_a_judge_without_the_line_is_read_by_the_scorer(answer):
    """A whole verdict that has an answer for the scorer is the output as it is."""
    record = answer("mad:max_rounds=1", FakeProvider(sides("none", judge="So it must be 42!")))
    assert (record.output, record.outcome) == ("So it must be 42!", "correct")


def test_an_answer_that_no_side_gave_is_the_output(answer):
    """The moderator may decide for a third answer."""
    record = answer("mad", FakeProvider(sides("Both are wrong.\nAnswer: 42")))
    assert (record.output, record.outcome) == ("42", "correct")


@pytest.mark.parametrize(
    ("form", "affirmative", "decided", "output"),
    [
        ("#### ", "So\n#### 42", "42", "So\n#### 42"),  # the debater with the answer wrote it as the task asks
        ("#### ", "So\n#### 42", "$42 in all", "So\n#### 42"),  # the same, in the moderator's words
        ("Answer: ", "Answer: 40", "42", "Answer: 42"),  # none has this answer, and the moderator's form fits
    ],
)
def test_a_decided_answer_has_the_form_of_the_task(answer, form, affirmative, decided, output):
    """The scorer reads an answer only after a marker: the output has it."""
    task = marked_task(form)
    texts = {"affirmative": affirmative, "negative": f"{form}41", "moderator": f"Answer: {decided}"}
    assert answer("mad", FakeProvider(lambda request: texts[request.role]), task=task).output == output


def test_an_answer_that_fits_nothing_decides_nothing(answer):
    """An answer in no form of the task that names two debaters' answers is none, and the judge is asked."""
    task = (
        f'task: t\nsamples: [{{id: a, input: "{QUESTION}"}}]\nscorers: [{{pattern: {{pattern: "#### (\\\\d+)"}}}}]\n'
    )
    texts = {"affirmative": "#### 42", "negative": "#### 41", "moderator": "Answer: not 41 but 42", "judge": "none"}
    record = answer("mad:max_rounds=1", FakeProvider(lambda request: texts[request.role]), task=task)
    assert record.answer_metadata["decisions"] == [{"readable": False, "answer": None, "side": None}]
    assert record.outcome == "unscored"


def test_moderator_and_judge_are_the_judge_of_the_run(answer):
    """A separate judge gets their calls, and the debaters none of them."""
    debaters, judge = FakeProvider(sides("Answer: none")), FakeProvider(sides("Answer: none"))
    answer("mad:max_rounds=1", debaters, judge)
    assert {request.role for request in debaters.requests} == {"affirmative", "negative"}
    assert [request.role for request in judge.requests] == ["moderator", "judge", "judge"]


def test_no_two_calls_share_a_seed(answer):
    """Every call has a seed of its own."""
    fake = FakeProvider(sides("Answer: none"))
    answer("mad", fake)
    assert len({request.seed for request in fake.requests}) == len(fake.requests)


def test_temperatures(answer):
    """All calls are greedy unless `temperature` is set, which holds for the debaters."""
    for typed, warm in (("mad", 0.0), ("mad:temperature=0.5", 0.5)):
        fake = FakeProvider(sides("Answer: none"))
        answer(typed, fake)
        debaters = {r.params.temperature for r in fake.requests if r.role in ("affirmative", "negative")}
        assert debaters == {warm}
        assert {r.params.temperature for r in fake.requests if r.role in ("moderator", "judge")} == {0.0}


def test_the_metadata_name_the_sides_and_their_answers(answer):
    """Who debated, and both answers of each round; one that cannot be read is None."""
    fake = FakeProvider(lambda r: {"affirmative": "I pass.", "moderator": "Answer: none"}.get(r.role, "42"))
    metadata = answer("mad:max_rounds=2", fake).answer_metadata
    assert metadata["agents"] == ["affirmative", "negative"]
    assert metadata["answers"] == [[None, "42"], [None, "42"]]


def test_an_empty_text_is_no_empty_message(answer):
    """A side that said nothing has words for it in the chats, since servers refuse empty messages."""
    fake = FakeProvider(lambda r: "" if r.role == "affirmative" else "Answer: none")
    answer("mad:max_rounds=2", fake)
    assert all(message.content for request in fake.requests for message in request.messages)


def test_agreement_is_said_to_both_sides(answer):
    """`agreement` is in the debaters' requests after the first answer, not in the moderator's."""
    fake = FakeProvider(sides("Answer: none"))
    answer("mad:agreement=2,max_rounds=2", fake)
    said = {(r.role, r.round) for r in fake.requests if "2 times out of 10" in r.messages[-1].content}
    assert said == {("negative", 0), ("affirmative", 1), ("negative", 1)}


def test_a_failed_call_keeps_the_transcript(answer):
    """If the moderator's call fails, the outcome is `error` with what both sides said."""
    record = answer("mad", FakeProvider(sides("boom")))
    assert (record.outcome, record.error) == ("error", "server said 500")
    assert [call["role"] for call in record.transcript] == ["affirmative", "negative"]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("max_rounds=0", "max_rounds must be from 1 to 1000, got 0"),
        ("agreement=-1", "agreement must be from 0 to 10"),
    ],
)
def test_values_that_do_not_fit_are_refused(written, message):
    """A wrong value is one sentence before any call."""
    with pytest.raises(UsageError, match=message):
        bind_strategy(parse_strategy(f"mad:{written}"))
