"""The pairs of answers that a judge is audited on, and what it says of them in both orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, cycle
from typing import Any, Literal, TypeAlias

from ...engine.judge_session import JudgeSession
from ...errors import ProviderError
from ...identifiers import derive_seed
from ...scorers.judge.model_families import same_family
from ...types import Message, Record, Sample
from ..annotation.labels import Label
from ..annotation.questions import Side
from .prompts import AuditPrompts

Winner: TypeAlias = Literal["a", "b", "tie"]
Name: TypeAlias = tuple[str, str, str]
"""(player, run id, record key), as in `Side.name`."""
_VOTES = {"A": 1.0, "C": 0.5, "B": 0.0}
"""A verdict → what it gives to the answer shown first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditPair:
    """Two players' answers to one sample, and what is known of them without the judge."""

    a: Side
    b: Side
    people: Winner | None = None  # what most people said; None: nobody labelled it, or they are even

    @property
    def cluster(self) -> str:
        """What error bars take as one."""
        return cluster_of(self.a.record)

    @property
    def scores(self) -> tuple[float, float] | None:
        """The headline scores; None where one is not scored."""
        one, other = self.a.record.score, self.b.record.score
        return None if one is None or other is None else (one, other)

    @property
    def truth(self) -> Winner | None:
        """The right one, where one answer is right and the other wrong."""
        said = (self.a.record.outcome, self.b.record.outcome)
        return "a" if said == ("correct", "incorrect") else "b" if said == ("incorrect", "correct") else None

    def own(self, judge: str) -> Winner | None:
        """Whose answer is of the judge's model or family, where exactly one is."""
        one, other = (same_family(judge, side.record.model) for side in (self.a, self.b))
        return None if one == other else "a" if one else "b"


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedPair:
    """A pair with the judge's verdicts."""

    pair: AuditPair
    first: str | None = None  # A, B or C (a tie) as said with `a` shown first; None: unreadable, or never said
    second: str | None = None  # the same with `b` shown first: A is a vote for `b`
    winner: Winner | None = None  # a win needs both orders; None: one cannot be read
    why: str  # the judge's words, or why there is no winner

    @property
    def votes(self) -> tuple[float, float] | None:
        """What each order gave to `a`: 1, 0.5 or 0; None where one cannot be read."""
        if self.first is None or self.second is None:
            return None
        return _VOTES[self.first], 1 - _VOTES[self.second]

    def preference(self, side: Winner) -> float:
        """What `a` or `b` got over both orders, from 0 to 1: a preferred place alone gives 0.5."""
        votes = self.votes or (0.5, 0.5)
        share = (votes[0] + votes[1]) / 2
        return share if side == "a" else 1 - share


def audit_pairs(sides: Sequence[Side], labels: Iterable[Label] = ()) -> tuple[list[AuditPair], int]:
    """(every two whole answers to one sample that differ, how many are equal and left out)."""
    spots: dict[tuple[str, str, str], list[Side]] = {}
    for side in sides:
        spots.setdefault((*side.spot, side.record.sample_hash), []).append(side)
    said = _people(labels)
    found, equal = [], 0
    for together in spots.values():
        for a, b in combinations(sorted(together, key=lambda side: side.name), 2):
            if a.output.strip() == b.output.strip():
                equal += 1
            else:
                found.append(AuditPair(a=a, b=b, people=said.get((a.name, b.name))))
    return found, equal


def choose(pairs: Sequence[AuditPair], n: int, judge: str, *, seed: int = 0) -> list[AuditPair]:
    """At most `n` pairs: labelled ones first, then in turn of each kind (right against wrong, own against others).

    Within a kind they are drawn at random, so that each figure is of a random sample of its kind.
    """
    drawn = sorted(pairs, key=lambda pair: derive_seed(seed, *pair.a.spot, pair.a.name, pair.b.name))
    kinds: dict[object, list[AuditPair]] = {}
    for pair in drawn:
        kinds.setdefault((pair.truth is None, pair.own(judge) is None), []).append(pair)
    chosen = [pair for pair in drawn if pair.people is not None][:n]
    rest = [[pair for pair in kind if pair.people is None] for kind in kinds.values()]
    for kind in cycle(rest):
        if len(chosen) >= n or not any(rest):
            return chosen
        if kind:
            chosen.append(kind.pop(0))
    return chosen


def judge_pairs(
    judge_session: JudgeSession,
    pairs: Sequence[AuditPair],
    terms: AuditPrompts,
    *,
    reference: bool,
    on_done: Callable[[], None],
) -> list[JudgedPair]:
    """What the desk's model says of each pair in both orders; with `reference` it is shown the target."""

    async def one(pair: AuditPair) -> JudgedPair:
        sample = sample_of(pair.a.record)
        scorer = terms.pair_scorer(sample, pair.b.output, reference=reference)
        try:
            score = await scorer.score(pair.a.output, sample, judge_session.ask)
        finally:
            on_done()
        said: Mapping[str, Any] = next(iter(score.details.get("pairs", ())), {})
        return JudgedPair(
            pair=pair,
            first=said.get("first"),
            second=said.get("second"),
            winner=said.get("winner"),
            why=score.explanation,
        )

    return [
        JudgedPair(pair=pair, why=str(said)) if isinstance(said, ProviderError) else said
        for pair, said in zip(pairs, judge_session.gather(map(one, pairs)), strict=True)
    ]


def cluster_of(record: Record) -> str:
    """The sample, or its group where it has one."""
    return f"{record.task}::{record.sample_id if record.group is None else f'group {record.group}'}"


def sample_of(record: Record) -> Sample:
    """The sample that a record answers, as far as the record tells."""
    asked = record.input
    shown = asked if isinstance(asked, str) else tuple(Message(role=m["role"], content=m["content"]) for m in asked)
    target = record.target if record.target is None or isinstance(record.target, str) else tuple(record.target)
    return Sample(id=record.sample_id, input=shown, target=target, group=record.group)


def _people(labels: Iterable[Label]) -> Mapping[tuple[Name, Name], Winner]:
    """Two sides, in sorted order → what most raters said; even ones are left out."""
    votes: dict[tuple[Name, Name], Counter[Winner]] = {}
    for one, other, winner in _comparisons(labels):
        straight = one < other
        turned: dict[Winner, Winner] = {"a": "b", "b": "a", "tie": "tie"}
        key = (one, other) if straight else (other, one)
        votes.setdefault(key, Counter())[winner if straight else turned[winner]] += 1
    found: dict[tuple[Name, Name], Winner] = {}
    for key, counts in votes.items():
        (winner, n), *others = counts.most_common()
        if not others or others[0][1] < n:
            found[key] = winner
    return found


def _comparisons(labels: Iterable[Label]) -> Iterator[tuple[Name, Name, Winner]]:
    """(one side, the other, winner) of every pairwise label."""
    for label in labels:
        if label.kind == "pairwise" and label.winner is not None:
            a = (label.a, label.run_a, label.key_a)
            yield a, (label.b or "", label.run_b or "", label.key_b or ""), label.winner
