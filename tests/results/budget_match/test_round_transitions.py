"""Transitions between the rounds of a debate."""

from __future__ import annotations

import pytest
from support.control_records import debated, rounds

from pytest_hiddenlayer.results.budget_match.round_transitions import round_transitions


def test_flips_by_hand():
    """Two debates of three agents: every transition counted by hand, for agents, majority and verdict."""
    records = [
        debated("s", 1.0, answer_metadata=rounds("wr", "rr", "ww")),  # majority w → r; verdict right
        debated("t", 0.0, answer_metadata=rounds("rw", "rr", "w-")),  # majority r → tie, first seen w; verdict wrong
    ]
    agents, majority, verdict = round_transitions(records)
    assert (agents.who, agents.before, agents.after, agents.n, agents.left_out) == ("agents", 0, 1, 5, 1)
    assert (agents.wrong_right, agents.right_wrong, agents.stayed_right, agents.stayed_wrong) == (1, 1, 2, 1)
    assert agents.net.n_groups == 2
    assert (majority.who, majority.n, majority.wrong_right, majority.right_wrong) == ("majority", 2, 1, 1)
    assert (verdict.who, verdict.n, verdict.stayed_right, verdict.stayed_wrong) == ("verdict", 2, 1, 1)
    assert agents.gained.mean == pytest.approx(1 / 5)
    assert majority.net.difference == 0.0


def test_flips_of_several_rounds():
    """Each transition has its own counts; a debate that ended early counts in its rounds only."""
    records = [
        debated("s", 1.0, answer_metadata=rounds("wrr", "wwr")),
        debated("t", 1.0, answer_metadata=rounds("wr", "rr")),
    ]
    found = [(f.who, f.before, f.after, f.n, f.wrong_right) for f in round_transitions(records)]
    assert found == [
        ("agents", 0, 1, 4, 2),
        ("agents", 1, 2, 2, 1),
        ("majority", 0, 1, 2, 2),
        ("majority", 1, 2, 1, 0),
        ("verdict", None, None, 2, 0),
    ]


def test_a_vote_can_break_what_the_agents_knew():
    """The majority is by answer: two equal wrong answers outvote the right one."""
    notes = rounds("ww", "rr", "rw", answers=("xx", "yy", "yx"))
    _, majority, _ = round_transitions([debated("s", 1.0, answer_metadata=notes)])
    assert (majority.right_wrong, majority.n) == (1, 1)


def test_flips_of_one_group_are_one_cluster():
    """Samples of a group are one cluster of their transitions."""
    agents, _, _ = round_transitions(
        [debated(name, 1.0, group="g", answer_metadata=rounds("wr", "rr")) for name in "st"]
    )
    assert agents.net.n_groups == 1


def test_flips_without_any_round():
    """Records without scores by round, and rounds without any score, have no transitions."""
    assert round_transitions([debated("s", 1.0)]) == []
    assert round_transitions([debated("s", None, answer_metadata=rounds("--", "--"))]) == []
