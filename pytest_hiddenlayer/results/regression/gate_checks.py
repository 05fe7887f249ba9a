"""The checks of a gate. Each returns why the gate fails, one sentence per reason; empty or None if it does not."""

from __future__ import annotations

from ...types import SCORED
from ..metrics.cells import CellMetrics
from ..metrics.lost_answers import samples_with_missing, score_with_lost_as_wrong, unscored_answers
from ..metrics.samples import SampleResult
from .baseline import Baseline
from .cell_comparison import CellComparison
from .gate_messages import list_names, lost_answers_text, unpaired_text
from .pairing import Match, match_samples


def must_pass_failures(metrics: CellMetrics) -> list[str]:
    """Which `must_pass` samples are not right, or would not be if their answers without a score were wrong."""
    samples = samples_with_missing(metrics)
    must_pass = dict.fromkeys(metrics.config.must_pass)
    must_pass |= {name: None for name, sample in samples.items() if sample.must_pass}
    wrong = [name for name in must_pass if not _is_right(samples.get(name), metrics.config.pass_score)]
    return [f"must_pass not right: {list_names(wrong)}"] if wrong else []


def _is_right(sample: SampleResult | None, pass_score: float) -> bool:
    if sample is None or sample.outcome != "correct":
        return False
    return not sample.lost or (sample.worst is not None and sample.worst >= pass_score)


def threshold_failures(metrics: CellMetrics) -> list[str]:
    """Whether the score is below `threshold`, or unknown, or would be below it if unscored answers were wrong."""
    threshold, mean = metrics.config.threshold, metrics.estimate.mean
    if threshold is None:
        return []
    if mean is None or mean < threshold:
        return [f"score {'unknown' if mean is None else f'{mean:.3f}'} is below the threshold {threshold:g}"]
    worst = score_with_lost_as_wrong(metrics)
    if worst is None or worst >= threshold:
        return []
    n = unscored_answers(metrics)
    answers = "1 answer has" if n == 1 else f"{n} answers have"
    return [
        f"not measured: {answers} no score; counted as wrong, the score is {worst:.3f}, "
        f"below the threshold {threshold:g}"
    ]


def min_scored_failures(metrics: CellMetrics) -> list[str]:
    """Whether the share of scored answers is below `min_scored`."""
    n, n_selected, min_scored = metrics.n_scored, metrics.n_selected, metrics.config.min_scored
    if n_selected and n / n_selected >= min_scored:
        return []
    unscored = {outcome: count for outcome, count in sorted(metrics.outcomes.items()) if outcome not in SCORED}
    counts = {**unscored, **{f"not run, {reason}": count for reason, count in metrics.not_run.items()}}
    reasons = ", ".join(f"{count} {what}" for what, count in counts.items()) or "the others were not answered"
    return [f"scored {n} of {n_selected} answers, min_scored is {min_scored:g}: not measured ({reasons})"]


def partial_failures(metrics: CellMetrics) -> list[str]:
    """Whether only some of the task's answers were selected, for policies that need all of them."""
    if not metrics.partial:
        return []
    counts = f"{metrics.config.selected_answers} of {metrics.n_total} answers were selected"
    return [f"partial: {counts}, and --hl-gate=require judges whole cells; run all samples of the task together"]


def not_run(metrics: CellMetrics) -> str | None:
    """Why nothing of a cell was asked, such as that its provider has no key; None if anything was."""
    if metrics.outcomes or not metrics.not_run:
        return None
    return f"not run: {'; '.join(metrics.not_run)}"


def comparison_failures(comparison: CellComparison, *, fail_underpowered: bool) -> list[str]:
    """Whether the cell regressed, may have regressed in samples that lost their score, or is underpowered."""
    failures = []
    if comparison.verdict == "regressed":
        failures.append(f"regressed against {comparison.baseline}")
    if comparison.lost_counts:
        failures.append(f"not measured: {lost_answers_text(comparison)}")
    if comparison.verdict == "underpowered" and fail_underpowered:
        failures.append("underpowered: too little was measured for a verdict")
    return failures


def partial_baseline(metrics: CellMetrics, comparison: CellComparison) -> str | None:
    """The reason if fewer than `min_scored` of the scored samples have a partner in the baseline, else None."""
    pairing = comparison.pairing
    if pairing.coverage >= metrics.config.min_scored:
        return None
    return (
        f"the baseline is partial: {len(pairing.pairs)} of {metrics.estimate.n} scored samples could be compared "
        f"({len(pairing.added)} are not in it, {len(pairing.changed)} changed since, "
        f"{len(pairing.gained)} had no score); renew it with --snapshot-update"
    )


def not_comparable(metrics: CellMetrics, baseline: Baseline | None) -> str | None:
    """Why the scores of a cell and its baseline cannot be compared; None if they can."""
    config = metrics.config
    if baseline is None:
        return None
    if baseline.scorer is not None and baseline.scorer != config.scorer:
        return (
            f"baseline {baseline.name} was scored by {baseline.scorer!r}, this run by {config.scorer!r}, "
            "which may score the same answer differently; write the baseline again with --snapshot-update"
        )
    if baseline.epochs != config.epochs and config.reducer not in ("mean", "median", "mode"):
        return (
            f"baseline {baseline.name} has {baseline.epochs} epoch(s), this run {config.epochs}, and the reducer "
            f"{config.reducer} depends on their number; run it with --epochs {baseline.epochs}"
        )
    return None


def nothing_paired(metrics: CellMetrics, baseline: Baseline, match: Match) -> str:
    """Why no sample could be compared, and what to do."""
    pairing = match_samples(baseline.samples, metrics.samples, match)
    hint = "; to compare prompts, match by id: --hl-match=id" if pairing.changed and match == "hash" else ""
    reasons = unpaired_text(pairing) or "this run scored none"
    message = f"no sample of this run has a scored counterpart in {baseline.name}"
    return f"{message}: nothing was compared ({reasons}){hint}"
