"""Agreement: by hand, against scikit-learn, krippendorff and statsmodels, and published values."""

from __future__ import annotations

import math

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from pytest_hiddenlayer.stats.agreement import (
    alpha_agreement,
    cohen_kappa,
    kappa_agreement,
    krippendorff_alpha,
    percent_agreement,
)
from pytest_hiddenlayer.stats.estimate.jackknife import MAX_BLOCKS, jackknife

PAIRS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=30)
TABLES = st.lists(st.lists(st.one_of(st.none(), st.integers(1, 4)), min_size=6, max_size=6), min_size=2, max_size=4)

PUBLISHED = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
"""Krippendorff 2011, section C: four observers, twelve units, with missing values."""


def raters(n: int, seed: int = 0) -> tuple[list[int], list[int]]:
    """Two raters on a scale of 1 to 4 who often agree."""
    random = np.random.default_rng(seed)
    first = random.integers(1, 5, size=n)
    second = np.where(random.random(n) < 0.6, first, random.integers(1, 5, size=n))
    return first.tolist(), second.tolist()


# ---------------------------------------------------------------- the coefficients


@given(PAIRS, st.sampled_from([None, "linear", "quadratic"]))
def test_kappa_against_sklearn(pairs, weights):
    """Cohen's kappa is scikit-learn's; it is None if undefined."""
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    found = cohen_kappa(a, b, weights=weights)
    labels = sorted(set(a) | set(b))
    if len(labels) == 1:
        assert found is None
    else:
        assert found == pytest.approx(cohen_kappa_score(a, b, weights=weights, labels=labels))


@given(PAIRS, st.sampled_from(["linear", "quadratic"]))
def test_weights_over_a_whole_scale_against_sklearn(pairs, weights):
    """With a scale, unused categories keep their position."""
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    found = cohen_kappa(a, b, weights=weights, scale=[1, 2, 3, 4])
    if len(set(a) | set(b)) > 1:
        assert found == pytest.approx(cohen_kappa_score(a, b, weights=weights, labels=[1, 2, 3, 4]))


@given(TABLES, st.sampled_from(["nominal", "ordinal", "interval"]))
def test_alpha_against_krippendorff(ratings, level):
    """Krippendorff's alpha is that of the package krippendorff, wherever it is defined."""
    found = krippendorff_alpha(ratings, level=level)
    items = [[v for v in item if v is not None] for item in zip(*ratings, strict=True)]
    if len({v for item in items if len(item) > 1 for v in item}) < 2:
        assert found is None
        return
    table = np.array([[math.nan if v is None else float(v) for v in rater] for rater in ratings])
    table[:, [len(item) < 2 for item in items]] = math.nan
    assert found == pytest.approx(float(krippendorff.alpha(table, level_of_measurement=level)), abs=1e-9)


@pytest.mark.parametrize(("level", "known"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_the_published_example(level, known):
    """Krippendorff 2011: .743, .815 and .849."""
    assert krippendorff_alpha(PUBLISHED, level=level) == pytest.approx(known, abs=5e-4)


def test_by_hand():
    """Two raters, four items, one disagreement: 75 %, kappa 0.5, alpha 1 - 7 · 2/(2 · 5 · 3)."""
    a, b = ["x", "x", "y", "y"], ["x", "x", "y", "x"]
    assert percent_agreement(a, b) == 0.75
    assert cohen_kappa(a, b) == pytest.approx(0.5)
    assert krippendorff_alpha([a, b]) == pytest.approx(1 - (7 * 2) / (2 * 5 * 3))


def test_chance_is_zero_and_perfect_is_one():
    """Independent raters have about 0, equal ones 1."""
    random = np.random.default_rng(1)
    a, b = random.integers(0, 3, size=(2, 20_000)).tolist()
    assert cohen_kappa(a, b) == pytest.approx(0, abs=0.02)
    assert krippendorff_alpha([a, b]) == pytest.approx(0, abs=0.02)
    assert cohen_kappa(a, a) == krippendorff_alpha([a, a]) == 1


def test_missing_opinions_count_nothing():
    """Missing ratings are ignored."""
    assert cohen_kappa(["x", "y", None, "x"], ["x", "y", "y", None]) == 1
    assert percent_agreement(["x", None], ["x", "y"]) == 1


@pytest.mark.parametrize("pair", [([], []), (["x"], [None]), (["x", "x"], ["x", "x"])])
def test_what_cannot_be_said_is_none(pair):
    """Without a common item, or with one category only, agreement is undefined."""
    assert cohen_kappa(*pair) is None
    assert krippendorff_alpha(pair) is None


def test_unequal_raters_are_refused():
    """Every rater needs an entry for every item."""
    for call in (
        lambda: cohen_kappa([1], []),
        lambda: krippendorff_alpha([[1], []]),
        lambda: kappa_agreement([1], []),
    ):
        with pytest.raises(ValueError, match="one entry per item"):
            call()


def test_words_have_no_order_of_their_own():
    """Weights over words need the scale; with it `low` to `high` is further than `low` to `medium`."""
    near, far = (["low", "low", "high"], ["medium", "low", "high"]), (["low", "low", "high"], ["high", "low", "high"])
    with pytest.raises(ValueError, match="pass the scale"):
        cohen_kappa(*near, weights="linear")
    scale = ["low", "medium", "high"]
    assert cohen_kappa(*near, weights="linear", scale=scale) > cohen_kappa(*far, weights="linear", scale=scale)
    with pytest.raises(ValueError, match=r"'huge'.* not on the scale"):
        cohen_kappa(["huge"], ["low"], scale=scale)


# ---------------------------------------------------------------- their errors


def test_kappas_error_against_statsmodels():
    """The jackknife error of 150 items is Fleiss, Cohen & Everitt's within 5 %."""
    a, b = raters(150)
    table = np.zeros((4, 4))
    np.add.at(table, (np.array(a) - 1, np.array(b) - 1), 1)
    known = cohens_kappa(table)
    found = kappa_agreement(a, b)
    assert found.value == pytest.approx(known.kappa)
    assert found.stderr == pytest.approx(known.std_kappa, rel=0.05)
    assert found.ci95 == pytest.approx((known.kappa_low, known.kappa_upp), abs=0.01)


def test_clusters_widen_the_error():
    """Each item five times in its own cluster has the error of the items alone."""
    a, b = raters(40)
    five = [x for x in a for _ in range(5)], [x for x in b for _ in range(5)]
    groups = [f"g{at // 5}" for at in range(200)]
    found = kappa_agreement(*five, groups=groups)
    assert found.stderr == pytest.approx(kappa_agreement(a, b).stderr)
    assert found.stderr > 2 * kappa_agreement(*five).stderr


def test_many_items_are_left_out_in_blocks():
    """With 1 000 items the error of 200 blocks is about that of all items one by one."""
    a, b = raters(1000, seed=3)
    calls = []

    def figure(left):
        calls.append(len(left))
        return cohen_kappa([a[at] for at in left], [b[at] for at in left])

    stderr, blocks = jackknife(1000, figure)
    assert blocks == len(calls) == MAX_BLOCKS
    table = np.zeros((4, 4))
    np.add.at(table, (np.array(a) - 1, np.array(b) - 1), 1)
    assert stderr == pytest.approx(cohens_kappa(table).std_kappa, rel=0.1)


def test_the_jackknife_of_a_mean_is_its_standard_error():
    """For a mean it is the standard error with ddof 1, exactly."""
    values = np.random.default_rng(4).random(50)
    stderr, _ = jackknife(50, lambda left: float(values[list(left)].mean()))
    assert stderr == pytest.approx(values.std(ddof=1) / math.sqrt(50))


def test_alpha_covers():
    """The interval of alpha contains the value of very many items in 92 to 98 % of 200 runs of 40 items."""
    truth = krippendorff_alpha(raters(50_000, seed=9))
    intervals = [alpha_agreement(raters(40, seed=100 + run)).ci95 for run in range(200)]
    assert 0.92 <= np.mean([low <= truth <= high for low, high in intervals]) <= 0.98


@pytest.mark.parametrize(
    ("ratings", "value", "why"),
    [
        ([[1, None], [None, 2]], None, "no item has two ratings"),
        ([[1, 1, 1], [1, 1, 1]], None, "all ratings are the same"),
        ([[1, 1, 2], [1, 1, 2]], 1.0, "no interval: undefined without single items"),
        ([[1, 1, 2, 2], [1, 1, 2, 2]], 1.0, "no interval: nothing varies"),
        ([], None, "no item has two ratings"),
    ],
)
def test_unknown_agreement_says_why(ratings, value, why):
    """If the value or its interval is undefined, `why` states the reason; nothing is NaN."""
    found = alpha_agreement(ratings)
    assert (found.value, found.ci95, found.why) == (value, None, why)


def test_only_items_judged_twice_count():
    """n is the number of items with two ratings."""
    assert alpha_agreement(PUBLISHED).n == 11
