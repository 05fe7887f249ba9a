"""Simulated answers: right/wrong or graded, in clusters, over epochs of which some are lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from pytest_hiddenlayer.results.metrics.samples import SampleResult
from pytest_hiddenlayer.results.regression.baseline import BaselineSample

Chances = Callable[[np.random.Generator, int], np.ndarray]
"""The chance of a right answer, for each of n samples."""


def constant(p: float) -> Chances:
    """Every sample is as hard."""
    return lambda random, n: np.full(n, p)


def beta(a: float, b: float) -> Chances:
    """Samples of different difficulty."""
    return lambda random, n: random.beta(a, b, size=n)


@dataclass(frozen=True, kw_only=True)
class Design:
    """How one side's answers are made."""

    epochs: int = 1
    grades: int = 1  # steps of the scale; 1: right/wrong
    lost: float = 0.0  # chance that an epoch after the first has no score

    def draw(self, random: np.random.Generator, chances: np.ndarray) -> list[list[float | None]]:
        """One score per epoch and sample; None if it is lost."""
        scores = random.binomial(self.grades, chances[:, None], size=(len(chances), self.epochs)) / self.grades
        lost = random.random(scores.shape) < self.lost
        lost[:, 0] = False
        return [
            [None if gone else float(score) for score, gone in zip(row, gone_row, strict=True)]
            for row, gone_row in zip(scores, lost, strict=True)
        ]


def sizes_of(random: np.random.Generator, n_groups: int, smallest: int, largest: int) -> list[int]:
    """The sizes of the clusters."""
    return [int(size) for size in random.integers(smallest, largest + 1, size=n_groups)]


def names_of(sizes: list[int]) -> list[str]:
    """The cluster's name of every sample."""
    return [str(index) for index, size in enumerate(sizes) for _ in range(size)]


def scored(answers: list[float | None]) -> list[float]:
    """The answers that have a score."""
    return [answer for answer in answers if answer is not None]


def old_side(answers: list[list[float | None]], groups: list[str] | None = None) -> dict[str, BaselineSample]:
    """The samples of a baseline."""
    return {
        str(index): BaselineSample(
            score=fmean(scored(row)),
            outcome=_outcome(scored(row)),
            answer=None,
            hash="",
            group=None if groups is None else groups[index],
            n_scored=len(scored(row)),
            epoch_scores=tuple(scored(row)),
        )
        for index, row in enumerate(answers)
    }


def new_side(answers: list[list[float | None]], groups: list[str] | None = None) -> dict[str, SampleResult]:
    """The samples of a run. Lost epochs do not count as lost: the verdict itself is simulated, not its guard."""
    return {
        str(index): SampleResult(
            score=fmean(scored(row)),
            outcome=_outcome(scored(row)),
            answer=None,
            hash="",
            must_pass=False,
            group=None if groups is None else groups[index],
            epochs=tuple(scored(row)),
        )
        for index, row in enumerate(answers)
    }


def _outcome(scores: list[float]) -> str:
    mean = fmean(scores)
    return "correct" if mean == 1 else "incorrect" if mean == 0 else "partial"
