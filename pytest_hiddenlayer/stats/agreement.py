"""Agreement of raters beyond chance: Cohen's kappa and Krippendorff's alpha. Missing ratings are never filled in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from .estimate.jackknife import jackknife
from .estimate.mean_interval import quantile

Level: TypeAlias = Literal["nominal", "ordinal", "interval"]
Weights: TypeAlias = Literal["linear", "quadratic"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """A coefficient of agreement with its standard error and interval."""

    value: float | None  # 1 is perfect, 0 is chance; None: undefined
    stderr: float | None  # by the jackknife over items or their clusters; None: unknown
    ci95: tuple[float, float] | None  # within [-1, 1]
    n: int  # items with at least two ratings
    why: str = ""  # why the value or its interval is unknown


def percent_agreement(a: Sequence[Hashable | None], b: Sequence[Hashable | None]) -> float | None:
    """The share of equal ratings among the items that both raters rated; None if there is no such item."""
    pairs = _pairs(a, b)
    return sum(x == y for x, y in pairs) / len(pairs) if pairs else None


def cohen_kappa(
    a: Sequence[Any], b: Sequence[Any], *, weights: Weights | None = None, scale: Sequence[Any] | None = None
) -> float | None:
    """Agreement of two raters beyond chance, 1 - observed/expected disagreement: 0 is chance, 1 is perfect.

    Cohen 1960; Cohen 1968 with `weights`, which grow with the distance of two categories on the
    scale. `scale` lists all categories in order; the default is the sorted categories in use,
    which weights allow for numbers only. Items that one rater did not rate (None) are ignored.
    Returns None if no item is left, or if all ratings are the same. Raises ValueError for
    unequal lengths and for categories that are not on the scale.
    """
    pairs = _pairs(a, b)
    if not pairs:
        return None
    positions = _positions({value for pair in pairs for value in pair}, weights, scale)
    distance = _DISTANCES[weights]
    observed = sum(distance(positions[x], positions[y]) for x, y in pairs) / len(pairs)
    counts_a, counts_b = Counter(x for x, _ in pairs), Counter(y for _, y in pairs)
    expected = sum(
        n * m * distance(positions[x], positions[y]) for x, n in counts_a.items() for y, m in counts_b.items()
    ) / (len(pairs) * len(pairs))
    return None if expected == 0 else 1 - observed / expected


def krippendorff_alpha(ratings: Sequence[Sequence[Any]], *, level: Level = "nominal") -> float | None:
    """Agreement of any number of raters beyond chance; `ratings[rater][item]`, None if a rating is missing.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability". Items with fewer than two
    ratings are ignored. Returns None if no item has two ratings, or if all ratings are the
    same. Raises ValueError for raters with unequal numbers of items.
    """
    pairable = [item for item in _items(ratings) if len(item) > 1]
    totals = Counter(value for item in pairable for value in item)
    n = totals.total()
    if n < 2:
        return None
    distance = _metric(totals, level)
    observed = sum(_disagreement(Counter(item), distance) / (len(item) - 1) for item in pairable)
    expected = _disagreement(totals, distance) / (n - 1)
    return None if expected == 0 else 1 - observed / expected


def kappa_agreement(
    a: Sequence[Any],
    b: Sequence[Any],
    *,
    weights: Weights | None = None,
    scale: Sequence[Any] | None = None,
    groups: Sequence[Hashable | None] | None = None,
) -> Agreement:
    """`cohen_kappa` with standard error and interval, over items or their clusters. Raises as that does."""
    _pairs(a, b)

    def statistic(indices: Sequence[int]) -> float | None:
        return cohen_kappa(
            [a[index] for index in indices], [b[index] for index in indices], weights=weights, scale=scale
        )

    return _with_error(statistic, [a, b], groups)


def alpha_agreement(
    ratings: Sequence[Sequence[Any]],
    *,
    level: Level = "nominal",
    groups: Sequence[Hashable | None] | None = None,
) -> Agreement:
    """`krippendorff_alpha` with standard error and interval, over items or their clusters. Raises as that does."""

    def statistic(indices: Sequence[int]) -> float | None:
        return krippendorff_alpha([[rater[index] for index in indices] for rater in ratings], level=level)

    return _with_error(statistic, ratings, groups)


def _with_error(
    statistic: Callable[[Sequence[int]], float | None],
    ratings: Sequence[Sequence[Any]],
    groups: Sequence[Hashable | None] | None,
) -> Agreement:
    """The statistic over the items with two ratings; its interval is cut to [-1, 1]."""
    items = _items(ratings)
    pairable = [index for index, item in enumerate(items) if len(item) > 1]
    value, n = statistic(pairable), len(pairable)
    if value is None:
        why = "all ratings are the same" if pairable else "no item has two ratings"
        return Agreement(value=None, stderr=None, ci95=None, n=n, why=why)
    names = None if groups is None else [groups[index] for index in pairable]
    stderr, blocks = jackknife(n, lambda indices: statistic([pairable[index] for index in indices]), names)
    if not stderr:
        why = "no interval: undefined without single items" if stderr is None else "no interval: nothing varies"
        return Agreement(value=value, stderr=stderr, ci95=None, n=n, why=why)
    half_width = quantile(blocks - 1) * stderr
    ci95 = (max(-1.0, value - half_width), min(1.0, value + half_width))
    return Agreement(value=value, stderr=stderr, ci95=ci95, n=n)


_DISTANCES: dict[str | None, Callable[[int, int], float]] = {
    None: lambda x, y: float(x != y),
    "linear": lambda x, y: float(abs(x - y)),
    "quadratic": lambda x, y: float((x - y) ** 2),
}


def _positions(used: set[Any], weights: Weights | None, scale: Sequence[Any] | None) -> dict[Any, int]:
    """Category → its position on the scale. Raises ValueError as `cohen_kappa` does."""
    if scale is not None:
        if unknown := used - set(scale):
            raise ValueError(f"{sorted(map(repr, unknown))} not on the scale {list(scale)!r}")
        return {value: position for position, value in enumerate(scale)}
    if weights and not all(isinstance(value, int | float) for value in used):
        raise ValueError(f"weights need an order: pass the scale of {sorted(map(repr, used))}")
    return {value: position for position, value in enumerate(sorted(used) if weights else used)}


def _disagreement(counts: Counter[Any], distance: Callable[[Any, Any], float]) -> float:
    """The sum of the distances over all ordered pairs of ratings."""
    return sum(n * m * distance(x, y) for x, n in counts.items() for y, m in counts.items())


def _metric(totals: Counter[Any], level: Level) -> Callable[[Any, Any], float]:
    """The distance of two ratings at this level of measurement, Krippendorff's δ²."""
    if level == "nominal":
        return lambda x, y: float(x != y)
    if level == "interval":
        return lambda x, y: float((x - y) ** 2)
    ranks, below = {}, 0.0
    for value in sorted(totals):
        ranks[value] = below + totals[value] / 2  # the middle of its ranks: Krippendorff leaves out half of both ends
        below += totals[value]
    return lambda x, y: (ranks[x] - ranks[y]) ** 2


def _items(ratings: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The ratings of each item, without missing ones. Raises ValueError for raters with unequal numbers of items."""
    if len({len(rater) for rater in ratings}) > 1:
        raise ValueError(f"every rater needs one entry per item; got {[len(rater) for rater in ratings]}")
    return [[value for value in item if value is not None] for item in zip(*ratings, strict=True)]


def _pairs(a: Sequence[Any], b: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Both ratings of the items that both raters rated."""
    return [(item[0], item[1]) for item in _items([a, b]) if len(item) == 2]
