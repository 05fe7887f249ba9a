"""Rubrics and several judges."""

from __future__ import annotations

import pytest
from support.judges import judge, judge_calls, record, rules, says, write_case

RUBRIC = [
    {"name": "clear", "criteria": "Is it clear?", "weight": 3},
    {"name": "short", "criteria": "Is it short?", "scale": [0, 10]},
    "It names a fruit.",
]


def test_a_rubric_is_a_weighted_mean(tmp_path):
    """Each criterion is judged separately; the score is their weighted mean, with checks as yes or no."""
    model = rules(
        says("[[2]]", role="llm_judge.clear"),
        says("[[8]]", role="llm_judge.short"),
        says("[[yes]]", role="llm_judge.check-3"),
    )
    judged = record(write_case(tmp_path, {"llm_judge": {"rubric": RUBRIC}}), model)
    assert judged.score == pytest.approx((3 * 0.25 + 0.8 + 1) / 5)
    assert judged.scores["llm_judge"]["details"]["criteria"] == {"clear": 0.25, "short": 0.8, "check-3": 1.0}
    assert judged.scores["llm_judge"]["explanation"] == "clear 0.25, short 0.80, check-3 1.00"
    texts = {call["role"]: call["messages"][-1]["content"] for call in judge_calls(judged)}
    assert "Is it short?" in texts["llm_judge.short"]
    assert "Is it clear?" not in texts["llm_judge.short"]
    assert "no or yes" in texts["llm_judge.check-3"]


def test_one_unreadable_criterion_leaves_no_score(tmp_path):
    """If one criterion is unreadable, there is no score."""
    model = rules(says("[[2]]", role="llm_judge.clear"), says("[[8]]", role="llm_judge.short"))
    judged = record(write_case(tmp_path, {"llm_judge": {"rubric": RUBRIC}}), model)
    assert judged.outcome == "unscored"
    assert judged.error == "scripted gave no readable verdict by check-3: no verdict in the judge's reply"


PANEL = {"model": ["scripted:x", "scripted:y", "scripted:z"]}


@pytest.mark.parametrize(
    ("verdicts", "combine", "score"),
    [
        ("245", "mean", (0.25 + 0.75 + 1) / 3),
        ("255", "majority", 1.0),
        ("445", "majority", 0.75),
        ("125", "majority", (0 + 0.25 + 1) / 3),  # all tie
        ("25?", "mean", 0.625),
        ("5??", "mean", None),  # one of three is no majority of judges
        ("???", "majority", None),
    ],
)
def test_several_judges_are_combined(tmp_path, verdicts, combine, score):
    """Judges are combined by mean or majority; more than half must return a readable verdict."""
    panel = {name: rules(says(f"[[{verdict}]]")) for name, verdict in zip("xyz", verdicts, strict=True)}
    judged = record(write_case(tmp_path, judge(**PANEL, combine=combine)), rules(), **panel)
    assert judged.score == (None if score is None else pytest.approx(score))
    judgments = judged.scores["llm_judge"]["details"]["opinions"]
    assert [judgment["judge"] for judgment in judgments] == ["scripted:x", "scripted:y", "scripted:z"]
    assert [judgment["verdict"] for judgment in judgments] == [None if v == "?" else v for v in verdicts]


def test_each_judge_of_a_panel_has_its_own_role(tmp_path):
    """Each judge's calls have their own role in the transcript."""
    panel = {name: rules(says("[[5]]")) for name in "xyz"}
    judged = record(write_case(tmp_path, judge(**PANEL)), rules(), **panel)
    assert [call["role"] for call in judged.transcript] == ["answer", "llm_judge", "llm_judge-2", "llm_judge-3"]
