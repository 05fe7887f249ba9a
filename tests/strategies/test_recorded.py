"""The strategy `recorded`: recorded answers become transcripts, votes and scores, without a model."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.run_case import run_case
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.providers.recorded import RecordedProvider
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import GenerationConfig, ModelName, Record
from pytest_hiddenlayer.usage import costs_of, usage_of

NUMERIC = "numeric"
VERDICT: dict[str, Any] = {"recorded_verdict": {"answers": "numeric"}}
RECORDED = ModelName(provider="recorded")


@pytest.fixture
def task(tmp_path: Path):
    """Returns a function that loads a task with one recorded question, target 4."""

    def load(row: dict[str, Any], scorer: Any = NUMERIC, **form: Any):
        whole = {"task": "t", "samples": [{"id": "q", "input": "2+2?", "target": "4"}], "scorers": [scorer],
                 "strategies": ["recorded"], "outputs": "o.jsonl", **form}  # fmt: skip
        (tmp_path / "t.yaml").write_text(json.dumps(whole))
        (tmp_path / "o.jsonl").write_text(json.dumps({"id": "q", **row}))
        return load_task(tmp_path / "t.yaml", tmp_path)

    return load


@pytest.fixture
def repeat(task):
    """Returns a function that repeats one recorded question."""

    def run(row: dict[str, Any], scorer: Any = NUMERIC, **form: Any) -> Record:
        (cell,) = cells(task(row, scorer, **form), RunOptions(providers=(RECORDED,)))
        (case,) = cases(cell)
        provider = RecordedProvider()
        return asyncio.run(run_case(case, provider, provider, overrides=GenerationConfig(), run_id="r"))

    return run


def spoken(record: Record) -> list[tuple[str, int, str]]:
    return [(call["role"], call["round"], call["completion"]) for call in record.transcript]


def test_every_answer_of_a_debate_is_in_the_transcript(repeat):
    """Agents speak in rounds 0, 1, ...; who did not speak has no call; the plurality of the last round answers."""
    record = repeat({"rounds": [["5", "so 4", None], ["4", "5", "it is 4"]], "calls": 7, "roles": ["x", "y", "z"],
                     "models": ["m1", "m2", "m3"], "reads": [[2, 3], [1], []]})  # fmt: skip
    assert spoken(record) == [("agent-1", 0, "5"), ("agent-2", 0, "so 4"),
                              ("agent-1", 1, "4"), ("agent-2", 1, "5"), ("agent-3", 1, "it is 4")]  # fmt: skip
    metadata = record.answer_metadata
    assert (record.output, record.outcome) == ("4", "correct")
    assert metadata["vote"]["votes"] == {"4": 2, "5": 1}
    assert metadata["chosen"] == {"role": "agent-1", "round": 1}
    assert metadata["agents"] == ["agent-1", "agent-2", "agent-3"]
    assert metadata["roles"]["agent-2"] == "y"
    assert metadata["reads"] == {"agent-1": ["agent-2", "agent-3"], "agent-2": ["agent-1"], "agent-3": []}
    assert [call["model"] for call in record.transcript] == ["m1", "m2", "m1", "m2", "m3"]
    assert all("warnings" not in call for call in record.transcript)
    assert metadata["round_scores"]["agent-2"] == {
        "0": {"score": 1.0, "right": True, "answer": "4"},
        "1": {"score": 0.0, "right": False, "answer": "5"},
    }


def test_a_debate_that_ended_after_one_round_has_scores_by_round(repeat):
    """Its only round is the whole debate, so an analysis of all debates needs it."""
    assert repeat({"rounds": [["4", "4"]]}).answer_metadata["round_scores"]["agent-1"]["0"]["right"] is True


def test_samples_vote_and_ties_go_to_the_first(repeat):
    """Independent answers are sample-1, sample-2, ...; a tie is recorded, and the answer seen first wins."""
    record = repeat({"samples": ["5", "so 4", "4", "it is 5"]})
    assert [role for role, _, _ in spoken(record)] == ["sample-1", "sample-2", "sample-3", "sample-4"]
    assert (record.answer, record.outcome) == ("5", "incorrect")
    assert record.answer_metadata["vote"] == {"answer": "5", "votes": {"5": 2, "4": 2}, "tie": True}
    assert record.answer_metadata["sample_scores"]["sample-2"] == {"score": 1.0, "right": True, "answer": "4"}


def test_the_final_answer_wins_over_the_vote(repeat):
    """What a judge or moderator decided is the answer, whatever the agents said last."""
    record = repeat({"rounds": [["5", "5"]], "final": {"text": "I side with nobody: 4", "verdict": False}})
    assert (record.answer, record.outcome) == ("4", "correct")  # by the target: verdicts need their scorer
    assert record.answer_metadata["recorded_verdict"] is False


def test_given_verdicts_are_scores_with_their_scorer_only(repeat):
    """`recorded_verdict` scores by what was recorded, `numeric` by the target, from the same row."""
    row = {"rounds": [["5", {"text": "4", "verdict": False}]], "final": {"verdict": True}}
    by_verdict, by_target = repeat(row, VERDICT), repeat(row)
    assert (by_verdict.score, by_target.score) == (1.0, 0.0)
    assert by_verdict.answer_metadata["round_scores"]["agent-1"]["0"] == {"score": None, "right": None, "answer": "5"}
    assert by_verdict.answer_metadata["round_scores"]["agent-2"]["0"]["right"] is False
    assert by_target.answer_metadata["round_scores"]["agent-2"]["0"]["right"] is True


def test_the_chosen_answers_verdict_is_the_score(repeat):
    """Without a final verdict, that of the answer that won the vote counts; an unknown one is no score."""
    samples = [{"text": "5", "verdict": False}, {"text": "4", "verdict": True}, {"text": "4"}]
    assert repeat({"samples": samples}, VERDICT).outcome == "correct"
    record = repeat({"samples": ["4", "4"]}, VERDICT)
    assert (record.outcome, record.score) == ("unscored", None)
    assert "no verdict was recorded" in record.error


def test_verdicts_alone_are_pass_at_1(repeat):
    """If nothing but verdicts of samples is known, the score is the share of right ones."""
    assert repeat({"samples": [True, False, True, True]}, VERDICT).score == 0.75
    counted = repeat({"correct": 3, "of": 100}, VERDICT)
    assert (counted.score, counted.transcript) == (0.03, [])
    assert counted.answer_metadata["recorded_counts"] == {"correct": 3, "of": 100}


def test_trials_end_with_the_last_verdict(repeat):
    """A log of attempts after each other ends with its last attempt, which needs no vote."""
    record = repeat({"trials": [False, False, True]}, VERDICT)
    assert (record.outcome, [number for _, number, _ in spoken(record)]) == ("correct", [0, 1, 2])
    rounds = record.answer_metadata["round_scores"]["agent-1"]
    assert [rounds[number]["right"] for number in "012"] == [False, False, True]


def test_unreadable_and_truncated_answers_do_not_vote(repeat):
    """An answer that nobody could read, or that was cut, is no vote; the unreadable one is not right either."""
    cut = {"text": "so 5", "finish_reason": "length"}
    record = repeat({"samples": [{"text": "9", "answer": None}, cut, cut, "4"]})
    assert record.answer_metadata["vote"]["votes"] == {"4": 1}
    scores = record.answer_metadata["sample_scores"]
    assert scores["sample-1"] == {"score": 0.0, "right": False, "answer": None}
    assert scores["sample-2"] == {"score": None, "right": None, "answer": None}


def test_an_empty_answer_has_no_score(repeat):
    """As from a model: an empty text is neither right nor wrong, and no vote."""
    record = repeat({"samples": ["", "4", None]})
    scores = record.answer_metadata["sample_scores"]
    assert scores["sample-1"] == scores["sample-3"] == {"score": None, "right": None, "answer": None}


@pytest.mark.parametrize(
    "row",
    [
        {"samples": [{"text": "no idea", "answer": None}]},
        {"samples": ["no idea", "pass"]},
        {"rounds": [["4"], [{"text": "hm", "answer": None}]]},
        {"rounds": [[None, None]]},
        {"rounds": [[True, False]]},
        {"final": {"text": "hm", "answer": None}, "samples": ["4"]},
    ],
)
def test_nothing_readable_is_unscored_with_the_reason(repeat, row):
    """No readable answer is never a default answer: the outcome is unscored, the transcript is kept."""
    record = repeat(row)
    assert (record.outcome, record.score) == ("unscored", None)
    assert "recorded was asked" in record.error
    written = row.get("samples") or [answer for answers in row["rounds"] for answer in answers]
    assert len(record.transcript) == sum(answer is not None for answer in written)


def test_a_verdict_without_text_has_no_score_by_a_target(repeat):
    """A text that was not recorded cannot be compared: it is unscored, not wrong."""
    record = repeat({"trials": [True]})
    assert (record.outcome, record.answer_metadata["recorded_verdict"]) == ("unscored", True)
    assert "no text of it was recorded" in record.error


def test_unknown_tokens_and_costs_are_unknown(repeat):
    """What was not recorded is null, never 0; calls that are no answers, such as rankings, count."""
    record = repeat({"rounds": [["4", "4"]], "calls": 3})
    usage = usage_of(record)
    assert (record.usage["input_tokens"], record.cost_usd) == (None, None)
    assert (usage.calls, usage.tokens, usage.cost_usd) == (3, None, None)
    known = {"text": "4", "input_tokens": 10, "output_tokens": 5, "cost_usd": 0.5}
    usage = usage_of(repeat({"samples": [known, known]}))
    assert (usage.calls, usage.tokens, usage.cost_usd) == (2, 30, 1.0)
    assert usage_of(repeat({"correct": 1, "of": 9}, VERDICT)).calls == 9


def test_the_cost_of_calls_that_are_not_in_the_transcript_is_unknown(repeat):
    """Samples that were only counted, and rankings, cost something: the cost of the run is unknown, not $0."""
    assert costs_of([repeat({"correct": 1, "of": 9}, VERDICT)]) == [None]
    known = {"text": "4", "cost_usd": 0.5}
    assert costs_of([repeat({"samples": [known, known]})]) == [1.0]
    assert costs_of([repeat({"samples": [known, known], "calls": 3})]) == [None]


def test_a_recorded_answer_is_scored_instead_of_its_text(repeat):
    """`answer` is what whoever recorded it parsed; the text is for readers."""
    record = repeat({"samples": [{"text": "4, or perhaps 5", "answer": "4.0"}, "so 4"]})
    assert (record.outcome, record.answer_metadata["vote"]["votes"]) == ("correct", {"4": 2})


def test_confidences_are_kept_for_weighted_votes(repeat):
    """A recorded confidence is the stated confidence of its sample, for `hiddenlayer votes`."""
    record = repeat({"samples": ["4", "5"], "confidences": [0.9, None]})
    assert record.answer_metadata["vote"]["samples"][0]["confidences"] == {"verbalized": 0.9}
    assert record.answer_metadata["vote"]["samples"][1]["confidences"] == {}


def test_long_votes_leave_the_rest_of_the_metadata(repeat):
    """Votes of `exact` may be whole texts: they are cut, and confidences, roles and what was chosen stay."""
    texts = [f"{i}: " + "so " * 3000 for i in range(30)]
    record = repeat({"rounds": [texts], "confidences": [[0.5] * 30], "roles": [f"r{i}" for i in range(30)]}, "exact")
    metadata = record.answer_metadata
    assert metadata["chosen"] == {"role": "agent-1", "round": 0}
    assert len(metadata["agents"]) == len(metadata["roles"]) == len(metadata["vote"]["samples"]) == 30


def test_reasoning_is_stripped_as_from_a_model(repeat):
    """Reasoning in a recorded text does not vote."""
    record = repeat({"samples": ["<think>5</think>4"]})
    assert (record.answer, record.transcript[0]["reasoning"]) == ("4", "5")


def test_the_strategy_does_not_know_which_answers_are_right(task):
    """Strategies see recordings without verdicts."""
    loaded = task({"samples": [{"text": "4", "verdict": True}], "final": True})
    seen = loaded.samples[0].without_target().recording
    assert [answer.verdict for answer in (*seen.samples, seen.final)] == [None, None]


@pytest.mark.parametrize(
    ("strategy", "provider", "message"),
    [
        ("debate", RECORDED, "Add --strategy recorded"),
        ("recorded", ModelName(provider="scripted"), "Add --provider recorded"),
    ],
)
def test_a_strategy_and_a_provider_that_do_not_fit_are_refused(task, strategy, provider, message):
    """Recorded answers serve `recorded` and `single` only, and `recorded` asks no model."""
    options = RunOptions(providers=(provider,), strategies=(parse_strategy(strategy),))
    with pytest.raises(UsageError, match=message):
        cells(task({"samples": ["4"]}), options)


def test_a_sample_without_recording_is_unscored(tmp_path, task):
    """A question whose row is missing has its reason, and the others run."""
    loaded = task({"samples": ["4"]}, samples=[{"id": i, "input": "2+2?", "target": "4"} for i in ("q", "other")])
    (cell,) = cells(loaded, RunOptions(providers=(RECORDED,)))
    provider = RecordedProvider()
    records = [
        asyncio.run(run_case(case, provider, provider, overrides=GenerationConfig(), run_id="r"))
        for case in cases(cell)
    ]
    assert [record.outcome for record in records] == ["correct", "unscored"]
    assert "add a row with this id" in records[1].error


def test_workers_repeat_the_same_answers(folder):
    """With `-n 2` the recorded answers reach the controller's provider: the records are those of one process."""
    rows = [{"id": str(i), "rounds": [["4", {"text": "so 5", "output_tokens": 9}]], "target": "4"} for i in range(6)]
    folder.write("r.jsonl", "\n".join(map(json.dumps, rows)))
    assert folder.command("convert", "r.jsonl").ret == 0
    assert folder.plain("converted", "--hl-provider", "recorded", "--hl-gate=off", "-n", "2").ret == 0
    assert {record["outcome"] for record in folder.records()} == {"correct"}
    assert {record["transcript"][1]["usage"]["output_tokens"] for record in folder.records()} == {9}


def test_a_changed_recording_is_read_again(folder):
    """Neither the response cache nor a resumed run answers with what was recorded before."""

    def run(answer: str, *options: str) -> str:
        folder.write("r.jsonl", json.dumps({"id": "a", "target": "4", "samples": [answer]}))
        folder.command("convert", "r.jsonl")
        printed = folder.command("run", "converted", "--provider", "recorded", "--gate", "off", *options)
        return "right" if " 1.000" in printed.stdout.str() else "wrong"

    assert [run(answer, "--cache", "all") for answer in "45"] == ["right", "wrong"]
    assert run("4", "--resume", "last") == "right"


def test_another_recording_changes_the_task_hash(task):
    """The hash covers what was recorded, so a snapshot of other answers is not taken for the same."""
    assert task({"samples": ["4"]}).hash != task({"samples": ["5"]}).hash
