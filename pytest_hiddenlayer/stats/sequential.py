"""Looking at a comparison after every epoch without losing the error rate.

A group-sequential sign-flip test. The samples of all looks are the same, their differences
become less noisy with every epoch. At look k of K planned ones, α(k/K)² may have been spent
(Kim & DeMets 1987, "Design and analysis of group sequential tests based on the type I error
spending rate function"; Lan & DeMets 1983). The boundary of a look is found from the joint
sign-flip distribution: a cluster's whole trajectory over the looks is flipped at once, so that
the dependence between looks and within clusters is the data's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .clusters import clusters
from .paired import bounded_stderr
from .signflip import flipped_totals

_DRAWS = 20_000
_MOST_DRAWS = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The first look at which the verdict was clear."""

    verdict: Literal["regressed", "improved", "same"]
    look: int  # from 1
    p: float  # at that look, among those flips that no earlier look had decided
    spent: float  # α that may have been spent by then, for each direction


def decide(
    looks: Sequence[Sequence[float]],
    groups: Sequence[str | None] | None = None,
    *,
    planned: int,
    alpha: float = 0.05,
    margin: float = 0.0,
    min_effect: float = 0.05,
    seed: int = 0,
) -> Decision | None:
    """The decision of the first look that has one; None where none has yet.

    `looks[k]` holds the differences (new minus old) of all samples over the epochs 1 to k + 1,
    the same samples in the same order; `planned` is the number of looks that there can be.
    `regressed` and `improved` are one-sided tests with `alpha` each; `same` needs the interval
    at the level of this look within ±min_effect. Raises ValueError for looks that do not fit.
    """
    _check(looks, groups, planned, alpha)
    worse = _crossing(looks, groups, planned, alpha, shift=margin, sign=-1.0, seed=seed)
    better = _crossing(looks, groups, planned, alpha, shift=0.0, sign=1.0, seed=seed)
    for k in range(len(looks)):
        spent = _spent(alpha, k + 1, planned)
        if k in worse:
            return Decision(verdict="regressed", look=k + 1, p=worse[k], spent=spent)
        if k in better:
            return Decision(verdict="improved", look=k + 1, p=better[k], spent=spent)
        if _same(looks[k], groups, spent - _spent(alpha, k, planned), min_effect):
            return Decision(verdict="same", look=k + 1, p=min(worse.get(k, 1.0), 1.0), spent=spent)
    return None


def _spent(alpha: float, look: int, planned: int) -> float:
    return alpha * (look / planned) ** 2


def _crossing(
    looks: Sequence[Sequence[float]],
    groups: Sequence[str | None] | None,
    planned: int,
    alpha: float,
    *,
    shift: float,
    sign: float,
    seed: int,
) -> dict[int, float]:
    """Look → p of the first look whose boundary is crossed in the direction of `sign`; empty where none is."""
    import numpy as np

    paths = np.array([clusters([sign * (d + shift) for d in look], groups)[0] for look in looks])
    draws = min(_MOST_DRAWS, max(_DRAWS, math.ceil(20 * planned**2 / alpha)))
    flipped = flipped_totals(paths, draws, seed)
    scale = np.sqrt((paths**2).sum(axis=1))
    alive = np.ones(draws, dtype=bool)
    crossed = 0
    for k in range(len(looks)):
        if scale[k] == 0:
            continue
        room = int(_spent(alpha, k + 1, planned) * (draws + 1)) - crossed
        total, ours = flipped[k], paths[k].sum()
        beyond = alive & (total >= ours - 1e-9 * scale[k])
        count = int(beyond.sum()) + 1
        if count <= room:
            return {k: (count + crossed) / (draws + 1)}
        taken = _top(np, total, alive, room)
        alive &= ~taken
        crossed += int(taken.sum())
    return {}


def _top(np: Any, total: Any, alive: Any, room: int) -> Any:
    """The flips that this look would have decided: the highest `room` living ones, ties left out."""
    if room <= 0 or not alive.any():
        return np.zeros_like(alive)
    living = total[alive]
    if room >= len(living):
        return alive.copy()
    return alive & (total > np.partition(living, len(living) - 1 - room)[len(living) - 1 - room])


def _same(differences: Sequence[float], groups: Sequence[str | None] | None, level: float, min_effect: float) -> bool:
    """Whether the interval that errs with `level` on each side lies within ±min_effect."""
    from scipy.special import stdtrit

    sums, sizes = clusters(differences, groups)
    stderr = bounded_stderr(sums, sizes, differences)
    if stderr is None or level <= 0:
        return False
    half = float(stdtrit(len(sums) - 1, 1 - level)) * stderr
    mean = math.fsum(differences) / len(differences)
    return -min_effect <= mean - half and mean + half <= min_effect


def _check(looks: Sequence[Sequence[float]], groups: Sequence[str | None] | None, planned: int, alpha: float) -> None:
    sizes = {len(look) for look in looks} | ({len(groups)} if groups is not None else set())
    if not looks or len(sizes) != 1 or 0 in sizes:
        raise ValueError(f"every look needs the same samples; got {sorted(sizes)}")
    if len(looks) > planned:
        raise ValueError(f"{len(looks)} looks, {planned} planned")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha lies between 0 and 1; got {alpha!r}")
    if not all(-1 <= value <= 1 for look in looks for value in look):
        raise ValueError("differences of scores lie in [-1, 1]")
