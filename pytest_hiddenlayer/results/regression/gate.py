"""The gates of a session: is a cell worse than its baseline, and was enough measured to know?

Red when a cell regressed; when fewer than `min_scored` of its selected samples were scored,
or it would have regressed had those without a score been wrong; when its score is below
`threshold`; when a `must_pass` sample is not right; when its baseline cannot be trusted. By
policy also when there is no whole baseline, or when too little was measured for a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ...stats.sequential.group_sequential import Decision
from ...types import SCORED
from ..metrics.cells import CellMetrics
from .baseline import CellKey
from .cell_comparison import CellComparison, assign_verdicts, measure
from .early_stopping import apply_sequential_decision
from .gate_messages import measured, missing_words, some, told
from .pairing import Match, pair_up
from .references import BaselineLookup

Mode: TypeAlias = Literal["regression", "threshold", "require", "off"]


LEAST_COVERAGE = 0.5
"""Share of the scored samples that must have a partner; below it the gate is skipped, not passed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What turns a gate red."""

    mode: Mode = "regression"  # threshold: no baseline is looked at; require: a whole baseline must be there
    fail_underpowered: bool = False
    match: Match = "hash"
    update: bool = False  # under --snapshot-update only threshold and must_pass are judged


@dataclass(frozen=True, kw_only=True, slots=True)
class GateResult:
    """What the gate item says."""

    outcome: Literal["passed", "failed", "skipped"]
    message: str
    failures: tuple[str, ...] = ()  # one sentence each
    comparison: CellComparison | None = None

    @property
    def word(self) -> str:
        """One word for the table: the verdict, or what else decided."""
        if self.outcome == "failed" and not (self.comparison and self.comparison.verdict == "regressed"):
            return "failed"
        if self.outcome == "skipped":
            return "skipped"
        return self.comparison.verdict if self.comparison else self.outcome

    @property
    def properties(self) -> list[tuple[str, str]]:
        """The gate item's user properties, for JUnit and HTML: plain strings."""
        found = self.comparison
        if found is None:
            return [("hl.gate", self.word)]
        values: dict[str, object] = {
            "gate": self.word,
            "verdict": found.verdict,
            "difference": f"{found.paired.difference:+.6f}",
            "ci95": "unknown" if found.paired.ci95 is None else "{:+.6f} {:+.6f}".format(*found.paired.ci95),
            "p_worse": f"{found.p_worse:.6g}",
            "n_pairs": found.paired.n,
        }
        return [(f"hl.{name}", str(value)) for name, value in values.items()]


def judge_gates(
    cells: Sequence[tuple[CellMetrics, BaselineLookup]],
    policy: Policy,
    decisions: Mapping[CellKey, Decision | None] | None = None,
) -> list[GateResult]:
    """The gates of all cells of a session, in their order; the family of the tests is the session.

    `decisions` are those of the sequential test, of the cells whose epochs could have ended early.
    """
    measured_ = [_measure(metrics, found, policy) for metrics, found in cells]
    verdicts = iter(assign_verdicts([found for found in measured_ if found is not None]))
    settled = [None if found is None else next(verdicts) for found in measured_]
    if decisions:
        settled = [_decided(metrics, found, decisions) for (metrics, _), found in zip(cells, settled, strict=True)]
    return [
        _judge(metrics, found, comparison, policy)
        for (metrics, found), comparison in zip(cells, settled, strict=True)
    ]


def _decided(
    metrics: CellMetrics, found: CellComparison | None, decisions: Mapping[CellKey, Decision | None]
) -> CellComparison | None:
    if found is None or metrics.plan.key not in decisions:
        return found
    return apply_sequential_decision(found, decisions[metrics.plan.key], metrics.plan.epochs)


def _measure(metrics: CellMetrics, found: BaselineLookup, policy: Policy) -> CellComparison | None:
    base = found.baseline
    if policy.update or policy.mode == "threshold" or base is None or _other_measure(metrics, found):
        return None
    plan = metrics.plan
    pairing = pair_up(base.samples, metrics.samples, policy.match)
    return measure(
        base.name, pairing, margin=plan.margin, min_effect=plan.min_effect, epochs=(base.epochs, plan.epochs)
    )


def _judge(
    metrics: CellMetrics, found: BaselineLookup, comparison: CellComparison | None, policy: Policy
) -> GateResult:
    failures = [*_must_pass(metrics), *_threshold(metrics)]
    notes = measured(metrics)
    if policy.update:
        return _result(metrics, failures, notes, None)
    failures += _min_scored(metrics)
    if policy.mode == "threshold":
        return _result(metrics, failures, notes, None)
    fault = found.fault or _other_measure(metrics, found)
    if fault is not None:
        return _result(metrics, [*failures, fault], notes, None)
    if found.baseline is None:
        required = policy.mode == "require"
        failures += [found.missing] if required else []
        skip = None if metrics.plan.threshold is not None else found.missing
        return _result(metrics, failures, [*notes, found.missing], None, skip=skip)
    if comparison is None:
        return _result(metrics, [*failures, _nothing_paired(metrics, found, policy)], notes, None)
    return _compared(metrics, found, comparison, policy, failures, notes)


def _compared(
    metrics: CellMetrics,
    found: BaselineLookup,
    comparison: CellComparison,
    policy: Policy,
    failures: list[str],
    notes: list[str],
) -> GateResult:
    assert found.baseline is not None
    if comparison.verdict == "regressed":
        failures.append(f"regressed against {comparison.baseline}")
    if comparison.lost_counts:
        lost = len(comparison.pairing.lost)
        failures.append(f"not measured: {lost} scored before have no score now; counted as wrong, the cell regressed")
    if comparison.verdict == "underpowered" and policy.fail_underpowered:
        failures.append("underpowered: too little was measured for a verdict")
    partial = _partial(metrics, comparison)
    if partial and policy.mode == "require":
        failures.append(partial)
    warnings = [found.baseline.remark] if found.baseline.remark else []
    lines = [*notes, *warnings, *told(comparison, policy.match), *([partial] if partial else [])]
    blind = partial if comparison.pairing.coverage < LEAST_COVERAGE else None
    return _result(metrics, failures, lines, comparison, skip=blind)


def _partial(metrics: CellMetrics, comparison: CellComparison) -> str | None:
    """Where the baseline does not know all samples: that is told, and where it knows too few nothing is green."""
    p = comparison.pairing
    if p.coverage >= metrics.plan.min_scored:
        return None
    scored = metrics.estimate.n
    return (
        f"the baseline is partial: {len(p.pairs)} of {scored} scored samples could be compared "
        f"({len(p.added)} are not in it, {len(p.changed)} changed since, {len(p.gained)} had no score); "
        "renew it with --snapshot-update"
    )


def _other_measure(metrics: CellMetrics, found: BaselineLookup) -> str | None:
    """Why two scores cannot be compared: they were made by another rule."""
    base, plan = found.baseline, metrics.plan
    if base is None:
        return None
    if base.scorer is not None and base.scorer != plan.scorer:
        return f"baseline {base.name} was scored by {base.scorer!r}, this run by {plan.scorer!r}"
    if base.epochs != plan.epochs and plan.reducer not in ("mean", "median", "mode"):
        return (
            f"baseline {base.name} has {base.epochs} epoch(s), this run {plan.epochs}: "
            f"{plan.reducer} grows with them; run it with --epochs {base.epochs}"
        )
    return None


def _nothing_paired(metrics: CellMetrics, found: BaselineLookup, policy: Policy) -> str:
    assert found.baseline is not None
    p = pair_up(found.baseline.samples, metrics.samples, policy.match)
    hint = "; to compare prompts, match by id: --hl-match=id" if p.changed and policy.match == "hash" else ""
    words = missing_words(p) or "this run scored none"
    where = f"no sample of this run has a scored counterpart in {found.baseline.name}"
    return f"{where}: nothing was compared ({words}){hint}"


def _must_pass(metrics: CellMetrics) -> list[str]:
    wrong = [n for n, s in metrics.samples.items() if s.must_pass and s.outcome != "correct"]
    return [f"must_pass not right: {some(wrong)}"] if wrong else []


def _threshold(metrics: CellMetrics) -> list[str]:
    wanted, mean = metrics.plan.threshold, metrics.estimate.mean
    if wanted is None or (mean is not None and mean >= wanted):
        return []
    return [f"score {'unknown' if mean is None else f'{mean:.3f}'} is below the threshold {wanted:g}"]


def _min_scored(metrics: CellMetrics) -> list[str]:
    n, selected, wanted = metrics.estimate.n, metrics.n_selected, metrics.plan.min_scored
    if selected and n / selected >= wanted:
        return []
    missing = {k: v for k, v in sorted(metrics.outcomes.items()) if k not in SCORED}
    seen = ", ".join(f"{v} {k}" for k, v in missing.items()) or "the others were not answered"
    return [f"scored {n} of {selected} samples, min_scored is {wanted:g}: not measured ({seen})"]


def _result(
    metrics: CellMetrics,
    failures: Sequence[str],
    notes: Sequence[str],
    found: CellComparison | None,
    *,
    skip: str | None = None,
) -> GateResult:
    """Red beats skipped, skipped beats green; `skip` is why the gate would be skipped."""
    outcome: Literal["passed", "failed", "skipped"] = "failed" if failures else "skipped" if skip else "passed"
    head = f"gate of {metrics.plan.task}[{metrics.plan.params}]"
    lines = [f"{head}: {'; '.join(failures) or outcome}", *(note for note in notes if note != skip)]
    if skip:
        lines.append(skip)  # the last line is the reason that pytest prints
    return GateResult(outcome=outcome, message="\n".join(lines), failures=tuple(failures), comparison=found)
