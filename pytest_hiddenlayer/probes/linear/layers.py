"""One probe per layer, and the best layer: chosen on validation rows, reported on test rows.

The best of many layers on the rows that chose it looks better than it is. So the rows are split in three: each
layer's probe learns from the first part, the second chooses the layer, and the third reports it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import UsageError
from ...stats.estimate.mean_interval import Estimate
from ...stats.paired.holm import holm
from .checks import check_training_labels, checked_rows
from .groups import group_parts
from .penalty import Kind
from .probe import LinearProbe, Rows

PARTS = (0.5, 0.2, 0.3)
"""Shares of the groups for training, for choosing the layer, and for the report."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerProbe:
    """The probe of one layer."""

    layer: int | str
    validation: Estimate  # the score on the rows that choose the layer
    probe: LinearProbe  # its score is that on the test rows
    p_holm: float  # the probe's p, corrected for the number of layers


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerSweep:
    """The probes of all layers, on one split."""

    layers: tuple[LayerProbe, ...]
    best: LayerProbe  # the highest validation score; of equal ones the first

    def __str__(self) -> str:
        lines = [f"{one.layer!s:>10}  {one.probe}, Holm {one.p_holm:.2g}" for one in self.layers]
        return "\n".join([*lines, f"best layer, chosen on validation rows: {self.best.layer}"])


def probe_layers(
    activations: Mapping[Any, Any],
    labels: Sequence[Any],
    groups: Sequence[Hashable],
    *,
    kind: Kind = "logistic",
    types: Sequence[Hashable] | None = None,
    penalties: Sequence[float] = (),
    seed: int = 0,
) -> LayerSweep:
    """One linear probe per layer of `activations` {layer: [n, width]}; arguments as in `linear_probe`.

    Half of the groups train, a fifth chooses the layer, and the rest is the test. The p-values of the layers are
    corrected by Holm's method. The control task has the same random labels in every layer. Raises UsageError as
    `linear_probe` does, and for no layer at all.
    """
    if not activations:
        raise UsageError("a sweep needs activations of at least one layer; got none: capture some")
    train, validation, test = group_parts(groups, PARTS, seed=seed)
    results = []
    for layer, array in activations.items():
        rows, values = checked_rows(array, labels, groups, types, kind=kind)
        check_training_labels(values, train)
        data = Rows(kind=kind, rows=rows, labels=values, groups=groups, train=train, penalties=penalties, seed=seed)
        fitted = data.fit(values)
        results.append((layer, data.evaluate(fitted[0], values, validation).score, data.probe(fitted, test, types)))
    adjusted = holm([probe.p for _, _, probe in results])
    layers = tuple(
        LayerProbe(layer=layer, validation=score, probe=probe, p_holm=p)
        for (layer, score, probe), p in zip(results, adjusted, strict=True)
    )
    return LayerSweep(layers=layers, best=max(layers, key=lambda one: _mean(one.validation)))


def _mean(score: Estimate) -> float:
    return -math.inf if score.mean is None else score.mean
