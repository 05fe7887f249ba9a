"""Ridge regression: a linear model of numbers with an L2 penalty, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True, slots=True)
class RidgeModel:
    """Weights of one number over standardized activations."""

    weights: Any  # [width]
    bias: float  # the mean of the training targets
    centre: Any  # [width]
    spread: Any  # [width]

    def predict(self, activations: Any) -> Any:
        """The predicted number of every row [n]."""
        return (np.asarray(activations, dtype=float) - self.centre) / self.spread @ self.weights + self.bias

    def fitness(self, activations: Any, targets: Any) -> float:
        """Minus the mean squared error."""
        return -float(np.mean((self.predict(activations) - targets) ** 2))


def fit_ridge(activations: Any, targets: Any, penalty: float) -> RidgeModel:
    """The model with the smallest Σ (target - prediction)² + penalty · ‖weights‖², on standardized activations.

    The bias is not penalized. It is the objective of scikit-learn's Ridge with alpha = penalty. Hoerl & Kennard
    1970, "Ridge Regression: Biased Estimation for Nonorthogonal Problems".
    """
    rows, numbers = np.asarray(activations, dtype=float), np.asarray(targets, dtype=float)
    centre, spread = rows.mean(axis=0), rows.std(axis=0)
    spread = np.where(spread > 1e-12 * np.maximum(1.0, np.abs(centre)), spread, 1.0)
    scaled, mean = (rows - centre) / spread, float(numbers.mean())
    left, singular, right = np.linalg.svd(scaled, full_matrices=False)
    weights = right.T @ (singular / (singular**2 + penalty) * (left.T @ (numbers - mean)))
    return RidgeModel(weights=weights, bias=mean, centre=centre, spread=spread)
