"""Three ways to a direction from positive and negative activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import UsageError
from ..linear.penalty import fit_with_chosen_penalty


def mean_difference(positive: Any, negative: Any) -> Any:
    """The mean of the positive minus that of the negative rows [width], not normalized.

    Rimsky et al. 2024, "Steering Llama 2 via Contrastive Activation Addition", section 3; Marks & Tegmark 2024,
    "The Geometry of Truth", call it the mass-mean direction.
    """
    return positive.mean(axis=0) - negative.mean(axis=0)


def principal_difference(positive: Any, negative: Any) -> Any:
    """The unit direction [width] along which the differences of pairs are largest, pointing to the positive rows.

    Row i of both is one pair. It is the first right singular vector of the differences, which are not centred:
    centring would remove the mean difference, which is what the vector is for. A singular vector has no sign. As in
    repeng (`pca_diff`), it is flipped if more pairs have the negative row further along than the positive one.
    Zou et al. 2023, "Representation Engineering".
    """
    if len(positive) != len(negative):
        raise UsageError(
            f"method 'pca' needs pairs: row i of the positive and of the negative rows belong together; got "
            f"{len(positive)} and {len(negative)} rows: give pairs, or use method 'mean'"
        )
    differences = positive - negative
    direction = np.linalg.svd(differences, full_matrices=False)[2][0]
    along = differences @ direction
    return -direction if (along < 0).sum() > (along > 0).sum() else direction


def logistic_normal(positive: Any, negative: Any, *, seed: int) -> Any:
    """The normal [width] of the logistic probe that separates both kinds of rows, in units of the activations.

    It points to the positive rows. The penalty is chosen by cross-validation in which rows are independent.
    """
    rows = np.concatenate([positive, negative])
    labels = np.repeat([1, 0], [len(positive), len(negative)])
    model: Any = fit_with_chosen_penalty("logistic", rows, labels, range(len(rows)), seed=seed)[0]
    return (model.weights[1] - model.weights[0]) / model.spread
