"""The samples of two sides that can be compared, and why the others cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isclose
from statistics import fmean
from typing import Literal, Protocol, TypeAlias

from ...types import SCORED

Match: TypeAlias = Literal["hash", "id"]
"""`hash`: same id, prompt and target; `id`: same id only, to compare prompts."""


class SampleScore(Protocol):
    """One sample of either side: what matching needs of a `SampleResult` or a `BaselineSample`."""

    @property
    def score(self) -> float | None: ...
    @property
    def outcome(self) -> str: ...
    @property
    def hash(self) -> str: ...
    @property
    def group(self) -> str | None: ...
    @property
    def n_scored(self) -> int: ...
    @property
    def epoch_scores(self) -> tuple[float, ...] | None: ...
    @property
    def lost(self) -> int: ...
    @property
    def worst(self) -> float | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplePair:
    """One sample that both sides scored."""

    id: str
    old: float
    new: float
    old_right: bool
    new_right: bool
    group: str | None
    lost: int = 0  # epochs of the new side that have no score
    n_old: int = 1  # scored answers of the old side
    n_new: int = 1
    old_answers: tuple[float, ...] | None = None  # their scores; None: unknown
    new_answers: tuple[float, ...] | None = None

    @property
    def uneven(self) -> bool:
        """Whether one side has more scored answers."""
        return self.n_old != self.n_new

    @property
    def averages(self) -> bool:
        """Whether both scores are the means of their answers."""
        sides = ((self.old, self.old_answers), (self.new, self.new_answers))
        return all(answers and isclose(score, fmean(answers), abs_tol=1e-4) for score, answers in sides)


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleMatching:
    """All samples of two sides; every sample is in exactly one field, not counting `lost_as_wrong`."""

    pairs: tuple[SamplePair, ...]
    changed: tuple[str, ...]  # scored on both sides, with another prompt or target
    lost: tuple[str, ...]  # scored before, answered now, not scored now
    lost_as_wrong: tuple[SamplePair, ...]
    """The lost samples, and the pairs in which new epochs have no score, as if the lost answers were wrong."""
    gained: tuple[str, ...]  # scored now, not scored before
    unscored: tuple[str, ...]  # scored on neither side
    added: tuple[str, ...]  # not in the baseline at all
    absent: tuple[str, ...]  # in the baseline, not answered now

    @property
    def coverage(self) -> float:
        """The share of the samples scored now that have a partner; 1 if none was scored."""
        scored = len(self.pairs) + len(self.changed) + len(self.gained) + len(self.added)
        return len(self.pairs) / scored if scored else 1.0

    @property
    def lost_answers(self) -> int:
        """How many answers `lost_as_wrong` counts as wrong."""
        return sum(pair.lost for pair in self.lost_as_wrong)

    @property
    def pairs_with_lost_as_wrong(self) -> tuple[SamplePair, ...]:
        """The pairs if every answer that lost its score counts as wrong."""
        replaced = {pair.id: pair for pair in self.lost_as_wrong}
        kept = tuple(replaced.pop(pair.id, pair) for pair in self.pairs)
        return (*kept, *replaced.values())


def match_samples(
    old: Mapping[str, SampleScore], new: Mapping[str, SampleScore], match: Match = "hash"
) -> SampleMatching:
    """The pairs in the new side's order, and the other samples by reason."""
    unpaired: dict[str, list[str]] = {reason: [] for reason in _REASONS}
    pairs = []
    for name, new_sample in new.items():
        old_sample = old.get(name)
        reason = _reason(old_sample, new_sample, match)
        if reason is None and old_sample is not None:
            pairs.append(_pair(name, old_sample, new_sample))
        elif reason is not None:
            unpaired[reason].append(name)
    unpaired["absent"] = [name for name in old if name not in new]
    lost_now = [pair.id for pair in pairs if new[pair.id].lost] + unpaired["lost"]
    as_wrong = (_as_wrong(name, old[name], new[name]) for name in lost_now)
    lost_as_wrong = tuple(pair for pair in as_wrong if pair.new < (new[pair.id].score or pair.old))
    return SampleMatching(
        pairs=tuple(pairs),
        lost_as_wrong=lost_as_wrong,
        **{reason: tuple(names) for reason, names in unpaired.items()},
    )


_REASONS = ("changed", "lost", "gained", "unscored", "added", "absent")


def _reason(old: SampleScore | None, new: SampleScore, match: Match) -> str | None:
    """Why two samples are not a pair, as a field name of `SampleMatching`; None if they are a pair."""
    if old is None:
        return "added" if new.outcome in SCORED else "unscored"
    old_scored, new_scored = old.outcome in SCORED, new.outcome in SCORED
    matching = match == "id" or old.hash == new.hash
    if old_scored and new_scored:
        return None if matching else "changed"
    if old_scored:
        return "lost" if matching else "unscored"
    return "gained" if new_scored else "unscored"


def _as_wrong(name: str, old: SampleScore, new: SampleScore) -> SamplePair:
    """The pair if answers without a score are wrong on either side: what the baseline had lost is no loss."""
    assert old.score is not None
    return SamplePair(
        id=name,
        old=old.score if old.worst is None else old.worst,
        new=new.worst or 0.0,
        old_right=old.outcome == "correct",
        new_right=False,
        group=new.group or old.group,
        lost=max(new.lost, 1),
        n_old=old.n_scored + old.lost,
        n_new=new.n_scored + new.lost,
        old_answers=_with_lost(old),
        new_answers=_with_lost(new),
    )


def _with_lost(sample: SampleScore) -> tuple[float, ...] | None:
    """The scores of a sample's epochs, with 0 for those that have none; None if they are unknown."""
    return None if sample.epoch_scores is None else (*sample.epoch_scores, *[0.0] * sample.lost)


def _pair(name: str, old: SampleScore, new: SampleScore) -> SamplePair:
    assert old.score is not None
    assert new.score is not None
    return SamplePair(
        id=name,
        old=old.score,
        new=new.score,
        old_right=old.outcome == "correct",
        new_right=new.outcome == "correct",
        group=new.group if new.group is not None else old.group,
        n_old=old.n_scored,
        n_new=new.n_scored,
        old_answers=old.epoch_scores,
        new_answers=new.epoch_scores,
    )
