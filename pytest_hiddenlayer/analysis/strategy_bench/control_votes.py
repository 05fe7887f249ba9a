"""Votes over the control samples of a run: answers of the same model to the plain prompt, drawn for all strategies.

The vote is the plurality of Wang et al. 2022, "Self-Consistency Improves Chain of Thought
Reasoning in Language Models", arXiv:2203.11171. What a strategy has to beat is the vote of as
many samples as its own calls, tokens or cost pay for (Wang et al. 2024, "Reasoning in Token
Economies", arXiv:2406.06461).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from ...identifiers import SHARED_CONTROLS, controlled
from ...results.budget_match.control_scores import mean_score, plurality_score
from ...results.metrics.cells import MIN_SCORED
from ...results.metrics.samples import SampleResult
from ...results.regression.baseline import CellKey
from ...stats.estimate.mean_interval import Estimate, estimate
from ...types import Record
from ...usage import BudgetUnit, MeanUsage, per_answer, usage_of

ModelKey = tuple[str, str, str]
"""(task, provider, slug)."""
SIZES = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, slots=True)
class Controls:
    """The control samples of one task and model."""

    by_label: Mapping[str, Mapping[str, Sequence[Record]]]  # strategy's label → sample → records in order

    def of(self, label: str, sample_id: str) -> Sequence[Record]:
        """The control samples of a strategy's sample: its own, else the shared ones, else most of any strategy.

        The seed of a control sample does not depend on the strategy, so all strategies may use the same.
        """
        for name in (label, SHARED_CONTROLS):
            if own := self.by_label.get(name, {}).get(sample_id):
                return own
        return max((samples.get(sample_id, ()) for samples in self.by_label.values()), key=len, default=())

    def longest(self) -> dict[str, Sequence[Record]]:
        """Sample → its most control samples."""
        names = sorted({name for samples in self.by_label.values() for name in samples})
        return {name: self.of(SHARED_CONTROLS, name) for name in names}


@dataclass(frozen=True, kw_only=True, slots=True)
class VoteSize:
    """The vote of `size` control samples: each sample's mean over disjoint groups of so many."""

    size: int
    score: Estimate  # over samples with a scored vote
    spent: MeanUsage  # per vote
    votes: int  # of all samples
    scored: int  # votes with a score
    missing: int = 0  # samples of the strategies that have no control sample

    @property
    def enough_scored(self) -> bool:
        """Whether so few samples and votes have no score that the mean may be compared."""
        covered = self.missing <= (1 - MIN_SCORED) * (self.score.n + self.missing)
        return covered and self.scored > 0 and self.scored >= MIN_SCORED * self.votes

    @property
    def name(self) -> str:
        """What a table calls it."""
        return f"vote of {self.size}" if self.size > 1 else "one sample"


def controls_by_model(cells: Mapping[CellKey, Sequence[Record]]) -> dict[ModelKey, Controls]:
    """Returns the control samples of every task and model that has some."""
    found: dict[ModelKey, dict[str, dict[str, Sequence[Record]]]] = {}
    for (task, label, provider, slug), records in cells.items():
        if (owner := controlled(label)) is None:
            continue
        by_sample: dict[str, list[Record]] = {}
        for record in sorted(records, key=lambda r: r.epoch):
            by_sample.setdefault(record.sample_id, []).append(record)
        found.setdefault((task, provider, slug), {})[owner] = {**by_sample}
    return {key: Controls(by_label) for key, by_label in found.items()}


def matched(record: Record, controls: Sequence[Record], unit: BudgetUnit) -> tuple[Sequence[Record], bool] | None:
    """Returns the first control samples whose amount reaches the record's, and whether all of them have less.

    None if there are fewer than the record's calls, or if an amount is unknown.
    """
    budget = usage_of(record)
    if len(controls) < budget.calls or not controls:
        return None
    if unit == "calls":
        return controls[: max(1, budget.calls)], False
    target, total = budget.amount(unit), 0.0
    for number, control in enumerate(controls, 1):
        amount = usage_of(control).amount(unit)
        if amount is None or target is None:
            return None
        total += amount
        if total >= target:
            return controls[:number], False
    return controls, True


def voted(record: Record, controls: Sequence[Record]) -> SampleResult:
    """Returns the vote of these control samples as the result of the record's sample."""
    return _result(record, plurality_score(controls))


def averaged(record: Record, controls: Sequence[Record]) -> SampleResult:
    """Returns the mean of these control samples: what one plain answer scores."""
    return _result(record, mean_score(controls))


def _result(record: Record, score: float | None) -> SampleResult:
    known = score is not None
    return SampleResult(
        score=score,
        outcome="unscored"
        if score is None
        else "correct"
        if score == 1
        else "incorrect"
        if score == 0
        else "partial",
        answer=None,
        hash=record.sample_hash,
        must_pass=False,
        group=record.group,
        epochs=(score,) if score is not None else (),
        lost=0 if known else 1,
        worst=score,
    )


def vote_sizes(controls: Controls, names: Collection[str] = ()) -> list[VoteSize]:
    """Returns the votes of 1, 2, 4, … control samples, as far as every sample that has some has so many.

    `names` are all samples that strategies answered: those without a control sample are counted as missing.
    """
    samples = controls.longest()
    missing = len({*names} - {*samples})
    fewest = min(map(len, samples.values()), default=0)
    return [_vote_size(size, samples.values(), missing) for size in SIZES if size <= fewest]


def _vote_size(size: int, samples: Iterable[Sequence[Record]], missing: int) -> VoteSize:
    scores, groups, usages, scored = [], [], [], 0
    for controls in samples:
        blocks = [controls[at : at + size] for at in range(0, len(controls) - size + 1, size)]
        votes = [score for block in blocks if (score := plurality_score(block)) is not None]
        usages += [usage_of(*block) for block in blocks]
        scored += len(votes)
        if votes:
            scores.append(fsum(votes) / len(votes))
            groups.append(controls[0].group)
    return VoteSize(
        size=size,
        score=estimate(scores, groups),
        spent=per_answer(usages),
        votes=len(usages),
        scored=scored,
        missing=missing,
    )
