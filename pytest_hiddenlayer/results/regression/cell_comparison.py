"""Two sides of one cell, compared sample by sample: the difference, its interval, its test, and the verdict.

A session compares many cells; Holm 1979 keeps the chance of any false alarm among them at α.
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
    """One cell against its baseline."""

    baseline: str
    pairing: SampleMatching
    epochs: tuple[int, int]  # behind each old and each new score
    paired: PairedTest
    old: Estimate  # over the pairs
    new: Estimate
    margin: float  # how much worse is tolerated
    min_effect: float  # differences smaller than this do not matter
    p_worse: float  # after Holm over the family
    p_better: float
    family: int = 1  # cells compared in the same session
    verdict: Verdict = "underpowered"
    smallest_effect: float | None = None  # that this n can see with power 0.8; None: cannot be said
    pairs_needed: int | None = None  # to see `min_effect` with power 0.8
    lost_counts: bool = False  # regressed, if the samples that lost their score are counted as wrong
    looks: tuple[int, int] | None = None  # decided at this look of so many planned, by the sequential test

    @property
    def newly_wrong(self) -> tuple[str, ...]:
        """Samples that were right and are not."""
        return tuple(pair.id for pair in self.pairing.pairs if pair.old_right and not pair.new_right)

    @property
    def newly_right(self) -> tuple[str, ...]:
        """Samples that are right and were not."""
        return tuple(pair.id for pair in self.pairing.pairs if pair.new_right and not pair.old_right)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, for `summary.json` and `hiddenlayer compare --json`."""
        p = self.pairing
        rest = ("changed", "lost", "gained", "unscored", "added", "absent")
        return {
            "baseline": self.baseline,
            "verdict": self.verdict,
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
            **{name: list(getattr(p, name)) for name in rest},
        }


def measure(
    baseline: str, pairing: SampleMatching, *, margin: float, min_effect: float, epochs: tuple[int, int] = (1, 1)
) -> CellComparison | None:
    """The comparison of one cell on its own; `settle` gives the verdict. None where nothing can be paired.

    `epochs` are those behind each old and each new score.
    """
    if not pairing.pairs:
        return None
    groups = [pair.group for pair in pairing.pairs]
    paired = compare_pairs(
        [p.old for p in pairing.pairs], [p.new for p in pairing.pairs], groups, margin=margin, epochs=epochs
    )
    seen = sensitivity(paired, min_effect, alpha=ALPHA, power=0.8)
    return CellComparison(
        baseline=baseline,
        pairing=pairing,
        epochs=epochs,
        paired=paired,
        old=estimate([p.old for p in pairing.pairs], groups),
        new=estimate([p.new for p in pairing.pairs], groups),
        margin=margin,
        min_effect=min_effect,
        p_worse=paired.p_worse,
        p_better=paired.p_better,
        smallest_effect=seen[0] if seen else None,
        pairs_needed=seen[1] if seen else None,
    )


def assign_verdicts(measured: Sequence[CellComparison]) -> list[CellComparison]:
    """The comparisons of one session with their verdicts, each direction corrected by Holm over all of them."""
    worse = holm([found.paired.p_worse for found in measured])
    better = holm([found.paired.p_better for found in measured])
    return [
        _with_verdict(replace(found, p_worse=w, p_better=b, family=len(measured)))
        for found, w, b in zip(measured, worse, better, strict=True)
    ]


def _with_verdict(found: CellComparison) -> CellComparison:
    verdict = _verdict(found)
    lost_counts = verdict != "regressed" and _regressed_with_lost(found)
    return replace(found, verdict=verdict, lost_counts=lost_counts)


def _verdict(found: CellComparison) -> Verdict:
    d, interval = found.paired.difference, found.paired.ci95
    if found.p_worse <= ALPHA and d < -found.margin:
        return "regressed"
    if found.p_better <= ALPHA and d > 0:
        return "improved"
    within = interval is not None and -found.min_effect <= interval[0] and interval[1] <= found.min_effect
    return "same" if within else "underpowered"


def _regressed_with_lost(found: CellComparison) -> bool:
    """Whether the cell would have regressed had every answer that lost its score been a wrong one.

    An outage or empty answers could otherwise take just the newly wrong samples out of the comparison.
    """
    if not found.pairing.lost_as_wrong:
        return False
    pairs = [*found.pairing.pairs, *found.pairing.lost_as_wrong]
    worst = compare_pairs(
        [p.old for p in pairs],
        [p.new for p in pairs],
        [p.group for p in pairs],
        margin=found.margin,
        epochs=found.epochs,
    )
    return worst.p_worse * found.family <= ALPHA and worst.difference < -found.margin


def _estimate_json(found: Estimate) -> dict[str, Any]:
    values = asdict(found)
    return {"score": values.pop("mean"), **values}
