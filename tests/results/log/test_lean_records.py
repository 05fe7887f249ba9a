"""Records without their texts: what stays, and what equal records share."""

from __future__ import annotations

from support.records import record

from pytest_hiddenlayer.results.log.lean_records import without_texts

RIGHT = {"exact": {"value": 1.0, "answer": "7", "explanation": "as expected"}}


def test_equal_scores_are_shared():
    """Two records with the same values hold one mapping of scores, without answers and explanations."""
    one, two = (without_texts(record(name, 1.0, scores=RIGHT)) for name in "ab")
    assert one.scores is two.scores
    assert one.scores == {"exact": {"value": 1.0, "answer": None, "explanation": ""}}
    assert one.score == 1.0


def test_details_and_reasons_stay():
    """What metrics count by reason or read from details is kept whole; messages get their explanations."""
    unscored = {"exact": {"value": None, "answer": None, "explanation": "no number in the output"}}
    judged = {"judge": {**RIGHT["exact"], "details": {"verdict": "A"}}}
    for scores in (unscored, judged):
        assert without_texts(record("s", 1.0, scores=scores)).scores == scores
    assert without_texts(record("s", 1.0, scores=RIGHT), explained=True).scores == RIGHT
