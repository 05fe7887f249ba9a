"""Samples that a scorer could never score are refused before anything is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_hiddenlayer.engine.cases import cells
from pytest_hiddenlayer.errors import TaskError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.registry import scorer
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import ModelName


def plan(folder: Path, samples: str, scorers: str) -> None:
    (folder / "t.yaml").write_text(f"task: t\nscorers: [{scorers}]\nsamples:\n{samples}")
    cells(load_task(folder / "t.yaml", folder), RunOptions(providers=(ModelName(provider="scripted"),)))


@pytest.mark.parametrize(
    ("written", "scorers", "reason"),
    [
        ("{input: q}", "exact", "it has no target"),
        ("{input: q, target: null}", "numeric", "it has no target"),
        ("{input: q, target: '  '}", "exact", "its target is empty"),
        ("{input: q, target: ['', ' ']}", "keyword", "its target is empty"),
        ("{input: q, target: many}", "numeric", "the target many is not one number"),
        ("{input: q, target: '3 or 4'}", "numeric", "the target 3 or 4 is not one number"),
        ("{input: q, target: D, choices: [x, y]}", "choice", "the target D is not one of A, B"),
        ("{input: q, target: z, choices: [x, y]}", "choice", "the target z is not one of A, B"),
        ("{input: q}", "{rules: {require_target: true}}", "it has no target"),
        ("{input: q}", "math", "it has no target"),
        ("{input: q}", "win_rate", "it has no target"),
    ],
)
def test_target_that_cannot_be_scored_is_refused(tmp_path: Path, written: str, scorers: str, reason: str) -> None:
    """A target that is missing, empty or of the wrong kind is one error with the sample, its line and the reason."""
    with pytest.raises(TaskError) as caught:
        plan(tmp_path, f"- {{input: other, target: '7', choices: ['7', y]}}\n- {written}\n", scorers)
    message = str(caught.value)
    assert message.startswith("t.yaml:5: target: scorer '")
    assert f"can never score sample '1': {reason}. Correct the targets" in message


@pytest.mark.parametrize(
    ("written", "scorers"),
    [
        ("{input: q, target: [many, '3']}", "numeric"),
        ("{input: q, target: '50%'}", "numeric"),
        ("{input: q, target: Y, choices: [x, y]}", "choice"),
        ("{input: 'Which?\\n(A) x\\n(B) y', target: (B)}", "choice"),
        ("{input: q, target: ''}", "{rules: {max_words: 3}}"),
        ("{input: q}", "{pattern: {pattern: a}}"),
        ("{input: q}", "{keyword: {keywords: [a]}}"),
        ("{input: q}", "{llm_judge: {criteria: c}}"),
    ],
)
def test_target_that_can_be_scored_is_accepted(tmp_path: Path, written: str, scorers: str) -> None:
    """One accepted answer that can be scored is enough, and a scorer that needs no target needs none."""
    plan(tmp_path, f"- {written}\n", scorers)


def test_equal_faults_are_one_error_with_every_sample(tmp_path: Path) -> None:
    """Many samples without a target are one message; it names the first of them, with file and line."""
    (tmp_path / "rows.jsonl").write_text('{"id": "ok", "input": "q", "target": "x"}\n' + '{"input": "q"}\n' * 9)
    (tmp_path / "t.yaml").write_text("task: t\nscorers: [exact]\nsamples: rows.jsonl\n")
    with pytest.raises(TaskError) as caught:
        cells(load_task(tmp_path / "t.yaml", tmp_path), RunOptions(providers=(ModelName(provider="scripted"),)))
    assert str(caught.value) == (
        "rows.jsonl:2: target: scorer 'exact' can never score sample '1': it has no target; "
        "also '2' (rows.jsonl:3): it has no target; '3' (rows.jsonl:4): it has no target; "
        "'4' (rows.jsonl:5): it has no target; '5' (rows.jsonl:6): it has no target; and 4 more samples. "
        "Correct the targets, or use a scorer that needs none"
    )


def test_second_scorer_may_skip_single_samples(tmp_path: Path) -> None:
    """A second scorer may leave a sample unscored, but not every one."""
    plan(tmp_path, "- {input: q}\n- {input: q, target: x}\n", "{rules: {max_words: 3}}, exact")
    with pytest.raises(TaskError, match=r"scorer 'exact' can never score sample '0'.*also '1'"):
        plan(tmp_path, "- {input: q}\n- {input: q}\n", "{rules: {max_words: 3}}, exact")


def test_scorer_of_a_user_may_need_a_target(tmp_path: Path) -> None:
    """A user's function with `needs_target` is treated like a built-in scorer, and is not called."""

    @scorer("test_targets_mine")
    def mine(output, sample):
        raise AssertionError("no answer yet")

    mine.needs_target = True
    plan(tmp_path, "- {input: q, target: x}\n", "test_targets_mine")
    with pytest.raises(TaskError, match="scorer 'test_targets_mine' can never score sample '0': it has no target"):
        plan(tmp_path, "- {input: q}\n", "test_targets_mine")
