"""`llm_judge` from a task file to a record."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from support.judges import RepliesInTurn, judge, judge_calls, record, rules, says, write_case

from pytest_hiddenlayer.api import evaluate_paths
from pytest_hiddenlayer.engine.record_builder import case_key
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.project import Project
from pytest_hiddenlayer.scorers.build import build_scorer
from pytest_hiddenlayer.scorers.capabilities import capabilities_of
from pytest_hiddenlayer.scorers.judge.llm_judge import LlmJudge
from pytest_hiddenlayer.types import GenerationConfig, ModelName, Spec


@pytest.mark.parametrize(
    ("reply", "score", "outcome"),
    [
        ("[[1]]", 0.0, "incorrect"),
        ("So [[2]].", 0.25, "partial"),
        ("[[3]]", 0.5, "correct"),
        ("[[5]]", 1.0, "correct"),
    ],
)
def test_the_score_is_the_position_on_the_scale(tmp_path, reply, score, outcome):
    """The score is (rating - worst) / (best - worst), and 0.5 passes unless the task says otherwise."""
    judged = record(write_case(tmp_path, judge()), rules(says(reply)))
    assert (judged.score, judged.outcome) == (score, outcome)
    (judgment,) = judged.scores["llm_judge"]["details"]["opinions"]
    assert (judgment["verdict"], judgment["value"], judgment["by"]) == (reply[reply.index("[") + 2], score, "verdict")


def test_the_judge_is_shown_what_it_needs(tmp_path):
    """The prompt contains criterion, scale, question and answer, and the target only with `reference`."""
    plain = judge_calls(record(write_case(tmp_path, judge()), rules(says("[[3]]"))))[0]["messages"][-1]["content"]
    for part in ("Is it right?", "Which fruit is blue?", "plums", "a whole number from 1 (worst) to 5 (best)"):
        assert part in plain
    assert "blueberry" not in plain
    shown = judge_calls(record(write_case(tmp_path, judge(reference=True)), rules(says("[[3]]"))))[0]
    assert re.search(r"<reference-\w{12}>\nthe blueberry\n</reference-", shown["messages"][-1]["content"])


def test_a_prompt_without_leftovers(tmp_path):
    """Every field of the built-in prompts is filled in."""
    for scorer in (judge(), judge(reference=True), judge(scale="yes_no"), {"coherence": {"mode": "judge"}}):
        judged = record(write_case(tmp_path, scorer), rules(says("[[3]]", role="llm_judge|coherence")))
        for call in judged.transcript:
            assert "{" not in call["messages"][-1]["content"]


def test_generation_parameters_of_the_candidate_are_not_the_judges(tmp_path):
    """The candidate's stop texts and token limit do not apply to the judge."""
    case = write_case(tmp_path, judge(max_tokens=77), generate={"max_tokens": 3, "temperature": 0.9, "stop": ["."]})
    model = RepliesInTurn("[[3]]")
    record(case, model)
    assert model.requests[0].params == GenerationConfig(temperature=0.9, max_tokens=3, stop=(".",))
    assert model.requests[1].params == GenerationConfig(temperature=0.0, max_tokens=77)


def test_structured_output_is_asked_for_and_read(tmp_path):
    """A provider with structured output receives the schema, and its object is the verdict."""
    reply = {"explanation": "I give 5 of 5", "verdict": 2}
    judged = record(write_case(tmp_path, judge()), rules({"role": "llm_judge", "structured": reply}))
    assert judged.score == 0.25


def test_a_custom_prompt_has_no_schema(tmp_path):
    """A custom prompt is sent without a schema."""
    reply = {"role": "llm_judge", "reply": "Score: 2", "structured": {"explanation": "", "verdict": 5}}
    own = judge(prompt="{answer}", verdict=r"Score: (\d)")
    assert record(write_case(tmp_path, own), rules(reply)).score == 0.25


def test_long_replies_of_a_judge_are_shortened(tmp_path):
    """A score contains one line of the judge's reply; the transcript has all of it."""
    words = "very\n" * 200 + "[[5]]"
    judged = record(write_case(tmp_path, judge()), rules(says(words)))
    (judgment,) = judged.scores["llm_judge"]["details"]["opinions"]
    assert len(judgment["explanation"]) == 300
    assert judged.transcript[-1]["completion"] == words


def test_the_key_of_a_record_holds_the_judge(tmp_path):
    """The record's key depends on criterion, scale, model, number of samples and prompt."""
    forms = [judge(), judge(criteria="x"), judge(scale=[1, 3]), judge(model="scripted:x"), judge(samples=2)]
    forms += [judge(prompt="{answer}"), judge(reference=True), judge(combine="majority")]
    keys = {case_key(write_case(tmp_path, form), GenerationConfig()) for form in forms}
    assert len(keys) == len(forms)


def test_the_same_run_asks_the_same(tmp_path):
    """A repeated run sends the same prompts and seeds."""
    one, two = (record(write_case(tmp_path, judge(samples=3)), rules(says("[[5]]", "[[1]]"))) for _ in range(2))
    keep = ("messages", "seed", "completion")
    assert [[c[k] for k in keep] for c in one.transcript] == [[c[k] for k in keep] for c in two.transcript]


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({}, "needs `criteria`"),
        ({"criteria": "x", "rubric": ["y"]}, "both given"),
        ({"rubric": []}, "rubric is empty"),
        ({"rubric": [{"name": "x"}]}, "needs a text as 'criteria'"),
        ({"rubric": [{"name": "x", "criteria": "y", "wieght": 2}]}, "did you mean 'weight'"),
        ({"rubric": [{"name": "x", "criteria": "y", "weight": 0}]}, "weight must be a number above 0"),
        ({"rubric": [{"name": "x", "criteria": "y"}] * 2}, "is used twice"),
        ({"rubric": [3]}, "must be a text or"),
        ({"criteria": "x", "scale": "1-5"}, "scale must be"),
        ({"criteria": "x", "samples": 0}, "at least 1"),
        ({"criteria": "x", "temperature": -1.0}, "from 0 up"),
        ({"criteria": "x", "model": "scriptde:x"}, "did you mean 'scripted'"),
        ({"criteria": "x", "model": ["mlx", "mlx"]}, "names a judge twice"),
        ({"criteria": "x", "combine": "median"}, "combine must be"),
        ({"criteria": "x", "verdict": "(a)(b)"}, "exactly one group"),
        ({"criteria": "x", "verdict": "is (.)"}, "needs a `prompt` that requests it"),
        ({"prompt": "{question}"}, "lacks {answer}"),
        ({"prompt": "{answer} {foo}"}, "no field {foo}"),
        ({"criterion": "x"}, "did you mean 'criteria'"),
    ],
)
def test_wrong_parameters_are_refused(params, why):
    """A wrong parameter is an error of one sentence before anything runs."""
    with pytest.raises(UsageError, match=re.escape(why)):
        build_scorer(Spec(name="llm_judge", params=params))


def test_the_judges_are_named(tmp_path):
    """The capabilities name the judges to open; without `model` it is the run's."""
    assert capabilities_of(LlmJudge(criteria="x")).judges == ()
    assert capabilities_of(LlmJudge(criteria="x", model="mlx")).judges == ("mlx",)
    assert capabilities_of(LlmJudge(criteria="x", model=("mlx", "scripted:a:b"))).judges == ("mlx", "scripted:a:b")


def test_a_run_opens_the_judges_that_a_scorer_names(tmp_path):
    """The named judge is asked instead of the candidate."""
    (tmp_path / "strict.json").write_text('{"default": "[[1]]"}')
    (tmp_path / "kind.json").write_text('{"default": "[[5]]"}')
    write_case(tmp_path, judge(model=f"scripted:{tmp_path / 'strict.json'}"))
    options = RunOptions(providers=(ModelName(provider="scripted", model=str(tmp_path / "kind.json")),), gate="off")
    done = evaluate_paths([tmp_path / "t.yaml"], options, Project(root=tmp_path, cwd=tmp_path))
    assert not done.errors
    assert [judged.score for judged in done.records] == [0.0]


def test_a_recorded_answer_is_not_its_own_verdict(tmp_path):
    """With recorded outputs and no judge, the recorded text is not a verdict."""
    import asyncio

    from pytest_hiddenlayer.engine.run_case import run_case
    from pytest_hiddenlayer.providers.recorded import RecordedProvider

    case = write_case(tmp_path, judge(), outputs={"a": "[[5]]"})
    model = RecordedProvider()
    judged = asyncio.run(run_case(case, model, model, overrides=GenerationConfig(), run_id="r"))
    assert (judged.outcome, judged.output) == ("error", "[[5]]")
    assert "name a model with --judge" in judged.error


def test_values_are_finite_for_any_reply(tmp_path):
    """Every value is None or in [0, 1]."""
    for reply in ("[[1e999]]", "[[nan]]", "[[inf]]", f"[[{'9' * 400}]]", "[[1" + "0" * 5000 + "]]"):
        judged = record(write_case(tmp_path, judge()), rules(says(reply)))
        assert judged.score is None or math.isfinite(judged.score)


def test_a_custom_prompt_is_not_fenced(tmp_path: Path):
    """A custom prompt is filled in without fences, after the system message."""
    own = judge(prompt="Q: {question}\nA: {answer}\nGold: {ref_answer_1}\nBy: {criteria}", system="Be fair.")
    (call,) = judge_calls(record(write_case(tmp_path, own), rules(says("[[5]]"))))
    assert [m["role"] for m in call["messages"]] == ["system", "user"]
    assert (
        call["messages"][1]["content"] == "Q: Which fruit is blue?\nA: plums\nGold: the blueberry\nBy: Is it right?"
    )


def test_a_field_that_a_sample_lacks(tmp_path):
    """A sample that lacks a field of the prompt is unscored with the reason."""
    own = judge(prompt="{question_2} {answer}")
    judged = record(write_case(tmp_path, own), rules(says("[[5]]")))
    assert (judged.outcome, judged.error) == ("unscored", "the prompt uses {question_2}, which this sample lacks")
