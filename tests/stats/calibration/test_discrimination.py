"""Discrimination within a question, by hand."""

from __future__ import annotations

import pytest
from scipy import stats

from pytest_hiddenlayer.stats.calibration.calibration import calibration
from pytest_hiddenlayer.stats.calibration.discrimination import within_question


def test_pairs_of_one_question_count():
    """Question a: 2 pairs, 1 won, 1 tied; b: 1 pair lost; c has no wrong answer. (1 + ½ + 0) / 3 = ½."""
    found = within_question(
        [0.9, 0.5, 0.5, 0.1, 0.3, 0.7],
        [True, True, False, True, False, True],
        ["a", "a", "a", "b", "b", "c"],
    )
    assert found.mean == pytest.approx(0.5)
    assert found.n == 2


def test_without_pairs_it_is_unknown():
    """Answers to different questions are no pair, however different their confidences are."""
    assert within_question([0.9, 0.1], [True, False], ["a", "b"]) is None


@pytest.mark.parametrize("n", [2, 5, 40])
def test_a_perfect_order_has_an_interval(n):
    """If all pairs are won, the interval is that of n of n questions, and shrinks with n; if lost, mirrored."""
    questions = [str(i // 2) for i in range(2 * n)]
    won = within_question([0.9, 0.1] * n, [True, False] * n, questions)
    lost = within_question([0.1, 0.9] * n, [True, False] * n, questions)
    t = stats.t.ppf(0.975, n - 1)
    assert won.ci95 == pytest.approx((n / (n + t * t), 1.0))
    assert lost.ci95 == pytest.approx((0.0, t * t / (n + t * t)))


def test_one_question_has_no_interval():
    """A single question, or a single group of questions, says nothing about others."""
    assert within_question([0.9, 0.1], [True, False], ["a", "a"]).ci95 is None
    grouped = within_question([0.9, 0.1] * 3, [True, False] * 3, list("aabbcc"), ["g"] * 6)
    assert (grouped.mean, grouped.ci95) == (1.0, None)


def test_questions_without_pairs_change_nothing():
    """A question that is always right adds no information."""
    base = within_question([0.9, 0.1, 0.2, 0.8], [True, False, True, False], ["a", "a", "b", "b"])
    more = within_question([0.9, 0.1, 0.2, 0.8, 0.5], [True, False, True, False, True], ["a", "a", "b", "b", "c"])
    assert base == more
    assert base.mean == 0.5


def test_only_order_counts_without_bounds():
    """An unbounded measure has AUROC, AURC and WQD of its order, and neither ECE nor Brier score."""
    right, questions = [True, False, True, False], ["a", "a", "b", "b"]
    bounded = calibration([0.9, 0.1, 0.6, 0.7], right, questions=questions)
    unbounded = calibration([90.0, -10.0, 60.0, 70.0], right, questions=questions, bounded=False)
    assert (unbounded.auroc.mean, unbounded.aurc.mean) == (bounded.auroc.mean, bounded.aurc.mean)
    assert unbounded.wqd.mean == bounded.wqd.mean == 0.5
    assert (unbounded.ece, unbounded.brier, unbounded.bins) == (None, None, ())
