"""Averages over questions: the epochs of a question are averaged, and questions of a group are a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import fsum

from ...stats.estimate.clusters import clusters
from ...stats.estimate.empirical_likelihood import BoundedMean
from ...stats.estimate.mean_interval import Estimate, estimate
from .turns import Debate

ALPHA = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A mean difference over questions with its 95 % interval."""

    n: int  # questions
    mean: float | None  # None: no question
    ci95: tuple[float, float] | None  # None: fewer than two clusters

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0."""
        return self.ci95 is not None and (self.ci95[0] > 0 or self.ci95[1] < 0)


def question_values(
    debates: Iterable[Debate], *values: Callable[[Debate], float | None]
) -> tuple[list[list[float]], list[str]]:
    """Returns ([the means of each value over the epochs of a question], [cluster]), one entry per question.

    An epoch without one of the values is left out, and so is a question without any epoch left.
    """
    questions: dict[str, list[list[float]]] = {}
    groups: dict[str, str] = {}
    for debate in debates:
        found = [value(debate) for value in values]
        known = [one for one in found if one is not None]
        if len(known) == len(found):
            questions.setdefault(debate.sample_id, []).append(known)
            groups[debate.sample_id] = debate.cluster
    means = [[fsum(column) / len(rows) for column in zip(*rows, strict=True)] for rows in questions.values()]
    return means, [groups[name] for name in questions]


def question_estimate(debates: Iterable[Debate], value: Callable[[Debate], float | None]) -> Estimate:
    """Returns the mean over questions of a value in [0, 1], with its interval."""
    rows, groups = question_values(debates, value)
    return estimate([row[0] for row in rows], groups)


def difference(values: Sequence[float], groups: Sequence[str], *, bound: float = 1.0) -> Difference:
    """Returns the mean of differences in [-bound, bound], with the interval of clustered empirical likelihood."""
    if not values:
        return Difference(n=0, mean=None, ci95=None)
    sums, sizes = clusters(values, groups)
    mean = BoundedMean(sums=sums, sizes=sizes, low=-bound, high=bound)
    return Difference(n=len(values), mean=fsum(values) / len(values), ci95=mean.interval() if len(sums) > 1 else None)
