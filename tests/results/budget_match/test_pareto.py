"""Pareto fronts of score against cost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.control_records import HAND, way
from support.records import record

from pytest_hiddenlayer.results.budget_match.compare import compare_budget_matched
from pytest_hiddenlayer.results.budget_match.pareto import fronts


def test_the_front_by_hand():
    """Of four configurations the cheapest and the best are Pareto-optimal; the others are dominated."""
    records = [way("cheap", 0.2, 10), way("mid", 0.1, 20), way("good", 0.8, 30), way("dear", 0.8, 40)]
    (front,) = fronts(records)
    assert (front.unit, [p.name.split()[0] for p in front.points]) == ("tokens", ["cheap", "mid", "good", "dear"])
    assert front.dominated_by == {"mid scripted:m": "cheap scripted:m", "dear scripted:m": "good scripted:m"}


def test_equals_do_not_beat_each_other():
    """Two configurations with the same score and cost are both Pareto-optimal."""
    (front,) = fronts([way("a", 0.5, 10), way("b", 0.5, 10)])
    assert front.dominated_by == {}


@pytest.mark.parametrize(
    ("records", "unit"),
    [
        ([way("a", 0.5, 10, 0.1), way("b", 0.5, 10, 0.0)], "cost_usd"),
        ([way("a", 0.5, 10, 0.0), way("b", 0.5, 10, 0.0)], "tokens"),
        ([way("a", 0.5, 10, None), way("b", 0.5, 10, 0.1)], "tokens"),
        ([way("a", 0.5, None, None), way("b", 0.5, 10, 0.1)], "calls"),
    ],
    ids=["dollars", "free", "a price unknown", "tokens unknown"],
)
def test_what_cost_is_counted_in(records, unit):
    """Dollars if known for all and not all 0, else tokens if known for all, else calls."""
    (front,) = fronts(records)
    assert front.unit == unit
    assert front.left_out == ()


def test_unknown_is_never_free():
    """A configuration with unknown cost does not dominate as if it were free."""
    (front,) = fronts([way("secret", 0.5, None, None, calls=3), way("open", 0.5, 10, 0.1, calls=2)])
    assert front.dominated_by == {"secret scripted:m": "open scripted:m"}


def test_what_has_no_score_is_left_out():
    """A cell without a score is named, but is not on the front."""
    (front,) = fronts([way("a", 0.5), record("s", None, label="b", strategy="b", transcript=[])])
    assert (front.left_out, len(front.points)) == (("b scripted:m",), 1)


def test_what_failed_makes_nobody_cheap():
    """An answer without a score does not count in a cell's cost."""
    (front,) = fronts([way("a", 0.5, 10, calls=3), replace(way("a", 0.5, 10), sample_id="t", outcome="error")])
    assert front.points[0].spent.calls == 3


def test_votes_are_ways_too():
    """The front has the votes over control samples at their cost; a control cell costs one sample."""
    (front,) = fronts(HAND, compare_budget_matched(HAND))
    costs = {point.name: point.spent.cost_usd for point in front.points}
    assert costs == {
        "debate scripted:m": 0.75,
        "single.control=debate scripted:m": 0.25,
        "self_consistency at debate's calls scripted:m": 0.75,
        "self_consistency at debate's tokens scripted:m": 1.25,
    }


def test_tasks_have_fronts_of_their_own():
    """Each task has its own front."""
    records = [way("a", 0.5, 10), replace(way("b", 0.9, 1), task="u")]
    assert [(front.task, front.dominated_by) for front in fronts(records)] == [("t", {}), ("u", {})]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8))
def test_the_front_is_what_nobody_beats(ways):
    """A point is off the front exactly if another dominates it, and its dominator is Pareto-optimal."""
    records = [way(f"w{i}", score / 4, tokens) for i, (score, tokens) in enumerate(ways)]
    (front,) = fronts(records)
    cost = {f"w{i} scripted:m": (tokens if front.unit == "tokens" else 1) for i, (_, tokens) in enumerate(ways)}
    score = {f"w{i} scripted:m": s for i, (s, _) in enumerate(ways)}
    for name in cost:
        beaten = any(
            cost[o] <= cost[name] and score[o] >= score[name] and (cost[o], score[o]) != (cost[name], score[name])
            for o in cost
        )
        assert (name in front.dominated_by) == beaten
    assert not set(front.dominated_by.values()) & set(front.dominated_by)
