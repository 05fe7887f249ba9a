"""The group-sequential test: its decisions and its errors."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_hiddenlayer.stats.sequential.group_sequential import decide


def answered(change: float, n: int, looks: int = 1, old: float = 0.5) -> tuple[list[list[float]], list[list[float]]]:
    """(old, new): n samples with one old answer each, and the same change in every new epoch."""
    return [[old]] * n, [[old + change] * looks] * n


def wrong_and_same(n_wrong: int, n_same: int, looks: int) -> tuple[list[list[float]], list[list[float]]]:
    """Right before, with as many answers as now; `n_wrong` samples are wrong now."""
    return [[1.0] * looks] * (n_wrong + n_same), [[0.0] * looks] * n_wrong + [[1.0] * looks] * n_same


def test_a_clear_loss_is_decided_at_once():
    """Forty of forty newly wrong are a regression at the first look."""
    found = decide(*answered(-1.0, 40, old=1.0), planned=5)
    assert (found.verdict, found.look) == ("regressed", 1)
    assert found.p <= found.alpha_spent == pytest.approx(0.05 / 25)


def test_a_clear_gain_is_decided_at_once():
    """Forty of forty newly right are an improvement."""
    assert decide(*answered(1.0, 40, old=0.0), planned=5).verdict == "improved"


def test_five_flips_wait_for_the_last_look():
    """Five against none (p = 1/32) is above the α of the first three looks (0.018), and below that of the fourth."""
    assert decide(*wrong_and_same(5, 20, 3), planned=5) is None
    assert decide(*wrong_and_same(5, 20, 4), planned=5).look == 4
    assert decide(*wrong_and_same(5, 20, 1), planned=1).look == 1


def test_a_decision_stays_the_first():
    """Later looks do not change what an earlier one decided."""
    old, new = answered(-1.0, 40, old=1.0)
    assert decide(old, [[*answers, 1.0] for answers in new], planned=5).look == 1


def test_same_needs_enough_answers():
    """Equal answers of 2 000 samples are the same within 5 points; those of 20 are not."""
    assert decide(*answered(0.0, 2000), planned=2).verdict == "same"
    assert decide(*answered(0.0, 20), planned=2) is None


def test_a_margin_tolerates():
    """A loss of 10 points is not beyond a margin of 20."""
    assert decide(*answered(-0.1, 60), planned=1).verdict == "regressed"
    found = decide(*answered(-0.1, 60), planned=1, margin=0.2)
    assert found is None or found.verdict == "same"


def test_clusters_count_once():
    """Forty newly wrong answers in two clusters decide nothing."""
    assert decide(*answered(-1.0, 40, old=1.0), [f"g{i % 2}" for i in range(40)], planned=2) is None


def test_the_same_input_gives_the_same_decision():
    """The flips are seeded."""
    old, new = [[0.7]] * 8, [[0.1] * 3, [0.9] * 3, [0.4] * 3, [0.8] * 3, [0.3] * 3, [0.5] * 3, [0.7] * 3, [0.0] * 3]
    assert decide(old, new, planned=3) == decide(old, new, planned=3)


def test_lost_answers_do_not_count():
    """A sample's difference at a look is that of its scored answers; without any loss it is the same decision."""
    old, new = answered(-1.0, 40, looks=3, old=1.0)
    lost = [[answers[0], None, answers[2]] for answers in new]
    assert decide(old, lost, planned=3).look == decide(old, new, planned=3).look == 1


@pytest.mark.parametrize(("epochs", "lost"), [(1, 0.0), pytest.param(5, 0.0, marks=pytest.mark.slow), (1, 0.4)])
def test_partial_scores_keep_alpha(epochs, lost):
    """Over 300 reruns of partial scores against one or five old epochs, at most 7.5 % are called worse."""
    random, alarms = np.random.default_rng(2), 0
    for _ in range(300):
        chances = random.beta(8, 1, size=30)
        drawn = random.binomial(4, chances[:, None], size=(30, epochs + 5)) / 4
        kept = random.random((30, 5)) >= lost
        kept[:, 0] = True
        new = [
            [float(v) if k else None for v, k in zip(*row, strict=True)]
            for row in zip(drawn[:, epochs:], kept, strict=True)
        ]
        found = decide(drawn[:, :epochs].tolist(), new, planned=5)
        alarms += found is not None and found.verdict == "regressed"
    assert alarms / 300 <= 0.075


@pytest.mark.parametrize(
    ("old", "new", "groups", "planned", "alpha"),
    [
        ([], [], None, 2, 0.05),
        ([[0.1], [0.1]], [[0.1], [0.1, 0.2]], None, 2, 0.05),
        ([[0.1]], [[0.1] * 3], None, 2, 0.05),
        ([[0.1]], [[0.1]], ["a", "b"], 2, 0.05),
        ([[0.1]], [[0.1]], None, 2, 0.0),
        ([[0.1]], [[2.0]], None, 2, 0.05),
        ([[]], [[0.1]], None, 2, 0.05),
        ([[0.1]], [[None]], None, 2, 0.05),
    ],
)
def test_what_does_not_fit_is_refused(old, new, groups, planned, alpha):
    """No sample, unequal or too many epochs, other groups, a wrong α or score, and no first score raise."""
    with pytest.raises(ValueError, match=r"sample|epochs|alpha|lie"):
        decide(old, new, groups, planned=planned, alpha=alpha)
