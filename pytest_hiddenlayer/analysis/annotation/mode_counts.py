"""Failure modes counted by strategy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...stats.estimate.mean_interval import clopper_pearson
from ..answers import player_of
from .reviews import Item, Review


@dataclass(frozen=True, kw_only=True, slots=True)
class ModeShare:
    """How often reviewers gave one mode to one strategy."""

    n: int
    of: int  # labelled items of the strategy
    share: float
    ci95: tuple[float, float]  # Clopper and Pearson's


@dataclass(frozen=True, kw_only=True, slots=True)
class ModeCounts:
    """Failure modes by strategy."""

    strategies: tuple[str, ...]
    modes: tuple[str, ...]  # the most frequent first
    shares: Mapping[tuple[str, str], ModeShare]  # (mode, strategy), for strategies with a labelled item
    labelled: Mapping[str, int]  # strategy → items with a mode
    items: Mapping[str, int]  # strategy → items to review, with or without a mode


def count_modes(items: Sequence[Item], reviews: Mapping[str, Review]) -> ModeCounts:
    """The failure modes of each strategy, or of each player if the items are of several models.

    `reviews` maps record keys to reviews.
    """
    models = {(item.record.provider, item.record.slug) for item in items}
    by_strategy: dict[str, Counter[str]] = {}
    item_counts: Counter[str] = Counter()
    for item in items:
        strategy = player_of(item.record) if len(models) > 1 else item.record.label
        item_counts[strategy] += 1
        modes = by_strategy.setdefault(strategy, Counter())
        review = reviews.get(item.record.key)
        if review is not None and review.mode is not None:
            modes[review.mode] += 1
    overall = sum(by_strategy.values(), Counter[str]())
    ranked = tuple(mode for mode, _ in sorted(overall.items(), key=lambda pair: (-pair[1], pair[0])))
    return ModeCounts(
        strategies=tuple(by_strategy),
        modes=ranked,
        shares={
            (mode, strategy): _share(modes[mode], modes.total())
            for strategy, modes in by_strategy.items()
            if modes
            for mode in ranked
        },
        labelled={strategy: modes.total() for strategy, modes in by_strategy.items()},
        items=item_counts,
    )


def _share(n: int, of: int) -> ModeShare:
    return ModeShare(n=n, of=of, share=n / of, ci95=clopper_pearson(n, of))
