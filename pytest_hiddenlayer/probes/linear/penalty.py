"""The L2 penalty of a probe, chosen by grouped cross-validation inside the training rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from .groups import grouped_folds
from .logistic import LogisticModel, fit_logistic
from .ridge import RidgeModel, fit_ridge

Kind: TypeAlias = Literal["logistic", "ridge"]
LinearModel: TypeAlias = LogisticModel | RidgeModel

PENALTIES: dict[Kind, tuple[float, ...]] = {
    "logistic": (0.1, 1.0, 10.0, 100.0, 1000.0),
    "ridge": (0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0),
}
FOLDS = 4


def fit_with_chosen_penalty(
    kind: Kind,
    activations: Any,
    labels: Any,
    groups: Sequence[Hashable],
    *,
    seed: int,
    penalties: Sequence[float] = (),
) -> tuple[LinearModel, float]:
    """(the model fitted on all rows, its penalty): the penalty that predicts held-out groups best.

    The criterion is log-probability for classes, squared error for numbers; of equal penalties the largest
    wins. A fold whose other rows have a single class is left out.
    """
    fit: Callable[[Any, Any, float], LinearModel] = fit_logistic if kind == "logistic" else fit_ridge
    candidates = sorted(penalties or PENALTIES[kind], reverse=True)
    if len(candidates) == 1:
        return fit(activations, labels, candidates[0]), candidates[0]
    folds = [fold for fold in grouped_folds(groups, FOLDS, seed=seed) if len(np.unique(labels[~fold])) > 1]
    scores = []
    for penalty in candidates:
        models = [(fit(activations[~fold], labels[~fold], penalty), fold) for fold in folds]
        scores.append(sum(m.fitness(activations[fold], labels[fold]) * fold.sum() for m, fold in models))
    best = candidates[int(np.argmax(scores))] if folds else candidates[0]
    return fit(activations, labels, best), best
