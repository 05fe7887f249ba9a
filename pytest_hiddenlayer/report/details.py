"""What stands below the table of cells: repeats and calibration, where a cell has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..results.metrics.cells import CellMetrics
from ..stats.estimate.mean_interval import Estimate

REPEATS = ("task", "strategy", "model", "k", "samples", "pass@k", "pass^k", "flaky")
CALIBRATION = ("task", "strategy", "model", "confidence", "answers", "ECE", "Brier", "AUROC", "AURC")
BINS = ("task", "strategy", "model", "confidence", "answers", "mean confidence", "right")
INTERVALS = ("task", "strategy", "model", "scored", "score", "95 % interval", "how")
MOST_NAMES = 5

Show = Callable[[Estimate | None], str]


def repeat_rows(metrics: Sequence[CellMetrics], show: Show, *, every: bool = False) -> list[tuple[str, ...]]:
    """The rows of REPEATS: of each cell with epochs the largest k, with `every` all of them."""
    found: list[tuple[str, ...]] = []
    for one in metrics:
        drawn = _draws(one)
        for k in drawn if every else drawn[-1:]:
            at, hat = one.passes[f"pass@{k}"], one.passes[f"pass^{k}"]
            flaky = _flaky(one) if k == drawn[-1] else ""
            found.append((*_cell(one), str(k), f"{at.n}/{one.n_selected}", show(at), show(hat), flaky))
    return found


def calibration_rows(metrics: Sequence[CellMetrics], show: Show) -> list[tuple[str, ...]]:
    """The rows of CALIBRATION: the cells of which enough answers have a confidence."""
    found: list[tuple[str, ...]] = []
    for one in metrics:
        if (c := one.calibration) is not None:
            scored = sum(len(sample.epochs) for sample in one.samples.values())
            shown = (show(figure) for figure in (c.ece, c.brier, c.auroc, c.aurc))
            found.append((*_cell(one), one.confidence or "", f"{c.n}/{scored}", *shown))
    return found


def bin_rows(metrics: Sequence[CellMetrics]) -> list[tuple[str, ...]]:
    """The rows of BINS: those that hold answers, of each calibrated cell."""
    return [
        (*_cell(one), f"{b.low:.1f} to {b.high:.1f}", str(b.n), f"{b.confidence:.3f}", with_interval(b.accuracy))
        for one in metrics
        if one.calibration is not None
        for b in one.calibration.bins
    ]


def calibration_note(metrics: Sequence[CellMetrics]) -> str:
    """How the table is to be read."""
    bins = sorted({one.calibration.n_bins for one in metrics if one.calibration is not None})
    return (
        f"ECE: {' or '.join(map(str, bins))} bins of equal width, too high for few answers; "
        "AUROC: right above wrong; AURC: mean risk over coverages"
    )


def interval_rows(metrics: Sequence[CellMetrics]) -> list[tuple[str, ...]]:
    """The rows of INTERVALS, one a cell."""
    return [
        (*_cell(one), f"{one.estimate.n}/{one.n_selected}", with_error(one.estimate), *interval_words(one.estimate))
        for one in metrics
    ]


def interval_words(e: Estimate) -> tuple[str, str]:
    """(`0.721 to 0.887`, `clustered Wilson, 12 groups`); where there is no interval, `?` and why."""
    over = "" if e.n_groups is None else f", {e.n_groups} groups"
    return ("?" if e.ci95 is None else f"{e.ci95[0]:.3f} to {e.ci95[1]:.3f}"), e.method + over


def details_text(metrics: Sequence[CellMetrics], *, width: int, colour: bool) -> str:
    """Both tables for a terminal, each with a line above it; empty where no cell has any."""
    from .text_table import grid

    parts = []
    if rows := repeat_rows(metrics, with_error):
        parts += [
            "",
            "repeats: any of k answers right, all of k right",
            grid(REPEATS, rows, width=width, colour=colour),
        ]
    if rows := calibration_rows(metrics, with_error):
        parts += ["", "calibration of the confidence in an answer"]
        parts += [grid(CALIBRATION, rows, width=width, colour=colour), calibration_note(metrics)]
    parts += [*call_lines(metrics), *judging_lines(metrics)]
    return "".join(f"{part}\n" for part in parts)


def call_lines(metrics: Sequence[CellMetrics]) -> list[str]:
    """What was unusual about a cell's calls, a line a cell and one a remark."""
    found = []
    for one in metrics:
        head, calls = " ".join(_cell(one)), one.calls
        counted = [f"{calls[name]:,} {words}" for name, words in _UNUSUAL.items() if name in calls]
        if counted:
            found.append(f"{head}: of {calls['calls']:,} calls {', '.join(counted)}")
        found += [f"{head}: {count:,} x {remark}" for remark, count in calls.get("warnings", {}).items()]
    return found


_UNUSUAL = {"cached": "were answered from the cache", "repeated": "took more than one attempt"}


def judging_lines(metrics: Sequence[CellMetrics]) -> list[str]:
    """What to know of the judges: their kinship with the candidate, agreement, effects of order and length."""
    found: dict[str, None] = {}
    for one in metrics:
        head = " ".join(_cell(one))
        found |= dict.fromkeys(one.judging.get("flags", ()))
        for scorer, criteria in one.judging.get("agreement", {}).items():
            for name, agreed in criteria.items():
                about = f" on {name}" if name else ""
                found[f"{head}: {scorer}{about}: {len(agreed['judges'])} judges, {_alpha(agreed)}"] = None
        for scorer, pairs in one.judging.get("pairs", {}).items():
            found[f"{head}: {scorer}: {_pairs(pairs)}"] = None
    return list(found)


def _alpha(agreed: Mapping[str, Any]) -> str:
    if agreed["alpha"] is None:
        return f"no Krippendorff's alpha: {agreed['why']}"
    return f"Krippendorff's alpha {agreed['alpha']:.2f}{_within(agreed['ci95'])} over {agreed['judged_twice']} items"


def _pairs(pairs: Mapping[str, Any]) -> str:
    parts = [f"{pairs['wins']} won, {pairs['ties']} tied, {pairs['losses']} lost, {pairs['unjudged']} not judged"]
    names = {"first_preferred": "the first shown", "longer_preferred": "the longer"}
    parts += [
        f"{words} preferred {pairs[name]:.0%}{_within(pairs['ci95'][name])}"
        for name, words in names.items()
        if pairs[name] is not None
    ]
    return "; ".join(parts)


def _within(ci95: Sequence[float] | None) -> str:
    return "" if ci95 is None else f" [{ci95[0]:.2f}, {ci95[1]:.2f}]"


def with_error(e: Estimate | None) -> str:
    """`0.812 ± 0.043`; `?` where it is unknown."""
    if e is None or e.mean is None:
        return "?"
    return f"{e.mean:.3f}" + ("" if e.stderr is None else f" ± {e.stderr:.3f}")


def with_interval(e: Estimate | None) -> str:
    """`0.812 ± 0.043 [0.721, 0.887]`, as much of it as is known."""
    interval = "" if e is None or e.ci95 is None else f" [{e.ci95[0]:.3f}, {e.ci95[1]:.3f}]"
    return with_error(e) + interval


def _draws(one: CellMetrics) -> tuple[int, ...]:
    return tuple(int(name.removeprefix("pass@")) for name in one.passes if name.startswith("pass@"))


def _flaky(one: CellMetrics) -> str:
    """`3/32: s1, s2, s3`: of the samples with several scored epochs those that wavered."""
    repeated = sum(len(sample.epochs) > 1 for sample in one.samples.values())
    names = ", ".join(one.flaky[:MOST_NAMES]) + (", …" if len(one.flaky) > MOST_NAMES else "")
    return f"{len(one.flaky)}/{repeated}" + (f": {names}" if names else "")


def _cell(one: CellMetrics) -> tuple[str, str, str]:
    return one.plan.task, one.plan.label, f"{one.plan.provider}:{one.plan.slug}"
