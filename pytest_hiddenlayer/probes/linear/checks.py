"""What a probe refuses: rows that do not fit together, numbers that are not finite, one class."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from ...errors import UsageError
from .penalty import Kind


def checked_rows(
    activations: Any,
    labels: Sequence[Any],
    groups: Sequence[Hashable],
    types: Sequence[Hashable] | None,
    *,
    kind: Kind,
) -> tuple[Any, Any]:
    """(activations [n, width] in double precision, labels [n]). Raises UsageError if no probe can learn from them."""
    if kind not in ("logistic", "ridge"):
        raise UsageError(f"unknown kind of linear probe {kind!r}: use 'logistic' for classes or 'ridge' for numbers")
    rows = np.asarray(activations, dtype=float)
    if rows.ndim != 2:
        raise UsageError(
            f"a linear probe takes activations [rows, width]; got an array of shape {list(rows.shape)}: "
            "choose one layer and one position per row"
        )
    for name, given in (("labels", labels), ("groups", groups), ("types", types)):
        if given is not None and len(given) != len(rows):
            raise UsageError(
                f"a linear probe needs one of `{name}` per row; {len(rows)} rows have {len(given)}: "
                "give as many as there are rows"
            )
    if bad := int((~np.isfinite(rows)).any(axis=1).sum()):
        raise UsageError(
            f"activations must be finite; {bad} of {len(rows)} rows hold NaN or infinity: leave them out, "
            "and look for an overflow in half precision"
        )
    return rows, _checked_labels(labels, kind)


def _checked_labels(labels: Sequence[Any], kind: Kind) -> Any:
    try:
        values = np.asarray(labels, dtype=float) if kind == "ridge" else np.asarray(labels)
    except (TypeError, ValueError) as error:
        raise UsageError(f"a ridge probe predicts numbers; the labels are none ({error}): use 'logistic'") from error
    if kind == "ridge" and not np.isfinite(values).all():
        raise UsageError("a ridge probe predicts finite numbers; a label is NaN or infinite: leave its row out")
    if len(np.unique(values)) < 2:
        raise UsageError(
            f"a linear probe needs two labels or more; all {len(values)} rows have the same label: add other rows"
        )
    return values


def check_training_labels(values: Any, train: Any) -> None:
    """Raise UsageError if the training rows have a single label although all rows together have several."""
    if len(np.unique(values[train])) < 2:
        raise UsageError(
            f"the {int(train.sum())} training rows of this split have a single label, {values[train][0]!r}: "
            "use another `seed`, or more groups per label"
        )
