"""What each round of a debate did: wrong answers that became right, and right ones that became wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias, get_args

from ...metadata_keys import ROUND_SCORES
from ...stats.estimate.mean_interval import Estimate, estimate
from ...stats.paired.compare import PairedTest, compare_pairs
from ...strategies.voting import plurality
from ...types import Record
from ..metrics.cells import by_cell
from ..regression.baseline import CellKey

Who: TypeAlias = Literal["agents", "majority", "verdict"]
Said: TypeAlias = Mapping[str, Any]
"""One agent in one round: {score, right, answer}."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Flips:
    """One step of a cell's debates. Answers of one record are a cluster, and so are those of a sample's group."""

    key: CellKey
    who: Who  # verdict: from the last round's majority to the strategy's answer
    before: int | None  # round; None: whichever was the last
    after: int | None  # round; None: the strategy's answer
    n: int  # answers scored before and after
    left_out: int  # answers that have no score before or after
    wrong_right: int
    right_wrong: int
    stayed_right: int
    stayed_wrong: int
    gained: Estimate  # share of all n that turned right
    lost: Estimate  # share of all n that turned wrong
    net: PairedTest  # the share of right answers, after against before

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        task, label, provider, slug = self.key
        values = asdict(self)
        del values["key"]
        return {"task": task, "label": label, "provider": provider, "slug": slug, **values}


@dataclass(frozen=True, slots=True)
class _Step:
    """One answer before and after; None where it has no score."""

    who: Who
    before: int | None
    after: int | None
    was: bool | None
    now: bool | None
    cluster: str


def flips(records: Iterable[Record]) -> list[Flips]:
    """The steps of every cell whose records hold scores by round, ordered by key; agents, majority, verdict."""
    cells = by_cell(records)
    found = [_count(key, steps) for key in sorted(cells) for steps in _by_kind(cells[key])]
    return [one for one in found if one is not None]


def _by_kind(records: Sequence[Record]) -> list[list[_Step]]:
    kinds: dict[tuple[int, int, int], list[_Step]] = {}
    for record in sorted(records, key=lambda r: (r.sample_id, r.epoch)):
        for step in _steps(record):
            kind = (get_args(Who).index(step.who), step.before or 0, step.after or 0)
            kinds.setdefault(kind, []).append(step)
    return [kinds[kind] for kind in sorted(kinds)]


def _steps(record: Record) -> Iterator[_Step]:
    roles: Mapping[str, Mapping[str, Said]] = record.answer_metadata.get(ROUND_SCORES, {})
    if not roles:
        return
    cluster = f"sample {record.sample_id}" if record.group is None else f"group {record.group}"
    rounds = sorted({int(number) for spoken in roles.values() for number in spoken})
    for before, after in pairwise(rounds):
        for spoken in roles.values():
            was, now = spoken.get(str(before)), spoken.get(str(after))
            if was is not None and now is not None:
                yield _Step("agents", before, after, was["right"], now["right"], cluster)
        yield _Step("majority", before, after, _majority(roles, before), _majority(roles, after), cluster)
    verdict = None if record.score is None else record.outcome == "correct"
    yield _Step("verdict", None, None, _majority(roles, rounds[-1]), verdict, cluster)


def _majority(roles: Mapping[str, Mapping[str, Said]], number: int) -> bool | None:
    """Whether the most frequent answer of a round is right; the first agent's where none has an answer."""
    said = [spoken[str(number)] for spoken in roles.values() if str(number) in spoken]
    winner = plurality([one["answer"] for one in said]).winner
    chosen = [one["right"] for one in said if winner is None or one["answer"] == winner]
    return next((right for right in chosen if right is not None), None)


def _count(key: CellKey, steps: Sequence[_Step]) -> Flips | None:
    """The counts of one step; None where no answer is scored on both sides of it."""
    scored = [(s.was, s.now, s.cluster) for s in steps if s.was is not None and s.now is not None]
    if not scored:
        return None
    clusters = [cluster for _, _, cluster in scored]
    up = [float(now and not was) for was, now, _ in scored]
    down = [float(was and not now) for was, now, _ in scored]
    return Flips(
        key=key,
        who=steps[0].who,
        before=steps[0].before,
        after=steps[0].after,
        n=len(scored),
        left_out=len(steps) - len(scored),
        wrong_right=int(sum(up)),
        right_wrong=int(sum(down)),
        stayed_right=sum(was and now for was, now, _ in scored),
        stayed_wrong=sum(not was and not now for was, now, _ in scored),
        gained=estimate(up, clusters),
        lost=estimate(down, clusters),
        net=compare_pairs([float(w) for w, _, _ in scored], [float(n) for _, n, _ in scored], clusters),
    )
