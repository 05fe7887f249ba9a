"""Compute-matched comparison: a strategy of several calls against its own model with the same number of calls.

It uses the records of a run with `--hl-equal-budget` and makes no calls. A sample that the
strategy answered with N calls has control samples: single answers of the same model to the
plain prompt. The strategy's score is paired with four scores of the control samples:

single            the mean score of the first N control samples
self_consistency  the plurality of their first N answers: Wang et al. 2022, arXiv:2203.11171
self_consistency  the same over the first M, the fewest whose tokens reach the strategy's
oracle            pass@N, the score of a perfect choice among N control samples: the unbiased
                  estimator of Chen et al. 2021, arXiv:2107.03374, equation 1, over all of them

A control sample without a score does not count as wrong: it is left out, and so is a sample
without any scored control sample. Only the first epoch has control samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ...identifiers import SHARED_CONTROLS, control_label, controlled
from ...stats.estimate.mean_interval import Estimate, estimate
from ...stats.paired.compare import PairedTest, compare_pairs
from ...types import Record
from ...usage import MeanUsage, per_answer, usage_of
from ..metrics.cells import by_cell
from ..regression.baseline import CellKey
from .control_scores import mean_score, oracle_score, plurality_score


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlComparison:
    """The strategy against one score of the control samples; differences are strategy minus control."""

    against: Literal["single", "self_consistency", "oracle"]
    budget: Literal["calls", "tokens"]
    left_out: int  # samples with control samples, but without a score on both sides
    strategy: Estimate  # over the pairs; for the oracle, the share of right answers
    control: Estimate
    paired: PairedTest | None  # None: no pair
    strategy_spent: MeanUsage  # means over the pairs
    control_spent: MeanUsage

    @property
    def name(self) -> str:
        """What the strategy is compared with, and at which budget."""
        return f"{self.against}, same {self.budget}"


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetMatchedComparison:
    """One cell of a strategy and its control. Every sample is in exactly one of the first four counts."""

    key: CellKey
    compared: int  # samples with control samples
    unscored: int  # samples without a score of the strategy, which get no control samples
    one_call: int  # samples that the strategy answered with one call, which get no control samples
    undrawn: int  # samples whose control samples are missing
    draws: int  # control samples
    draws_unscored: int
    short: int  # samples whose control samples have fewer tokens than the strategy used
    tokens_unknown: int  # samples for which the provider reported no tokens
    alike: int  # samples with several control samples that are all the same text
    later_epochs: int  # records of later epochs, which have no control samples
    against_controls: tuple[ControlComparison, ...]  # empty if nothing can be compared

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        task, label, provider, slug = self.key
        values = asdict(self)
        del values["key"]
        named = [{"name": control.name, **asdict(control)} for control in self.against_controls]
        return {"task": task, "label": label, "provider": provider, "slug": slug, **values, "versus": named}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sample:
    """One sample with control samples."""

    record: Record
    controls: Sequence[Record]  # in order
    n: int  # calls of the strategy
    m: int | None  # control samples whose tokens reach the strategy's, at most all; None: tokens are unknown
    short: bool  # whether the tokens of all control samples are fewer than the strategy's


def compare_budget_matched(records: Iterable[Record]) -> list[BudgetMatchedComparison]:
    """One comparison per cell of a strategy other than `single`, ordered by key; records may be in any order."""
    cells = by_cell(records)
    keys = sorted(key for key in cells if controlled(key[1]) is None and cells[key][0].strategy != "single")
    return [_compare(key, cells[key], _controls(key, cells)) for key in keys]


def _controls(key: CellKey, cells: Mapping[CellKey, Sequence[Record]]) -> Sequence[Record]:
    """The control samples of a cell, or those that all strategies of its run share."""
    task, label, provider, slug = key
    own = cells.get((task, control_label(label), provider, slug))
    return own or cells.get((task, control_label(SHARED_CONTROLS), provider, slug), [])


def _compare(key: CellKey, records: Sequence[Record], control: Sequence[Record]) -> BudgetMatchedComparison:
    """The comparison of a strategy's cell with its control cell, which may be empty."""
    first_epoch = sorted((r for r in records if r.epoch == 1), key=lambda r: r.sample_id)
    controls: dict[str, list[Record]] = {}
    for record in sorted(control, key=lambda r: r.epoch):
        controls.setdefault(record.sample_id, []).append(record)
    scored = [r for r in first_epoch if r.score is not None]
    several_calls = [r for r in scored if usage_of(r).calls > 1]
    samples = [_sample(r, controls[r.sample_id]) for r in several_calls if r.sample_id in controls]
    return BudgetMatchedComparison(
        key=key,
        compared=len(samples),
        unscored=len(first_epoch) - len(scored),
        one_call=len(scored) - len(several_calls),
        undrawn=len(several_calls) - len(samples),
        draws=len(control),
        draws_unscored=sum(r.score is None for r in control),
        short=sum(sample.short for sample in samples),
        tokens_unknown=sum(sample.m is None for sample in samples),
        alike=sum(len(s.controls) > 1 and len({c.output for c in s.controls}) == 1 for s in samples),
        later_epochs=len(records) - len(first_epoch),
        against_controls=_against_controls(samples) if samples else (),
    )


def _sample(record: Record, controls: Sequence[Record]) -> _Sample:
    budget = usage_of(record)
    m, short = _token_matched(controls, budget.tokens)
    return _Sample(record=record, controls=controls, n=budget.calls, m=m, short=short)


def _token_matched(controls: Sequence[Record], tokens: int | None) -> tuple[int | None, bool]:
    """(the fewest control samples whose tokens reach `tokens`, whether all together have fewer)."""
    total = 0
    for number, control in enumerate(controls, 1):
        used = usage_of(control).tokens
        if used is None or tokens is None:
            return None, False
        total += used
        if total >= tokens:
            return number, False
    return len(controls), True


def _against_controls(samples: Sequence[_Sample]) -> tuple[ControlComparison, ...]:
    tokens_known = [sample for sample in samples if sample.m is not None]
    return (
        _compare_with("single", "calls", samples, lambda s: s.controls[: s.n], mean_score),
        _compare_with("self_consistency", "calls", samples, lambda s: s.controls[: s.n], plurality_score),
        _compare_with("self_consistency", "tokens", tokens_known, lambda s: s.controls[: s.m], plurality_score),
        _compare_with_oracle(samples),
    )


def _compare_with(
    against: Literal["single", "self_consistency"],
    budget: Literal["calls", "tokens"],
    samples: Sequence[_Sample],
    select: Callable[[_Sample], Sequence[Record]],
    score: Callable[[Sequence[Record]], float | None],
) -> ControlComparison:
    scores = [(sample, sample.record.score, score(select(sample))) for sample in samples]
    return _paired(against, budget, scores, select)


def _compare_with_oracle(samples: Sequence[_Sample]) -> ControlComparison:
    scores = [(s, float(s.record.outcome == "correct"), oracle_score(s.controls, s.n)) for s in samples]
    return _paired("oracle", "calls", scores, lambda s: s.controls[: s.n])


def _paired(
    against: Literal["single", "self_consistency", "oracle"],
    budget: Literal["calls", "tokens"],
    scores: Sequence[tuple[_Sample, float | None, float | None]],
    select: Callable[[_Sample], Sequence[Record]],
) -> ControlComparison:
    """The comparison over the samples with a score on both sides; `scores` has (sample, strategy's, control's)."""
    pairs = [
        (s, strategy, control) for s, strategy, control in scores if strategy is not None and control is not None
    ]
    strategy, control = [score for _, score, _ in pairs], [score for _, _, score in pairs]
    groups = [sample.record.group for sample, _, _ in pairs]
    return ControlComparison(
        against=against,
        budget=budget,
        left_out=len(scores) - len(pairs),
        strategy=estimate(strategy, groups),
        control=estimate(control, groups),
        paired=compare_pairs(control, strategy, groups) if pairs else None,
        strategy_spent=per_answer([usage_of(sample.record) for sample, _, _ in pairs]),
        control_spent=per_answer([usage_of(*select(sample)) for sample, _, _ in pairs]),
    )
