"""The test of reruns: how often would a mere rerun of one system differ as much?

The sign-flip test assumes that differences are symmetric if nothing changed. They are skewed if
a sample has more scored answers on one side than on the other: of 30 samples that are right in
95 % of their answers, all may be right in a single old epoch, and every wrong answer among five
new ones then counts as worse. But if nothing changed, it is chance which of a sample's answers
are on which side: Fisher 1935, "The Design of Experiments", section 21, with the answers of a
sample as blocks. The statistic is the mean difference itself. Answers may be right/wrong or
partial, and their number may differ between samples, as it does after lost epochs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from .flipped_sums import DRAWS

Answers: TypeAlias = Sequence[float]
"""The scores of one sample on one side, one per scored answer."""

_FINEST_GRID = 120  # the finest grid of scores that is tried: 1/120
_MAX_POINTS = 2**20  # of the exact distribution
_MAX_KERNELS = 400  # different samples of the exact distribution


def rerun_test(old: Sequence[Answers], new: Sequence[Answers], *, seed: int = 0) -> tuple[float, float, str]:
    """(p for a mean difference at most the observed one, p for one at least as high, method).

    `old` and `new` hold the answers of the same samples, at least one per side. The test is exact
    if the possible differences lie on a grid, as those of right/wrong answers do, else by 20 000
    random divisions of each sample's answers.
    """
    samples = [(_rounded(a), _rounded(b)) for a, b in zip(old, new, strict=True)]
    samples = [(a, b) for a, b in samples if len({*a, *b}) > 1]
    if not samples:
        return 1.0, 1.0, "exact test of reruns, nothing differs"
    step = _step(samples)
    kernels = Counter(_pattern(a, b) for a, b in samples)
    if step is not None and len(kernels) <= _MAX_KERNELS and 2 * len(samples) / step < _MAX_POINTS:
        low, high = _exact(samples, kernels, step)
        return low, high, "exact test of reruns"
    low, high = _drawn(samples, seed)
    return low, high, f"test of reruns, {DRAWS} draws"


def pooled_variances(old: Sequence[Answers], new: Sequence[Answers]) -> list[float]:
    """Each sample's variance of one answer (ddof 1), over both sides together; 0 for two equal answers."""
    return [float(np.var([*a, *b], ddof=1)) for a, b in zip(old, new, strict=True)]


_Pattern: TypeAlias = tuple[int, int, tuple[float, ...]]
"""(old answers, new answers, all scores in order): samples with equal patterns have one distribution."""


def _pattern(old: Answers, new: Answers) -> _Pattern:
    return len(old), len(new), tuple(sorted([*old, *new]))


def _rounded(answers: Answers) -> list[float]:
    """The scores as snapshots state them, so that a score equals itself on either side."""
    return [round(answer, 6) for answer in answers]


def _step(samples: Sequence[tuple[Answers, Answers]]) -> float | None:
    """The step of a grid that holds every possible difference; None if there is no such grid."""
    scores = np.unique([score for pair in samples for side in pair for score in side])
    grid = next(
        (g for g in range(1, _FINEST_GRID + 1) if np.abs(scores * g - np.rint(scores * g)).max() < 1e-4), None
    )
    if grid is None:
        return None
    counts = {len(side) for pair in samples for side in pair}
    return 1 / (grid * math.lcm(*counts)) if math.lcm(*counts) <= _MAX_POINTS else None


def _exact(
    samples: Sequence[tuple[Answers, Answers]], kernels: Mapping[_Pattern, int], step: float
) -> tuple[float, float]:
    """Both p-values from the distribution of the sum of differences, by its characteristic function."""
    reach = round(len(samples) / step)
    points = 1 << (2 * reach + 1).bit_length()
    spectrum = np.ones(points // 2 + 1, dtype=complex)
    for (n_old, n_new, scores), times in kernels.items():
        kernel = np.zeros(points)
        for difference, chance in _differences(scores, n_old, n_new).items():
            kernel[round(difference / step) % points] += chance
        spectrum *= np.fft.rfft(kernel) ** times
    chances = np.fft.irfft(spectrum, points)
    observed = round(sum(_mean(new) - _mean(old) for old, new in samples) / step)
    at_most = np.concatenate([chances[points - reach :], chances[: reach + 1]])  # from -reach to reach
    low, high = at_most[: observed + reach + 1].sum(), at_most[observed + reach :].sum()
    return min(1.0, max(0.0, float(low))), min(1.0, max(0.0, float(high)))


def _differences(scores: Sequence[float], n_old: int, n_new: int) -> dict[float, float]:
    """The chance of each difference of means, new minus old, if which scores are new is random."""
    ways: dict[tuple[int, float], int] = {(0, 0.0): 1}  # (scores chosen, their sum) → number of ways
    for score in scores:
        for (chosen, total), count in list(ways.items()):
            key = (chosen + 1, round(total + score, 9))
            ways[key] = ways.get(key, 0) + count
    every, total = math.comb(n_old + n_new, n_new), math.fsum(scores)
    differences: dict[float, float] = {}
    for (chosen, new_sum), count in ways.items():
        if chosen == n_new:
            difference = new_sum / n_new - (total - new_sum) / n_old
            differences[difference] = differences.get(difference, 0.0) + count / every
    return differences


def _drawn(samples: Sequence[tuple[Answers, Answers]], seed: int) -> tuple[float, float]:
    """Both p-values from random divisions of every sample's answers; the observed one counts as one of them."""
    random = np.random.default_rng(seed)
    totals = np.zeros(DRAWS + 1)
    for old, new in samples:
        scores = np.array([*new, *old])
        mixed = random.permuted(np.tile(scores, (DRAWS, 1)), axis=1)
        rows = np.vstack([scores, mixed])
        totals += rows[:, : len(new)].mean(axis=1) - rows[:, len(new) :].mean(axis=1)
    tolerance = 1e-9 * len(samples)
    return float((totals <= totals[0] + tolerance).mean()), float((totals >= totals[0] - tolerance).mean())


def _mean(answers: Answers) -> float:
    return math.fsum(answers) / len(answers)
