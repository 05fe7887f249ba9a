"""The audit of a judge for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ...terminal_escape import one_line
from .audit import Audit
from .metrics import Metric

_NAME_WIDTH = 54  # characters


def audit_text(audit: Audit) -> str:
    """The audit as text: every metric with its interval and n, and why others are missing."""
    return "\n".join(_lines(audit)) + "\n"


def _lines(audit: Audit) -> Iterator[str]:
    yield one_line(f"judge {audit.judge} on run {audit.run}, with {audit.prompts}")
    equal = f"; {audit.equal} pairs of equal answers left out" if audit.equal else ""
    yield f"{len(audit.judged)} of {audit.available} pairs judged in both orders{equal}"
    for why, n in Counter(audit.unreadable).most_common(3):
        yield one_line(f"  {n} without a verdict: {why}")
    for heading, metrics in audit.sections.items():
        yield from ("", heading)
        yield from (_line(metric) for metric in metrics if metric.value is not None)
        if heading == "position":
            yield from _preferred_position(metrics[-1])
        yield from _missing(metrics)
    cost = "unknown" if audit.cost_usd is None else f"${audit.cost_usd:.4f}"
    yield from ("", f"{audit.usage.calls} calls, cost {cost}")


def _line(metric: Metric) -> str:
    interval = f"{metric.ci95[0]:.3f} to {metric.ci95[1]:.3f}" if metric.ci95 else f"({metric.why})"
    return one_line(
        f"  {metric.name:<{_NAME_WIDTH}} {metric.value:>6.3f}   {interval}   n = {metric.n} {metric.unit}"
    )


def _preferred_position(votes: Metric) -> Iterator[str]:
    """Which position the judge prefers, if the interval shows it."""
    if votes.ci95 is not None:
        low, high = votes.ci95
        position = "the answer shown first" if low > 0.5 else "the answer shown second" if high < 0.5 else None
        yield f"  → {'prefers ' + position if position else 'no position bias shown at this n'}"


def _missing(metrics: Sequence[Metric]) -> Iterator[str]:
    """One line for all metrics that are missing for the same reason."""
    names_by_reason: dict[str, list[str]] = {}
    for metric in metrics:
        if metric.value is None:
            names_by_reason.setdefault(metric.why, []).append(metric.name)
    for why, names in names_by_reason.items():
        which = "" if len(names) == len(metrics) else f"{', '.join(names)}: "
        yield one_line(f"  not measured: {which}{why}")
