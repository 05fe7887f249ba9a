"""Two sides scored on the same samples: is one worse?"""

from __future__ import annotations

import math


def mcnemar_worse(newly_wrong: int, newly_right: int) -> float:
    """The exact one-sided p-value that the new side is worse, from the discordant pairs.

    P(X >= newly_wrong) for X ~ Binomial(newly_wrong + newly_right, 1/2); 1 without a
    discordant pair. McNemar 1947, with the exact binomial instead of chi-squared.
    """
    from scipy.special import bdtrc

    n = newly_wrong + newly_right
    return 1.0 if newly_wrong == 0 else float(bdtrc(newly_wrong - 1, n, 0.5))


def paired_difference(newly_wrong: int, newly_right: int, n: int) -> tuple[float, float, float]:
    """(difference, low, high): new minus old share right, with its 95 % interval.

    Agresti & Min 2005, "Simple improved confidence intervals for comparing matched
    proportions": Wald's interval after adding 1/2 to each cell of the 2 × 2 table.
    """
    b, c, m = newly_wrong + 0.5, newly_right + 0.5, n + 2
    middle = (c - b) / m
    half = 1.959963984540054 * math.sqrt((b + c) - (c - b) ** 2 / m) / m
    return ((newly_right - newly_wrong) / n, max(-1.0, middle - half), min(1.0, middle + half))
