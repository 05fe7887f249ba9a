"""Calibration: by hand, against scikit-learn, and errors against resampling and a jackknife."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from pytest_hiddenlayer.stats.calibration.calibration import calibration
from pytest_hiddenlayer.stats.calibration.selective_prediction import aurc, auroc, risk_coverage
from pytest_hiddenlayer.stats.estimate.clusters import clustered_stderr, clusters

PAIRS = st.lists(st.tuples(st.integers(0, 20).map(lambda i: i / 20), st.booleans()), min_size=1, max_size=60)


def drawn(n: int, seed: int = 0) -> tuple[list[float], list[bool]]:
    """Confidences with ties, and answers that are right about as often."""
    random = np.random.default_rng(seed)
    confidences = np.round(random.beta(3, 2, size=n), 2)
    return confidences.tolist(), (random.random(n) < confidences**1.5).tolist()


# ---------------------------------------------------------------- the figures


@given(PAIRS)
def test_brier_and_auroc_against_sklearn(pairs):
    """Brier score and AUROC are scikit-learn's; AUROC is unknown where all are right or all wrong."""
    confidences, right = [c for c, _ in pairs], [r for _, r in pairs]
    found = calibration(confidences, right)
    assert found.brier.mean == pytest.approx(brier_score_loss(np.array(right, dtype=int), confidences, pos_label=1))
    if len(set(right)) == 2:
        assert found.auroc.mean == pytest.approx(roc_auc_score(right, confidences))
    else:
        assert found.auroc is None


@given(PAIRS, st.integers(1, 15))
def test_bins_and_curve_hold_every_answer(pairs, bins):
    """Bins count all answers, each in its own; the ECE is their gaps; the curve ends with everything given."""
    confidences, right = [c for c, _ in pairs], [r for _, r in pairs]
    found = calibration(confidences, right, bins=bins)
    assert sum(b.n for b in found.bins) == len(pairs)
    assert all(b.low - 1e-12 <= b.confidence <= b.high + 1e-12 for b in found.bins)
    gaps = [b.n / len(pairs) * abs(b.accuracy.mean - b.confidence) for b in found.bins]
    assert found.ece.mean == pytest.approx(math.fsum(gaps))
    assert found.risk_coverage[-1].coverage == 1
    assert found.risk_coverage[-1].risk == pytest.approx(1 - sum(right) / len(right))


def test_by_hand():
    """0.9, 0.9, 0.6, 0.2 with right, wrong, right, wrong."""
    found = calibration([0.9, 0.9, 0.6, 0.2], [True, False, True, False], bins=2)
    assert found.ece.mean == pytest.approx(3 / 4 * abs(2 / 3 - 0.8) + 1 / 4 * 0.2)
    assert found.brier.mean == pytest.approx((0.01 + 0.81 + 0.16 + 0.04) / 4)
    assert found.auroc.mean == pytest.approx((0.5 + 1 + 0 + 1) / 4)
    assert [(p.confidence, p.coverage, p.n) for p in found.risk_coverage] == [
        (0.9, 0.5, 2),
        (0.6, 0.75, 3),
        (0.2, 1, 4),
    ]
    assert [p.risk for p in found.risk_coverage] == pytest.approx([0.5, 1 / 3, 0.5])
    assert found.aurc.mean == pytest.approx(0.5 * 0.5 + 0.25 / 3 + 0.25 * 0.5)


@pytest.mark.parametrize(("confidence", "low"), [(0.0, 0.0), (0.1, 0.0), (0.10001, 0.1), (0.9, 0.8), (1.0, 0.9)])
def test_bins_are_open_below(confidence, low):
    """A confidence on a border belongs to the bin below it, 0 to the first."""
    assert calibration([confidence], [True]).bins[0].low == pytest.approx(low)


def test_certain_and_right():
    """Confidence 1 for right and 0 for wrong answers: all errors are 0, and AUROC is 1."""
    found = calibration([1.0, 1.0, 0.0, 0.0], [True, True, False, False])
    assert (found.ece.mean, found.brier.mean, found.auroc.mean) == (0, 0, 1)
    assert found.auroc.ci95[0] < 0.8  # two against two are no proof


def test_a_constant_confidence_has_no_order():
    """0.7 always, 7 of 10 right: calibrated, AUROC one half, the curve a single point."""
    found = calibration([0.7] * 10, [True] * 7 + [False] * 3)
    assert found.ece.mean == pytest.approx(0)
    assert found.auroc.mean == 0.5
    assert [(p.coverage, p.risk) for p in found.risk_coverage] == [(1.0, 0.3)]


@pytest.mark.parametrize("right", [True, False])
def test_all_right_or_all_wrong(right):
    """If all answers are right or all wrong, AUROC is None, and the other metrics are known."""
    found = calibration([0.2, 0.9, 0.5], [right] * 3)
    assert found.auroc is None
    assert found.aurc.mean == float(not right)
    assert found.brier.ci95 is not None


def test_one_answer():
    """A single answer has metrics without standard errors, as plain JSON."""
    found = calibration([0.8], [True])
    assert (found.n, found.ece.mean, found.ece.stderr, found.auroc) == (1, pytest.approx(0.2), None, None)
    json.dumps(found.to_json(), allow_nan=False)


def test_no_answer_is_none():
    """Without answers the calibration is None."""
    assert calibration([], []) is None


@pytest.mark.parametrize(
    ("confidences", "right", "bins"),
    [([0.5], [], 10), ([1.5], [True], 10), ([-0.1], [True], 10), ([math.nan], [True], 10), ([0.5], [True], 0)],
)
def test_what_is_no_confidence_is_refused(confidences, right, bins):
    """Unequal lengths, values outside [0, 1], NaN and zero bins raise ValueError."""
    with pytest.raises(ValueError, match=r"confidence|bin"):
        calibration(confidences, right, bins=bins)


@given(PAIRS, st.lists(st.sampled_from("abc"), min_size=60, max_size=60))
def test_never_nan(pairs, names):
    """For any answers and clusters, everything is plain JSON without NaN."""
    found = calibration([c for c, _ in pairs], [r for _, r in pairs], names[: len(pairs)])
    json.dumps(found.to_json(), allow_nan=False)


def test_a_long_curve_is_thinned():
    """Of a thousand points at most 21 are written, the last among them."""
    confidences = [at / 1000 for at in range(1000)]
    written = calibration(confidences, [at % 3 > 0 for at in range(1000)]).to_json()["risk_coverage"]
    assert len(written) <= 21
    assert written[-1]["coverage"] == 1


# ---------------------------------------------------------------- their errors


def delong(confidences, right) -> float:
    """DeLong's standard error as the paper has it, over all pairs."""
    c, r = np.array(confidences), np.array(right)
    wins = (c[r][:, None] > c[~r][None]) + 0.5 * (c[r][:, None] == c[~r][None])
    v10, v01 = wins.mean(1), wins.mean(0)
    return math.sqrt(v10.var(ddof=1) / len(v10) + v01.var(ddof=1) / len(v01))


def test_auroc_has_delongs_error():
    """Without clusters the error is DeLong's."""
    confidences, right = drawn(80)
    assert auroc(confidences, right).stderr == pytest.approx(delong(confidences, right))


def test_copies_tell_nothing_new():
    """Each answer three times in its own cluster has the error of the answers alone."""
    confidences, right = drawn(60)
    thrice = [c for c in confidences for _ in range(3)], [r for r in right for _ in range(3)]
    groups = [f"g{at // 3}" for at in range(180)]
    assert auroc(*thrice, groups).stderr == pytest.approx(auroc(confidences, right).stderr)
    assert aurc(*thrice, groups).stderr == pytest.approx(aurc(confidences, right).stderr)
    assert calibration(*thrice, groups).ece.stderr == pytest.approx(calibration(confidences, right).ece.stderr)


def test_a_single_wrong_answer_leaves_auroc_without_error():
    """One wrong answer of ten has no spread, and the method says which side it is."""
    found = auroc([0.5] + [0.9] * 9, [False] + [True] * 9)
    assert (found.mean, found.stderr, found.ci95) == (1.0, None, None)
    assert found.method == "no interval: a single answer with wrong ones"


@pytest.mark.parametrize("figure", [aurc, auroc])
def test_influences_are_those_of_a_jackknife(figure):
    """Leaving out each answer in turn gives the same error within 5 %."""
    confidences, right = drawn(150, seed=2)
    without = [
        figure(confidences[:at] + confidences[at + 1 :], right[:at] + right[at + 1 :]).mean for at in range(150)
    ]
    jackknife = math.sqrt(149 / 150 * np.sum((np.array(without) - np.mean(without)) ** 2))
    assert figure(confidences, right).stderr == pytest.approx(jackknife, rel=0.05)


def test_errors_at_each_coverage_are_clustered():
    """Each point's error is the clustered one of the answers given there."""
    confidences, right = drawn(40)
    groups = [f"g{at % 7}" for at in range(40)]
    for point in risk_coverage(confidences, right, groups):
        given_ = [at for at in range(40) if confidences[at] >= point.confidence]
        expected = clustered_stderr(*clusters([float(not right[at]) for at in given_], [groups[at] for at in given_]))
        assert point.stderr == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("name", ["auroc", "aurc"])
def test_coverage(name):
    """The intervals of 1 000 runs of 150 answers contain the value of very many answers in 93 to 97 %."""
    truth = getattr(calibration(*drawn(50_000, seed=9)), name).mean
    figure = {"auroc": auroc, "aurc": aurc}[name]
    intervals = [figure(*drawn(150, seed=100 + run)).ci95 for run in range(1000)]
    covered = np.mean([low <= truth <= high for low, high in intervals])
    print(f"{name}: {covered:.3f}")
    assert 0.93 <= covered <= 0.97
