"""Plurality votes."""

from __future__ import annotations

from pytest_hiddenlayer.strategies.voting import plurality


def test_a_vote_without_answers_has_no_winner():
    """A vote without answers has no winner and no tie."""
    vote = plurality([None, None])
    assert (vote.winner, vote.votes, vote.tie) == (None, {}, False)
