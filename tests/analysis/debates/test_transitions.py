"""Answers that became right, wrong, unreadable or readable."""

from __future__ import annotations

import pytest
from support.debates import debate

from pytest_hiddenlayer.analysis.debates.analysis import analyse_debates


def transitions(*records) -> dict[int | None, object]:
    (cell,) = analyse_debates(records)
    return {one.after: one for one in cell.transitions}


def counts(one) -> tuple[int, ...]:
    return one.wrong_right, one.right_wrong, one.stayed_right, one.stayed_wrong


def test_changes_are_counted_by_round_and_over_all():
    """Into round 1: one corrected, one misled, one kept right, one kept wrong; into round 2 nothing changes."""
    found = transitions(debate("q", "baab", "abab", "abab"))
    assert counts(found[1]) == (1, 1, 1, 1)
    assert counts(found[2]) == (0, 0, 2, 2)
    assert counts(found[None]) == (1, 1, 3, 3)
    assert (found[1].changed.mean, found[1].gained.mean, found[1].net.difference) == (0.5, 0.25, 0.0)


def test_unreadable_answers_appear_and_vanish():
    """Right → unreadable is right → wrong, and counted apart; unreadable → right likewise."""
    found = transitions(debate("q", "a?b", "?ab"))[1]
    assert counts(found) == (1, 1, 0, 1)
    assert (found.appeared, found.vanished, found.appeared_right, found.vanished_right) == (1, 1, 1, 1)
    assert found.changed.n == 1  # of the readable pairs


def test_an_agent_that_was_silent_continues_from_its_last_answer():
    """Agent 2 is silent in round 1: its change into round 2 is from its answer of round 0."""
    found = transitions(debate("q", "ab", "a.", "aa"))
    assert counts(found[1]) == (0, 0, 1, 0)
    assert counts(found[2]) == (1, 0, 1, 0)


def test_one_answer_per_question_is_tested_by_mcnemar():
    """Six questions of one agent that turn wrong: one-sided p of 2^-6."""
    found = transitions(*(debate(f"q{i}", "a", "b") for i in range(6)))
    assert found[1].net.method == "exact one-sided McNemar"
    assert found[1].net.p_worse == pytest.approx(1 / 64)


def test_agents_of_a_question_are_one_cluster():
    """Six agents of one question that turn wrong together are one flip: no evidence."""
    net = transitions(debate("q", "aaaaaa", "bbbbbb"))[1].net
    assert (net.n_groups, net.p_worse, net.ci95) == (1, 0.5, None)


def test_without_a_right_answer_changes_are_still_counted():
    """No target: half of the answers changed, and no count of right or wrong."""
    found = transitions(debate("q", "ab", "aa", gold=None))[1]
    assert (found.changed.mean, found.scored, found.net) == (0.5, 0, None)
