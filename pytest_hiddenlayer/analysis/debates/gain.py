"""How much of a debate's gain voting alone explains.

The gain is the final answer's accuracy minus the mean single answer of the first round. It is the
sum of three parts: voting (the majority of the first round minus its mean), discussion (the
majority of the last round minus that of the first) and verdict (the final answer minus the
majority of the last round: a judge, or another rule). Choi et al. 2025, arXiv:2508.17536, find
that voting explains most of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...stats.estimate.clusters import clusters
from . import tally
from .question_means import Difference, difference, question_values
from .turns import Debate

DRAWS = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Gain:
    """Means over questions, with every epoch's four numbers known; differences have 95 % intervals."""

    n: int  # questions
    single: float | None  # mean answer of the first round
    first_majority: float | None
    last_majority: float | None
    final: float | None  # the strategy's answer
    gain: Difference
    voting: Difference
    discussion: Difference
    verdict: Difference
    share: float | None  # voting divided by gain; None: `why` says so
    share_ci95: tuple[float, float] | None  # percentile bootstrap over clusters of questions
    why: str  # why there is no share; empty if there is one


def gain_of(debates: Sequence[Debate], *, draws: int = DRAWS, seed: int = 0) -> Gain:
    """Returns the gain and its parts. The share is given only if the gain's interval excludes 0."""
    rows, groups = question_values(
        debates,
        lambda debate: tally.agents_right(debate.rounds[0]),
        lambda debate: tally.majority_right(debate.rounds[0]),
        lambda debate: tally.majority_right(debate.rounds[-1]),
        lambda debate: None if debate.right is None else float(debate.right),
    )
    means = [float(np.mean(column)) for column in zip(*rows, strict=True)] if rows else [None] * 4

    def part(after: int, before: int) -> Difference:
        return difference([row[after] - row[before] for row in rows], groups)

    gain, voting = part(3, 0), part(1, 0)
    why = _why_no_share(gain)
    return Gain(
        n=len(rows),
        single=means[0],
        first_majority=means[1],
        last_majority=means[2],
        final=means[3],
        gain=gain,
        voting=voting,
        discussion=part(2, 1),
        verdict=part(3, 2),
        share=None if why or not gain.mean or voting.mean is None else voting.mean / gain.mean,
        share_ci95=None if why else _ratio_interval(rows, groups, draws, seed),
        why=why,
    )


def _why_no_share(gain: Difference) -> str:
    if gain.n == 0:
        return "no question is scored in its first round, its last round and its answer"
    if not gain.excludes_zero:
        return "no gain to divide: its interval contains 0"
    return "the debate loses accuracy: no gain to divide" if (gain.mean or 0.0) < 0 else ""


def _ratio_interval(
    rows: Sequence[Sequence[float]], groups: Sequence[str], draws: int, seed: int
) -> tuple[float, float] | None:
    """The 2.5 and 97.5 percentiles of voting / gain over resampled clusters; None if there is no upper one.

    The ratio of a draw without gain has no bound: it counts as infinite.
    """
    voting = np.asarray(clusters([row[1] - row[0] for row in rows], groups)[0])
    gain = np.asarray(clusters([row[3] - row[0] for row in rows], groups)[0])
    random = np.random.default_rng(seed)
    ratios = []
    for _ in range(draws):
        chosen = random.integers(0, len(gain), len(gain))
        total = float(gain[chosen].sum())
        ratios.append(float(voting[chosen].sum()) / total if total > 1e-12 else math.inf)
    ratios.sort()
    low, high = ratios[math.floor(0.025 * (draws - 1))], ratios[math.ceil(0.975 * (draws - 1))]
    return None if math.isinf(high) else (low, high)
