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
from ...stats.paired.power import sensitivity
from .pairing import SampleMatching

ALPHA = 0.05
Verdict: TypeAlias = Literal["regressed", "improved", "same", "underpowered"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CellComparison:
    """One cell compared with its baseline."""

    baseline: str
    pairing: SampleMatching
    epochs: tuple[int, int]  # per old and per new score
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
    pairs_needed: int | None = None  # to detect `min_effect` with power 0.8; None: a single cluster
    verdict_with_lost: Verdict | None = None  # if answers that lost their score count as wrong; None: none did
    looks: tuple[int, int] | None = None  # (deciding look, planned looks) of the sequential test

    @property
    def lost_counts(self) -> bool:
        """Whether the cell regresses only if the answers that lost their score count as wrong."""
        return self.verdict_with_lost == "regressed" and self.verdict != "regressed"

    @property
    def newly_wrong(self) -> tuple[str, ...]:
        """Samples that were right in the baseline and are not right now."""
        return tuple(pair.id for pair in self.pairing.pairs if pair.old_right and not pair.new_right)

    @property
    def newly_right(self) -> tuple[str, ...]:
        """Samples that are right now and were not right in the baseline."""
        return tuple(pair.id for pair in self.pairing.pairs if pair.new_right and not pair.old_right)

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
            "old": _estimate_json(self.old),
            "new": _estimate_json(self.new),
            "difference": self.paired.difference,
            "stderr": self.paired.stderr,
            "ci95": self.paired.ci95,
            "p_worse": self.paired.p_worse,
            "p_better": self.paired.p_better,
            "p_worse_holm": self.p_worse,
            "p_better_holm": self.p_better,
            "family": self.family,
            "method": self.paired.method,
            "margin": self.margin,
            "min_effect": self.min_effect,
            "smallest_effect": self.smallest_effect,
            "pairs_needed": self.pairs_needed,
            "newly_wrong": list(self.newly_wrong),
            "newly_right": list(self.newly_right),
            **{name: list(getattr(self.pairing, name)) for name in unpaired},
        }


def compare_cell(
    baseline: str, pairing: SampleMatching, *, margin: float, min_effect: float, epochs: tuple[int, int] = (1, 1)
) -> CellComparison | None:
    """The comparison of one cell, before `assign_verdicts`; None if no sample could be paired.

    `epochs` is the number of epochs per old and per new score.
    """
    if not pairing.pairs:
        return None
    old, new = [pair.old for pair in pairing.pairs], [pair.new for pair in pairing.pairs]
    groups = [pair.group for pair in pairing.pairs]
    paired = compare_pairs(old, new, groups, margin=margin, epochs=epochs)
    detectable = sensitivity(paired, min_effect, alpha=ALPHA, power=0.8)
    return CellComparison(
        baseline=baseline,
        pairing=pairing,
        epochs=epochs,
        paired=paired,
        old=estimate(old, groups),
        new=estimate(new, groups),
        margin=margin,
        min_effect=min_effect,
        p_worse=paired.p_worse,
        p_better=paired.p_better,
        smallest_effect=detectable[0] if detectable else None,
        pairs_needed=detectable[1] if detectable else None,
    )


def assign_verdicts(measured: Sequence[CellComparison]) -> list[CellComparison]:
    """The comparisons of one session with verdicts; each direction has Holm's correction over all of them."""
    worse = holm([comparison.paired.p_worse for comparison in measured])
    better = holm([comparison.paired.p_better for comparison in measured])
    return [
        _with_verdict(replace(comparison, p_worse=p_worse, p_better=p_better, family=len(measured)))
        for comparison, p_worse, p_better in zip(measured, worse, better, strict=True)
    ]


def _with_verdict(comparison: CellComparison) -> CellComparison:
    with_lost = _verdict_with_lost(comparison)
    return replace(comparison, verdict=held(_verdict(comparison), with_lost), verdict_with_lost=with_lost)


def held(verdict: Verdict, with_lost: Verdict | None) -> Verdict:
    """The verdict; `underpowered` if it is good and does not hold if lost answers count as wrong (`with_lost`)."""
    if with_lost is None or verdict not in ("improved", "same"):
        return verdict
    return verdict if verdict == with_lost else "underpowered"


def _verdict(comparison: CellComparison) -> Verdict:
    difference, interval = comparison.paired.difference, comparison.paired.ci95
    if comparison.p_worse <= ALPHA and difference < -comparison.margin:
        return "regressed"
    if comparison.p_better <= ALPHA and difference > 0:
        return "improved"
    equivalent = (
        interval is not None and -comparison.min_effect <= interval[0] and interval[1] <= comparison.min_effect
    )
    return "same" if equivalent else "underpowered"


def _verdict_with_lost(comparison: CellComparison) -> Verdict | None:
    """The verdict if every answer that lost its score counts as wrong; None if no answer did.

    Without this check, an outage or empty answers could remove the newly wrong answers from the comparison.
    """
    if not comparison.pairing.lost_as_wrong:
        return None
    pairs = comparison.pairing.pairs_with_lost_as_wrong
    worst = compare_pairs(
        [pair.old for pair in pairs],
        [pair.new for pair in pairs],
        [pair.group for pair in pairs],
        margin=comparison.margin,
        epochs=comparison.epochs,
    )
    p_worse, p_better = (min(1.0, p * comparison.family) for p in (worst.p_worse, worst.p_better))
    return _verdict(replace(comparison, paired=worst, p_worse=p_worse, p_better=p_better))


def _estimate_json(value: Estimate) -> dict[str, Any]:
    values = asdict(value)
    return {"score": values.pop("mean"), **values}
