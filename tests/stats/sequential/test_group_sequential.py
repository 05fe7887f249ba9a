"""The group-sequential test: its decisions and its errors."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.stats.sequential.group_sequential import decide


def test_a_clear_loss_is_decided_at_once():
    """Forty of forty newly wrong are a regression at the first look."""
    found = decide([[-1.0] * 40], planned=5)
    assert (found.verdict, found.look) == ("regressed", 1)
    assert found.p <= found.alpha_spent == pytest.approx(0.05 / 25)


def test_a_clear_gain_is_decided_at_once():
    """Forty of forty newly right are an improvement."""
    assert decide([[1.0] * 40], planned=5).verdict == "improved"


def test_five_flips_wait_for_the_last_look():
    """Five against none (p = 1/32) is above the α of the first three looks (0.018), and below that of the fourth."""
    flips = [-1.0] * 5 + [0.0] * 20
    assert decide([flips] * 3, planned=5) is None
    assert decide([flips] * 4, planned=5).look == 4
    assert decide([flips], planned=1).look == 1


def test_a_decision_stays_the_first():
    """Later looks do not change what an earlier one decided."""
    assert decide([[-1.0] * 40, [0.0] * 40], planned=5).look == 1


def test_same_needs_a_narrow_interval():
    """Equal answers of 2 000 samples are the same within 5 points; those of 20 are not."""
    assert decide([[0.0] * 2000], planned=2).verdict == "same"
    assert decide([[0.0] * 20], planned=2) is None


def test_a_margin_tolerates():
    """A loss of 10 points is not beyond a margin of 20."""
    looks = [[-0.1] * 60]
    assert decide(looks, planned=1).verdict == "regressed"
    found = decide(looks, planned=1, margin=0.2)
    assert found is None or found.verdict == "same"


def test_clusters_count_once():
    """Forty newly wrong answers in two clusters decide nothing."""
    assert decide([[-1.0] * 40], [f"g{i % 2}" for i in range(40)], planned=2) is None


def test_the_same_input_gives_the_same_decision():
    """The flips are seeded."""
    looks = [[-0.6, 0.2, -0.3, 0.1, -0.4, -0.2, 0.0, -0.7]] * 3
    assert decide(looks, planned=3) == decide(looks, planned=3)


@pytest.mark.parametrize(
    ("looks", "groups", "planned", "alpha"),
    [([], None, 2, 0.05), ([[0.1], [0.1, 0.2]], None, 2, 0.05), ([[0.1]] * 3, None, 2, 0.05),
     ([[0.1]], ["a", "b"], 2, 0.05), ([[0.1]], None, 2, 0.0), ([[2.0]], None, 2, 0.05)],
)  # fmt: skip
def test_what_does_not_fit_is_refused(looks, groups, planned, alpha):
    """No look, looks of different lengths, too many looks, groups of another length, a wrong α or score raise."""
    with pytest.raises(ValueError, match=r"look|alpha|lie|planned"):
        decide(looks, groups, planned=planned, alpha=alpha)
