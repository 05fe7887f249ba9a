"""Decides the gates of a session: whether each cell is worse than its baseline, and whether enough was scored.

A gate fails if the cell regressed; if fewer than `min_scored` of its selected answers were
scored, or if it regresses when the answers that lost their score count as wrong; if its score is below
`threshold`, or its calibration not within `expect`; if a `must_pass` sample is not right; or if its
baseline is malformed or not comparable. By policy it also fails if the baseline is missing or partial,
or if too little was measured for a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from ...options import Shard
from ..cell_config import CellConfig
from ..metrics.cells import CellMetrics
from ..metrics.expectations import expectation_failures
from ..metrics.lost_answers import missing_answers, samples_with_missing
from ..metrics.samples import SampleResult
from .baseline import Baseline, CellKey
from .cell_comparison import CellComparison, assign_verdicts, compare_cell
from .early_stopping import apply_sequential_decision
from .gate_checks import (
    comparison_failures,
    min_scored_failures,
    must_pass_failures,
    not_comparable,
    not_run,
    nothing_paired,
    partial_baseline,
    partial_failures,
    threshold_failures,
)
from .gate_messages import comparison_lines, score_lines
from .pairing import Match, match_samples
from .references import BaselineLookup

if TYPE_CHECKING:
    from ...stats.sequential.group_sequential import Decision

Mode: TypeAlias = Literal["regression", "threshold", "require", "off"]

MIN_COVERAGE = 0.5
"""Share of the scored samples that must have a partner; below it the gate is skipped instead of passed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What a gate compares with, and when it fails."""

    mode: Mode = "regression"  # threshold: no baseline is used; require: the baseline must be complete
    fail_underpowered: bool = False
    match: Match = "hash"
    update: bool = False  # under --snapshot-update, only threshold and must_pass are checked


@dataclass(frozen=True, kw_only=True, slots=True)
class GateResult:
    """The result of a gate item."""

    outcome: Literal["passed", "failed", "skipped"]
    message: str
    failures: tuple[str, ...] = ()  # one sentence each
    comparison: CellComparison | None = None

    @property
    def word(self) -> str:
        """One word for the table: the verdict, or the outcome if it was decided otherwise."""
        if self.outcome == "failed" and not (self.comparison and self.comparison.verdict == "regressed"):
            return "failed"
        if self.outcome == "skipped":
            return "skipped"
        return self.comparison.verdict if self.comparison else self.outcome

    @property
    def properties(self) -> list[tuple[str, str]]:
        """The gate item's user properties, for JUnit and HTML: plain strings."""
        comparison = self.comparison
        if comparison is None:
            return [("hl.gate", self.word)]
        ci95 = comparison.paired.ci95
        values: dict[str, object] = {
            "gate": self.word,
            "verdict": comparison.verdict,
            "difference": f"{comparison.paired.difference:+.6f}",
            "ci95": "unknown" if ci95 is None else "{:+.6f} {:+.6f}".format(*ci95),
            "p_worse": f"{comparison.p_worse:.6g}",
            "n_pairs": comparison.paired.n,
        }
        return [(f"hl.{name}", str(value)) for name, value in values.items()]


def decide_gates(
    cells: Sequence[tuple[CellMetrics, BaselineLookup]],
    policy: Policy,
    decisions: Mapping[CellKey, Decision | None] | None = None,
) -> list[GateResult]:
    """One gate result per cell of a session, in order; Holm's correction is over all of them.

    `decisions` has the decision of the sequential test for each cell that could stop early.
    """
    comparisons = [_compare(metrics, lookup.baseline, policy) for metrics, lookup in cells]
    verdicts = iter(assign_verdicts([comparison for comparison in comparisons if comparison is not None]))
    with_verdicts = [None if comparison is None else next(verdicts) for comparison in comparisons]
    return [
        _decide(metrics, lookup, _with_decision(metrics, comparison, decisions or {}), policy)
        for (metrics, lookup), comparison in zip(cells, with_verdicts, strict=True)
    ]


def gate_without_samples(config: CellConfig, *, required: bool) -> GateResult:
    """The result of a gate that was selected without any of its samples: skipped, or failed if it is `required`."""
    reason = "no sample of this cell was selected; select its samples together with its gate"
    head = f"gate of {config.task}[{config.params}]"
    if required:
        return GateResult(outcome="failed", message=f"{head}: {reason}", failures=(reason,))
    return GateResult(outcome="skipped", message=f"{head}: skipped\n{reason}")


def gate_of_shard(metrics: CellMetrics, shard: Shard) -> GateResult:
    """The result of a gate in one shard: never passed, because other shards may hold samples of its cell."""
    head = f"gate of {metrics.config.task}[{metrics.config.params}]: skipped"
    reason = f"shard {shard}: `hiddenlayer merge` joins all shards and judges the gates"
    return GateResult(outcome="skipped", message=f"{head}\n{reason}")


def _compare(metrics: CellMetrics, baseline: Baseline | None, policy: Policy) -> CellComparison | None:
    """The comparison of one cell, without a verdict; None if there is nothing to compare it with."""
    if policy.update or policy.mode == "threshold" or baseline is None or not_comparable(metrics, baseline):
        return None
    config = metrics.config
    pairing = match_samples(baseline.samples, _planned(metrics, baseline), policy.match)
    return compare_cell(
        baseline.name,
        pairing,
        margin=config.margin,
        min_effect=config.min_effect,
    )


def _planned(metrics: CellMetrics, baseline: Baseline) -> Mapping[str, SampleResult]:
    """The samples that the run was to answer: one without a record is lost, like one with an error."""
    if not missing_answers(metrics):
        return metrics.samples
    selected = metrics.config.selected
    hashes = {name: baseline.samples[name].hash for name in selected if name in baseline.samples}
    return samples_with_missing(metrics, hashes)


def _with_decision(
    metrics: CellMetrics, comparison: CellComparison | None, decisions: Mapping[CellKey, Decision | None]
) -> CellComparison | None:
    if comparison is None or metrics.config.key not in decisions:
        return comparison
    return apply_sequential_decision(comparison, decisions[metrics.config.key], metrics.config.epochs)


def _decide(
    metrics: CellMetrics, lookup: BaselineLookup, comparison: CellComparison | None, policy: Policy
) -> GateResult:
    """The gate of one cell, whose comparison already has its verdict."""
    if (reason := not_run(metrics)) is not None:
        return _result(metrics, [reason] if policy.mode == "require" else [], [], None, skip=reason)
    failures = [*must_pass_failures(metrics), *threshold_failures(metrics), *expectation_failures(metrics)]
    lines = score_lines(metrics)
    if policy.update:
        failures += [] if metrics.n_scored else min_scored_failures(metrics)  # nothing measured is no new baseline
        return _result(metrics, failures, lines, None)
    failures += min_scored_failures(metrics)
    if policy.mode == "require":
        failures += partial_failures(metrics)
    if policy.mode == "threshold":
        return _result(metrics, failures, lines, None)
    fault = lookup.fault or not_comparable(metrics, lookup.baseline)
    if fault is not None:
        return _result(metrics, [*failures, fault], lines, None)
    if lookup.baseline is None:
        failures += [lookup.missing] if policy.mode == "require" else []
        skip = None if metrics.config.threshold is not None or metrics.config.expect else lookup.missing
        return _result(metrics, failures, [*lines, lookup.missing], None, skip=skip)
    if comparison is None:
        return _result(metrics, [*failures, nothing_paired(metrics, lookup.baseline, policy.match)], lines, None)
    return _decide_by_comparison(metrics, lookup.baseline, comparison, policy, failures, lines)


def _decide_by_comparison(
    metrics: CellMetrics,
    baseline: Baseline,
    comparison: CellComparison,
    policy: Policy,
    failures: Sequence[str],
    lines: Sequence[str],
) -> GateResult:
    """The gate of a cell with a comparison; `failures` and `lines` are those found before."""
    partial = partial_baseline(metrics, comparison)
    failures = [*failures, *comparison_failures(comparison, fail_underpowered=policy.fail_underpowered)]
    if partial and policy.mode == "require":
        failures.append(partial)
    warnings = [baseline.warning] if baseline.warning else []
    lines = [*lines, *warnings, *comparison_lines(comparison, policy.match), *([partial] if partial else [])]
    skip = partial if comparison.pairing.coverage < MIN_COVERAGE else None
    return _result(metrics, failures, lines, comparison, skip=skip)


def _result(
    metrics: CellMetrics,
    failures: Sequence[str],
    details: Sequence[str],
    comparison: CellComparison | None,
    *,
    skip: str | None = None,
) -> GateResult:
    """Failed if there is any failure, else skipped if there is a reason to skip (`skip`), else passed."""
    outcome: Literal["passed", "failed", "skipped"] = "failed" if failures else "skipped" if skip else "passed"
    head = f"gate of {metrics.config.task}[{metrics.config.params}]"
    lines = [f"{head}: {'; '.join(failures) or outcome}", *(line for line in details if line != skip)]
    if skip and skip not in failures:
        lines.append(skip)  # pytest prints the last line as the reason
    return GateResult(outcome=outcome, message="\n".join(lines), failures=tuple(failures), comparison=comparison)
