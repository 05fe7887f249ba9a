"""The details below the table of cells: repeats, calibration, unusual calls, and how reliable the judges are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..results.metrics.cells import CellMetrics
from ..results.metrics.confidence import STATED
from ..results.metrics.judges import JUDGED_ITSELF
from ..results.metrics.samples import scored_epochs
from ..results.regression.gate_messages import shows_error
from ..stats.estimate.mean_interval import Estimate
from ..stats.estimate.pass_at_k import stated_k
from ..terminal_escape import one_line
from .text_table import grid

REPEATS = ("task", "strategy", "model", "k", "samples", "pass@k", "pass^k", "flaky")
CALIBRATION = ("task", "strategy", "model", "confidence", "answers", "ECE", "Brier", "AUROC", "AURC", "WQD")
BINS = ("task", "strategy", "model", "confidence", "answers", "mean confidence", "right")
INTERVALS = ("task", "strategy", "model", "scored", "score", "95 % interval", "how")
MAX_NAMES = 5
_UNUSUAL_CALLS = {"cached": "were answered from the cache", "repeated": "took more than one attempt"}

Format = Callable[[Estimate | None], str]


def repeat_rows(
    metrics: Sequence[CellMetrics], format_estimate: Format, *, every_k: bool = False
) -> list[tuple[str, ...]]:
    """The rows of REPEATS: of the reducer's k, or the largest k that enough samples have, or of each k."""
    rows: list[tuple[str, ...]] = []
    for cell in metrics:
        ks = _ks(cell)
        known = [k for k in ks if cell.passes[f"pass@{k}"].mean is not None]
        stated = [k for k in known if k == stated_k(cell.config.reducer)]
        shown = list(ks) if every_k else stated or (known or list(ks))[-1:]
        for k in shown:
            any_right, all_right = cell.passes[f"pass@{k}"], cell.passes[f"pass^{k}"]
            samples = f"{any_right.n}/{cell.n_samples}"
            flaky = _flaky(cell) if k == shown[-1] else ""
            rows.append((*_name(cell), str(k), samples, *map(format_estimate, (any_right, all_right)), flaky))
    return rows


def calibration_rows(metrics: Sequence[CellMetrics], format_estimate: Format) -> list[tuple[str, ...]]:
    """The rows of CALIBRATION for cells in which enough answers have a confidence."""
    rows: list[tuple[str, ...]] = []
    for cell in metrics:
        scored = scored_epochs(cell.samples)
        main = {} if cell.calibration is None else {cell.confidence or "": cell.calibration}
        for kind, found in (*main.items(), *cell.measures.items()):
            estimates = (found.ece, found.brier, found.auroc, found.aurc, found.wqd)
            rows.append((*_name(cell), kind, f"{found.n}/{scored}", *map(format_estimate, estimates)))
    return rows


def bin_rows(metrics: Sequence[CellMetrics]) -> list[tuple[str, ...]]:
    """The rows of BINS: the bins with answers of each calibrated cell."""
    return [
        (*_name(cell), f"{b.low:.1f} to {b.high:.1f}", str(b.n), f"{b.confidence:.3f}", with_interval(b.accuracy))
        for cell in metrics
        if cell.calibration is not None
        for b in cell.calibration.bins
    ]


def calibration_note(metrics: Sequence[CellMetrics]) -> str:
    """How to read the table of CALIBRATION."""
    bins = sorted({cell.calibration.n_bins for cell in metrics if cell.calibration is not None})
    return (
        f"ECE: {' or '.join(map(str, bins))} bins of equal width, biased upwards for few answers; "
        "AUROC: right above wrong; AURC: mean risk over coverages; "
        "WQD: right above wrong within a question"
    )


def interval_rows(metrics: Sequence[CellMetrics]) -> list[tuple[str, ...]]:
    """The rows of INTERVALS, one per cell."""
    return [
        (
            *_name(cell),
            f"{cell.n_scored}/{cell.n_selected}",
            with_error(cell.estimate),
            *interval_text(cell.estimate),
        )
        for cell in metrics
    ]


def interval_text(estimate: Estimate) -> tuple[str, str]:
    """(`0.721 to 0.887`, `Korn–Graubard, 12 groups`); without an interval, (`?`, the reason)."""
    groups = "" if estimate.n_groups is None else f", {estimate.n_groups} groups"
    ci95 = estimate.ci95
    return ("?" if ci95 is None else f"{ci95[0]:.3f} to {ci95[1]:.3f}"), estimate.method + groups


def stated_only(metrics: Sequence[CellMetrics]) -> list[CellMetrics]:
    """The cells whose strategy states a confidence: their calibration is shown without being asked for."""
    return [cell for cell in metrics if STATED in (cell.confidence or "").split(", ")]


def details_text(metrics: Sequence[CellMetrics], *, width: int, colour: bool, calibration: bool = False) -> str:
    """The details for a terminal, each table below a heading; empty if no cell has any.

    Without `calibration`, only confidences that a strategy states have a table; the others are in the summary.
    """
    parts = []
    if rows := repeat_rows(metrics, with_error):
        table = grid(REPEATS, rows, width=width, colour=colour)
        parts += ["", "repeats: any of k answers right, all of k right", table]
    if rows := calibration_rows(metrics if calibration else stated_only(metrics), with_error):
        table = grid(CALIBRATION, rows, width=width, colour=colour)
        parts += ["", "calibration of the confidence in an answer", table, calibration_note(metrics)]
    parts += map(one_line, (*scorer_lines(metrics), *call_lines(metrics), *judging_lines(metrics)))
    return "".join(f"{part}\n" for part in parts)


def scorer_lines(metrics: Sequence[CellMetrics]) -> list[str]:
    """Why scorers but the first gave no score to answers, each reason with its count."""
    return [
        f"{' '.join(_name(cell))}: {name}: {count:,} x {reason}"
        for cell in metrics
        for name, scorer in cell.other_scorers.items()
        for reason, count in scorer.unscored.items()
    ]


def call_lines(metrics: Sequence[CellMetrics]) -> list[str]:
    """How many of a cell's calls were cached or repeated, and each distinct warning with its count."""
    lines = []
    for cell in metrics:
        head, calls = " ".join(_name(cell)), cell.calls
        counts = [f"{calls[name]:,} {words}" for name, words in _UNUSUAL_CALLS.items() if name in calls]
        if counts:
            lines.append(f"{head}: of {calls['calls']:,} calls {', '.join(counts)}")
        lines += [f"{head}: {count:,} x {warning}" for warning, count in calls.get("warnings", {}).items()]
    return lines


def judging_lines(metrics: Sequence[CellMetrics]) -> list[str]:
    """Warnings and metrics of the judges: same model family as the candidate, agreement, position and length bias."""
    lines: dict[str, None] = {}
    for cell in metrics:
        head = " ".join(_name(cell))
        flags = cell.judging.get("flags", ())
        # the footnote of the table has said it
        lines |= dict.fromkeys(flag for flag in flags if not (cell.config.self_judged and JUDGED_ITSELF in flag))
        for scorer, criteria in cell.judging.get("agreement", {}).items():
            for criterion, agreement in criteria.items():
                about = f" on {criterion}" if criterion else ""
                lines[f"{head}: {scorer}{about}: {len(agreement['judges'])} judges, {_alpha(agreement)}"] = None
        for scorer, pairs in cell.judging.get("pairs", {}).items():
            lines[f"{head}: {scorer}: {_pairs(pairs)}"] = None
    return list(lines)


def _alpha(agreement: Mapping[str, Any]) -> str:
    if agreement["alpha"] is None:
        return f"no Krippendorff's alpha: {agreement['why']}"
    interval = _interval(agreement["ci95"])
    return f"Krippendorff's alpha {agreement['alpha']:.2f}{interval} over {agreement['judged_twice']} items"


def _pairs(pairs: Mapping[str, Any]) -> str:
    parts = [f"{pairs['wins']} won, {pairs['ties']} tied, {pairs['losses']} lost, {pairs['unjudged']} not judged"]
    names = {"first_preferred": "the first shown", "longer_preferred": "the longer"}
    parts += [
        f"{words} preferred {pairs[name]:.0%}{_interval(pairs['ci95'][name])}"
        for name, words in names.items()
        if pairs[name] is not None
    ]
    return "; ".join(parts)


def _interval(ci95: Sequence[float] | None) -> str:
    return "" if ci95 is None else f" [{ci95[0]:.2f}, {ci95[1]:.2f}]"


def with_error(estimate: Estimate | None) -> str:
    """`0.812 ± 0.043`; `1.000 [0.158, 1.000]` if `shows_error` is false; `?` if the mean is unknown."""
    if estimate is None or estimate.mean is None:
        return "?"
    return f"{estimate.mean:.3f}" + (f" ± {estimate.stderr:.3f}" if shows_error(estimate) else _brackets(estimate))


def with_interval(estimate: Estimate | None) -> str:
    """`0.812 ± 0.043 [0.721, 0.887]`, as far as known."""
    if estimate is None or estimate.mean is None or not shows_error(estimate):
        return with_error(estimate)
    return with_error(estimate) + _brackets(estimate)


def _brackets(estimate: Estimate) -> str:
    return "" if estimate.ci95 is None else f" [{estimate.ci95[0]:.3f}, {estimate.ci95[1]:.3f}]"


def _ks(cell: CellMetrics) -> tuple[int, ...]:
    """Every k for which the cell has pass@k."""
    return tuple(int(name.removeprefix("pass@")) for name in cell.passes if name.startswith("pass@"))


def _flaky(cell: CellMetrics) -> str:
    """`3/32: s1, s2, s3`: of the samples with several scored epochs, those whose epochs disagree."""
    repeated = sum(len(sample.epochs) > 1 for sample in cell.samples.values())
    names = ", ".join(cell.flaky[:MAX_NAMES]) + (", …" if len(cell.flaky) > MAX_NAMES else "")
    return f"{len(cell.flaky)}/{repeated}" + (f": {names}" if names else "")


def _name(cell: CellMetrics) -> tuple[str, str, str]:
    return cell.config.task, cell.config.label, f"{cell.config.provider}:{cell.config.slug}"
