"""Several samples of one judge."""

from __future__ import annotations

import pytest
from support.judges import RepliesInTurn, judge, record, write_case


def test_samples_are_drawn_and_averaged(tmp_path):
    """Without probabilities the score is the mean of n verdicts, drawn at temperature 1 with n seeds."""
    model = RepliesInTurn("[[4]]", "[[5]]", "[[5]]", "[[2]]")
    judged = record(write_case(tmp_path, judge(samples=4)), model)
    assert judged.score == pytest.approx((0.75 + 1 + 1 + 0.25) / 4)
    drawn = model.requests[1:]
    assert {request.params.temperature for request in drawn} == {1.0}
    assert len({request.seed for request in drawn}) == 4
    (judgment,) = judged.scores["llm_judge"]["details"]["opinions"]
    assert (judgment["by"], judgment["verdict"]) == ("samples", "5")
    assert judgment["shares"] == {"5": 0.5, "4": 0.25, "2": 0.25}


def test_unreadable_samples_are_left_out_and_counted(tmp_path):
    """A minority of unreadable samples is counted and excluded from the mean."""
    model = RepliesInTurn("[[4]]", "[[5]]", "hm", "[[3]]", "hm")  # the third is unreadable in both attempts
    judged = record(write_case(tmp_path, judge(samples=4)), model)
    assert judged.score == pytest.approx((0.75 + 1 + 0.5) / 3)
    assert judged.scores["llm_judge"]["details"]["opinions"][0]["unreadable"] == 1


def test_too_many_unreadable_samples_are_no_score(tmp_path):
    """If half of the samples are unreadable, there is no score."""
    model = RepliesInTurn("[[4]]", "hm", "hm")
    judged = record(write_case(tmp_path, judge(samples=2)), model)
    assert judged.outcome == "unscored"
    assert "1 of 2 verdicts are unreadable" in judged.error
