"""Which samples of two sides can be compared, and what became of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from ...types import SCORED

Match: TypeAlias = Literal["hash", "id"]
"""`hash`: same id, same prompt and target; `id`: same id only, to compare prompts."""


class Result(Protocol):
    """One sample of either side."""

    @property
    def score(self) -> float | None: ...
    @property
    def outcome(self) -> str: ...
    @property
    def hash(self) -> str: ...
    @property
    def group(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplePair:
    """One sample that both sides scored."""

    id: str
    old: float
    new: float
    old_right: bool
    new_right: bool
    group: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleMatching:
    """All samples of two sides; every one stands in exactly one of these."""

    pairs: tuple[SamplePair, ...]
    changed: tuple[str, ...]  # both scored, another prompt or target: left out
    lost: tuple[str, ...]  # scored before, asked now, not scored now
    lost_as_wrong: tuple[SamplePair, ...]  # those of them that had a score above 0, as if they were wrong now
    gained: tuple[str, ...]  # scored now, not scored before
    unscored: tuple[str, ...]  # scored on neither side
    added: tuple[str, ...]  # not in the baseline at all
    absent: tuple[str, ...]  # in the baseline, not asked now

    @property
    def coverage(self) -> float:
        """Share of the samples scored now that have a partner; 1 where none was scored."""
        scored = len(self.pairs) + len(self.changed) + len(self.gained) + len(self.added)
        return len(self.pairs) / scored if scored else 1.0


def pair_up(old: Mapping[str, Result], new: Mapping[str, Result], match: Match = "hash") -> SampleMatching:
    """The pairs in the new side's order, and the rest by reason."""
    kinds: dict[str, list[str]] = {name: [] for name in _KINDS}
    pairs = []
    for name, now in new.items():
        before = old.get(name)
        kind = _kind(before, now, match)
        if kind == "pair" and before is not None:
            pairs.append(_pair(name, before, now))
        else:
            kinds[kind].append(name)
    kinds["absent"] = [name for name in old if name not in new]
    wrong = tuple(_as_wrong(name, old[name], new[name]) for name in kinds["lost"] if old[name].score)
    return SampleMatching(
        pairs=tuple(pairs), lost_as_wrong=wrong, **{kind: tuple(names) for kind, names in kinds.items()}
    )


_KINDS = ("changed", "lost", "gained", "unscored", "added", "absent")


def _kind(old: Result | None, new: Result, match: Match) -> str:
    if old is None:
        return "added" if new.outcome in SCORED else "unscored"
    before, now = old.outcome in SCORED, new.outcome in SCORED
    if before and now:
        return "pair" if match == "id" or old.hash == new.hash else "changed"
    if before:
        return "lost" if match == "id" or old.hash == new.hash else "unscored"
    return "gained" if now else "unscored"


def _as_wrong(name: str, old: Result, new: Result) -> SamplePair:
    assert old.score is not None
    right = old.outcome == "correct"
    return SamplePair(id=name, old=old.score, new=0.0, old_right=right, new_right=False, group=new.group or old.group)


def _pair(name: str, old: Result, new: Result) -> SamplePair:
    assert old.score is not None
    assert new.score is not None
    return SamplePair(
        id=name,
        old=old.score,
        new=new.score,
        old_right=old.outcome == "correct",
        new_right=new.outcome == "correct",
        group=new.group if new.group is not None else old.group,
    )
