"""The gate of a cell: is it worse than its baseline, and was enough measured to know?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..stats.paired import mcnemar_worse, paired_difference
from ..types import SCORED
from .figures import CellFigures
from .snapshot import Baseline

ALPHA = 0.05
Verdict: TypeAlias = Literal["regressed", "improved", "same", "underpowered"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One cell against its baseline, sample by sample."""

    baseline: str
    n: int  # pairs: scored on both sides, with the same sample hash
    old_right: int
    new_right: int
    newly_wrong: tuple[str, ...]
    newly_right: tuple[str, ...]
    changed: int  # samples whose hash differs: left out
    unpaired: int  # samples that only one side scored: left out
    difference: float  # new minus old share right
    ci95: tuple[float, float]
    p_worse: float  # exact one-sided McNemar
    p_better: float
    verdict: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class GateResult:
    """What the gate item says."""

    outcome: Literal["passed", "failed", "skipped"]
    message: str
    failures: tuple[str, ...] = ()  # one sentence each
    comparison: Comparison | None = None

    @property
    def word(self) -> str:
        """One word for the table: the verdict, or what else decided."""
        if self.outcome == "failed" and not (self.comparison and self.comparison.verdict == "regressed"):
            return "failed"
        return self.comparison.verdict if self.comparison else self.outcome


def judge_gate(
    figures: CellFigures, baseline: Baseline | None, *, update: bool, fault: str | None = None
) -> GateResult:
    """The gate's verdict.

    Red when: the cell regressed; fewer than `min_scored` of the selected samples were scored;
    the score is below `threshold`; a `must_pass` sample is not right; or the baseline cannot
    be trusted (`fault`). Without a baseline and without a red reason it is skipped. Under
    `update` only `threshold` and `must_pass` are judged.
    """
    failures = [*_must_pass(figures), *_threshold(figures)]
    notes = [_measured(figures)]
    if update:
        return _result(figures, failures, notes, None, skipped=False)
    failures += _min_scored(figures)
    if fault is not None:
        return _result(figures, [*failures, fault], notes, None, skipped=False)
    if baseline is None:
        how = "no baseline: make one with --snapshot-update"
        return _result(figures, failures, [*notes, how], None, skipped=figures.plan.threshold is None)
    if baseline.scorer != figures.plan.scorer:
        fault = f"baseline {baseline.name} was scored by {baseline.scorer!r}, this run by {figures.plan.scorer!r}"
        return _result(figures, [*failures, fault], notes, None, skipped=False)
    found = compare(figures, baseline)
    if found is None:
        fault = f"no sample of this run has a scored counterpart in {baseline.name}: nothing was compared"
        return _result(figures, [*failures, fault], notes, None, skipped=False)
    if found.verdict == "regressed":
        failures.append(f"regressed against {baseline.name}")
    return _result(figures, failures, [*notes, *_told(found)], found, skipped=False)


def compare(figures: CellFigures, baseline: Baseline) -> Comparison | None:
    """The paired comparison; None where not one sample can be paired."""
    pairs, changed, unpaired = _pairs(figures, baseline)
    if not pairs:
        return None
    newly_wrong = tuple(name for name, old, new in pairs if old and not new)
    newly_right = tuple(name for name, old, new in pairs if new and not old)
    difference, low, high = paired_difference(len(newly_wrong), len(newly_right), len(pairs))
    p_worse = mcnemar_worse(len(newly_wrong), len(newly_right))
    p_better = mcnemar_worse(len(newly_right), len(newly_wrong))
    plan = figures.plan
    return Comparison(
        baseline=baseline.name,
        n=len(pairs),
        old_right=sum(old for _, old, _ in pairs),
        new_right=sum(new for _, _, new in pairs),
        newly_wrong=newly_wrong,
        newly_right=newly_right,
        changed=changed,
        unpaired=unpaired,
        difference=difference,
        ci95=(low, high),
        p_worse=p_worse,
        p_better=p_better,
        verdict=_verdict(difference, (low, high), p_worse, p_better, plan.margin, plan.min_effect),
    )


def _pairs(figures: CellFigures, baseline: Baseline) -> tuple[list[tuple[str, bool, bool]], int, int]:
    pairs, changed, unpaired = [], 0, 0
    for name, new in figures.samples.items():
        old = baseline.samples.get(name)
        if old is None or old.outcome not in SCORED or new.outcome not in SCORED:
            unpaired += 1
        elif old.hash != new.hash:
            changed += 1
        else:
            pairs.append((name, old.outcome == "correct", new.outcome == "correct"))
    return pairs, changed, unpaired


def _verdict(
    difference: float,
    ci95: tuple[float, float],
    p_worse: float,
    p_better: float,
    margin: float,
    min_effect: float,
) -> Verdict:
    if p_worse <= ALPHA and difference < -margin:
        return "regressed"
    if p_better <= ALPHA:
        return "improved"
    return "same" if -min_effect <= ci95[0] and ci95[1] <= min_effect else "underpowered"


def _must_pass(figures: CellFigures) -> list[str]:
    wrong = [n for n, s in figures.samples.items() if s.must_pass and s.outcome != "correct"]
    return [f"must_pass not right: {_some(wrong)}"] if wrong else []


def _threshold(figures: CellFigures) -> list[str]:
    wanted, mean = figures.plan.threshold, figures.estimate.mean
    if wanted is None or (mean is not None and mean >= wanted):
        return []
    return [f"score {_number(mean)} is below the threshold {wanted:g}"]


def _min_scored(figures: CellFigures) -> list[str]:
    n, selected, wanted = figures.estimate.n, figures.n_selected, figures.plan.min_scored
    if selected and n / selected >= wanted:
        return []
    missing = {k: v for k, v in sorted(figures.outcomes.items()) if k not in SCORED}
    seen = ", ".join(f"{v} {k}" for k, v in missing.items()) or "the others were not answered"
    return [f"scored {n} of {selected} samples, min_scored is {wanted:g}: not measured ({seen})"]


def _measured(figures: CellFigures) -> str:
    e = figures.estimate
    part = f", partial {figures.n_selected} of {figures.plan.total}" if figures.partial else ""
    bar = "" if e.stderr is None else f" ± {e.stderr:.3f}"
    interval = "" if e.ci95 is None else f", 95 % interval {e.ci95[0]:.3f} to {e.ci95[1]:.3f}"
    return f"score {_number(e.mean)}{bar} (n={e.n} scored of {figures.n_selected}{part}{interval})"


def _told(found: Comparison) -> list[str]:
    lines = [
        f"baseline {found.baseline}: {found.old_right} of {found.n} right, now {found.new_right} of {found.n}",
        f"difference {found.difference:+.3f} (95 % interval {found.ci95[0]:+.3f} to {found.ci95[1]:+.3f}), "
        f"exact one-sided McNemar p = {found.p_worse:.3g} for worse, {found.p_better:.3g} for better",
        f"verdict: {found.verdict}",
    ]
    if found.newly_wrong:
        lines.append(f"newly wrong: {_some(found.newly_wrong)}")
    if found.newly_right:
        lines.append(f"newly right: {_some(found.newly_right)}")
    if found.changed or found.unpaired:
        lines.append(f"left out: {found.changed} changed since, {found.unpaired} scored on one side only")
    return lines


def _result(
    figures: CellFigures,
    failures: Sequence[str],
    notes: Sequence[str],
    found: Comparison | None,
    *,
    skipped: bool,
) -> GateResult:
    head = f"gate of {figures.plan.task}[{figures.plan.params}]"
    lines = [f"{head}: {'; '.join(failures) or ('skipped' if skipped else 'passed')}", *notes]
    outcome: Literal["passed", "failed", "skipped"] = "failed" if failures else "skipped" if skipped else "passed"
    return GateResult(outcome=outcome, message="\n".join(lines), failures=tuple(failures), comparison=found)


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _some(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
