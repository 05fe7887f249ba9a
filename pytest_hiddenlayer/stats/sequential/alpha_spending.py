"""Spending α over looks at growing data: which look is the first to cross its boundary?

At look k of K planned ones, α(k/K)² may have been spent: the power family of Kim & DeMets
1987, "Design and analysis of group sequential tests based on the type I error spending rate
function"; Lan & DeMets 1983, "Discrete sequential boundaries for clinical trials". The
boundary of a look is found from draws of the whole trajectory under the null hypothesis: of
those that no earlier look has decided, it may decide as many as its share of α allows.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Crossing: TypeAlias = tuple[int, float] | None
"""(look from 0, p) of the first boundary that was crossed; None where none was."""


def spent(alpha: float, look: int, planned: int) -> float:
    """The α that may have been spent by a look, from 1 to `planned`."""
    return alpha * (look / planned) ** 2


def first_crossing(trajectories: Any, planned: int, alpha: float) -> Crossing:
    """The first look at which the first trajectory is beyond the boundary; p is the share decided by then.

    `trajectories` (looks, draws) holds the statistic, high against the null hypothesis; the
    first column is the data, the others are draws under the null hypothesis.
    """
    import numpy as np

    alive = np.ones(trajectories.shape[1], dtype=bool)
    crossed = 0
    for k, values in enumerate(trajectories):
        slack = 1e-9 * np.abs(values).max()  # equal sums may differ in the last bits
        room = int(spent(alpha, k + 1, planned) * len(alive) * (1 + 1e-12)) - crossed
        beyond = int((alive & (values >= values[0] - slack)).sum())
        if beyond <= room:
            return k, (beyond + crossed) / len(alive)
        if room > 0:
            taken = alive & (values > _best_left(np, values[alive], room) + slack)
            alive &= ~taken
            crossed += int(taken.sum())
    return None


def both(one: Crossing, other: Crossing) -> Crossing:
    """The look by which two boundaries were crossed, and the larger p."""
    return None if one is None or other is None else (max(one[0], other[0]), max(one[1], other[1]))


def _best_left(np: Any, living: Any, room: int) -> float:
    """The highest of the living that the look may not decide; with it all that tie."""
    at = len(living) - 1 - room
    return float(np.partition(living, at)[at])
