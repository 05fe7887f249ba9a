"""Attempts of one agent, as in a log of reflexion: success by trial, and no words about votes."""

from __future__ import annotations

from support.debates import debate

from pytest_hiddenlayer.analysis.debates.analysis import analyse_debates
from pytest_hiddenlayer.analysis.debates.text import debates_text


def tables(*records) -> str:
    return debates_text(analyse_debates(records), width=200, colour=False)


def test_success_by_trial_is_the_accuracy_carried_forward():
    """One of four is solved at once, another at the third attempt: 0.25, 0.25 and 0.50."""
    text = tables(
        debate("p", "a"), debate("q", "b", "b", "a"), debate("r", "b", "b", "b"), debate("s", "b", "b", "b")
    )
    assert "4 records of one agent, up to 3 rounds" in text
    carried = text.split("keep their last answers\n")[1].splitlines()[1:4]
    assert [row.split()[2] for row in carried] == ["0.25", "0.25", "0.50"]


def test_nothing_is_said_of_votes_or_traps():
    """One agent has no majority: no gain by voting, no scoring rules, no table of rules for its verdicts."""
    text = tables(debate("p", "b", "a", recorded_verdict=True), debate("q", "b", "b", recorded_verdict=False))
    for words in ("majority", "voting", "scoring rules", "reproduce"):
        assert words not in text
    assert "wrong→right" in text


def test_attempts_that_end_when_they_are_right_can_only_rise():
    """A log that stops at the first right answer is said to be one; a right answer that is tried again is none."""
    solved = [debate(name, "b", "a") for name in "pq"]
    assert "accuracy can only rise" in tables(*solved, debate("r", "a"))
    assert "accuracy can only rise" not in tables(*solved, debate("r", "a", "a"))
    assert "accuracy can only rise" not in tables(debate("r", "ab", "ab"), debate("s", "bb", "aa"))
