"""The samples of two sides that can be compared, and why the others cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from ...types import SCORED
from ..pairs.pair_values import PairTable
from ..pairs.sample_pair import SamplePair
from .baseline import BaselineTable

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
class SampleMatching:
    """All samples of two sides; every sample is in exactly one field, not counting `lost_as_wrong`."""

    pairs: Sequence[SamplePair]
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
    def pairs_with_lost_as_wrong(self) -> Sequence[SamplePair]:
        """The pairs if every answer that lost its score counts as wrong."""
        replaced = {pair.id: pair for pair in self.lost_as_wrong}
        if isinstance(self.pairs, PairTable):
            return self.pairs.replaced(replaced)
        kept = tuple(replaced.pop(pair.id, pair) for pair in self.pairs)
        return (*kept, *replaced.values())


def match_samples(
    old: Mapping[str, SampleScore], new: Mapping[str, SampleScore], match: Match = "hash"
) -> SampleMatching:
    """The pairs in the new side's order, and the other samples by reason."""
    if isinstance(old, BaselineTable) and isinstance(new, BaselineTable):
        return _match_tables(old, new, match)
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
    lost_as_wrong = tuple(pair for pair in as_wrong if _counts(pair, new[pair.id]))
    return SampleMatching(
        pairs=tuple(pairs),
        lost_as_wrong=lost_as_wrong,
        **{reason: tuple(names) for reason, names in unpaired.items()},
    )


def _match_tables(old: BaselineTable, new: BaselineTable, match: Match) -> SampleMatching:
    """The matching of two sides that are kept as columns."""
    from ..columns.pairs import match_columns  # with numpy
    from ..columns.sample_tables import ColumnBaseline

    assert isinstance(old, ColumnBaseline)
    assert isinstance(new, ColumnBaseline)
    matched = match_columns(old.samples, new.samples, by_hash=match == "hash")
    names = {
        reason: (old if reason == "absent" else new).samples.names(at) for reason, at in matched.by_reason.items()
    }
    lost_now = [*matched.lost_pairs().tolist(), *matched.by_reason["lost"].tolist()]
    samples = ((at, old.at(int(matched.partner[at]), texts=False), new.at(at, texts=False)) for at in lost_now)
    as_wrong = ((_as_wrong(new.samples.ids[at].as_py(), before, now), now) for at, before, now in samples)
    return SampleMatching(
        pairs=matched.pairs,
        lost_as_wrong=tuple(pair for pair, now in as_wrong if _counts(pair, now)),
        **{reason: tuple(names[reason]) for reason in _REASONS},
    )


_REASONS = ("changed", "lost", "gained", "unscored", "added", "absent")


def _reason(old: SampleScore | None, new: SampleScore, match: Match) -> str | None:
    """Why two samples are not a pair, as a field name of `SampleMatching`; None if they are a pair."""
    if old is None:
        return "added" if _is_scored(new) else "unscored"
    old_scored, new_scored = _is_scored(old), _is_scored(new)
    matching = match == "id" or old.hash == new.hash
    if old_scored and new_scored:
        return None if matching else "changed"
    if old_scored:
        return "lost" if matching else "unscored"
    return "gained" if new_scored else "unscored"


def _is_scored(sample: SampleScore) -> bool:
    """Whether a sample has a score; a sample with fewer epochs than `pass_at_2` needs has none."""
    return sample.outcome in SCORED and sample.score is not None


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


def _counts(as_wrong: SamplePair, new: SampleScore) -> bool:
    """Whether counting the lost answers of a sample as wrong can change the comparison.

    A sample that keeps its score (the best of its epochs, say) has as many answers as before only with them:
    without, the reruns of the two sides would look the same, and there would be no verdict.
    """
    return new.score is not None or as_wrong.old > 0


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
