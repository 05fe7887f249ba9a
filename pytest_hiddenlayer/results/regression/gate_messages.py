"""A gate in words: what was measured, what it was compared with, and what follows."""

from __future__ import annotations

from collections.abc import Sequence

from ...stats.estimate.mean_interval import Estimate
from ..metrics.cells import CellMetrics
from .cell_comparison import CellComparison
from .pairing import Match, SampleMatching


def measured(metrics: CellMetrics) -> list[str]:
    """The cell's own score, and which of its samples waver between epochs."""
    part = f", partial {metrics.n_selected} of {metrics.plan.total}" if metrics.partial else ""
    e = metrics.estimate
    lines = [f"score {score(e)} (n={e.n} scored of {metrics.n_selected}{part}{_interval(e)})"]
    if metrics.flaky:
        repeated = sum(len(s.epochs) > 1 for s in metrics.samples.values())
        names = some(metrics.flaky)
        lines.append(f"flaky: {len(metrics.flaky)} of {repeated} repeated samples were right and wrong: {names}")
    return lines


def told(found: CellComparison, match: Match) -> list[str]:
    """The comparison as lines that a person understands without the manual."""
    p, d = found.pairing, found.paired
    lines = [
        f"baseline {found.baseline}: {_side(found.old)}, now {_side(found.new)} over the same {_samples(found)}",
        f"difference {d.difference:+.3f}{_between(d.ci95)}, {d.method}: "
        f"p = {d.p_worse:.3g} for worse{_margin(found)}, {d.p_better:.3g} for better{_holm(found)}",
        f"verdict: {found.verdict}{_look(found)}{meaning(found)}",
    ]
    if found.newly_wrong:
        lines.append(f"newly wrong: {some(found.newly_wrong)}")
    if found.newly_right:
        lines.append(f"newly right: {some(found.newly_right)}")
    if missing := missing_words(p):
        lines.append(f"left out: {missing}")
    if match == "id":
        lines.append("matched by id: samples may have another prompt or target than in the baseline")
    return lines


def score(e: Estimate) -> str:
    """`0.812 ± 0.043`; `unknown` where nothing was scored."""
    bar = "" if e.stderr is None else f" ± {e.stderr:.3f}"
    return "unknown" if e.mean is None else f"{e.mean:.3f}{bar}"


def missing_words(p: SampleMatching) -> str:
    """`2 changed since, 1 lost its score`; empty where every sample was compared."""
    reasons = (
        (p.changed, "changed since"),
        (p.lost, "scored before and not now"),
        (p.gained, "scored now and not before"),
        (p.unscored, "scored on neither side"),
        (p.added, "not in the baseline"),
        (p.absent, "in the baseline and not in this run"),
    )
    return ", ".join(f"{len(names)} {words}" for names, words in reasons if names)


def some(names: Sequence[str], most: int = 12) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _samples(found: CellComparison) -> str:
    n, groups = found.paired.n, found.paired.n_groups
    return f"{n} samples" if groups == n else f"{n} samples in {groups} groups"


def _side(e: Estimate) -> str:
    interval = "" if e.ci95 is None else f" [{e.ci95[0]:.3f}, {e.ci95[1]:.3f}]"
    return ("unknown" if e.mean is None else f"{e.mean:.3f}") + interval


def _between(ci95: tuple[float, float] | None) -> str:
    return "" if ci95 is None else f" (95 % interval {ci95[0]:+.3f} to {ci95[1]:+.3f})"


def _interval(e: Estimate) -> str:
    return "" if e.ci95 is None else f", 95 % interval {e.ci95[0]:.3f} to {e.ci95[1]:.3f}"


def _margin(found: CellComparison) -> str:
    return f" by more than the margin {found.margin:g}" if found.margin else ""


def _holm(found: CellComparison) -> str:
    if found.family < 2:
        return ""
    return f"; {found.p_worse:.3g} and {found.p_better:.3g} after Holm over {found.family} cells"


def _look(found: CellComparison) -> str:
    if found.looks is None:
        return ""
    look, planned = found.looks
    return f" (sequential test, alpha spent over {planned} looks, decided after epoch {look})"


def meaning(found: CellComparison) -> str:
    if found.verdict == "same":
        return f": the interval lies within ±{found.min_effect:g}"
    if found.verdict != "underpowered" or found.pairs_needed is None:
        return ""
    effect, takes = found.smallest_effect, f"for one of {found.min_effect:g} it takes about {found.pairs_needed}"
    if effect is None:
        return f": {_samples(found)} are too few to show any change; {takes}"
    if found.pairs_needed <= found.paired.n:
        return f": {_samples(found)} cannot tell on which side of ±{found.min_effect:g} the difference lies"
    return f": {_samples(found)} can see a change of {effect:.3f} or more (power 0.8); {takes}"
