"""Error rates, power and coverage by simulation with fixed seeds. docs/statistics.md has the figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pytest_hiddenlayer.stats.paired.compare import PairedTest, compare_pairs, mcnemar_worse
from pytest_hiddenlayer.stats.paired.holm import holm
from pytest_hiddenlayer.stats.paired.power import mcnemar_power
from pytest_hiddenlayer.stats.sequential.group_sequential import decide

ALPHA = 0.05


def sides(random, p_old, p_new, correlation: float, shape) -> tuple[np.ndarray, np.ndarray]:
    """Right/wrong pairs with these shares and this correlation."""
    both = p_old * p_new + correlation * math.sqrt(p_old * (1 - p_old) * p_new * (1 - p_new))
    u = random.random(shape)
    old = u < p_old
    new = (u < both) | ((u >= p_old) & (u < p_old + p_new - both))
    return old.astype(float), new.astype(float)


def clustered_null(random, n_groups: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Both sides' answers in clusters that either side may know or not: exchangeable, strongly dependent."""
    knows = random.beta(1.2, 0.8, size=(2, n_groups)).repeat(size, axis=1)
    old, new = (random.random(knows.shape) < knows).astype(float)
    return old, new


def groups_of(n_groups: int, size: int) -> list[str]:
    return [str(i // size) for i in range(n_groups * size)]


@pytest.mark.slow
def test_false_alarms_with_clusters():
    """Over 2 000 null pairs of 40 clusters of 5 at most 6 % are called worse; McNemar's test would call 10 % so."""
    random, groups = np.random.default_rng(1), groups_of(40, 5)
    alarms = naive = 0
    for _ in range(2000):
        old, new = clustered_null(random, 40, 5)
        alarms += compare_pairs(old.tolist(), new.tolist(), groups).p_worse <= ALPHA
        naive += mcnemar_worse(int((old > new).sum()), int((new > old).sum())) <= ALPHA
    print(f"clustered {alarms / 2000:.3f}, McNemar {naive / 2000:.3f}")
    assert alarms / 2000 <= 0.06
    assert naive / 2000 > 0.1


def test_false_alarms_without_clusters():
    """Over 2 000 null pairs of 200 samples at most 5 % (the exact test is conservative) are called worse."""
    random = np.random.default_rng(2)
    old, new = sides(random, 0.7, 0.7, 0.6, (2000, 200))
    p = [compare_pairs(a.tolist(), b.tolist()).p_worse for a, b in zip(old, new, strict=True)]
    assert 0.02 < np.mean(np.array(p) <= ALPHA) <= 0.05


@pytest.mark.slow
def test_false_alarms_of_graded_scores():
    """Over 2 000 null pairs of 100 graded scores about 5 % are called worse."""
    random = np.random.default_rng(3)
    alarms = 0
    for _ in range(2000):
        base = random.beta(4, 2, size=60)
        old, new = (np.clip(base + random.normal(0, 0.15, 60), 0, 1).round(1) for _ in range(2))
        alarms += compare_pairs(old.tolist(), new.tolist()).p_worse <= ALPHA
    assert 0.03 <= alarms / 2000 <= 0.06


def test_power_is_the_analytic_one():
    """Against −10 points at n = 200, p = .7, correlation .6 the power is within 3 points of the exact value."""
    random = np.random.default_rng(4)
    old, new = sides(random, 0.7, 0.6, 0.6, (2000, 200))
    seen = np.mean([compare_pairs(a.tolist(), b.tolist()).p_worse <= ALPHA for a, b in zip(old, new, strict=True)])
    exact = mcnemar_power(200, 0.7, 0.6, 0.6)
    print(f"simulated {seen:.3f}, exact {exact:.3f}")
    assert seen == pytest.approx(exact, abs=0.03)


@pytest.mark.parametrize("margin", [0.05, 0.1])
def test_a_margin_keeps_alpha(margin):
    """A true loss of just the margin is called a regression in at most 6 % of 2 000 runs."""
    random = np.random.default_rng(5)
    old, new = sides(random, 0.7, 0.7 - margin, 0.6, (2000, 200))
    p = [compare_pairs(a.tolist(), b.tolist(), margin=margin).p_worse for a, b in zip(old, new, strict=True)]
    assert np.mean(np.array(p) <= ALPHA) <= 0.06


def covered(found: PairedTest, truth: float) -> bool:
    """Whether the interval contains the true difference."""
    return found.ci95[0] <= truth <= found.ci95[1]


@pytest.mark.parametrize("n", [60, 200])
def test_coverage_of_right_and_wrong(n):
    """The 95 % interval of the difference covers a true loss of 10 points in 93 to 97 % of 1 000 runs."""
    random = np.random.default_rng(6)
    old, new = sides(random, 0.7, 0.6, 0.5, (1000, n))
    share = np.mean([covered(compare_pairs(a.tolist(), b.tolist()), -0.1) for a, b in zip(old, new, strict=True)])
    print(f"n={n} coverage {share:.3f}")
    assert 0.93 <= share <= 0.97


@pytest.mark.slow
def test_coverage_with_clusters():
    """The clustered interval covers the true difference in at least 93 % of 1 000 runs of 40 clusters of 5."""
    random, groups = np.random.default_rng(7), groups_of(40, 5)
    hits = 0
    for _ in range(1000):
        p_old = random.beta(3.5, 1.5, size=40).repeat(5)
        p_new = random.beta(3, 2, size=40).repeat(5)
        old, new = ((random.random(200) < p).astype(float).tolist() for p in (p_old, p_new))
        hits += covered(compare_pairs(old, new, groups), -0.1)
    print(f"coverage {hits / 1000:.3f}")
    assert hits / 1000 >= 0.93


@pytest.mark.slow
def test_coverage_of_graded_scores(monkeypatch):
    """The interval of graded differences covers in at least 93 % of 1 000 runs of 50 samples."""
    monkeypatch.setattr("pytest_hiddenlayer.stats.paired.sign_flip.DRAWS", 100)  # the interval needs none
    random = np.random.default_rng(8)
    hits = 0
    for _ in range(1000):
        old = random.beta(4, 2, size=50)
        new = random.beta(3, 2, size=50)
        hits += covered(compare_pairs(old.tolist(), new.tolist()), 3 / 5 - 4 / 6)
    assert hits / 1000 >= 0.93


def test_holm_keeps_the_family():
    """Of 1 000 sessions of ten null cells at most 6 % have any false alarm; uncorrected it would be a quarter."""
    random = np.random.default_rng(9)
    old, new = sides(random, 0.7, 0.7, 0.5, (1000, 10, 100))
    p = [
        [mcnemar_worse(int((a > b).sum()), int((b > a).sum())) for a, b in zip(olds, news, strict=True)]
        for olds, news in zip(old, new, strict=True)
    ]
    assert np.mean([min(holm(session)) <= ALPHA for session in p]) <= 0.06
    assert np.mean([min(session) <= ALPHA for session in p]) > 0.2


# ---------------------------------------------------------------- the sequential test


def epochs_of(random, n_groups: int, size: int, drop: float, planned: int) -> tuple[list, list]:
    """(old, new) answers: one epoch before, `planned` now, in clusters."""
    p = random.beta(3.5, 1.5, size=n_groups).repeat(size)
    old = (random.random((p.size, 1)) < p[:, None]).astype(float)
    new = (random.random((p.size, planned)) < np.clip(p - drop, 0, 1)[:, None]).astype(float)
    return old.tolist(), new.tolist()


@pytest.mark.slow
@pytest.mark.parametrize(("planned", "draws"), [(3, 4000), pytest.param(5, 20_000, marks=pytest.mark.slow)])
def test_the_sequential_test_keeps_alpha(planned, draws, monkeypatch):
    """With a look after each epoch, at most 6 % of 2 000 null runs are called worse, and at most 6 % better."""
    monkeypatch.setattr("pytest_hiddenlayer.stats.sequential.group_sequential.DRAWS", draws)
    random, groups = np.random.default_rng(0), groups_of(30, 2)
    runs = [epochs_of(random, 30, 2, 0.0, planned) for _ in range(2000)]
    found = [decide(old, new, groups, planned=planned) for old, new in runs]
    said = [one.verdict for one in found if one is not None]
    print(f"worse {said.count('regressed') / 2000:.3f}, better {said.count('improved') / 2000:.3f}")
    assert said.count("regressed") / 2000 <= 0.06
    assert said.count("improved") / 2000 <= 0.06


@pytest.mark.slow
def test_the_sequential_test_saves_epochs_and_little_power():
    """Against −15 points at n = 150 it stops after fewer than 3 of 5 epochs, with the power of the fixed test."""
    random = np.random.default_rng(1)
    runs = [epochs_of(random, 150, 1, 0.15, 5) for _ in range(100)]
    found = [decide(old, new, planned=5) for old, new in runs]
    power = np.mean([one is not None and one.verdict == "regressed" for one in found])
    means = [[[sum(answers) / len(answers) for answers in side] for side in run] for run in runs]
    fixed = np.mean(
        [compare_pairs(*scores, answers=run).p_worse <= ALPHA for run, scores in zip(runs, means, strict=True)]
    )
    looks = np.mean([one.look if one else 5 for one in found])
    print(f"power {power:.3f}, fixed {fixed:.3f}, looks {looks:.2f}")
    assert power >= fixed - 0.05
    assert looks < 3
