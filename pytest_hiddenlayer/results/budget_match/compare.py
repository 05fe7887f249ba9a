"""Is a strategy of many calls better than its own model, asked as often?

From the records of a run under `--hl-equal-budget` alone, no further call. A sample that the
strategy answered with N calls has draws: single answers of the same model to the plain prompt.
The strategy's score is paired with four uses of them:

single            the mean score of the first N draws
self_consistency  the plurality of the first N draws' answers: Wang et al. 2022, arXiv:2203.11171
self_consistency  the same over the first M draws, M the fewest whose tokens reach the strategy's
oracle            pass@N, what a perfect choice among N draws would get: the unbiased estimator
                  of Chen et al. 2021, arXiv:2107.03374, equation 1, over all draws

A draw without a score is not a wrong one: it is left out, and so is a sample without any
scored draw. Only the first epoch has draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ...identifiers import control_label, controlled
from ...stats.estimate.mean_interval import Estimate, estimate
from ...stats.paired.compare import PairedTest, compare_pairs
from ...strategies.voting import plurality
from ...types import Record
from ...usage import MeanUsage, per_answer, usage_of
from ..metrics.cells import by_cell
from ..regression.baseline import CellKey


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlComparison:
    """The strategy against one use of the draws; differences are strategy minus control."""

    against: Literal["single", "self_consistency", "oracle"]
    budget: Literal["calls", "tokens"]
    left_out: int  # samples with draws, none of which says anything here
    strategy: Estimate  # over the pairs; for the oracle the share of right answers
    control: Estimate
    paired: PairedTest | None  # None: no pair
    strategy_spent: MeanUsage  # means over the pairs
    control_spent: MeanUsage

    @property
    def name(self) -> str:
        """Who it is against, and at what budget."""
        return f"{self.against}, same {self.budget}"


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetMatchedComparison:
    """One cell of a strategy and its control. Every sample stands in exactly one of the first four counts."""

    key: CellKey
    compared: int  # samples with draws
    unscored: int  # the strategy has no score: nothing was drawn
    one_call: int  # the strategy asked once: nothing was drawn
    undrawn: int  # draws were due, and are not there
    draws: int
    draws_unscored: int
    short: int  # samples whose draws ended before they reached the strategy's tokens
    tokens_unknown: int  # samples for which the provider told no tokens
    alike: int  # samples whose draws are several, and all the same text
    later_epochs: int  # records of later epochs, which have no draws
    against_controls: tuple[ControlComparison, ...]  # empty where nothing can be compared

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        task, label, provider, slug = self.key
        values = asdict(self)
        del values["key"]
        named = [{"name": side.name, **asdict(side)} for side in self.against_controls]
        return {"task": task, "label": label, "provider": provider, "slug": slug, **values, "versus": named}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sample:
    """One sample that has draws."""

    record: Record
    draws: Sequence[Record]  # in order
    n: int  # calls of the strategy
    m: int | None  # draws whose tokens reach the strategy's, all where they do not; None: tokens are unknown
    short: bool


def equal_budget(records: Iterable[Record]) -> list[BudgetMatchedComparison]:
    """One comparison for every cell of another strategy than `single`, ordered by key; in any order of records."""
    cells = by_cell(records)
    keys = sorted(key for key in cells if controlled(key[1]) is None and cells[key][0].strategy != "single")
    return [_compare(key, cells[key], cells.get((key[0], control_label(key[1]), *key[2:]), [])) for key in keys]


def _compare(key: CellKey, records: Sequence[Record], control: Sequence[Record]) -> BudgetMatchedComparison:
    first = sorted((r for r in records if r.epoch == 1), key=lambda r: r.sample_id)
    draws: dict[str, list[Record]] = {}
    for record in sorted(control, key=lambda r: r.epoch):
        draws.setdefault(record.sample_id, []).append(record)
    scored = [r for r in first if r.score is not None]
    several = [r for r in scored if usage_of(r).calls > 1]
    samples = [_sample(r, draws[r.sample_id]) for r in several if r.sample_id in draws]
    return BudgetMatchedComparison(
        key=key,
        compared=len(samples),
        unscored=len(first) - len(scored),
        one_call=len(scored) - len(several),
        undrawn=len(several) - len(samples),
        draws=len(control),
        draws_unscored=sum(r.score is None for r in control),
        short=sum(one.short for one in samples),
        tokens_unknown=sum(one.m is None for one in samples),
        alike=sum(len(one.draws) > 1 and len({d.output for d in one.draws}) == 1 for one in samples),
        later_epochs=len(records) - len(first),
        against_controls=_versus(samples) if samples else (),
    )


def _sample(record: Record, draws: Sequence[Record]) -> _Sample:
    budget = usage_of(record)
    m, short = _reaching(draws, budget.tokens)
    return _Sample(record=record, draws=draws, n=budget.calls, m=m, short=short)


def _reaching(draws: Sequence[Record], tokens: int | None) -> tuple[int | None, bool]:
    """(the fewest draws whose tokens reach `tokens`, whether all together do not)."""
    used = [usage_of(draw).tokens for draw in draws]
    total = 0
    for number, value in enumerate(used, 1):
        if value is None or tokens is None:
            return None, False
        total += value
        if total >= tokens:
            return number, False
    return len(draws), True


def _versus(samples: Sequence[_Sample]) -> tuple[ControlComparison, ...]:
    told = [one for one in samples if one.m is not None]
    return (
        _side("single", "calls", samples, lambda one: one.draws[: one.n], _mean),
        _side("self_consistency", "calls", samples, lambda one: one.draws[: one.n], voted),
        _side("self_consistency", "tokens", told, lambda one: one.draws[: one.m], voted),
        _oracle(samples),
    )


def _side(
    against: Literal["single", "self_consistency"],
    budget: Literal["calls", "tokens"],
    samples: Sequence[_Sample],
    used: Callable[[_Sample], Sequence[Record]],
    score: Callable[[Sequence[Record]], float | None],
) -> ControlComparison:
    found = [(one, score(used(one))) for one in samples]
    pairs = [(one, one.record.score, value) for one, value in found]
    return _paired(against, budget, pairs, used)


def _oracle(samples: Sequence[_Sample]) -> ControlComparison:
    pairs = [(one, float(one.record.outcome == "correct"), pass_at(one.draws, one.n)) for one in samples]
    return _paired("oracle", "calls", pairs, lambda one: one.draws[: one.n])


def _paired(
    against: Literal["single", "self_consistency", "oracle"],
    budget: Literal["calls", "tokens"],
    found: Sequence[tuple[_Sample, float | None, float | None]],
    used: Callable[[_Sample], Sequence[Record]],
) -> ControlComparison:
    pairs = [(one, own, other) for one, own, other in found if own is not None and other is not None]
    own, other = [pair[1] for pair in pairs], [pair[2] for pair in pairs]
    groups = [one.record.group for one, _, _ in pairs]
    return ControlComparison(
        against=against,
        budget=budget,
        left_out=len(found) - len(pairs),
        strategy=estimate(own, groups),
        control=estimate(other, groups),
        paired=compare_pairs(other, own, groups) if pairs else None,
        strategy_spent=per_answer([usage_of(one.record) for one, _, _ in pairs]),
        control_spent=per_answer([usage_of(*used(one)) for one, _, _ in pairs]),
    )


def _mean(draws: Sequence[Record]) -> float | None:
    scores = [draw.score for draw in draws if draw.score is not None]
    return math.fsum(scores) / len(scores) if scores else None


def voted(draws: Sequence[Record]) -> float | None:
    """The score of the first scored draw with the most frequent answer; None where no draw is scored.

    Ties go to the answer seen first, a draw without an answer does not vote. Where none has an
    answer, the first scored draw stands for all, as in the strategy `self_consistency`.
    """
    winner = plurality([draw.answer for draw in draws]).winner
    chosen = [d.score for d in draws if d.score is not None and (winner is None or d.answer == winner)]
    return chosen[0] if chosen else None


def pass_at(draws: Sequence[Record], k: int) -> float | None:
    """The chance that one of k draws is right, 1 - C(n-c, k) / C(n, k) with c of n scored draws right.

    With fewer than k scored draws: whether any of them is right, which is at most that chance.
    """
    right = [draw.outcome == "correct" for draw in draws if draw.score is not None]
    if not right:
        return None
    if len(right) < k:
        return float(any(right))
    return 1 - math.comb(right.count(False), k) / math.comb(len(right), k)
