"""Who persuades whom, and how often agents follow the majority that they read."""

from __future__ import annotations

import random

import pytest
from support.debates import debate

from pytest_hiddenlayer.analysis.debates.analysis import analyse_debates


def cell_of(*records):
    (cell,) = analyse_debates(records)
    return cell


def pairs(found) -> dict[tuple[str, str], tuple[int, int]]:
    """(source, reader) → (persuaded, opportunities), agents by their number."""
    return {(p.source[-1], p.reader[-1]): (p.persuaded, p.opportunities) for p in found}


def test_an_agent_that_takes_over_an_answer_that_it_read_was_persuaded():
    """Agent 3 takes over `a` of agents 1 and 2: persuaded by both; neither of them was persuaded by it."""
    found = cell_of(debate("q", "aab", "aaa")).persuasion
    assert pairs(found.agents) == {("1", "3"): (1, 1), ("2", "3"): (1, 1), ("3", "1"): (0, 1), ("3", "2"): (0, 1)}
    assert (found.total.persuaded, found.total.opportunities, found.total.rate.mean) == (2, 4, 0.5)
    assert (found.followed, found.invented) == (1, 0)


def test_right_to_wrong_and_wrong_to_right_are_distinguished():
    """Agent 2 is corrected in one debate, and agent 1 is misled in another."""
    total = cell_of(debate("p", "ab", "aa"), debate("q", "ab", "bb")).persuasion.total
    assert (total.wrong_right, total.right_wrong, total.wrong_wrong, total.unknown) == (1, 1, 0, 0)
    unscored = cell_of(debate("p", "ab", "aa", gold=None)).persuasion.total
    assert (unscored.persuaded, unscored.unknown) == (1, 1)


def test_a_new_answer_is_no_persuasion():
    """Agent 2 changes to `c`, which nobody held."""
    found = cell_of(debate("q", "ab", "ac")).persuasion
    assert (found.total.persuaded, found.followed, found.invented) == (0, 0, 1)


def test_swapped_answers_are_two_persuasions():
    """Both agents take over the other's answer of the round before."""
    assert cell_of(debate("q", "ab", "ba")).persuasion.total.persuaded == 2


def test_the_answer_just_before_counts():
    """Agent 1 held `b` two rounds before, not just before: agent 2, back at `b`, was not persuaded."""
    found = cell_of(debate("q", "bc", "ac", "ab")).persuasion
    assert (found.total.persuaded, found.invented) == (0, 2)


def test_unreadable_answers_persuade_nobody():
    """An unreadable answer is no opportunity, and neither is an agent without an answer of its own."""
    assert cell_of(debate("q", "a?", "aa")).persuasion.total.opportunities == 0


def test_only_those_that_were_read_persuade():
    """In a ring agent 3 reads only agent 2, whose answer it keeps to; agent 1 is no opportunity."""
    reads = {"agent-1": ["agent-3"], "agent-2": ["agent-1"], "agent-3": ["agent-2"]}
    found = cell_of(debate("q", "abb", "aba", reads=reads)).persuasion
    assert pairs(found.agents) == {("1", "2"): (0, 1), ("3", "1"): (0, 1)}
    assert found.invented == 1  # agent 3 did not read `a`


def test_agents_that_speak_in_turn_read_the_round_before_them():
    """Agent 2 takes over what agent 1 has just said in the same round; at the same time it could not have read it."""
    in_turn = cell_of(debate("q", "cb", "aa", sequential=True)).persuasion
    together = cell_of(debate("q", "cb", "aa")).persuasion
    assert (in_turn.total.persuaded, in_turn.followed, in_turn.invented) == (1, 1, 1)
    assert (together.total.persuaded, together.followed, together.invented) == (0, 0, 2)


def test_models_persuade_each_other():
    """With two models there is a matrix of models; with one there is none."""
    mixed = cell_of(debate("q", "ab", "aa", models=["big", "small"])).persuasion
    assert [(one.source, one.reader, one.persuaded) for one in mixed.models] == [
        ("big", "small", 1),
        ("small", "big", 0),
    ]
    assert cell_of(debate("q", "ab", "aa")).persuasion.models == ()


def rows(*records) -> dict[tuple[int | None, str | None], tuple[int, float, float, float]]:
    """(size, kind of majority) → (times, followed, kept, other)."""
    return {
        (row.size, row.majority): (row.n, row.conformed.mean, row.kept.mean, row.other.mean)
        for row in cell_of(*records).conformity
    }


def test_conformity_by_size_and_by_the_majority_being_right():
    """One follows a right majority of two; one keeps to its answer against a wrong one of two."""
    found = rows(debate("p", "aab", "aaa"), debate("q", "bba", "bba"))
    assert found[None, None] == (2, 0.5, 0.5, 0.0)
    assert found[2, "right"] == (1, 1.0, 0.0, 0.0)
    assert found[2, "wrong"] == (1, 0.0, 1.0, 0.0)


def test_a_third_answer_is_neither_following_nor_keeping():
    """Agent 3 reads two `a` and answers `c`; unreadable would be the same."""
    assert rows(debate("q", "aab", "aac"))[None, None] == (1, 0.0, 0.0, 1.0)
    assert rows(debate("q", "aab", "aa?"))[None, None] == (1, 0.0, 0.0, 1.0)


def test_a_tie_is_no_majority():
    """Agent 3 reads `a` and `b`, and each of the others reads a tie or agrees: nobody faces a majority."""
    assert rows(debate("q", "abc", "abc")) == {}


def test_stubbornness_and_importance_of_agents():
    """Agent 1 keeps its right answer; agent 2 gives its wrong one up. Without agent 1 the last majority is a tie."""
    one, two, three = cell_of(debate("q", "abb", "aab")).agents
    assert (one.kept.mean, one.kept_right.mean, one.kept_wrong.mean) == (1.0, 1.0, None)
    assert (two.kept.mean, two.kept_wrong.mean, two.first.mean, two.last.mean) == (0.0, 0.0, 0.0, 1.0)
    assert one.importance.mean == pytest.approx(1 - 1 / 2)  # aab against ab
    assert three.importance.mean == 0.0  # aab against aa
    assert [agent.agrees_with_final.mean for agent in (one, two, three)] == [1.0, 1.0, 0.0]


def test_what_chance_would_do_comes_from_third_agents():
    """Agent 2 takes over `a` of agent 1; of the two others one began with `a`: chance 1/2, 1/2 more than that."""
    found = cell_of(debate("q", "abac", "aaac")).persuasion
    (pair,) = (one for one in found.agents if (one.source, one.reader) == ("agent-1", "agent-2"))
    assert (pair.rate.mean, pair.chance, pair.excess.mean) == (1.0, 0.5, 0.5)
    in_turn = cell_of(debate("q", "abac", "aaac", sequential=True)).persuasion
    assert in_turn.total.chance is None
    (alone,) = (one for one in cell_of(debate("q", "ab", "aa")).persuasion.agents if one.persuaded)
    assert (alone.chance, alone.excess.mean) == (None, None)


def test_independent_answers_persuade_nobody():
    """Agents that answer again without reading change to others' answers often, but not more than by chance."""
    drawn = random.Random(0)
    records = [
        debate(f"q{i}", *("".join(drawn.choice("aaabc") for _ in range(4)) for _ in range(3))) for i in range(150)
    ]
    total = cell_of(*records).persuasion.total
    assert total.rate.mean > 0.25
    assert total.excess.ci95[0] < 0 < total.excess.ci95[1]
