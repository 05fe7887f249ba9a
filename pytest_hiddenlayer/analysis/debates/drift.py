"""Whether accuracy rises or falls over rounds.

Choi et al. 2025, "Debate or Vote: Which Yields Better Decisions in Multi-Agent Large Language
Models?", arXiv:2508.17536: if a debate is a martingale, the expected share of right answers is
the same in every round. The null hypothesis is tested on the slope of each question over its
rounds. Debates that stopped keep their last answers: a stopped martingale is one too, while
the questions that go on debating are a selection.

The slopes' signs are flipped over clusters of questions (`stats/paired/sign_flip.py`). Steps
between rounds are paired tests with Holm's correction. `simulations/drift.py` has the measured
error rates and power.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ...stats.estimate.clusters import clusters
from ...stats.paired.compare import PairedTest, compare_pairs
from ...stats.paired.holm import holm
from ...stats.paired.sign_flip import sign_flip_test
from . import tally
from .accuracy import value_at
from .question_means import ALPHA, Difference, difference, question_values
from .turns import Debate

Direction = Literal["rises", "falls", "no drift shown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """The change from one round to the next, with debates that stopped carried forward."""

    before: int
    after: int
    paired: PairedTest
    p: float  # two-sided, after Holm's correction over the steps


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """The trend of accuracy over rounds, per round; debates that stopped are carried forward."""

    who: Literal["agents", "majority"]
    slope: Difference  # change of the share of right answers per round
    p: float | None  # two-sided, H0: no drift; None: no question
    method: str
    direction: Direction
    steps: tuple[Step, ...]


def drift(debates: Sequence[Debate], who: Literal["agents", "majority"]) -> Drift | None:
    """Returns the trend over the rounds; None if there are fewer than two rounds or no question is scored."""
    measure = tally.agents_right if who == "agents" else tally.majority_right
    numbers = sorted({number for debate in debates for number in debate.numbers})
    paths, groups = question_values(
        debates, *(lambda debate, number=number: value_at(debate, number, measure) for number in numbers)
    )
    if len(numbers) < 2 or not paths:
        return None
    weights = slope_weights(len(numbers))
    slopes = [sum(weight * value for weight, value in zip(weights, path, strict=True)) for path in paths]
    sums, _ = clusters(slopes, groups)
    unit = "questions" if len(sums) == len(slopes) else "groups"
    below, above, method = sign_flip_test([_exact(total) for total in sums], unit=unit)
    slope = difference(slopes, groups, bound=sum(weight for weight in weights if weight > 0))
    p = min(1.0, 2 * min(below, above))
    return Drift(
        who=who, slope=slope, p=p, method=method, direction=_direction(slope, p), steps=_steps(numbers, paths, groups)
    )


def slope_weights(n: int) -> list[float]:
    """Returns the weights of n equally spaced values whose weighted sum is the least-squares slope."""
    middle = (n - 1) / 2
    squares = sum((at - middle) ** 2 for at in range(n))
    return [(at - middle) / squares for at in range(n)]


def _exact(total: float) -> float:
    """0 for a sum that is 0 up to rounding, so that its sign is not flipped."""
    return 0.0 if abs(total) < 1e-12 else total


def _direction(slope: Difference, p: float) -> Direction:
    if p > ALPHA or not slope.mean:
        return "no drift shown"
    return "rises" if slope.mean > 0 else "falls"


def _steps(numbers: Sequence[int], paths: Sequence[Sequence[float]], groups: Sequence[str]) -> tuple[Step, ...]:
    tests = [
        compare_pairs([path[at] for path in paths], [path[at + 1] for path in paths], groups)
        for at in range(len(numbers) - 1)
    ]
    adjusted = holm([min(1.0, 2 * min(test.p_worse, test.p_better)) for test in tests])
    return tuple(
        Step(before=before, after=after, paired=test, p=p)
        for (before, after), test, p in zip(pairwise(numbers), tests, adjusted, strict=True)
    )
