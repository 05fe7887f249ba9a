"""Reasoning inside an answer is kept in the record, and neither scored, voted on, shown nor judged."""

from __future__ import annotations

import json
import shutil

import pytest
from support import judges
from support.cases import run

from pytest_hiddenlayer.registry import strategy
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import Answer

THOUGHT = "<think>no, or yes?</think>\n"


def test_only_the_answer_is_scored(case):
    """The thought is in the record, and once more in the transcript."""
    record = run(case(), {"default": f"{THOUGHT}yes"})
    assert (record.outcome, record.output, record.reasoning) == ("correct", "yes", "no, or yes?")
    (call,) = record.transcript
    assert (call["completion"], call["reasoning"]) == ("yes", "no, or yes?")


def test_a_word_of_the_thought_is_no_answer(case):
    """A thought names what is then rejected."""
    assert run(case("keyword"), {"default": "<think>yes?</think>never"}).outcome == "incorrect"


def test_an_answer_without_reasoning_has_none(case):
    """None, not an empty text."""
    record = run(case(), {"default": "yes"})
    assert record.reasoning is None
    assert "reasoning" not in record.transcript[0]


@pytest.mark.parametrize("reason", ["stop", "length"])
def test_reasoning_that_does_not_end_is_truncated(case, reason):
    """Whatever it says, there is no answer yet."""
    record = run(case(), {"rules": [{"reply": "<think>yes", "finish_reason": reason}]})
    assert (record.outcome, record.score, record.reasoning) == ("truncated", None, "yes")
    assert "--hl-max-tokens" in record.error


def test_reasoning_without_an_answer_is_empty(case):
    """The model ended its reasoning and then said nothing."""
    record = run(case(), {"default": "<think>yes</think>"})
    assert (record.outcome, record.error) == ("empty", "the model returned its reasoning and no answer")


def test_reasoning_can_be_kept(case):
    """`reasoning: keep` scores the text as it came."""
    record = run(case("keyword", more="reasoning: keep\n"), {"default": "<think>yes?</think>never"})
    assert (record.outcome, record.output) == ("correct", "<think>yes?</think>never")


def test_the_hash_of_a_task_changes_only_if_reasoning_is_kept(tmp_path):
    """Snapshots of earlier versions can still be compared."""
    path = tmp_path / "t.yaml"
    hashes = []
    for line in ("", "reasoning: strip\n", "reasoning: keep\n"):
        path.write_text(f"task: t\nsamples: [{{input: q, target: a}}]\nscorers: [exact]\n{line}")
        hashes.append(load_task(path, tmp_path).hash)
    assert hashes[0] == hashes[1] != hashes[2]


def test_answers_are_voted_on_without_reasoning(case):
    """Equal answers after different thoughts are one answer, and broken-off ones do not vote."""
    voting = case("exact", strategies=(parse_strategy("self_consistency:n_samples=4"),))
    replies = [
        {"role": "sample-1", "reply": "<think>no", "finish_reason": "length"},
        {"role": "sample-2", "reply": "<think>a</think>no"},
        {"role": "sample-3", "reply": "<think>b</think>yes"},
        {"role": "sample-4", "reply": "<think>c</think>yes"},
    ]
    record = run(voting, {"rules": replies})
    assert record.answer_metadata["vote"]["votes"] == {"yes": 2, "no": 1}
    assert (record.outcome, record.output, record.reasoning) == ("correct", "yes", "b")


@pytest.mark.parametrize("reason", ["length", "error", "content_filter", "MAX_TOKENS"])
def test_broken_off_answers_never_vote(case, reason):
    """A vote of broken-off answers alone has no winner, and the record says why there is no score."""
    voting = case(strategies=(parse_strategy("self_consistency:n_samples=3"),))
    record = run(voting, {"rules": [{"reply": "yes", "finish_reason": reason}]})
    assert record.score is None
    assert record.outcome in ("truncated", "error", "refused")
    assert record.answer_metadata["vote"]["votes"] == {}


@pytest.mark.parametrize("aggregation", ["judge", "majority"])
@pytest.mark.parametrize("share", ["answer", "full"])
def test_debaters_do_not_read_each_others_thoughts(case, aggregation, share):
    """Nor does the judge of a debate."""
    debate = case(strategies=(parse_strategy(f"debate:aggregation={aggregation},share={share}"),))
    record = run(debate, {"default": "<think>SECRET</think>yes"})
    shown = json.dumps([call["messages"] for call in record.transcript])
    assert "yes" in shown
    assert "SECRET" not in shown
    assert record.outcome == "correct"


def test_a_broken_off_debater_does_not_vote(case):
    """Two agents that were cut off cannot outvote the one that answered."""
    debate = case(strategies=(parse_strategy("debate:aggregation=majority,n_rounds=1"),))
    cut = [{"role": f"agent-{i}", "reply": "no", "finish_reason": "length"} for i in (1, 2)]
    assert run(debate, {"rules": cut, "default": "yes"}).outcome == "correct"


def test_an_answer_that_a_strategy_composed_is_split_too(case):
    """Scorers never read reasoning, wherever a strategy has it from."""

    @strategy("test_composing")
    async def composing(context):
        return Answer(output="<think>hm</think>yes")

    record = run(case(strategies=(parse_strategy("test_composing"),)), {})
    assert (record.outcome, record.output, record.reasoning) == ("correct", "yes", "hm")


def test_a_judge_reads_the_answer_only_and_its_own_thoughts_are_no_verdict(tmp_path):
    """The candidate's thoughts are not judged, and a judge that thinks aloud gives one verdict."""
    model = judges.rules(judges.says("<think>[[1]]?</think>Good. [[5]]"), answer="<think>SECRET</think>plums")
    record = judges.record(judges.write_case(tmp_path, judges.judge()), model)
    (call,) = judges.judge_calls(record)
    assert "plums" in call["messages"][0]["content"]
    assert "SECRET" not in call["messages"][0]["content"]
    assert (record.score, call["reasoning"]) == (1.0, "[[1]]?")


def test_recorded_outputs_are_split_too(folder):
    """Other tools' files hold what their servers returned."""
    outputs = {"s0": "<think>a1?</think>a0", "s1": "or a0\n</think>\na1", "s2": "[THINK]a2"}
    folder.task(outputs=outputs)
    folder.run("--hl-gate=off", provider="recorded")
    assert {r["sample_id"]: (r["outcome"], r["output"]) for r in folder.records()} == {
        "s0": ("correct", "a0"),
        "s1": ("correct", "a1"),
        "s2": ("truncated", None),
    }


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("--hl-cache=all",), ("--record", "tape")])
def test_reasoning_that_the_server_reports_apart_is_kept_too(folder, options):
    """In one process, through the models of the controller, and in what is stored."""
    folder.task()
    folder.replies(q1={"reply": "a1", "reasoning": "a0 or a1?"})
    folder.run("--hl-gate=off", *options).assert_outcomes(passed=3)
    reasoning = {record["sample_id"]: record["reasoning"] for record in folder.records()}
    assert reasoning == {"s0": None, "s1": "a0 or a1?", "s2": None}


def test_reasoning_is_replayed_from_a_cassette(folder):
    """A cassette holds what the server reported."""
    folder.task()
    folder.replies(q1={"reply": "a1", "reasoning": "a0 or a1?"}, q2={"reply": "<think>b</think>a2"})
    folder.run("--hl-gate=off", "--record", "tape")
    first = folder.records()
    shutil.rmtree(folder.path / "reports")
    folder.run("--hl-gate=off", "--replay", "tape").assert_outcomes(passed=3)
    assert [record["reasoning"] for record in folder.records()] == [record["reasoning"] for record in first]
    assert first[2]["reasoning"] == "b"
