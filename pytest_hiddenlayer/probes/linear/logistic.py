"""Logistic regression with an L2 penalty, for two classes or more, by L-BFGS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_MAX_STEPS = 1000
_UNSEEN = -27.6  # ln 1e-12


@dataclass(frozen=True, kw_only=True, slots=True)
class LogisticModel:
    """Weights of classes over standardized activations."""

    classes: tuple[Any, ...]  # sorted as numpy sorts them
    weights: Any  # [classes, width]; two classes: opposite rows
    bias: Any  # [classes]
    centre: Any  # [width], the mean of the training rows
    spread: Any  # [width], their standard deviation; 1 where they do not vary

    def log_probabilities(self, activations: Any) -> Any:
        """Natural logarithms of the probabilities [n, classes]."""
        from scipy.special import log_softmax

        scaled = (np.asarray(activations, dtype=float) - self.centre) / self.spread
        return log_softmax(scaled @ self.weights.T + self.bias, axis=1)

    def predict(self, activations: Any) -> Any:
        """The most probable class of every row [n]."""
        return np.asarray(self.classes)[self.log_probabilities(activations).argmax(axis=1)]

    def fitness(self, activations: Any, labels: Any) -> float:
        """The mean log-probability of the labels; a class not seen in training counts as 1e-12."""
        columns = {name: column for column, name in enumerate(self.classes)}
        logs = self.log_probabilities(activations)
        labelled = enumerate(labels.tolist())
        return float(np.mean([logs[row, columns[name]] if name in columns else _UNSEEN for row, name in labelled]))


def fit_logistic(activations: Any, labels: Any, penalty: float) -> LogisticModel:
    """The model with the smallest Σ -log p(label) + penalty/2 · ‖weights‖², on standardized activations [n, width].

    Two classes have one weight vector, more have one each (multinomial). The bias is not penalized.
    It is the objective of scikit-learn's LogisticRegression with C = 1/penalty.
    """
    rows = np.asarray(activations, dtype=float)
    centre, spread = rows.mean(axis=0), rows.std(axis=0)
    spread = np.where(spread > 1e-12 * np.maximum(1.0, np.abs(centre)), spread, 1.0)
    scaled = (rows - centre) / spread
    classes, codes = np.unique(labels, return_inverse=True)
    fitted = _binary(scaled, codes, penalty) if len(classes) == 2 else _multinomial(scaled, codes, penalty)
    weights, bias = fitted
    return LogisticModel(classes=tuple(classes.tolist()), weights=weights, bias=bias, centre=centre, spread=spread)


def _binary(scaled: Any, codes: Any, penalty: float) -> tuple[Any, Any]:
    """Weights [2, width] and bias [2] of which only the difference matters."""
    from scipy.special import expit

    signs = 2.0 * codes - 1.0

    def loss(parameters: Any) -> tuple[float, Any]:
        weights, bias = parameters[:-1], parameters[-1]
        margins = signs * (scaled @ weights + bias)
        slope = -signs * expit(-margins)
        value = np.logaddexp(0.0, -margins).sum() + penalty / 2 * weights @ weights
        return value, np.append(scaled.T @ slope + penalty * weights, slope.sum())

    found = _minimum(loss, np.zeros(scaled.shape[1] + 1))
    half = found / 2  # two classes with opposite scores have the same probabilities
    return np.stack([-half[:-1], half[:-1]]), np.array([-half[-1], half[-1]])


def _multinomial(scaled: Any, codes: Any, penalty: float) -> tuple[Any, Any]:
    from scipy.special import log_softmax

    width, n_classes = scaled.shape[1], int(codes.max()) + 1
    wanted = np.eye(n_classes)[codes]

    def loss(parameters: Any) -> tuple[float, Any]:
        matrix = parameters.reshape(n_classes, width + 1)
        weights, bias = matrix[:, :-1], matrix[:, -1]
        logs = log_softmax(scaled @ weights.T + bias, axis=1)
        excess = np.exp(logs) - wanted
        value = -(wanted * logs).sum() + penalty / 2 * (weights * weights).sum()
        slopes = np.column_stack([excess.T @ scaled + penalty * weights, excess.sum(axis=0)])
        return value, slopes.ravel()

    matrix = _minimum(loss, np.zeros(n_classes * (width + 1))).reshape(n_classes, width + 1)
    return matrix[:, :-1], matrix[:, -1]


def _minimum(loss: Any, start: Any) -> Any:
    from scipy.optimize import minimize

    options = {"maxiter": _MAX_STEPS, "gtol": 1e-6, "ftol": 1e-12}
    found: Any = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)  # type: ignore[call-overload]
    return found.x
