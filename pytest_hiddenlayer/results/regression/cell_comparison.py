"""The paired comparison of one cell with its baseline: difference, interval, test and verdict.

A session compares many cells; Holm's correction (1979) keeps the probability of any false alarm among them at α.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

from ...stats.estimate.mean_interval import Estimate, estimate
from ...stats.paired.compare import PairedTest, compare_pairs
from ...stats.paired.holm import holm
from ..pairs.pair_values import PairValues, newly, pair_values
from .pairing import SampleMatching

ALPHA = 0.05
Verdict: TypeAlias = Literal["regressed", "improved", "same", "underpowered"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CellComparison:
    """One cell compared with its baseline."""

    baseline: str
    pairing: SampleMatching
    paired: PairedTest
    old: Estimate  # over the pairs
    new: Estimate
    margin: float  # non-inferiority margin: a loss that is tolerated
    min_effect: float  # equivalence margin: smaller differences count as `same`
    p_worse: float  # after Holm's correction over the family
    p_better: float
    family: int = 1  # cells compared in the same session
    verdict: Verdict = "underpowered"
    smallest_effect: float | None = None  # minimum detectable effect (MDE) at power 0.8; None: too few clusters
    pairs_needed: int | None = None  # to detect `min_effect` at power 0.8; None: a single cluster, or within margin
    untested: str | None = None  # why no test holds, so that there is no verdict
    verdict_with_lost: Verdict | None = None  # if answers that lost their score count as wrong; None: none did
    looks: tuple[int, int] | None = None  # (deciding look, planned looks) of the sequential test

    @property
    def lost_counts(self) -> bool:
        """Whether the cell regresses only if the answers that lost their score count as wrong."""
        return self.verdict_with_lost == "regressed" and self.verdict != "regressed"

    @property
    def newly_wrong(self) -> tuple[str, ...]:
        """Samples that were right in the baseline and are not right now."""
        return newly(self.pairing.pairs, right=False)

    @property
    def newly_right(self) -> tuple[str, ...]:
        """Samples that are right now and were not right in the baseline."""
        return newly(self.pairing.pairs, right=True)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, for `summary.json` and `hiddenlayer compare --json`."""
        unpaired = ("changed", "lost", "gained", "unscored", "added", "absent")
        return {
            "baseline": self.baseline,
            "verdict": self.verdict,
            "verdict_with_lost": self.verdict_with_lost,
            "lost_answers": self.pairing.lost_answers,
            "n": self.paired.n,
            "n_groups": self.paired.n_groups,
            "old": estimate_json(self.old),
            "new": estimate_json(self.new),
            "difference": self.paired.difference,
            "stderr": self.paired.stderr,
            "ci95": self.paired.ci95,
            "p_worse": self.paired.p_worse,
            "p_better": self.paired.p_better,
            "p_different": self.paired.p_different,
            "p_worse_holm": self.p_worse,
            "p_better_holm": self.p_better,
            "family": self.family,
            "method": self.paired.method,
            "untested": self.untested,
            "margin": self.margin,
            "min_effect": self.min_effect,
            "smallest_effect": self.smallest_effect,
            "pairs_needed": self.pairs_needed,
            "newly_wrong": list(self.newly_wrong),
            "newly_right": list(self.newly_right),
            **{name: list(getattr(self.pairing, name)) for name in unpaired},
        }


def compare_cell(
    baseline: str, pairing: SampleMatching, *, margin: float, min_effect: float
) -> CellComparison | None:
    """The comparison of one cell, before `assign_verdicts`; None if no sample could be paired."""
    if not pairing.pairs:
        return None
    values = pair_values(pairing.pairs)
    paired = _paired_test(values, margin, min_effect)
    return CellComparison(
        baseline=baseline,
        pairing=pairing,
        paired=paired,
        old=estimate(values.old, values.groups),
        new=estimate(values.new, values.groups),
        margin=margin,
        min_effect=min_effect,
        p_worse=paired.p_worse,
        p_better=paired.p_better,
        untested=_untested(values),
    )


def _paired_test(pairs: PairValues, margin: float, min_effect: float) -> PairedTest:
    return compare_pairs(
        pairs.old, pairs.new, pairs.groups, margin=margin, min_effect=min_effect, answers=pairs.answers
    )


def _untested(pairs: PairValues) -> str | None:
    """Why no test holds: a sample has more scored answers on one side, and the test of reruns cannot see them."""
    if not pairs.n_uneven or pairs.averages:
        return None
    what = f"{pairs.n_uneven} of {len(pairs.old)} samples have more scored answers on one side"
    if pairs.old_unknown:
        return f"{what}, and the baseline does not state the score of each answer; renew it with --snapshot-update"
    return f"{what}, and their scores are not means of answers; use the reducer mean, or the same number of answers"


def assign_verdicts(measured: Sequence[CellComparison]) -> list[CellComparison]:
    """The comparisons of one session with verdicts; each direction has Holm's correction over all of them."""
    worse = holm([comparison.paired.p_worse for comparison in measured])
    better = holm([comparison.paired.p_better for comparison in measured])
    return [
        _with_verdict(replace(comparison, p_worse=p_worse, p_better=p_better, family=len(measured)))
        for comparison, p_worse, p_better in zip(measured, worse, better, strict=True)
    ]


def _with_verdict(comparison: CellComparison) -> CellComparison:
    alpha = ALPHA / comparison.family  # Holm's first step
    from ...stats.paired.power import sensitivity  # with numpy

    detectable = sensitivity(comparison.paired, comparison.min_effect, alpha=alpha, margin=comparison.margin)
    with_lost = _verdict_with_lost(comparison)
    return replace(
        comparison,
        verdict=held(_verdict(comparison), with_lost),
        verdict_with_lost=with_lost,
        smallest_effect=detectable.smallest_effect if detectable else None,
        pairs_needed=detectable.pairs_needed if detectable else None,
    )


def held(verdict: Verdict, with_lost: Verdict | None) -> Verdict:
    """The verdict; `underpowered` if it is good and does not hold if lost answers count as wrong (`with_lost`)."""
    if with_lost is None or verdict not in ("improved", "same"):
        return verdict
    return verdict if verdict == with_lost else "underpowered"


def _verdict(comparison: CellComparison) -> Verdict:
    difference, p_different = comparison.paired.difference, comparison.paired.p_different
    if comparison.untested is not None:
        return "underpowered"
    if comparison.p_worse <= ALPHA and difference < -comparison.margin:
        return "regressed"
    if comparison.p_better <= ALPHA and difference > 0:
        return "improved"
    return "same" if p_different is not None and p_different <= ALPHA else "underpowered"


def _verdict_with_lost(comparison: CellComparison) -> Verdict | None:
    """The verdict if every answer that lost its score counts as wrong; None if no answer did.

    Without this check, an outage or empty answers could remove the newly wrong answers from the comparison.
    """
    if not comparison.pairing.lost_as_wrong:
        return None
    pairs = pair_values(comparison.pairing.pairs_with_lost_as_wrong)
    worst = _paired_test(pairs, comparison.margin, comparison.min_effect)
    p_worse, p_better = (min(1.0, p * comparison.family) for p in (worst.p_worse, worst.p_better))
    untested = _untested(pairs)
    return _verdict(replace(comparison, paired=worst, p_worse=p_worse, p_better=p_better, untested=untested))


def estimate_json(value: Estimate) -> dict[str, Any]:
    """Plain JSON values, with the mean as `score`."""
    values = asdict(value)
    return {"score": values.pop("mean"), **values}
