"""The linear models fit what scikit-learn fits."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_hiddenlayer.probes.linear.logistic import fit_logistic
from pytest_hiddenlayer.probes.linear.penalty import fit_with_chosen_penalty
from pytest_hiddenlayer.probes.linear.ridge import fit_ridge

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(120, 7)) * RANDOM.uniform(0.1, 20, 7) + 3


def labels_of(n_classes: int) -> np.ndarray:
    """Classes that depend on the rows, with noise."""
    return np.argmax(ROWS[:, :n_classes] / ROWS[:, :n_classes].std(0) + RANDOM.normal(size=(120, n_classes)), axis=1)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("penalty", [0.1, 5.0])
def test_logistic_equals_scikit_learn(n_classes, penalty):
    """Probabilities are those of scikit-learn on standardized rows, for two classes and for four."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    labels = labels_of(n_classes)
    scaled = (ROWS - ROWS.mean(0)) / ROWS.std(0)
    theirs = linear_model.LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=10_000).fit(scaled, labels)
    ours = fit_logistic(ROWS, labels, penalty)
    np.testing.assert_allclose(np.exp(ours.log_probabilities(ROWS)), theirs.predict_proba(scaled), atol=2e-5)
    assert (ours.predict(ROWS) == theirs.predict(scaled)).all()


@pytest.mark.parametrize("penalty", [0.1, 50.0])
def test_ridge_equals_scikit_learn(penalty):
    """Predictions are those of scikit-learn on standardized rows."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    targets = ROWS @ RANDOM.normal(size=7) + RANDOM.normal(size=120)
    scaled = (ROWS - ROWS.mean(0)) / ROWS.std(0)
    theirs = linear_model.Ridge(alpha=penalty).fit(scaled, targets).predict(scaled)
    np.testing.assert_allclose(fit_ridge(ROWS, targets, penalty).predict(ROWS), theirs, rtol=1e-9)


def test_more_columns_than_rows_and_a_constant_one():
    """Width beyond the number of rows, and a column that never varies, still give finite predictions."""
    rows = np.column_stack([RANDOM.normal(size=(12, 40)), np.full(12, 7.0)])
    labels = np.arange(12) % 2
    assert (fit_logistic(rows, labels, 0.1).predict(rows) == labels).all()
    np.testing.assert_allclose(fit_ridge(rows, labels, 1e-6).predict(rows), labels, atol=1e-3)


def test_names_are_classes_too():
    """Labels may be text; the prediction is one of them."""
    labels = np.where(ROWS[:, 0] > ROWS[:, 0].mean(), "cat", "dog")
    model = fit_logistic(ROWS, labels, 0.1)
    assert model.classes == ("cat", "dog")
    assert (model.predict(ROWS) == labels).mean() > 0.95


def test_noise_gets_the_largest_penalty():
    """If the labels have nothing to do with the rows, the chosen penalty is the strongest."""
    labels = np.tile([0, 1], 60)
    _, penalty = fit_with_chosen_penalty("logistic", RANDOM.normal(size=(120, 30)), labels, range(120), seed=0)
    assert penalty == 1000.0


def test_cross_validation_inside_is_by_group():
    """Rows repeated within a group do not make overfitting look good: noise still gets the strongest penalty."""
    rows = np.repeat(RANDOM.normal(size=(40, 30)), 5, axis=0)
    labels = np.repeat(np.tile([0, 1], 20), 5)
    groups = np.repeat(np.arange(40), 5).tolist()
    assert fit_with_chosen_penalty("logistic", rows, labels, groups, seed=0)[1] == 1000.0
    assert fit_with_chosen_penalty("logistic", rows, labels, range(200), seed=0)[1] < 1000.0
