"""A concept vector: a unit direction at one layer and site of one model, and its scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from ...errors import UsageError
from .methods import logistic_normal, mean_difference, principal_difference

Method: TypeAlias = Literal["mean", "pca", "logistic"]
METHODS: tuple[Method, ...] = ("mean", "pca", "logistic")
MIN_ROWS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class ConceptVector:
    """A direction that points from the negative to the positive rows.

    `direction` has length 1. Lengths are Euclidean, in units of the activations at `site` of `layer`.
    """

    direction: Any  # [width], single precision, length 1
    method: Method
    gap: float  # mean projection of the positive minus that of the negative rows; for 'mean' the difference's length
    midpoint: float  # halfway between the two mean projections
    activation_norm: float  # mean length of the rows that the vector was made from
    n_positive: int
    n_negative: int
    layer: int
    site: str
    model: str
    fingerprint: str | None  # of the model's files; None: unknown

    def project(self, activations: Any) -> Any:
        """The signed length of activations [..., width] along the direction; above `midpoint`: the positive side."""
        rows = np.asarray(activations, dtype=float)
        if rows.shape[-1] != len(self.direction):
            raise UsageError(
                f"this concept vector has width {len(self.direction)}; the activations have {rows.shape[-1]}: "
                f"capture site {self.site!r} of model {self.model!r}"
            )
        return rows @ self.direction.astype(float)

    def random(self, n: int, *, seed: int = 0) -> Any:
        """Random unit directions [n, width], uniform on the sphere: what the vector is measured against."""
        drawn = np.random.default_rng(seed).standard_normal((n, len(self.direction)))
        return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def concept_vector(
    positive: Any,
    negative: Any,
    *,
    method: Method = "mean",
    layer: int,
    site: str,
    model: str,
    fingerprint: str | None = None,
    seed: int = 0,
) -> ConceptVector:
    """The direction from `negative` to `positive` activations, [n, width] each, captured at `site` of `layer`.

    `method`: the difference of means, the principal component of the differences of pairs, or the normal of a
    logistic probe. Raises UsageError for fewer than two rows a side, another width, and sides that do not differ.
    """
    if method not in METHODS:
        raise UsageError(f"unknown method {method!r} for a concept vector: use one of {', '.join(METHODS)}")
    high, low = _rows(positive, "positive"), _rows(negative, "negative")
    if high.shape[1] != low.shape[1]:
        raise UsageError(
            f"positive and negative activations must have one width; got {high.shape[1]} and {low.shape[1]}: "
            "capture both at the same site of the same model"
        )
    if method == "logistic":
        raw = logistic_normal(high, low, seed=seed)
    else:
        raw = (mean_difference if method == "mean" else principal_difference)(high, low)
    length = float(np.linalg.norm(raw))
    if not length > 1e-12:
        raise UsageError(
            f"positive and negative rows do not differ by method {method!r} at site {site!r} of layer {layer}; "
            "a concept vector needs a difference: use other texts or another layer"
        )
    direction = raw / length
    means = float((high @ direction).mean()), float((low @ direction).mean())
    return ConceptVector(
        direction=direction.astype(np.float32),
        method=method,
        gap=means[0] - means[1],
        midpoint=(means[0] + means[1]) / 2,
        activation_norm=float(np.linalg.norm(np.concatenate([high, low]), axis=1).mean()),
        n_positive=len(high),
        n_negative=len(low),
        layer=layer,
        site=site,
        model=model,
        fingerprint=fingerprint,
    )


def _rows(activations: Any, side: str) -> Any:
    rows = np.asarray(activations, dtype=float)
    if rows.ndim != 2 or len(rows) < MIN_ROWS or not np.isfinite(rows).all():
        raise UsageError(
            f"a concept vector needs at least {MIN_ROWS} finite {side} rows [n, width]; got an array of shape "
            f"{list(rows.shape)}{'' if np.isfinite(rows).all() else ' with NaN or infinity'}: "
            "choose one position per text"
        )
    return rows
