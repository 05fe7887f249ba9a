"""Paired comparisons: against hand-computed cases, other libraries and known limits."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.api import OLS
from statsmodels.stats.multitest import multipletests

from pytest_hiddenlayer.stats.estimate.clusters import clustered_stderr, clusters
from pytest_hiddenlayer.stats.paired.compare import compare_pairs
from pytest_hiddenlayer.stats.paired.holm import holm
from pytest_hiddenlayer.stats.paired.power import Sensitivity, mcnemar_power, sensitivity
from pytest_hiddenlayer.stats.paired.sign_flip import sign_flip_test

SCORES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40)


def enumerated(sums: list[float]) -> tuple[float, float]:
    """(p low, p high) over all sign vectors, one by one."""
    totals = [
        sum(s * v for s, v in zip(signs, sums, strict=True)) for signs in itertools.product((-1, 1), repeat=len(sums))
    ]
    ours = sum(sums)
    low = sum(total <= ours + 1e-9 for total in totals) / len(totals)
    return low, sum(total >= ours - 1e-9 for total in totals) / len(totals)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=10))
def test_the_convolution_is_the_enumeration(sums):
    """Whole sums of clusters: the exact p-values are those of counting every sign vector."""
    assert sign_flip_test([float(s) for s in sums])[:2] == pytest.approx(enumerated(sums))


@given(st.lists(st.sampled_from([-1.0, -0.75, -0.25, 0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=10))
def test_means_over_epochs_lie_on_a_grid(sums):
    """Quarters are exact too."""
    low, high, method = sign_flip_test(sums)
    assert (low, high) == pytest.approx(enumerated(sums))
    assert "exact" in method


def test_random_flips_come_near_the_exact_value():
    """Sums that lie on no grid use 20 000 draws: p is within 0.01 of the enumeration, and never 0."""
    sums = list(np.random.default_rng(3).normal(0.2, 1, size=16))
    low, high, method = sign_flip_test(sums)
    assert "20000 draws" in method
    assert (low, high) == pytest.approx(enumerated(sums), abs=0.01)
    assert sign_flip_test([math.pi] * 40)[1] == pytest.approx(1 / 20001)


@given(st.integers(0, 60), st.integers(0, 60))
def test_singletons_are_mcnemar(wrong, right):
    """Without clusters the sign-flip test of right/wrong answers is the exact binomial."""
    n = wrong + right
    low, high, _ = sign_flip_test([-1.0] * wrong + [1.0] * right)
    assert low == pytest.approx(binomtest(wrong, n, alternative="greater").pvalue if n else 1.0)
    assert high == pytest.approx(binomtest(right, n, alternative="greater").pvalue if n else 1.0)


@given(SCORES)
def test_every_comparison_is_finite(pairs):
    """For any scores p lies in [0, 1], and the interval lies in [-1, 1] and contains the difference."""
    found = compare_pairs([a for a, _ in pairs], [b for _, b in pairs])
    assert 0 < found.p_worse <= 1
    assert 0 < found.p_better <= 1
    assert found.difference == pytest.approx(found.new_mean - found.old_mean)
    if found.ci95 is not None:
        assert -1 <= found.ci95[0] <= found.difference <= found.ci95[1] <= 1
        assert found.bound.stderr > 0


@given(SCORES)
def test_sides_change_places(pairs):
    """Exchanging the sides exchanges worse and better."""
    old, new = [a for a, _ in pairs], [b for _, b in pairs]
    there, back = compare_pairs(old, new), compare_pairs(new, old)
    assert (there.p_worse, there.p_better) == pytest.approx((back.p_better, back.p_worse), abs=0.02)
    assert there.difference == pytest.approx(-back.difference)


def test_clustered_error_against_statsmodels():
    """The standard error of a mean difference is OLS's on a constant with cluster-robust covariance."""
    random = np.random.default_rng(1)
    groups = [f"g{i}" for i in random.integers(0, 12, size=80)]
    values = random.normal(size=80)
    sums, sizes = clusters(list(values), groups)
    codes = np.unique(groups, return_inverse=True)[1]
    fit = OLS(values, np.ones(80)).fit(cov_type="cluster", cov_kwds={"groups": codes})
    assert clustered_stderr(sums, sizes) == pytest.approx(float(fit.bse[0]))


def test_clusters_of_one_have_the_plain_error():
    """Without clusters it is the standard deviation (ddof 1) over √n."""
    values = [0.1, -0.4, 0.3, 0.0]
    assert clustered_stderr(*clusters(values, None)) == pytest.approx(np.std(values, ddof=1) / 2)


def test_samples_without_group_are_clusters_of_their_own():
    """Samples without group are not one large cluster."""
    assert clusters([1.0, 2.0, 3.0, 4.0], ["a", None, "a", None]) == ([4.0, 2.0, 4.0], [2, 1, 1])


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_nothing_differs(value):
    """Equal answers: p is 1 on both sides; few of them leave a wide interval, many a narrow one."""
    few, many = (compare_pairs([value] * n, [value] * n) for n in (5, 2000))
    assert (few.p_worse, few.p_better, many.p_worse) == (1, 1, 1)
    assert few.ci95[1] > 0.05 > many.ci95[1]


def test_equal_answers_in_few_clusters_are_no_certainty():
    """400 equal answers in four clusters say less than 400 single ones."""
    groups = [f"g{i % 4}" for i in range(400)]
    assert compare_pairs([1.0] * 400, [1.0] * 400, groups).ci95[1] > 0.3
    assert compare_pairs([1.0] * 400, [1.0] * 400).ci95[1] < 0.01


def test_one_cluster_has_no_error():
    """A single cluster, or a single pair, has neither interval nor standard error."""
    for found in (compare_pairs([1.0], [0.0]), compare_pairs([1.0] * 5, [0.0] * 5, ["g"] * 5)):
        assert (found.ci95, found.stderr, found.bound) == (None, None, None)
        assert found.p_worse == 0.5


@pytest.mark.parametrize("groups", [None, [f"g{i // 5}" for i in range(100)]])
def test_a_margin_makes_regression_harder(groups):
    """p for worse grows with the margin, from that without one to nearly 1."""
    old, new = [1.0] * 100, [0.0] * 20 + [1.0] * 80
    found = [compare_pairs(old, new, groups, margin=m).p_worse for m in (0.0, 0.05, 0.1, 0.2, 0.5)]
    assert found == sorted(found)
    assert found[0] < 0.1
    assert found[-1] > 0.99


def test_tangos_statistic_by_hand():
    """b = 30, c = 10, n = 200, margin 0.05: the score of the constrained estimate, nearer to 0 by half a pair."""
    old = [1.0] * 30 + [0.0] * 10 + [1.0] * 160
    new = [0.0] * 30 + [1.0] * 10 + [1.0] * 160
    b, c, n, m = 30, 10, 200, 0.05
    grid = np.linspace(m + 1e-6, 0.5, 2_000_001)
    loglik = b * np.log(grid) + c * np.log(grid - m) + (n - b - c) * np.log(1 - 2 * grid + m)
    share = grid[loglik.argmax()]
    statistic = (c - b + n * m + 0.5) / math.sqrt(n * (2 * share - m - m * m))
    expected = 0.5 * math.erfc(-statistic / math.sqrt(2))
    assert compare_pairs(old, new, margin=m).p_worse == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("old", "new", "groups", "margin"),
    [([1.0], [], None, 0), ([], [], None, 0), ([2.0], [0.0], None, 0), ([math.nan], [0.0], None, 0),
     ([1.0], [1.0], ["a", "b"], 0), ([1.0], [1.0], None, -1)],
)  # fmt: skip
def test_what_is_no_comparison_is_refused(old, new, groups, margin):
    """Unequal lengths, empty input, scores out of range, NaN and a negative margin raise ValueError."""
    with pytest.raises(ValueError, match=r"need|no pair|lie"):
        compare_pairs(old, new, groups, margin=margin)


# ---------------------------------------------------------------- Holm


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
@settings(max_examples=25)
def test_holm_against_statsmodels(p_values):
    """The adjusted p-values are statsmodels'."""
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


def test_holm_by_hand():
    """0.01, 0.04, 0.03 become 0.03, 0.06, 0.06; no test at all is no error."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    with pytest.raises(ValueError, match="lie in"):
        holm([1.5])


# ---------------------------------------------------------------- power


def test_power_by_enumeration():
    """Exact power at n = 6 is the sum over all tables."""
    p_old, p_new, r = 0.7, 0.3, 0.2
    both = p_old * p_new + r * math.sqrt(p_old * 0.3 * p_new * 0.7)
    wrong, right = p_old - both, p_new - both
    total = 0.0
    for b in range(7):
        for c in range(7 - b):
            chance = math.comb(6, b) * math.comb(6 - b, c) * wrong**b * right**c * (1 - wrong - right) ** (6 - b - c)
            total += chance if b and binomtest(b, b + c, alternative="greater").pvalue <= 0.05 else 0
    assert mcnemar_power(6, p_old, p_new, r) == pytest.approx(total)


def test_power_grows_with_n_and_stays_at_alpha_under_the_null():
    """Power grows with n; without a difference it is at most α."""
    found = [mcnemar_power(n, 0.7, 0.6, 0.6) for n in (50, 100, 200, 400)]
    assert found == sorted(found)
    assert mcnemar_power(200, 0.7, 0.7, 0.6) < 0.05


def test_impossible_correlations_are_refused():
    """Shares of 0.9 and 0.1 cannot have a correlation of 0.9."""
    with pytest.raises(ValueError, match="no table has"):
        mcnemar_power(100, 0.9, 0.1, 0.9)


def known(**parameters) -> Sensitivity:
    """The sensitivity of 200 pairs of which 10 % changed in either direction."""
    old, new = [1.0] * 20 + [0.0] * 20 + [1.0] * 160, [0.0] * 20 + [1.0] * 20 + [1.0] * 160
    return sensitivity(compare_pairs(old, new), 0.05, **parameters)


def test_sensitivity_matches_the_exact_power():
    """For 200 pairs of which 20 % differ anyway, and the effect itself, the exact power is near 0.8."""
    effect = known().smallest_effect
    p_old = 0.9
    both = p_old - 0.1 - effect
    r = (both - p_old * (p_old - effect)) / math.sqrt(p_old * 0.1 * (p_old - effect) * (0.1 + effect))
    assert mcnemar_power(200, p_old, p_old - effect, r) == pytest.approx(0.8, abs=0.06)


def test_the_pairs_needed_have_the_power():
    """With as many pairs as `pairs_needed`, of the same kind, the minimum detectable effect is the requested one."""
    times = known().pairs_needed / 200
    old = [1.0] * round(20 * times) + [0.0] * round(20 * times) + [1.0] * round(160 * times)
    new = [0.0] * round(20 * times) + [1.0] * round(20 * times) + [1.0] * round(160 * times)
    assert sensitivity(compare_pairs(old, new), 0.05).smallest_effect == pytest.approx(0.05, rel=0.02)


def test_more_cells_and_a_margin_need_more():
    """A smaller α raises the minimum detectable effect, and so does a margin, by more than itself."""
    plain, family, margin = known(), known(alpha=0.05 / 30), known(margin=0.05)
    assert family.smallest_effect > plain.smallest_effect
    assert margin.smallest_effect > plain.smallest_effect + 0.05
    assert family.pairs_needed > plain.pairs_needed


def test_an_effect_within_the_margin_is_never_detected():
    """No number of pairs shows a loss of 5 points beyond a margin of 5 points."""
    assert known(margin=0.05).pairs_needed is None


def test_changes_of_whole_groups_are_harder_to_detect():
    """The same differences in 40 groups of 5 have a larger minimum detectable effect than in 200 single pairs."""
    old, new = [1.0] * 20 + [0.0] * 20 + [1.0] * 160, [0.0] * 20 + [1.0] * 20 + [1.0] * 160
    groups = [str(index % 40) for index in range(200)]
    assert sensitivity(compare_pairs(old, new, groups), 0.05).smallest_effect > 1.3 * known().smallest_effect


def test_no_flip_promises_no_certainty():
    """If no pair differs, the minimum detectable effect is above 0; for a single cluster it is unknown."""
    found = sensitivity(compare_pairs([1.0] * 20, [1.0] * 20), 0.05)
    assert 0.25 < found.smallest_effect < 0.4
    assert compare_pairs([1.0] * 20, [0.0] * 7 + [1.0] * 13).p_worse < 0.05
    assert found.pairs_needed > 20
    assert sensitivity(compare_pairs([1.0], [1.0]), 0.05) is None


def test_no_effect_cannot_be_detected():
    """An effect of 0 raises."""
    with pytest.raises(ValueError, match="above 0"):
        sensitivity(compare_pairs([1.0] * 20, [1.0] * 20), 0)
