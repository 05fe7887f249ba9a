"""What a comparison needs of its pairs, each as one list: from the pairs themselves, or from columns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .sample_pair import SamplePair


@dataclass(frozen=True, kw_only=True, slots=True)
class PairValues:
    """The values of pairs, in their order."""

    old: list[float]
    new: list[float]
    groups: list[str | None]
    n_uneven: int  # pairs with more scored answers on one side
    averages: bool  # whether the scores of all pairs are the means of their answers
    old_unknown: bool  # whether the scores of the old side's answers are unknown for any pair
    answers: tuple[list[tuple[float, ...]], list[tuple[float, ...]]] | None
    """The scores of the answers of both sides if any pair is uneven and all are averages; else None."""


class PairTable(Sequence[SamplePair]):
    """Pairs that are kept as columns; a pair is made only if it is asked for."""

    @abstractmethod
    def values(self) -> PairValues:
        """The values of all pairs."""

    @abstractmethod
    def newly(self, *, right: bool) -> tuple[str, ...]:
        """The samples that are right on the new side only, or on the old side only."""

    @abstractmethod
    def differing(self) -> Sequence[SamplePair]:
        """The pairs whose scores or outcomes differ."""

    @abstractmethod
    def replaced(self, pairs: Mapping[str, SamplePair]) -> PairTable:
        """These pairs with others in the place of those with their ids, and behind them those with new ids."""


def pair_values(pairs: Sequence[SamplePair]) -> PairValues:
    """The values of these pairs."""
    if isinstance(pairs, PairTable):
        return pairs.values()
    n_uneven = sum(pair.uneven for pair in pairs)
    averages = all(pair.averages for pair in pairs)
    return PairValues(
        old=[pair.old for pair in pairs],
        new=[pair.new for pair in pairs],
        groups=[pair.group for pair in pairs],
        n_uneven=n_uneven,
        averages=averages,
        old_unknown=any(pair.old_answers is None for pair in pairs),
        answers=(_known(pair.old_answers for pair in pairs), _known(pair.new_answers for pair in pairs))
        if n_uneven and averages
        else None,
    )


def newly(pairs: Sequence[SamplePair], *, right: bool) -> tuple[str, ...]:
    """The samples that are right on the new side only (`right`), or on the old side only."""
    if isinstance(pairs, PairTable):
        return pairs.newly(right=right)
    return tuple(p.id for p in pairs if p.old_right != p.new_right and p.new_right == right)


def _known(answers: Iterable[tuple[float, ...] | None]) -> list[tuple[float, ...]]:
    return [scores for scores in answers if scores is not None]
