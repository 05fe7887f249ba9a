"""Recorded samples, debates, trials and counts become tasks, and each row says exactly what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_hiddenlayer.types import RecordedAnswer

from .conftest import Tool, said


def converted(tool: Tool, *rows: dict[str, Any], **options: Any) -> Any:
    """The task that a conversion of these rows writes."""
    tool.write("r.jsonl", list(rows))
    report = tool.convert("r.jsonl", **options)
    assert report.exit_status == 0, report.files[0].refused
    return tool.task("r")


def refusal(tool: Tool, *rows: dict[str, Any]) -> str:
    """What the conversion says about rows that it refuses."""
    tool.write("r.jsonl", list(rows))
    report = tool.convert("r.jsonl", format="recordings")
    assert report.exit_status == 1
    assert not tool.tasks()
    return "\n".join(map(str, report.files[0].refused))


def texts(rounds: Any) -> list[list[str | None]]:
    return [[None if answer is None else answer.text for answer in agents] for agents in rounds]


def test_rounds_and_agents_are_the_same_debate(tool: Tool) -> None:
    """`rounds` lists the agents of each round, `agents` the rounds of each agent; ragged rows end early."""
    as_rounds = {"id": "a", "target": "4", "rounds": [["4", "5", None], ["4"]]}
    as_agents = {"id": "b", "target": "4", "agents": [["4", "4"], ["5"], []]}
    task = converted(tool, as_rounds, as_agents)
    assert texts(task.samples[0].recording.rounds) == [["4", "5", None], ["4", None, None]]
    assert task.samples[0].recording == task.samples[1].recording
    assert [spec.name for spec in task.strategies] == ["recorded"]


def test_a_round_without_answers_at_the_end_is_no_round(tool: Tool) -> None:
    """DyLAN writes null for rounds that did not take place; a null agent never spoke."""
    task = converted(tool, {"agents": [["(B) x", None, None], None, ["(B) y", None, None]]})
    assert texts(task.samples[0].recording.rounds) == [["(B) x", None, "(B) y"]]


def test_trials_are_rounds_of_one_agent(tool: Tool) -> None:
    """A pass/fail log of attempts after each other is one agent over rounds, not independent samples."""
    task = converted(tool, {"id": "h", "trials": [False, {"text": "def f(): ...", "verdict": True}]})
    assert task.samples[0].recording.rounds == (
        (RecordedAnswer(verdict=False),),
        (RecordedAnswer(text="def f(): ...", verdict=True),),
    )


def test_everything_known_of_an_answer_is_kept(tool: Tool) -> None:
    """Text, parsed answer, verdict, confidence, calls, tokens, cost, model and finish reason are kept."""
    answer = {"text": "so 1.10", "answer": 1.1, "verdict": 1, "confidence": 0.5, "calls": 2, "input_tokens": 3,
              "output_tokens": 4, "cost_usd": 0.01, "model": "m", "finish_reason": "length"}  # fmt: skip
    task = converted(tool, {"target": "1.10", "samples": [answer, {"text": "?", "answer": None}], "calls": 9})
    first, second = task.samples[0].recording.samples
    assert first == RecordedAnswer(text="so 1.10", answer="1.1", verdict=True, confidence=0.5, calls=2,
                                   input_tokens=3, output_tokens=4, cost_usd=0.01, model="m",
                                   finish_reason="length")  # fmt: skip
    assert second.unreadable
    assert second.verdict is None
    assert second.calls is None
    assert task.samples[0].recording.calls == 9


def test_further_lists_have_the_shape_of_the_answers(tool: Tool) -> None:
    """`verdicts`, `answers` and `confidences` are entry by entry those of the answers."""
    row = {"rounds": [["so A", "so B"], [None, "so A"]], "verdicts": [[True, False], [None, True]],
           "answers": [["A", "B"], [None, "A"]], "models": ["x", "y"], "roles": ["pro", "con"]}  # fmt: skip
    (first, second) = converted(tool, row).samples[0].recording.rounds
    assert [answer.verdict for answer in first] == [True, False]
    assert second[0] is None
    assert (second[1].answer, second[1].model) == ("A", "y")


def test_counts_are_recorded_without_samples(tool: Tool) -> None:
    """`correct` of `of` is enough for pass@k."""
    task = converted(tool, {"id": "p", "correct": 3, "of": 100})
    assert task.samples[0].recording.counts == (3, 100)
    assert task.scorers[0].name == "recorded_verdict"


@pytest.mark.parametrize(
    ("rows", "scorer", "params"),
    [
        ([{"target": "1,234", "samples": ["so 1234"]}], "numeric", {}),
        ([{"target": "(B)", "samples": ["so (B)"]}], "choice", {}),
        ([{"target": "x", "choices": ["x", "y"], "samples": ["A"]}], "choice", {}),
        ([{"target": ["yes", "y"], "samples": ["yes"]}], "exact", {}),
        ([{"samples": [{"text": "12", "verdict": True}]}], "recorded_verdict", {"answers": "numeric"}),
        ([{"samples": ["The answer is C."], "verdicts": [True]}], "recorded_verdict", {"answers": "choice"}),
        ([{"samples": ["It is not (A), so (B) wrong, not wrong."]}], "recorded_verdict",
         {"answers": "choice", "extract": {"pattern": r"\(([A-J])\)"}}),
        ([{"samples": ["Paris", "Rome"]}], "recorded_verdict", {"answers": "exact"}),
        ([{"target": "7", "samples": [True, False]}], "recorded_verdict", {}),
    ],
)  # fmt: skip
def test_the_scorer_follows_from_targets_then_texts(tool: Tool, rows: Any, scorer: str, params: Any) -> None:
    """Targets decide how answers are scored; without them the verdicts are the scores, and texts are read to vote."""
    spec = converted(tool, *rows).scorers[0]
    assert (spec.name, dict(spec.params)) == (scorer, params)


def test_the_scorer_can_be_chosen(tool: Tool) -> None:
    """`--scorer` wins over what the content suggests, with and without targets."""
    assert converted(tool, {"target": "7", "samples": ["7"]}, scorer="exact").scorers[0].name == "exact"
    spec = converted(tool, {"samples": ["so 7"]}, scorer="numeric").scorers[0]
    assert (spec.name, dict(spec.params)) == ("recorded_verdict", {"answers": "numeric"})


def test_verdicts_show_that_texts_are_read_wrongly(tool: Tool) -> None:
    """In a game of 24 every answer ends with 24, right or wrong: the last number cannot be the answer."""
    steps = [f"I try {i} first, then I go on with the rest of the numbers: {i} + {24 - i} = 24" for i in range(6)]
    row = {"id": "1 2 3 4", "samples": steps, "verdicts": [True, False, False, True, False, False]}
    tool.write("r.jsonl", [row])
    notes = "".join(str(remark) for remark in tool.convert("r.jsonl").files[0].remarks)
    assert tool.task("r").scorers[0].params == {"answers": "exact"}
    assert "as `numeric` reads texts, equal answers to a question would have different verdicts" in notes
    converted(tool, row, scorer="numeric")
    assert "2 of 6 answers have another verdict" in str(tool.convert("r.jsonl", scorer="numeric").files[0].remarks)


def test_verdicts_can_be_chosen_although_there_are_targets(tool: Tool) -> None:
    """`--scorer recorded_verdict` scores by what was published, without the target."""
    task = converted(tool, {"target": "7", "samples": ["so 7"], "verdicts": [False]}, scorer="recorded_verdict")
    assert task.scorers[0].name == "recorded_verdict"


def test_a_question_on_two_rows_is_refused(tool: Tool) -> None:
    """Samples of one question on several rows would each be a question of their own."""
    found = refusal(tool, {"id": "a", "samples": ["4"]}, {"id": "a", "samples": ["5"]})
    assert "r.jsonl:2: row 1: id 'a' is already in row 0; a question is one row" in found


def test_a_question_that_was_not_recorded_says_so(tool: Tool) -> None:
    """Without `input` the prompt names the question; without any verdict or target nothing must be scored."""
    task = converted(tool, {"id": "q7", "samples": ["a"]})
    assert task.samples[0].input == "[question q7: its text was not recorded]"
    assert task.min_scored == 0


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"samples": ["a"], "rounds": [["a"]]}, "has samples and rounds, which say the same"),
        ({"verdicts": [True]}, "independent samples, or attempts after each other?"),
        ({"id": "x"}, "needs one of samples, rounds, agents, trials, or `correct` and `of` (it has id)"),
        ({"samples": []}, "samples holds no answer"),
        ({"samples": "a"}, "samples must be a list, got 'a'"),
        ({"samples": [["a"]]}, "samples[0] is a list: for a debate write `rounds` or `agents`"),
        ({"rounds": ["a"]}, "rounds[0] must be a list, got 'a'"),
        ({"rounds": [["a", {"txt": "b"}]]}, "rounds[0][1] has the unknown key 'txt', did you mean 'text'?"),
        ({"samples": [{"text": "a", "verdict": "yes"}]}, "samples[0].verdict must be true, false or null, got 'yes'"),
        ({"samples": [{"text": "a", "confidence": 80}]}, "samples[0].confidence must be a number from 0 to 1"),
        ({"samples": [{"text": "a", "calls": -1}]}, "samples[0].calls must be a whole number from 0 up"),
        ({"samples": ["a", "b"], "verdicts": [True]}, "verdicts must have the shape of samples: 2 entries, got 1"),
        ({"rounds": [["a"]], "verdicts": [True]}, "verdicts[0] must be a list"),
        ({"correct": 5, "of": 3}, "0 <= correct <= of"),
        ({"correct": 5}, "0 <= correct <= of"),
        ({"correct": 1, "of": 3, "samples": ["a"]}, "keep one"),
        ({"rounds": [["a", "b"]], "models": ["x"]}, "models must name each of the 2 agents, got 1"),
        ({"rounds": [["a", "b"]], "reads": [[2]]}, "reads must have one list for each of the 2 agents, got 1"),
        ({"rounds": [["a", "b"]], "reads": [[2], [3]]}, "reads[1] must hold numbers of agents, from 1 to 2, got 3"),
        ({"samples": ["a"], "sample": 1}, "has the unknown key 'sample', did you mean 'samples'?"),
        ({"samples": [True], "target": "True"}, "write the answer \"true\" in quotes"),
        ({"samples": ["a"], "target": {"a": 1}}, "target must be a text or a list of texts"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_refused_with_file_and_line(tool: Tool, row: dict[str, Any], message: str) -> None:
    """The refusal names file, line, key, what was found and what to write; nothing is converted."""
    found = refusal(tool, {"id": "fine", "samples": ["a"]}, row)
    assert "r.jsonl:2: row 1: " in found
    assert message in found


def test_all_wrong_rows_are_named(tool: Tool) -> None:
    """One conversion says what is wrong with every row, up to ten of them."""
    assert refusal(tool, *[{"samples": []}] * 3).count("holds no answer") == 3
    assert "... and perhaps more" in refusal(tool, *[{"samples": []}] * 30)


def test_recordings_are_recognized_by_content(tool: Tool) -> None:
    """A file of recordings needs no --from, also if it has the columns of another format."""
    tool.write("r.jsonl", [{"input": "2+2", "target": "4", "samples": ["4"]}])
    assert tool.convert("r.jsonl").files[0].format == "recordings"


def test_scorer_without_recordings_is_said(tool: Tool) -> None:
    """--scorer has no meaning for other formats, and the report says so."""
    tool.write("d.jsonl", [{"input": "2+2", "target": "4"}])
    assert "it applies to recordings only" in said(tool.convert("d.jsonl", scorer="numeric"))[0]


def test_yes_and_no_are_choices_whatever_is_around_them(tool: Tool) -> None:
    """Targets yes and no become the choices, so `**Yes**` and `The answer is no.` are read, and `no, yes` is not."""
    rows = [{"target": "Yes", "samples": ["**Yes**", "no, yes"]}, {"target": "no", "samples": ["The answer is no."]}]
    task = converted(tool, *rows)
    assert [spec.name for spec in task.scorers] == ["choice"]
    assert [sample.choices for sample in task.samples] == [("yes", "no")] * 2
    assert [spec.name for spec in converted(tool, *rows, scorer="exact").scorers] == ["exact"]


def test_yes_and_no_with_verdicts_vote_as_choices(tool: Tool) -> None:
    """Without targets, `**Yes**` and `Yes.` are one vote; letters of unknown choices are not taken for yes and no."""
    verdicts = [True, True, False]
    task = converted(tool, {"samples": ["**Yes**", "Yes.", "No"], "verdicts": verdicts})
    assert (task.samples[0].choices, task.scorers[0].params["answers"]) == (("yes", "no"), "choice")
    letters = converted(tool, {"samples": ["It is A", "It is A.", "It is B"], "verdicts": verdicts})
    assert not letters.samples[0].choices


def test_targets_among_other_words_are_named(tool: Tool) -> None:
    """`exact` wants nothing but the target: answers that hold it in a sentence are counted in a note."""

    def notes(*answers: str) -> str:
        tool.write("r.jsonl", [{"target": "Paris", "samples": answers}])
        return "\n".join(remark.message for remark in tool.convert("r.jsonl").files[0].remarks)

    assert "1 of the first 3 answers have a target among other words" in notes("It is Paris.", "Paris", "Lyon")
    assert "among other words" not in notes("Paris", "Paris", "Lyon")


def test_null_is_as_if_the_key_were_absent(tool: Tool) -> None:
    """A table written with every column has null in those that a row does not use, counts and lists included."""
    others = dict.fromkeys(
        ("id", "input", "rounds", "verdicts", "final", "models", "reads", "correct", "of", "calls")
    )
    assert "needs one of samples" in refusal(tool, {**others, "samples": None})
    task = converted(tool, {**others, "target": "4", "samples": ["4"]})
    assert task.samples[0].recording.samples[0].text == "4"
    task = converted(tool, {**others, "samples": None, "answers": None, "correct": 1, "of": 2})
    assert task.samples[0].recording.counts == (1, 2)


def test_pass_and_fail_as_numbers_are_no_verdicts(tool: Tool) -> None:
    """0 and 1 may be answers: nothing is guessed, and a note says how verdicts are written."""
    tool.write("r.jsonl", [{"samples": [1, 0, 1]}, {"trials": [0, 1]}])
    notes = "\n".join(remark.message for remark in tool.convert("r.jsonl").files[0].remarks)
    assert "all answers are 0 or 1; if they say whether an answer was right, write true and false" in notes


def test_texts_that_all_differ_are_no_votes(tool: Tool) -> None:
    """Programs with verdicts: whole texts would vote, the first would win, and a note says so; equal ones vote."""

    def notes(*texts: str) -> str:
        tool.write("r.jsonl", [{"samples": texts, "verdicts": [True] * len(texts)}])
        return "\n".join(remark.message for remark in tool.convert("r.jsonl").files[0].remarks)

    assert "a vote chooses the first" in notes("def f(): return one", "def f(): return two", "lambda: other")
    assert "a vote chooses the first" not in notes("def f(): return one", "def f(): return one", "lambda: other")


def test_small_letters_are_choices_too(tool: Tool) -> None:
    """Targets b and (c) are letters of choices, so that `**B**` and `(b)` are the same vote."""
    task = converted(tool, {"target": "b", "samples": ["**B**", "(b)"]}, {"target": "(c)", "samples": ["c"]})
    assert [spec.name for spec in task.scorers] == ["choice"]
