"""Pairs are judged in both orders, a win needs both, and an unreadable reply is never a verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from pytest_hiddenlayer.errors import ProviderError
from pytest_hiddenlayer.scorers.judge.pairwise import PairVerdict, judge_pair
from pytest_hiddenlayer.types import Completion, Message, Usage


class Judge:
    """Returns the replies of each order (role `pairwise.ab`, `pairwise.ba`), one per call; keeps the calls."""

    def __init__(self, ab: Sequence[str], ba: Sequence[str]) -> None:
        self.replies = {"pairwise.ab": list(ab), "pairwise.ba": list(ba)}
        self.calls: list[tuple[str, str, float]] = []

    async def __call__(self, prompt: Sequence[Message], *, role: str, **more: Any) -> Completion:
        self.calls.append((role, prompt[-1].content, more["defaults"].temperature))
        text = self.replies[role].pop(0)
        if text == "down":
            raise ProviderError("server said 500")
        return Completion(text=text, finish_reason="stop", usage=Usage(calls=1), latency_s=0.0, model="judge-1")


def judged(judge: Judge, a: str = "yes", b: str = "no", **more: Any) -> PairVerdict:
    return asyncio.run(judge_pair(judge, "is it?", a, b, **more))


@pytest.mark.parametrize(
    ("ab", "ba", "winner", "consistent"),
    [
        ("A", "B", "a", True),
        ("B", "A", "b", True),
        ("C", "C", "tie", True),
        ("A", "A", "tie", False),  # the first is preferred, whoever it is
        ("B", "B", "tie", False),
        ("A", "C", "tie", False),
        ("C", "A", "tie", False),
    ],
)
def test_a_win_needs_both_orders(ab, ba, winner, consistent):
    """An answer wins only if it wins in both orders; everything else is a tie."""
    verdict = judged(Judge([f"[[{ab}]]"], [f"so my verdict is [[{ba}]], for it is better."]))
    assert (verdict.winner, verdict.consistent, verdict.first, verdict.second) == (winner, consistent, ab, ba)
    assert verdict.model == "judge-1"


@pytest.mark.parametrize(
    ("ab", "ba", "explanation"),
    [
        ("A", "A", "the orders disagree: whichever answer was shown first was preferred"),
        ("B", "B", "the orders disagree: whichever answer was shown second was preferred"),
        ("A", "C", "the orders disagree: a tie in one, a in the other"),
        ("C", "A", "the orders disagree: a tie in one, b in the other"),
        ("A", "B", "a in both orders: [[A]]"),
    ],
)
def test_the_explanation_says_what_was_preferred(ab, ba, explanation):
    """The explanation of a tie by order says what each order preferred."""
    assert judged(Judge([f"[[{ab}]]"], [f"[[{ba}]]"])).explanation == explanation


def test_each_order_shows_the_other_answer_first():
    """The second call swaps only the answers."""
    judge = Judge(["[[A]]"], ["[[B]]"])
    judged(judge, "oranges", "lemons")
    (first_role, first, _), (second_role, second, _) = judge.calls
    assert (first_role, second_role) == ("pairwise.ab", "pairwise.ba")
    assert first.index("oranges") < first.index("lemons")
    assert second.index("lemons") < second.index("oranges")


def test_an_unreadable_order_is_asked_once_more():
    """A second attempt counts, and has a higher temperature and another nonce."""
    judge = Judge(["well", "[[A]]"], ["[[B]]"])
    assert judged(judge).winner == "a"
    first, second = (asked for asked in judge.calls if asked[0] == "pairwise.ab")
    assert first[2] == 0.0 < second[2]
    assert first[1] != second[1]


@pytest.mark.parametrize("reply", ["", "A", "A is better", "[[A]] or rather [[B]]", "[[D]]", "x[[A]]", "[[]]"])
def test_an_order_unreadable_twice_has_no_winner(reply):
    """A missing or conflicting verdict is not a tie: there is no winner, with the reason."""
    verdict = judged(Judge([reply] * 2, ["[[B]]"]))
    assert (verdict.winner, verdict.consistent, verdict.first, verdict.second) == (None, None, None, "B")
    assert verdict.explanation.startswith("with a first: ")


@pytest.mark.parametrize(("a", "b", "who"), [("", "x", "a"), ("x", " \n", "b"), ("", "", "a and b")])
def test_an_empty_answer_reaches_no_judge(a, b, who):
    """An empty answer makes no call and has no winner."""
    judge = Judge([], [])
    verdict = judged(judge, a, b)
    assert (verdict.winner, judge.calls) == (None, [])
    assert verdict.explanation == f"not judged: answer {who} is empty"


def test_an_outage_is_raised():
    """A failed call raises."""
    with pytest.raises(ProviderError, match="server said 500"):
        judged(Judge(["[[A]]"], ["down"]))


def test_the_reference_is_fenced():
    """The prompt contains the reference in its own fence, and only if there is one."""
    without, with_one = Judge(["[[A]]"], ["[[B]]"]), Judge(["[[A]]"], ["[[B]]"])
    judged(without)
    judged(with_one, reference="it is")
    assert "reference-" not in without.calls[0][1]
    assert "reference-" in with_one.calls[0][1]
    assert "\nit is\n" in with_one.calls[0][1]
