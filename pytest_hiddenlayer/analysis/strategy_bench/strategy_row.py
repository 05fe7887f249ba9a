"""One strategy on one task with one model: score, spending and what has no score."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import fsum
from typing import Any

from ...results.metrics.cells import MIN_SCORED
from ...results.metrics.samples import SampleResult, sample_result
from ...results.regression.cell_comparison import CellComparison
from ...stats.estimate.mean_interval import Estimate, estimate
from ...types import Outcome, Record
from ...usage import BudgetUnit, MeanUsage, TokenUsage, per_answer, usage_of

VOTE = "vote"
"""The name of the vote of as many control samples as the strategy's budget pays for."""
_QUOTED = re.compile(r"""(?<!\w)(?:'[^']*'|"[^"]*")(?!\w)""")
_NOT_ANSWERED = ("error", "skipped")


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparedWith:
    """A strategy against one reference; differences are strategy minus reference."""

    against: str  # VOTE, or the label of a strategy
    comparison: CellComparison | None  # None: see `why`
    why: str = ""  # why nothing is compared
    short: int = 0  # samples whose control samples use less than the strategy
    left_out: int = 0  # samples without control samples, or with an unknown amount

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values."""
        made = None if self.comparison is None else self.comparison.to_json()
        return {
            "against": self.against,
            "comparison": made,
            "why": self.why,
            "short": self.short,
            "left_out": self.left_out,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class StrategyRow:
    """One strategy of a leaderboard. Spending is that of the strategy's own calls, without those of scorers."""

    label: str
    strategy: str
    score: Estimate  # over the samples with a score: each is the mean over its epochs
    worst: float | None  # the mean score if every answer without a score counts as wrong
    outcomes: Mapping[Outcome, int]  # of all answers
    reasons: Mapping[str, int]  # why answers have no score → how many
    spent: MeanUsage  # per answer, also of those without a score
    seconds: float | None  # per answer, while others are answered at the same time
    right: int
    total: TokenUsage  # of all answers, also failed ones
    unanswered: int = 0  # of samples that others answered, and of epochs: the run ended before
    compared: tuple[ComparedWith, ...] = ()

    @property
    def answers(self) -> int:
        """How many answers there are, also without a score."""
        return sum(self.outcomes.values())

    @property
    def scored(self) -> int:
        """How many answers have a score."""
        return sum(self.outcomes.get(name, 0) for name in ("correct", "incorrect", "partial"))

    @property
    def enough_scored(self) -> bool:
        """Whether so few answers are missing or without a score that the mean may be compared."""
        return self.scored > 0 and self.scored >= MIN_SCORED * (self.answers + self.unanswered)

    def per_right(self, unit: BudgetUnit) -> float | None:
        """Returns what one right answer takes, wrong ones included; None if unknown or if none is right."""
        amount = self.total.amount(unit)
        return amount / self.right if amount is not None and self.right else None

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values."""
        return {
            "label": self.label,
            "strategy": self.strategy,
            "score": asdict(self.score),
            "score_if_unscored_is_wrong": self.worst,
            "answers": self.answers,
            "unanswered": self.unanswered,
            "scored": self.scored,
            "right": self.right,
            "outcomes": dict(self.outcomes),
            "reasons": dict(self.reasons),
            "calls": self.spent.calls,
            "tokens": self.spent.tokens,
            "cost_usd": self.spent.cost_usd,
            "seconds": self.seconds,
            "calls_per_right": self.per_right("calls"),
            "tokens_per_right": self.per_right("tokens"),
            "cost_usd_per_right": self.per_right("cost_usd"),
            "compared": [one.to_json() for one in self.compared],
        }


def strategy_row(records: Sequence[Record], samples: int) -> StrategyRow:
    """Returns the row of one cell, without comparisons; `samples` are those that any strategy answered."""
    results = sample_results(records)
    scored = [result for result in results.values() if result.score is not None]
    answered = [record for record in records if record.outcome not in _NOT_ANSWERED]
    scores = [record.score or 0.0 for record in records]
    return StrategyRow(
        label=records[0].label,
        strategy=records[0].strategy,
        score=estimate([r.score for r in scored if r.score is not None], [r.group for r in scored]),
        worst=fsum(scores) / len(scores) if scored else None,
        outcomes=dict(Counter(record.outcome for record in records)),
        reasons=dict(Counter(reason(record) for record in records if record.score is None).most_common()),
        spent=per_answer([usage_of(record) for record in answered]),
        seconds=fsum(record.latency_s for record in answered) / len(answered) if answered else None,
        right=sum(record.outcome == "correct" for record in records),
        total=usage_of(*records),
        unanswered=samples * max(record.epoch for record in records) - len(records),
    )


def sample_results(records: Sequence[Record]) -> dict[str, SampleResult]:
    """Returns sample → its result, the mean over its epochs, in the order of the records."""
    by_sample: dict[str, list[Record]] = {}
    for record in records:
        by_sample.setdefault(record.sample_id, []).append(record)
    return {name: sample_result(epochs, reducer="mean", pass_score=1.0) for name, epochs in by_sample.items()}


def reason(record: Record) -> str:
    """Returns why a record has no score, without what it quotes: equal reasons are counted together."""
    explained = next((score.get("explanation") for score in record.scores.values()), None)
    return _QUOTED.sub("'…'", f"{record.outcome}: {record.error or explained or 'no reason given'}")


def with_compared(row: StrategyRow, compared: Sequence[ComparedWith]) -> StrategyRow:
    """Returns the row with its comparisons."""
    return replace(row, compared=tuple(compared))
