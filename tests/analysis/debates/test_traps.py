"""The numbers that known scoring mistakes would report, and which of them reproduce recorded verdicts."""

from __future__ import annotations

import pytest
from support.debates import debate

from pytest_hiddenlayer.analysis.debates.analysis import analyse_debates
from pytest_hiddenlayer.analysis.debates.text import debates_text
from pytest_hiddenlayer.analysis.debates.traps import RULES
from pytest_hiddenlayer.analysis.debates.turns import debates_of

NAMES_ANSWERS = debate("other", "a", "a")
FOUR = ("w", "x", "y", "z")


def reported(record) -> dict[str, float | None]:
    """Rule → what it reports for one question, of a cell whose scorer names answers."""
    (found,) = (d for d in debates_of([record, NAMES_ANSWERS]).debates if d.sample_id == record.sample_id)
    return {name: rule(found) for name, rule in RULES.items()}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        # a is right; two wrong answers win, although one agent is right
        ("abb", {"majority": 0, "any agent right": 1, "all agents right": 0, "first agent": 1, "last agent": 0,
                 "tie: first seen": 0, "unreadable votes, right if it wins": 0}),
        # a tie of a and b: 1/2, and by order 1 or 0
        ("ab", {"majority": 0.5, "tie: first seen": 1, "tie: last seen": 0}),
        # two unreadable answers win over one readable wrong one
        ("b??", {"majority": 0, "unreadable votes, right if it wins": 1, "first agent": 0, "last agent": 0}),
        ("???", {"majority": 0, "any agent right": 0, "unreadable votes, right if it wins": 1}),
        # one unreadable answer loses
        ("aa?", {"majority": 1, "all agents right": 0, "unreadable votes, right if it wins": 1, "last agent": 0}),
    ],
)  # fmt: skip
def test_each_rule_by_hand(answers, expected):
    """Each rule reports what its definition says."""
    found = reported(debate("q", answers, answers))
    assert {name: found[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("answers", "chance"),
    [
        ("a", 1.0),  # nothing is unreadable
        ("?", 1 / 4),  # one random choice of four
        ("a?", 5 / 8),  # a again 1/4 · 1, another 3/4 · a tie of two
        ("b?", 1 / 8),  # right 1/4 · a tie of two
        ("aa?", 1.0),  # one random vote cannot win against two
        ("bb?", 0.0),
        (
            "b??",
            1 / 16 + 2 * 1 / 16 * 0 + 4 / 16 * 1 / 3,
        ),  # both right: 1/16; right and another of two: a tie of three
    ],
)
def test_a_random_choice_for_an_unreadable_answer(answers, chance):
    """The expectation over all random choices among four, with ties at random."""
    found = reported(debate("q", answers, answers, choices=FOUR))
    assert found["unreadable is a random choice"] == pytest.approx(chance)


def test_without_choices_a_random_choice_is_unknown():
    """Nobody knows among how many answers a random one would be drawn."""
    assert reported(debate("q", "a?", "a?"))["unreadable is a random choice"] is None


def test_whole_texts_let_the_first_win_unless_two_are_equal():
    """Three texts, all different: the first, wrong, wins over two right ones; if the two are equal, they win."""
    apart = debate("q", "baa", "baa", texts=[["1", "2", "3"]] * 2)
    equal = debate("q", "baa", "baa", texts=[["1", "2", "2"]] * 2)
    assert (reported(apart)["whole texts"], reported(apart)["majority"]) == (0.0, 1.0)
    assert reported(equal)["whole texts"] == 1.0


def test_the_rules_of_a_cell_are_paired_with_its_majority():
    """Two questions: any agent right reports 1, the majority 1/2; the difference is 1/2 over the same questions."""
    (cell,) = analyse_debates([debate("p", "abb", "abb"), debate("q", "aab", "aab")])
    rules = {rule.rule: rule for rule in cell.rules}
    assert (rules["majority"].accuracy.mean, rules["any agent right"].accuracy.mean) == (0.5, 1.0)
    assert (rules["any agent right"].difference.mean, rules["majority"].difference) == (0.5, None)


def test_questions_left_out_raise_the_accuracy():
    """One right and one unreadable question: 1/2, and 1 over the readable one; without an interval."""
    (cell,) = analyse_debates([debate("p", "aab", "aab"), debate("q", "a??", "???")])
    rule = next(rule for rule in cell.rules if rule.rule == "unreadable questions left out")
    assert (rule.n, rule.accuracy.mean) == (1, 1.0)
    assert (rule.difference.mean, rule.difference.ci95) == (0.5, None)


def verdicts(*records):
    (cell,) = analyse_debates(records)
    return {one.rule: one for one in cell.verdicts}


def test_the_rule_that_made_the_verdicts_reproduces_them():
    """Verdicts of `any agent right` are reproduced by that rule alone; the majority disagrees where it is wrong."""
    records = [
        debate("p", "bab", "bab", recorded_verdict=True),
        debate("q", "aab", "aab", recorded_verdict=True),
        debate("r", "bbb", "bbb", recorded_verdict=False),
        debate("s", "bb?", "bb?", recorded_verdict=False),
    ]
    found = verdicts(*records)
    assert [name for name in RULES if found[name].reproduces_all] == ["any agent right"]
    assert (found["majority"].agrees, found["majority"].disagrees, found["majority"].examples) == (3, 1, ("p",))


def test_unreadable_counted_right_is_recognized():
    """A verdict of right on a debate in which nobody gave a readable answer."""
    found = verdicts(
        debate("p", "a??", "a??", recorded_verdict=True),
        debate("q", "bb?", "bb?", recorded_verdict=False),
        debate("r", "???", "???", recorded_verdict=True),
        debate("s", "aa?", "aa?", recorded_verdict=True),
    )
    assert [name for name in RULES if found[name].reproduces_all] == ["unreadable votes, right if it wins"]


def test_verdicts_without_the_right_answer_can_still_contradict():
    """Right, with nothing readable: no answer is possible under the majority, one is if unreadable is right.

    Two debates on one question, both `b`, one judged right and one wrong: no rule of one answer can do that.
    """
    silent = debate("p", "???", "???", gold=None, recorded_verdict=True)
    one = debate("q", "bb", "bb", gold=None, recorded_verdict=True)
    other = debate("q", "bb", "bb", gold=None, recorded_verdict=False, changes={"epoch": 2})
    found = verdicts(silent, one, other)
    assert (found["majority"].questions, found["majority"].contradicted) == (0, 2)
    assert found["unreadable votes, right if it wins"].examples == ("q",)


def test_all_choices_given_and_judged_wrong_is_not_any_agent_right():
    """Four agents give all four choices, and the verdict is wrong: one of them was right."""
    record = debate("q", "abcd", "abcd", gold=None, choices=FOUR, recorded_verdict=False)
    found = verdicts(record)
    assert (found["any agent right"].contradicted, found["majority"].contradicted) == (1, 0)


def test_a_cell_says_which_rule_made_its_verdicts():
    """All verdicts reproduced by one rule are said in words; otherwise the closest rule is."""
    records = [debate("p", "bab", "bab", recorded_verdict=True), debate("q", "bbb", "bbb", recorded_verdict=False)]
    text = debates_text(analyse_debates(records), width=200, colour=False)
    assert "every verdict is reproduced by: any agent right" in text
    text = debates_text(
        analyse_debates([*records, debate("r", "bbb", "bbb", recorded_verdict=True)]), width=200, colour=False
    )
    assert "no rule reproduces every verdict; closest: any agent right, 2 of 3" in text


def test_a_rule_that_ties_leave_open_is_not_refuted():
    """Verdicts by the majority with ties broken at random: no rule of order gives them, and the majority may."""
    records = [
        debate("p", "ab", "ab", recorded_verdict=False),
        debate("q", "ab", "ab", recorded_verdict=True),
        debate("r", "ba", "ba", recorded_verdict=True),
        debate("s", "aab", "aab", recorded_verdict=True),
        debate("t", "bba", "bba", recorded_verdict=False),
        debate("u", "b??", "b??", recorded_verdict=False),
    ]
    text = debates_text(analyse_debates(records), width=200, colour=False)
    assert "contradicted by no verdict: majority (3 left to chance or unknown)" in text
    assert "closest" not in text


def test_a_debate_of_one_round_has_no_change_to_bound():
    """The first round is the last: nothing is said of a difference."""
    assert list(bounds(debate("q", "ab", gold=None, recorded_verdict=True))) == [0]


def bounds(*records) -> dict[int | None, tuple]:
    (cell,) = analyse_debates(records)
    return {one.round: (one.agents, one.majority) for one in cell.bounds}


def test_verdicts_bound_the_accuracy_by_round():
    """Right, so `a` is right: 2/3 of round 0. Wrong, so `b` is not: `a`, of one agent in round 0, may be right."""
    right = debate("p", "aab", "aaa", gold=None, recorded_verdict=True)
    assert bounds(right)[0] == (pytest.approx((2 / 3, 2 / 3)), (1.0, 1.0))
    wrong = debate("q", "abb", "bbb", gold=None, recorded_verdict=False)
    assert bounds(wrong)[0] == (pytest.approx((0, 1 / 3)), (0.0, 0.0))
    assert bounds(wrong)[None] == (pytest.approx((-1 / 3, 0)), (0.0, 0.0))
    both = bounds(right, wrong)
    assert both[1] == ((0.5, 0.5), (0.5, 0.5))


def test_bounds_hold_for_every_right_answer():
    """Whatever answer is right, the accuracy of each round lies within the bounds of its verdict."""
    rounds = ("abc", "abb")
    for gold in "abcd":
        found = bounds(debate("q", *rounds, gold=None, recorded_verdict=gold == "b"))
        for number, letters in enumerate(rounds):
            low, high = found[number][0]
            assert low - 1e-9 <= letters.count(gold) / 3 <= high + 1e-9


def test_known_right_answers_need_no_bounds():
    """Bounds are for questions whose right answer is not known."""
    assert bounds(debate("p", "aab", "aaa", recorded_verdict=True)) == {}
