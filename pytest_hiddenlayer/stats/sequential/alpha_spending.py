"""α spending over looks at growing data: the first look that crosses its boundary.

By look k of K planned looks, α(k/K)² may have been spent: the power family of Kim & DeMets
1987, "Design and analysis of group sequential tests based on the type I error spending rate
function"; Lan & DeMets 1983, "Discrete sequential boundaries for clinical trials". The
boundary of a look comes from draws of the whole trajectory under the null hypothesis: of the
draws that no earlier look decided, it may decide as many as its share of α allows.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Crossing: TypeAlias = tuple[int, float] | None
"""(look from 0, p) of the first boundary crossed; None if no boundary was crossed."""


def alpha_spent(alpha: float, look: int, planned: int) -> float:
    """The α that may have been spent by `look`, from 1 to `planned`."""
    return alpha * (look / planned) ** 2


def first_crossing(trajectories: Any, planned: int, alpha: float) -> Crossing:
    """The first look at which the first trajectory crosses the boundary; p is the share of draws decided by then.

    `trajectories` (looks, draws) holds the statistic, which is high against the null hypothesis.
    The first column is the data, the others are draws under the null hypothesis.
    """
    undecided = np.ones(trajectories.shape[1], dtype=bool)
    decided = 0
    for k, values in enumerate(trajectories):
        tolerance = 1e-9 * np.abs(values).max()  # equal sums may differ in the last bits
        allowed = int(alpha_spent(alpha, k + 1, planned) * len(undecided) * (1 + 1e-12)) - decided
        extreme = int((undecided & (values >= values[0] - tolerance)).sum())
        if extreme <= allowed:
            return k, (extreme + decided) / len(undecided)
        if allowed > 0:
            crossing = undecided & (values > _boundary(values[undecided], allowed) + tolerance)
            undecided &= ~crossing
            decided += int(crossing.sum())
    return None


def later_crossing(a: Crossing, b: Crossing) -> Crossing:
    """The later of two crossings, with the larger p; None unless both boundaries were crossed."""
    return None if a is None or b is None else (max(a[0], b[0]), max(a[1], b[1]))


def _boundary(undecided: Any, allowed: int) -> float:
    """The highest value that the look may not decide; values equal to it stay undecided too."""
    index = len(undecided) - 1 - allowed
    return float(np.partition(undecided, index)[index])
