"""Control tasks: random labels, fixed per type, that can only be memorized.

Hewitt & Liang 2019, "Designing and Interpreting Probes with Control Tasks": a probe that is strong enough
to learn random labels of word types says little about the representation. Selectivity is its accuracy
minus that on the control task.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from ...errors import UsageError


def control_labels(labels: Any, types: Sequence[Hashable], *, seed: int) -> Any:
    """One random label per type [n], drawn from the labels of the rows as often as they occur."""
    random = np.random.default_rng([seed, 1])
    drawn: dict[Hashable, Any] = {}
    for kind in types:
        if kind not in drawn:
            drawn[kind] = labels[random.integers(len(labels))]
    return np.array([drawn[kind] for kind in types])


def check_types(types: Sequence[Hashable], test: Any) -> None:
    """Raise UsageError if no row of the test part has a type that was seen in training.

    Such labels could not be memorized, and selectivity would only be the accuracy above chance.
    """
    seen = {kind for kind, held_out in zip(types, test, strict=True) if not held_out}
    known = sum(kind in seen for kind, held_out in zip(types, test, strict=True) if held_out)
    if not known:
        raise UsageError(
            "a control task needs types that occur on both sides of the split, so that their random labels can be "
            f"learned; none of the {int(np.sum(test))} test rows has a type of the training rows: use coarser types, "
            "such as the token that is read, or leave out `types`"
        )
