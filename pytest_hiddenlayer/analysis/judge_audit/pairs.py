"""The pairs of answers that a judge is audited on, and its verdicts on them in both orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, cycle
from typing import Any, TypeAlias

from ...engine.judge_session import JudgeSession
from ...errors import ProviderError
from ...identifiers import derive_seed
from ...scorers.judge.model_families import same_family
from ...types import Record, Sample
from ..annotation.labels import Label
from ..answers import AnswerId, PlayerAnswer, SampleKey, Winner, cluster_name, messages_of, swapped
from .prompts import AuditPrompts

IdPair: TypeAlias = tuple[AnswerId, AnswerId]
_VOTES = {"A": 1.0, "C": 0.5, "B": 0.0}
"""A verdict → its vote for the answer shown first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditPair:
    """Two players' answers to one sample, and what is known about them without the judge."""

    a: PlayerAnswer
    b: PlayerAnswer
    people: Winner | None = None  # the verdict of most raters; None: no label, or no majority

    @property
    def cluster(self) -> str:
        """The unit that error bars resample."""
        return cluster_of(self.a.record)

    @property
    def scores(self) -> tuple[float, float] | None:
        """The headline scores; None if either is not scored."""
        score_a, score_b = self.a.record.score, self.b.record.score
        return None if score_a is None or score_b is None else (score_a, score_b)

    @property
    def truth(self) -> Winner | None:
        """The right answer; None unless one answer is right and the other wrong."""
        outcomes = (self.a.record.outcome, self.b.record.outcome)
        return "a" if outcomes == ("correct", "incorrect") else "b" if outcomes == ("incorrect", "correct") else None

    def same_family_answer(self, judge: str) -> Winner | None:
        """The answer of the judge's model family; None unless exactly one is."""
        a_is_own, b_is_own = (same_family(judge, answer.record.model) for answer in (self.a, self.b))
        return None if a_is_own == b_is_own else "a" if a_is_own else "b"


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedPair:
    """A pair with the judge's verdicts."""

    pair: AuditPair
    first: str | None = None  # A, B or C (a tie) with `a` shown first; None: unreadable, or no reply
    second: str | None = None  # the same with `b` shown first, so A is a vote for `b`
    winner: Winner | None = None  # a win needs both orders; None: a verdict is unreadable
    why: str  # the judge's explanation, or why there is no winner

    @property
    def votes(self) -> tuple[float, float] | None:
        """The vote for `a` in each order: 1, 0.5 or 0; None if either is unreadable."""
        if self.first is None or self.second is None:
            return None
        return _VOTES[self.first], 1 - _VOTES[self.second]

    def preference(self, side: Winner) -> float:
        """The mean vote for `a` or `b` over both orders, in [0, 1]. Position bias alone gives 0.5."""
        votes = self.votes or (0.5, 0.5)
        share = (votes[0] + votes[1]) / 2
        return share if side == "a" else 1 - share


def audit_pairs(answers: Sequence[PlayerAnswer], labels: Iterable[Label] = ()) -> tuple[list[AuditPair], int]:
    """(pairs of complete answers to one sample that differ, the number of equal pairs left out)."""
    by_sample: dict[SampleKey, list[PlayerAnswer]] = {}
    for answer in answers:
        by_sample.setdefault(answer.sample_key, []).append(answer)
    majorities = _majorities(labels)
    pairs, equal = [], 0
    for comparable in by_sample.values():
        for a, b in combinations(sorted(comparable, key=lambda answer: answer.id), 2):
            if a.output.strip() == b.output.strip():
                equal += 1
            else:
                pairs.append(AuditPair(a=a, b=b, people=majorities.get((a.id, b.id))))
    return pairs, equal


def select_pairs(pairs: Sequence[AuditPair], n: int, judge: str, *, seed: int = 0) -> list[AuditPair]:
    """At most `n` pairs: labelled ones first, then in turn from each stratum.

    The strata are whether exactly one answer is right, and whether exactly one is of the judge's
    model family. Within a stratum pairs are drawn at random, so that each metric is measured on a
    random sample of its stratum.
    """
    drawn = sorted(pairs, key=lambda pair: derive_seed(seed, *pair.a.sample, pair.a.id, pair.b.id))
    strata: dict[object, list[AuditPair]] = {}
    for pair in drawn:
        strata.setdefault((pair.truth is None, pair.same_family_answer(judge) is None), []).append(pair)
    selected = [pair for pair in drawn if pair.people is not None][:n]
    unlabelled = [[pair for pair in stratum if pair.people is None] for stratum in strata.values()]
    for stratum in cycle(unlabelled):
        if len(selected) >= n or not any(unlabelled):
            return selected
        if stratum:
            selected.append(stratum.pop(0))
    return selected


def judge_pairs(
    judge_session: JudgeSession,
    pairs: Sequence[AuditPair],
    prompts: AuditPrompts,
    *,
    reference: bool,
    on_done: Callable[[], None],
) -> list[JudgedPair]:
    """The judge's verdicts on each pair in both orders. With `reference`, the judge sees the target."""

    async def judge(pair: AuditPair) -> JudgedPair:
        sample = sample_of(pair.a.record)
        scorer = prompts.pair_scorer(sample, pair.b.output, reference=reference)
        try:
            score = await scorer.score(pair.a.output, sample, judge_session.ask)
        finally:
            on_done()
        verdict: Mapping[str, Any] = next(iter(score.details.get("pairs", ())), {})
        return JudgedPair(
            pair=pair,
            first=verdict.get("first"),
            second=verdict.get("second"),
            winner=verdict.get("winner"),
            why=score.explanation,
        )

    return [
        JudgedPair(pair=pair, why=str(result)) if isinstance(result, ProviderError) else result
        for pair, result in zip(pairs, judge_session.gather(map(judge, pairs)), strict=True)
    ]


def cluster_of(record: Record) -> str:
    """The unit that error bars resample: the sample, or its group if it has one."""
    return cluster_name(record.task, record.sample_id, record.group)


def sample_of(record: Record) -> Sample:
    """The sample that a record answers, with its prompt as rendered."""
    value, target = record.input, record.target
    return Sample(
        id=record.sample_id,
        input=value if isinstance(value, str) else messages_of(value),
        target=target if target is None or isinstance(target, str) else tuple(target),
        choices=tuple(record.choices),
        group=record.group,
        metadata=record.metadata,
        prompt=messages_of(record.prompt or ()),
    )


def _majorities(labels: Iterable[Label]) -> Mapping[IdPair, Winner]:
    """Two answers, in sorted order → the verdict of most raters; pairs without a majority are left out."""
    votes: dict[IdPair, Counter[Winner]] = {}
    for a, b, winner in _comparisons(labels):
        in_order = a < b
        ids = (a, b) if in_order else (b, a)
        votes.setdefault(ids, Counter())[winner if in_order else swapped(winner)] += 1
    majorities: dict[IdPair, Winner] = {}
    for ids, counts in votes.items():
        (winner, n), *others = counts.most_common()
        if not others or others[0][1] < n:
            majorities[ids] = winner
    return majorities


def _comparisons(labels: Iterable[Label]) -> Iterator[tuple[AnswerId, AnswerId, Winner]]:
    """(a, b, winner) of every pairwise label."""
    for label in labels:
        if label.kind == "pairwise" and label.winner is not None:
            a = (label.a, label.run_a, label.key_a)
            yield a, (label.b or "", label.run_b or "", label.key_b or ""), label.winner
