"""One linear probe: fitted on some groups and evaluated on others, with a baseline and a control task."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...stats.estimate.mean_interval import Estimate
from .checks import check_training_labels, checked_rows
from .control import check_types, control_labels
from .groups import check_no_leak, group_parts
from .held_out import HeldOut, accuracy_of, r_squared_of, selectivity_of
from .penalty import Kind, LinearModel, fit_with_chosen_penalty


@dataclass(frozen=True, kw_only=True, slots=True)
class LinearProbe:
    """What a linear model reads from activations, on groups of rows that it has not seen.

    `score` is the accuracy (logistic) or R² (ridge) on the test rows, with an interval over groups.
    It holds for this probe on new groups; that another training part gives another probe is not in it.
    """

    kind: Kind
    score: Estimate
    baseline: float  # the score of always predicting the most frequent training class, or the training mean (0)
    p: float  # one-sided, of the probe being no better than the baseline; sign flips over test groups
    control: Estimate | None  # the score on the control task; None: no types were given
    selectivity: Estimate | None  # score minus that of the control, both on the same test rows
    penalty: float  # of the L2 term, chosen inside the training rows
    n_train: int
    n_test: int
    n_groups: int
    model: LinearModel  # its `predict` takes activations [n, width]

    def __str__(self) -> str:
        name = "accuracy" if self.kind == "logistic" else "R²"
        text = f"{name} {_text(self.score)}, baseline {self.baseline:.3f}, p {self.p:.2g}"
        if self.control is not None and self.selectivity is not None:
            text += f", control {_text(self.control)}, selectivity {_text(self.selectivity)}"
        n_groups = self.score.n_groups or self.n_test
        return f"{text} (trained on {self.n_train} rows, tested on {self.n_test} in {n_groups} groups)"


def linear_probe(
    activations: Any,
    labels: Sequence[Any],
    groups: Sequence[Hashable],
    *,
    kind: Kind = "logistic",
    types: Sequence[Hashable] | None = None,
    test: Sequence[bool] | None = None,
    test_share: float = 0.3,
    penalties: Sequence[float] = (),
    seed: int = 0,
) -> LinearProbe:
    """A linear probe of `labels` [n] on `activations` [n, width], evaluated on held-out groups.

    `groups` says which rows depend on each other: rows of one sample or one template share a group, and a group is
    on one side of the split. `types` says which rows share a label in the control task (Hewitt & Liang 2019), for
    instance the token that is read. `test` marks the test rows; without it, `test_share` of the groups are drawn.
    Activations are standardized by the training rows, and the L2 penalty is chosen by grouped cross-validation in
    them. Raises UsageError for too few groups, one class, leaking groups and activations that are not finite.
    """
    rows, values = checked_rows(activations, labels, groups, types, kind=kind)
    held_out = group_parts(groups, [1 - test_share, test_share], seed=seed)[1] if test is None else np.asarray(test)
    check_no_leak(groups, held_out)
    check_training_labels(values, ~held_out)
    data = Rows(kind=kind, rows=rows, labels=values, groups=groups, train=~held_out, penalties=penalties, seed=seed)
    return data.probe(data.fit(values), held_out, types)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """Checked rows, of which some train a probe and others judge it."""

    kind: Kind
    rows: Any  # [n, width]
    labels: Any  # [n]
    groups: Sequence[Hashable]
    train: Any  # Booleans [n]
    penalties: Sequence[float]
    seed: int

    def fit(self, labels: Any) -> tuple[LinearModel, float]:
        """(model, penalty) fitted on the training rows with these labels [n]."""
        groups = self._groups(self.train)
        return fit_with_chosen_penalty(
            self.kind, self.rows[self.train], labels[self.train], groups, seed=self.seed, penalties=self.penalties
        )

    def evaluate(self, model: LinearModel, labels: Any, test: Any) -> HeldOut:
        """The score of the model's predictions of these labels on the rows of the mask `test`."""
        score_of = accuracy_of if self.kind == "logistic" else r_squared_of
        return score_of(model.predict(self.rows[test]), labels[test], labels[self.train], self._groups(test))

    def probe(
        self, fitted: tuple[LinearModel, float], test: Any, types: Sequence[Hashable] | None = None
    ) -> LinearProbe:
        """The probe of a fitted model with its controls, evaluated on the rows of the mask `test`."""
        model, penalty = fitted
        found, control = self.evaluate(model, self.labels, test), None
        if types is not None:
            used = self.train | test
            check_types([name for name, kept in zip(types, used, strict=True) if kept], test[used])
            random_labels = control_labels(self.labels, types, seed=self.seed)
            control = self.evaluate(self.fit(random_labels)[0], random_labels, test)
        return LinearProbe(
            kind=self.kind,
            score=found.score,
            baseline=found.baseline,
            p=found.p,
            control=None if control is None else control.score,
            selectivity=None if control is None else selectivity_of(self.kind, found, control, self._groups(test)),
            penalty=penalty,
            n_train=int(self.train.sum()),
            n_test=int(test.sum()),
            n_groups=len(set(self.groups)),
            model=model,
        )

    def _groups(self, mask: Any) -> list[Hashable]:
        return [group for group, kept in zip(self.groups, mask, strict=True) if kept]


def _text(estimate: Estimate) -> str:
    mean = math.nan if estimate.mean is None else estimate.mean
    return f"{mean:.3f}" + ("" if estimate.ci95 is None else f" [{estimate.ci95[0]:.3f}, {estimate.ci95[1]:.3f}]")
