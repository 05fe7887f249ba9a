"""Transitions between the rounds of a debate: wrong answers that became right, and right ones that became wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias, get_args

from ...stats.estimate.mean_interval import Estimate, estimate
from ...stats.paired.compare import PairedTest, compare_pairs
from ...strategies.voting import plurality
from ...types import ROUND_SCORES, Record
from ..metrics.cells import by_cell
from ..metrics.samples import cluster_of
from ..regression.baseline import CellKey

Who: TypeAlias = Literal["agents", "majority", "verdict"]
RoundAnswer: TypeAlias = Mapping[str, Any]
"""One agent in one round: {score, right, answer}."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundTransition:
    """One transition of a cell's debates. Answers of one record, or of one group of samples, are a cluster."""

    key: CellKey
    who: Who  # verdict: from the last round's majority to the strategy's answer
    before: int | None  # round; None: the last round
    after: int | None  # round; None: the strategy's answer
    n: int  # answers scored before and after
    left_out: int  # answers without a score before or after
    wrong_right: int
    right_wrong: int
    stayed_right: int
    stayed_wrong: int
    gained: Estimate  # share of all n that became right
    lost: Estimate  # share of all n that became wrong
    net: PairedTest  # the share of right answers, after against before

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        task, label, provider, slug = self.key
        values = asdict(self)
        del values["key"]
        return {"task": task, "label": label, "provider": provider, "slug": slug, **values}


@dataclass(frozen=True, slots=True)
class _Change:
    """One answer before and after a transition."""

    who: Who
    before: int | None
    after: int | None
    right_before: bool | None  # None: no score
    right_after: bool | None  # None: no score
    cluster: str


def round_transitions(records: Iterable[Record]) -> list[RoundTransition]:
    """The transitions of every cell with scores by round, ordered by key; per cell agents, majority, verdict."""
    cells = by_cell(records)
    transitions = [_count(key, changes) for key in sorted(cells) for changes in _by_kind(cells[key])]
    return [transition for transition in transitions if transition is not None]


def _by_kind(records: Sequence[Record]) -> list[list[_Change]]:
    """The changes of a cell, one list per transition: agents, majority, verdict, each in the order of rounds."""
    kinds: dict[tuple[int, int, int], list[_Change]] = {}
    for record in sorted(records, key=lambda r: (r.sample_id, r.epoch)):
        for change in _changes(record):
            kind = (get_args(Who).index(change.who), change.before or 0, change.after or 0)
            kinds.setdefault(kind, []).append(change)
    return [kinds[kind] for kind in sorted(kinds)]


def _changes(record: Record) -> Iterator[_Change]:
    """All changes of one record: of its agents and their majority per round, and of the final answer."""
    roles: Mapping[str, Mapping[str, RoundAnswer]] = record.answer_metadata.get(ROUND_SCORES, {})
    if not roles:
        return
    cluster = cluster_of(record)
    rounds = sorted({int(number) for answers in roles.values() for number in answers})
    for before, after in pairwise(rounds):
        for answers in roles.values():
            was, now = answers.get(str(before)), answers.get(str(after))
            if was is not None and now is not None:
                yield _Change("agents", before, after, was["right"], now["right"], cluster)
        yield _Change("majority", before, after, majority_right(roles, before), majority_right(roles, after), cluster)
    verdict = None if record.score is None else record.outcome == "correct"
    yield _Change("verdict", None, None, majority_right(roles, rounds[-1]), verdict, cluster)


def majority_right(roles: Mapping[str, Mapping[str, RoundAnswer]], number: int) -> bool | None:
    """Whether the most frequent answer of a round is right; the first agent's if no agent has an answer.

    None if it has no score.
    """
    answers = [rounds[str(number)] for rounds in roles.values() if str(number) in rounds]
    winner = plurality([answer["answer"] for answer in answers]).winner
    verdicts = [answer["right"] for answer in answers if winner is None or answer["answer"] == winner]
    return next((right for right in verdicts if right is not None), None)


def _count(key: CellKey, changes: Sequence[_Change]) -> RoundTransition | None:
    """The counts of one transition; None if no answer is scored before and after it."""
    scored = [
        (change.right_before, change.right_after, change.cluster)
        for change in changes
        if change.right_before is not None and change.right_after is not None
    ]
    if not scored:
        return None
    clusters = [cluster for _, _, cluster in scored]
    gained = [float(now and not was) for was, now, _ in scored]
    lost = [float(was and not now) for was, now, _ in scored]
    return RoundTransition(
        key=key,
        who=changes[0].who,
        before=changes[0].before,
        after=changes[0].after,
        n=len(scored),
        left_out=len(changes) - len(scored),
        wrong_right=int(sum(gained)),
        right_wrong=int(sum(lost)),
        stayed_right=sum(was and now for was, now, _ in scored),
        stayed_wrong=sum(not was and not now for was, now, _ in scored),
        gained=estimate(gained, clusters),
        lost=estimate(lost, clusters),
        net=compare_pairs([float(w) for w, _, _ in scored], [float(n) for _, n, _ in scored], clusters),
    )
