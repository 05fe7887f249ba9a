"""Whether the calibration of a cell is what its task file expects."""

from __future__ import annotations

from collections.abc import Mapping

from ...confidence.expectations import parse_bound
from ...stats.calibration.calibration import Calibration
from ...stats.estimate.mean_interval import Estimate
from .cells import CellMetrics
from .confidence import MIN_ANSWERS

MEASURE = "measure"
"""Key of `expect` that names a measure of confidence instead of a metric."""
_NAMES = {"ece": "ECE", "brier": "Brier score", "auroc": "AUROC", "aurc": "AURC", "wqd": "WQD"}
_WHY_UNKNOWN = {
    "auroc": "all answers are right, or all are wrong; add samples of another difficulty",
    "wqd": "no sample has a right and a wrong answer; repeat them with epochs at a temperature above 0",
}


def expectation_failures(metrics: CellMetrics) -> list[str]:
    """Why the calibration is not shown to be within each expected bound, one sentence per bound.

    A metric with an interval must have its whole 95 % interval within the bound, so that noise alone
    does not pass. ECE has no interval, and its value must be within. An unknown metric never passes.
    """
    expect = metrics.config.expect
    bounds = {name: text for name, text in expect.items() if name != MEASURE}
    return [failure for name, text in bounds.items() if (failure := _failure(metrics, name, text)) is not None]


def _failure(metrics: CellMetrics, name: str, text: str) -> str | None:
    measure = metrics.config.expect.get(MEASURE)
    calibration = metrics.calibration if measure is None else metrics.measures.get(measure)
    head = f"expected {_NAMES[name]} {text}" + (f" of {measure}" if measure else "")
    if calibration is None:
        how = _how(measure)
        return f"{head}: not measured, because fewer than {MIN_ANSWERS} scored answers have this confidence; {how}"
    found = _estimates(calibration)[name]
    if found is None or found.mean is None:
        return f"{head}: not measured, because {_WHY_UNKNOWN.get(name, 'the measure is not in [0, 1]')}"
    return _out_of_bound(head, name, found, text)


def _out_of_bound(head: str, name: str, found: Estimate, text: str) -> str | None:
    bound, mean = parse_bound(text), found.mean
    assert mean is not None
    if not bound.holds(mean):
        return f"{head}: it is {mean:.3f} ({found.n} answers)"
    if name == "ece":
        return None
    if found.ci95 is None:
        return f"{head}: it is {mean:.3f}, which is not shown beyond noise ({found.method}); add samples"
    if not all(map(bound.holds, found.ci95)):
        low, high = found.ci95
        return (
            f"{head}: it is {mean:.3f}, but underpowered: its 95 % interval, {low:.3f} to {high:.3f}, "
            "crosses the bound; add samples, or expect less"
        )
    return None


def _estimates(calibration: Calibration) -> Mapping[str, Estimate | None]:
    return {
        "ece": calibration.ece,
        "brier": calibration.brier,
        "auroc": calibration.auroc,
        "aurc": calibration.aurc,
        "wqd": calibration.wqd,
    }


def _how(measure: str | None) -> str:
    if measure in ("p_true", "verbalized"):
        return f"run with --hl-confidence {measure}"
    how = ", with --hl-confidence tokens" if measure else ", or a provider with log-probabilities"
    return f"run more samples{how}"
