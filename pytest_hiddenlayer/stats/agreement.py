"""Do raters agree beyond chance? None where that cannot be said, with no rater's opinion made up."""

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
    """A coefficient of agreement with its error bar."""

    value: float | None  # 1 perfect, 0 as by chance
    stderr: float | None  # jackknife over items or their clusters
    ci95: tuple[float, float] | None  # within [-1, 1]
    n: int  # items that were judged twice
    why: str = ""  # why the value or its interval is unknown


def percent_agreement(a: Sequence[Hashable | None], b: Sequence[Hashable | None]) -> float | None:
    """The share of the items that both raters judged on which they say the same; None without such an item."""
    pairs = _pairs(a, b)
    return sum(x == y for x, y in pairs) / len(pairs) if pairs else None


def cohen_kappa(
    a: Sequence[Any], b: Sequence[Any], *, weights: Weights | None = None, scale: Sequence[Any] | None = None
) -> float | None:
    """Agreement of two raters beyond chance: 1 - observed/expected disagreement; 0 is chance, 1 perfect.

    Cohen 1960; with weights, of the categories' distance on the scale, Cohen 1968. `scale`
    names all categories in order; left out, those that were used, sorted, which only numbers
    can be. Items that one rater left out (None) count nothing. None without an item, or where
    both raters said one and the same thing only. Raises ValueError for unequal lengths and for
    categories that are not on the scale.
    """
    pairs = _pairs(a, b)
    if not pairs:
        return None
    places = _places({value for pair in pairs for value in pair}, weights, scale)
    distance = _DISTANCES[weights]
    observed = sum(distance(places[x], places[y]) for x, y in pairs) / len(pairs)
    counts_a, counts_b = Counter(x for x, _ in pairs), Counter(y for _, y in pairs)
    expected = sum(
        n * m * distance(places[x], places[y]) for x, n in counts_a.items() for y, m in counts_b.items()
    ) / (len(pairs) * len(pairs))
    return None if expected == 0 else 1 - observed / expected


def krippendorff_alpha(ratings: Sequence[Sequence[Any]], *, level: Level = "nominal") -> float | None:
    """Agreement of any number of raters beyond chance; `ratings[rater][item]`, None where one said nothing.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability". Items that fewer than two
    raters judged count nothing. None where no item was judged twice, or all said one and the
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
    """`cohen_kappa` with its error bar, over the items or their clusters. Raises as that does."""
    _pairs(a, b)

    def figure(left: Sequence[int]) -> float | None:
        return cohen_kappa([a[at] for at in left], [b[at] for at in left], weights=weights, scale=scale)

    return _with_error(figure, [a, b], groups)


def alpha_agreement(
    ratings: Sequence[Sequence[Any]],
    *,
    level: Level = "nominal",
    groups: Sequence[Hashable | None] | None = None,
) -> Agreement:
    """`krippendorff_alpha` with its error bar, over the items or their clusters. Raises as that does."""

    def figure(left: Sequence[int]) -> float | None:
        return krippendorff_alpha([[rater[at] for at in left] for rater in ratings], level=level)

    return _with_error(figure, ratings, groups)


def _with_error(
    figure: Callable[[Sequence[int]], float | None],
    ratings: Sequence[Sequence[Any]],
    groups: Sequence[Hashable | None] | None,
) -> Agreement:
    """The figure of the items that were judged twice; an interval cut to [-1, 1]."""
    items = _items(ratings)
    twice = [at for at, item in enumerate(items) if len(item) > 1]
    value, n = figure(twice), len(twice)
    if value is None:
        why = "every rater said the same of everything" if twice else "nothing was judged twice"
        return Agreement(value=None, stderr=None, ci95=None, n=n, why=why)
    names = None if groups is None else [groups[at] for at in twice]
    stderr, blocks = jackknife(n, lambda left: figure([twice[at] for at in left]), names)
    if not stderr:
        why = "no interval: it hangs on single items" if stderr is None else "no interval: nothing varies"
        return Agreement(value=value, stderr=stderr, ci95=None, n=n, why=why)
    half = quantile(blocks - 1) * stderr
    return Agreement(value=value, stderr=stderr, ci95=(max(-1.0, value - half), min(1.0, value + half)), n=n)


_DISTANCES: dict[str | None, Callable[[int, int], float]] = {
    None: lambda x, y: float(x != y),
    "linear": lambda x, y: float(abs(x - y)),
    "quadratic": lambda x, y: float((x - y) ** 2),
}


def _places(used: set[Any], weights: Weights | None, scale: Sequence[Any] | None) -> dict[Any, int]:
    if scale is not None:
        if off := used - set(scale):
            raise ValueError(f"{sorted(map(repr, off))} not on the scale {list(scale)!r}")
        return {value: place for place, value in enumerate(scale)}
    if weights and not all(isinstance(value, int | float) for value in used):
        raise ValueError(f"weights need an order: name the scale of {sorted(map(repr, used))}")
    return {value: place for place, value in enumerate(sorted(used) if weights else used)}


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


def _items(ratings: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """What was said of each item. Raises ValueError for raters with unequal numbers of items."""
    if len({len(rater) for rater in ratings}) > 1:
        raise ValueError(f"every rater needs one entry an item; got {[len(rater) for rater in ratings]}")
    return [[value for value in item if value is not None] for item in zip(*ratings, strict=True)]


def _pairs(a: Sequence[Any], b: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Both raters' opinions of the items that both judged."""
    return [(item[0], item[1]) for item in _items([a, b]) if len(item) == 2]
