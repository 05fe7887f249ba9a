"""Do raters agree beyond chance? None where that cannot be said, with no rater's opinion made up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal, TypeAlias

Level: TypeAlias = Literal["nominal", "ordinal", "interval"]


def percent_agreement(a: Sequence[Hashable], b: Sequence[Hashable]) -> float | None:
    """The share of items on which two raters say the same; None without an item."""
    _check(a, b)
    return sum(x == y for x, y in zip(a, b, strict=True)) / len(a) if a else None


def cohen_kappa(
    a: Sequence[Any], b: Sequence[Any], *, weights: Literal["linear", "quadratic"] | None = None
) -> float | None:
    """Agreement of two raters beyond chance: 1 - observed/expected disagreement; 0 is chance, 1 perfect.

    Cohen 1960; with weights, of the sorted categories' distance, Cohen 1968. None without an
    item, or where both raters said one and the same thing only. Raises ValueError for unequal
    lengths.
    """
    _check(a, b)
    if not a:
        return None
    known = set(a) | set(b)
    places = {value: i for i, value in enumerate(sorted(known) if weights else known)}
    distance = _DISTANCES[weights]
    observed = sum(distance(places[x], places[y]) for x, y in zip(a, b, strict=True)) / len(a)
    counts_a, counts_b = Counter(a), Counter(b)
    expected = sum(
        n * m * distance(places[x], places[y]) for x, n in counts_a.items() for y, m in counts_b.items()
    ) / (len(a) * len(a))
    return None if expected == 0 else 1 - observed / expected


_DISTANCES: dict[str | None, Callable[[int, int], float]] = {
    None: lambda x, y: float(x != y),
    "linear": lambda x, y: float(abs(x - y)),
    "quadratic": lambda x, y: float((x - y) ** 2),
}


def krippendorff_alpha(ratings: Sequence[Sequence[Any]], *, level: Level = "nominal") -> float | None:
    """Agreement of any number of raters beyond chance; `ratings[rater][item]`, None where one said nothing.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability". Items that fewer than two
    raters judged count nothing. None where no item was judged twice, or all said one and the
    same. Raises ValueError for raters with unequal numbers of items.
    """
    if len({len(rater) for rater in ratings}) > 1:
        raise ValueError(f"every rater needs one entry an item; got {[len(rater) for rater in ratings]}")
    items = [[value for value in item if value is not None] for item in zip(*ratings, strict=True)]
    pairable = [item for item in items if len(item) > 1]
    totals = Counter(value for item in pairable for value in item)
    n = totals.total()
    if n < 2:
        return None
    distance = _metric(totals, level)
    observed = sum(_disagreement(Counter(item), distance) / (len(item) - 1) for item in pairable)
    expected = _disagreement(totals, distance) / (n - 1)
    return None if expected == 0 else 1 - observed / expected


def _disagreement(counts: Counter[Any], distance: Callable[[Any, Any], float]) -> float:
    """The sum of distances over all ordered pairs of ratings."""
    return sum(n * m * distance(x, y) for x, n in counts.items() for y, m in counts.items())


def _metric(totals: Counter[Any], level: Level) -> Callable[[Any, Any], float]:
    if level == "nominal":
        return lambda x, y: float(x != y)
    if level == "interval":
        return lambda x, y: float((x - y) ** 2)
    ranks, below = {}, 0.0
    for value in sorted(totals):
        ranks[value] = below + totals[value] / 2  # the middle of its ranks: half of both ends is left out
        below += totals[value]
    return lambda x, y: (ranks[x] - ranks[y]) ** 2


def _check(a: Sequence[Any], b: Sequence[Any]) -> None:
    if len(a) != len(b):
        raise ValueError(f"both raters need one entry an item; got {len(a)} and {len(b)}")
