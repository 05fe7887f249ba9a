"""How much of the gain voting alone explains."""

from __future__ import annotations

import pytest
from support.debates import debate

from pytest_hiddenlayer.analysis.debates.analysis import analyse_debates
from pytest_hiddenlayer.analysis.debates.text import debates_text


def gain_of(*records):
    (cell,) = analyse_debates(records)
    return cell.gain


def test_the_gain_is_the_sum_of_its_parts():
    """Round 0 is right 2/3 and its majority 1; the last majority is wrong, the judge right: 1/3 = 1/3 - 1 + 1."""
    gain = gain_of(debate("q", "aab", "bbb", final="a"))
    assert (gain.single, gain.first_majority, gain.last_majority, gain.final) == (pytest.approx(2 / 3), 1, 0, 1)
    parts = [part.mean for part in (gain.voting, gain.discussion, gain.verdict)]
    assert parts == pytest.approx([1 / 3, -1, 1])
    assert gain.gain.mean == pytest.approx(sum(parts))


def test_a_gain_by_voting_alone_has_a_share_of_one():
    """Forty questions with two of three right, and the majority as the answer: voting explains all of it."""
    gain = gain_of(*(debate(f"q{i}", "aab", "aab") for i in range(40)))
    assert gain.gain.mean == pytest.approx(1 / 3)
    assert (gain.share, gain.share_ci95) == (pytest.approx(1.0), (pytest.approx(1.0), pytest.approx(1.0)))


def test_a_gain_in_part_by_voting():
    """Twenty gain 1/3 by voting, twenty 1/2 by a judge that decides a tie: voting explains 40 %."""
    voted = [debate(f"v{i}", "aab", "aab") for i in range(20)]
    judged = [debate(f"j{i}", "aabb", "aabb", final="a") for i in range(20)]
    gain = gain_of(*voted, *judged)
    assert gain.share == pytest.approx(0.4)
    assert gain.share_ci95[0] < gain.share < gain.share_ci95[1]


def test_no_gain_has_no_share():
    """A gain whose interval contains 0 is not divided, and neither is a loss."""
    none = gain_of(*(debate(f"q{i}", "aa", "aa") for i in range(30)))
    assert (none.share, none.share_ci95) == (None, None)
    assert none.why == "no gain to divide: its interval contains 0"
    loss = gain_of(*(debate(f"q{i}", "aa", "bb") for i in range(30)))
    assert loss.why == "the debate loses accuracy: no gain to divide"


def test_an_answer_that_nobody_can_read_is_not_right():
    """A strategy that ends without a readable answer loses: its accuracy is 0, not unknown."""
    record = debate("q", "aa", "aa", final="?", changes={"outcome": "unscored"})
    assert gain_of(record).final == 0.0
    text = debates_text(analyse_debates([record]), width=200, colour=False)
    assert "1 debate ended without an answer that has a score: it is not right" in text


def test_a_failed_debate_is_left_out():
    """A debate that the budget ended is left out and counted, not wrong."""
    skipped = debate("p", "aa", "bb", changes={"outcome": "skipped"})
    (cell,) = analyse_debates([skipped, debate("q", "aa", "aa")])
    assert (cell.failed, cell.debates, cell.gain.final) == (1, 1, 1.0)
    assert analyse_debates([skipped]) == []


def test_agents_that_speak_in_turn_are_said():
    """If all but the first have read others in round 0, one answer of it is not an independent one."""
    for sequential in (True, False):
        text = debates_text(
            analyse_debates([debate("q", "ab", "aa", sequential=sequential)]), width=200, colour=False
        )
        assert ("agents speak in turn" in text) is sequential
