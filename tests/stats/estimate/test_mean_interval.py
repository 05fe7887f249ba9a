"""Means with standard errors and intervals: by hand, against statsmodels, at limits, and their coverage."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit
from scipy.stats import binom, t
from statsmodels.api import OLS
from statsmodels.stats.proportion import proportion_confint

from pytest_hiddenlayer.stats.estimate.clusters import clustered_stderr, clusters, effective_groups
from pytest_hiddenlayer.stats.estimate.mean_interval import Estimate, estimate, linearised, wilson


def in_groups(n: int, size: int) -> list[str]:
    """Names for n values in clusters of `size`."""
    return [f"g{at // size}" for at in range(n)]


def width(found: Estimate) -> float:
    """How wide its interval is."""
    low, high = found.ci95
    return high - low


# ---------------------------------------------------------------- errors over clusters


@pytest.mark.parametrize("seed", range(5))
def test_clustered_error_against_statsmodels(seed):
    """The error is what OLS on a constant reports with cluster-robust covariance, for clusters of any size."""
    random = np.random.default_rng(seed)
    values, codes = random.random(60), random.integers(0, 9, size=60)
    fit = OLS(values, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": codes})
    found = estimate(values.tolist(), [f"g{code}" for code in codes])
    assert found.stderr == pytest.approx(float(fit.bse[0]))
    assert found.n_groups == len(set(codes))


def test_clustered_error_by_hand():
    """1 1 | 0 0 | 1 0: residual sums 1, -1, 0, so sqrt(3/2 · 2)/6."""
    found = estimate([1.0, 1.0, 0.0, 0.0, 1.0, 0.0], in_groups(6, 2))
    assert found.stderr == pytest.approx(math.sqrt(3) / 6)


def test_copies_tell_nothing_new():
    """Each answer four times in its own cluster has the error of the answers alone."""
    values = [float(at % 10 < 7) for at in range(30)]
    copies = [value for value in values for _ in range(4)]
    assert estimate(copies, in_groups(120, 4)).stderr == pytest.approx(estimate(values).stderr)


def test_groups_of_one_are_no_clusters():
    """One group per sample is the same as no groups."""
    values = [1.0, 0.0, 1.0, 1.0]
    assert estimate(values, list("abcd")) == estimate(values, [None] * 4) == estimate(values)
    assert estimate(values).n_groups is None


def test_samples_without_a_group_are_clusters_of_their_own():
    """One pair and two without a group are three clusters."""
    found = estimate([1.0, 0.0, 1.0, 1.0], ["a", "a", None, None])
    assert found.n_groups == 3
    assert clusters([1.0, 0.0, 1.0, 1.0], ["a", "a", None, None]) == ([1.0, 1.0, 1.0], [2, 1, 1])


@pytest.mark.parametrize(
    ("sizes", "known"), [([5, 5, 5], 3.0), ([1] * 8, 8.0), ([50, 1, 1], 52**2 / 2502), ([7], 1.0)]
)
def test_effective_groups(sizes, known):
    """Equal clusters count in full; one that holds nearly everything counts as about one."""
    assert effective_groups(sizes) == pytest.approx(known)


@given(st.lists(st.integers(1, 9), min_size=2, max_size=20), st.data())
def test_clusters_of_any_shape_have_a_plain_statement(sizes, data):
    """For any clusters, the error is finite, and the interval lies within [0, 1] and contains the mean."""
    values = data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=sum(sizes), max_size=sum(sizes)))
    groups = [f"g{at}" for at, size in enumerate(sizes) for _ in range(size)]
    found = estimate(values, groups)
    assert found.stderr is not None
    assert 0 <= found.ci95[0] <= found.mean + 1e-9
    assert found.mean - 1e-9 <= found.ci95[1] <= 1


# ---------------------------------------------------------------- intervals


@given(st.integers(1, 200), st.data())
def test_right_and_wrong_against_statsmodels(n, data):
    """The interval of right/wrong answers is statsmodels' exact one, and so is Wilson's."""
    right = data.draw(st.integers(0, n))
    found = estimate([1.0] * right + [0.0] * (n - right)).ci95
    assert found == pytest.approx(proportion_confint(right, n, method="beta"), abs=1e-9)
    assert wilson(right / n, n) == pytest.approx(proportion_confint(right, n, method="wilson"), abs=1e-9)


def test_clusters_of_equal_answers_widen_the_interval():
    """Forty answers in ten clusters of four equal ones have the interval of ten answers."""
    values = [float(at // 4 < 7) for at in range(40)]
    found = estimate(values, in_groups(40, 4))
    assert found.stderr == pytest.approx(math.sqrt(0.7 * 0.3 / 9))
    ten = estimate(values[::4])
    assert width(found) >= width(ten) > width(estimate(values))


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_all_equal_in_three_clusters(value):
    """All right in three clusters is three observations, not thirty."""
    found = estimate([value] * 30, in_groups(30, 10))
    assert found.stderr == 0
    assert width(found) >= width(estimate([value] * 3))


def test_one_wrong_answer_does_not_halve_the_interval():
    """All right, then one, two, three clusters with a wrong one: the lower end never jumps up by 0.06."""
    groups = in_groups(60, 3)
    lows = [estimate([float(at % 3 > 0 or at >= 3 * k) for at in range(60)], groups).ci95[0] for k in range(4)]
    assert all(after < before + 0.06 for before, after in pairwise(lows))


@pytest.mark.parametrize("groups", [None, in_groups(6, 2)])
def test_graded_scores_that_are_all_the_same_are_no_certainty(groups):
    """Six times 0.7 has that mean to the last bit, the error 0, and an interval wider than a point."""
    found = estimate([0.7] * 6, groups)
    assert (found.mean, found.stderr) == (0.7, 0.0)
    assert found.ci95[0] < 0.5
    assert found.ci95[1] > 0.85


@pytest.mark.parametrize(
    ("values", "groups", "why"),
    [
        ([0.5, 1.0], ["a", "a"], "no interval: a single cluster"),
        ([1.0, 0.0], ["a", "a"], "no interval: a single cluster"),
        ([0.5], None, "no interval: a single graded score"),
    ],
)
def test_one_cluster_or_score_says_why_it_has_no_interval(values, groups, why):
    """A single cluster or graded score has a mean; error and interval are None, and `method` says why."""
    found = estimate(values, groups)
    assert (found.mean, found.stderr, found.ci95, found.method) == (sum(values) / len(values), None, None, why)


def test_nothing_is_nothing():
    """Without values the mean is None, and `method` says so."""
    assert estimate([]) == Estimate(n=0, mean=None, stderr=None, ci95=None, method="nothing scored")


@pytest.mark.parametrize("value", [math.nan, -0.1, 1.5])
def test_what_is_no_score_is_refused(value):
    """NaN and values outside [0, 1] raise: an estimate is never NaN."""
    with pytest.raises(ValueError, match="lie in"):
        estimate([1.0, value])


def test_groups_of_another_length_are_refused():
    """Two values and one group cannot be paired."""
    with pytest.raises(ValueError, match="2 values have 1 groups"):
        estimate([1.0, 0.0], ["a"])


@pytest.mark.parametrize(
    ("values", "groups", "method"),
    [
        ([1.0, 0.0, 1.0], None, "Clopper–Pearson"),
        ([1.0, 0.5, 0.2], None, "empirical likelihood"),
        ([1.0, 0.0, 1.0], ["a", "a", "b"], "Korn–Graubard"),
        ([1.0, 0.5, 1.0], ["a", "a", "b"], "clustered empirical likelihood"),
    ],
)
def test_an_estimate_says_how_its_interval_was_found(values, groups, method):
    """Right/wrong answers have the exact interval, graded scores empirical likelihood, and clusters are named."""
    assert estimate(values, groups).method == method


# ---------------------------------------------------------------- bootstrap


def test_the_bootstrap_is_seeded_and_agrees_with_students_interval():
    """For many graded scores the bootstrap interval is that of Student, and the same seed gives the same."""
    values = np.random.default_rng(2).random(400).tolist()
    plain, drawn = estimate(values), estimate(values, bootstrap=2000)
    assert drawn == estimate(values, bootstrap=2000)
    assert drawn.ci95 == pytest.approx(plain.ci95, abs=0.005)
    assert drawn.ci95 != estimate(values, bootstrap=2000, seed=1).ci95
    assert drawn.method == "BCa bootstrap, 2000 draws"


def test_the_bootstrap_draws_whole_clusters():
    """Twenty equal answers in each cluster: more than twice as wide as if they were independent."""
    values = [float(at // 20 % 2) for at in range(400)]
    clustered = estimate(values, in_groups(400, 20), bootstrap=2000)
    assert width(clustered) > 2 * width(estimate(values, bootstrap=2000))
    assert clustered.method == "BCa cluster bootstrap, 2000 draws"


def test_the_bootstrap_of_what_does_not_vary_is_the_exact_one():
    """If no draw could differ from another, the interval stays the exact one."""
    assert estimate([1.0] * 9, bootstrap=500) == estimate([1.0] * 9)


def test_the_bootstrap_of_one_cluster_is_unknown():
    """There is nothing to draw from."""
    assert estimate([1.0, 0.0], ["a", "a"], bootstrap=500).ci95 is None


def test_a_few_draws_are_refused():
    """Ten draws have no 2.5 % tail."""
    with pytest.raises(ValueError, match="at least 100 draws"):
        estimate([1.0, 0.0, 0.5], bootstrap=10)


# ---------------------------------------------------------------- figures that are no means


def test_the_influence_function_of_a_mean_is_the_mean():
    """For a mean, influences x - mean, the error is that of the mean; the interval is that of the logit."""
    values, groups = np.random.default_rng(3).random(40).tolist(), in_groups(40, 4)
    mean = sum(values) / 40
    found = linearised(mean, [value - mean for value in values], groups)
    assert found.stderr == pytest.approx(estimate(values, groups).stderr)
    half_width = t.ppf(0.975, 9) * found.stderr / (mean * (1 - mean))
    assert logit(np.array(found.ci95)) == pytest.approx([logit(mean) - half_width, logit(mean) + half_width])


# ---------------------------------------------------------------- coverage; docs/statistics.md has the figures


def covered(draws: np.ndarray, truth: float, groups: list[str] | None = None) -> float:
    """The share of rows whose interval holds the truth; right/wrong rows with equal cluster sums are looked up."""
    known: dict[tuple[float, ...], bool] = {}
    hits = 0
    for row in draws.tolist():
        key = tuple(sorted(clusters(row, groups)[0])) if groups else (sum(row),)
        if key not in known:
            low, high = estimate(row, groups).ci95
            known[key] = low <= truth <= high
        hits += known[key]
    return hits / len(draws)


def alike(random: np.random.Generator, sizes: list[int], p: float, correlation: float, runs: int) -> np.ndarray:
    """Right/wrong answers, runs × answers, with this intra-class correlation (beta-binomial)."""
    a, b = p * (1 - correlation) / correlation, (1 - p) * (1 - correlation) / correlation
    share = random.beta(a, b, size=(runs, len(sizes))).repeat(sizes, axis=1)
    return (random.random(share.shape) < share).astype(float)


@pytest.mark.parametrize("n", [10, 30, 50, 200])
def test_coverage_of_right_and_wrong(n):
    """The exact interval covers every p in [0.02, 0.98] in at least 95 %; Wilson's would miss it for few answers."""
    counts = np.arange(n + 1)
    lows, highs = np.array([estimate([1.0] * k + [0.0] * (n - k)).ci95 for k in counts]).T
    found = [binom.pmf(counts, n, p)[(lows <= p) & (p <= highs)].sum() for p in np.linspace(0.02, 0.98, 193).tolist()]
    print(f"Clopper-Pearson n={n}: {min(found):.3f} to {max(found):.3f}, mean {np.mean(found):.3f}")
    assert min(found) >= 0.95
    assert np.mean(found) <= 0.985


@pytest.mark.slow
@pytest.mark.parametrize("n", [10, pytest.param(30, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("a", "b"), [(4, 2), (9, 1), (0.5, 0.5)])
def test_coverage_of_graded_scores(n, a, b):
    """The interval of graded scores, skewed, near a bound or at both ends, covers in at least 93 % of 600 runs."""
    draws = np.random.default_rng(4).beta(a, b, size=(600, n))
    hits = [low <= a / (a + b) <= high for low, high in (estimate(row).ci95 for row in draws.tolist())]
    print(f"n={n} beta({a}, {b}): {np.mean(hits):.3f}")
    assert np.mean(hits) >= 0.93


@pytest.mark.parametrize("n", [20, 50, 150])
def test_coverage_of_rare_low_scores(n):
    """A 5 % chance of 0 among scores of 0.97, of which a small sample may hold none, is covered in at least 93 %."""
    draws = np.where(np.random.default_rng(6).random((600, n)) < 0.05, 0.0, 0.97)
    known = {row.count(0.0): row for row in draws.tolist()}
    covering = {k: low <= 0.95 * 0.97 <= high for k, (low, high) in ((k, estimate(r).ci95) for k, r in known.items())}
    assert np.mean([covering[int((row == 0).sum())] for row in draws]) >= 0.93


SHAPES = {
    "20 of 5": [5] * 20,
    "30 of 3": [3] * 30,
    "50 of 5": [5] * 50,
    "30 of 1 to 9": [1, 1, 2, 2, 3, 3, 4, 5, 6, 9] * 3,
    "60 of 1 to 9": [1, 1, 2, 2, 3, 3, 4, 5, 6, 9] * 6,
}


def check_clusters(shape: str, p: float, correlation: float) -> None:
    """Covered in at least 93 % of 2 000 runs, and less often if the clusters are not known."""
    sizes = SHAPES[shape]
    groups = [str(at) for at, size in enumerate(sizes) for _ in range(size)]
    draws = alike(np.random.default_rng(5), sizes, p, correlation, 2000)
    found, naive = covered(draws, p, groups), covered(draws, p)
    print(f"clusters {shape}, p={p}, correlation {correlation}: {found:.3f}, without clusters {naive:.3f}")
    assert found >= 0.93
    assert naive < found


@pytest.mark.parametrize("shape", ["20 of 5", "30 of 1 to 9"])
def test_coverage_with_clusters(shape):
    """Right/wrong answers of which those in a cluster go together are covered in at least 93 % of 2 000 runs."""
    check_clusters(shape, 0.8, 0.3)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("p", "correlation"), [(0.6, 0.1), (0.6, 0.3), (0.8, 0.3), (0.8, 0.5)])
def test_coverage_with_clusters_of_all_shapes(shape, p, correlation):
    """So it is from 20 clusters on, equal or not, alike or hardly so."""
    check_clusters(shape, p, correlation)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [[5] * 20, [1, 1, 2, 2, 3, 3, 4, 5, 6, 9] * 3], ids=["20 of 5", "30 of 1 to 9"])
def test_coverage_of_graded_clusters(sizes):
    """Graded scores that share a level in each cluster are covered in at least 93 % of 500 runs."""
    random = np.random.default_rng(6)
    level = random.normal(0.6, 0.1, size=(500, len(sizes))).repeat(sizes, axis=1)
    draws = np.clip(level + random.normal(0, 0.1, size=level.shape), 0.0, 1.0)
    groups = [str(at) for at, size in enumerate(sizes) for _ in range(size)]
    truth = 0.6
    hits = [low <= truth <= high for low, high in (estimate(row, groups).ci95 for row in draws.tolist())]
    print(f"graded clusters {len(sizes)}: {np.mean(hits):.3f}")
    assert np.mean(hits) >= 0.93


@pytest.mark.parametrize(("n_groups", "size", "correlation"), [(5, 5, 0.3), (10, 20, 0.6), (20, 20, 0.6)])
def test_few_clusters_are_never_sold_as_many(n_groups, size, correlation):
    """With few clusters, or large ones that are nearly alike, and p = 0.95, at least 93 % are covered."""
    groups = in_groups(n_groups * size, size)
    draws = alike(np.random.default_rng(7), [size] * n_groups, 0.95, correlation, 2000)
    found = covered(draws, 0.95, groups)
    print(f"few clusters {n_groups} of {size}: {found:.3f}")
    assert found >= 0.93


def test_clustered_stderr_of_one_cluster_is_unknown():
    """One cluster has no spread between clusters."""
    assert clustered_stderr([3.0], [5]) is None
