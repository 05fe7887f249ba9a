"""The audit of a judge for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ...terminal_escape import one_line
from .audit import Audit
from .metrics import Figure

_WIDTH = 54


def audit_text(audit: Audit) -> str:
    """Every figure with its interval and n, and why others are missing."""
    return "\n".join(_lines(audit)) + "\n"


def _lines(audit: Audit) -> Iterator[str]:
    yield one_line(f"judge {audit.judge} on run {audit.run}, asked with {audit.terms}")
    yield f"{len(audit.judged)} of {audit.available} pairs judged in both orders{_left_out(audit)}"
    for why, n in Counter(audit.unread).most_common(3):
        yield one_line(f"  {n} without a verdict: {why}")
    for head, figures in audit.sections.items():
        yield from ("", head)
        yield from (_line(figure) for figure in figures if figure.value is not None)
        if head == "position":
            yield from _preferred(figures[-1])
        yield from _missing(figures)
    cost = "unknown" if audit.cost_usd is None else f"${audit.cost_usd:.4f}"
    yield from ("", f"{audit.usage.calls} calls, cost {cost}")


def _left_out(audit: Audit) -> str:
    return f"; {audit.equal} pairs of equal answers left out" if audit.equal else ""


def _line(figure: Figure) -> str:
    bar = f"{figure.ci95[0]:.3f} to {figure.ci95[1]:.3f}" if figure.ci95 else f"({figure.why})"
    return one_line(f"  {figure.name:<{_WIDTH}} {figure.value:>6.3f}   {bar}   n = {figure.n} {figure.unit}")


def _preferred(votes: Figure) -> Iterator[str]:
    """Which place is preferred, where the interval says so."""
    if votes.ci95 is not None:
        low, high = votes.ci95
        place = "the answer shown first" if low > 0.5 else "the answer shown second" if high < 0.5 else None
        yield f"  → {'prefers ' + place if place else 'no preferred place shown at this n'}"


def _missing(figures: Sequence[Figure]) -> Iterator[str]:
    """One line for all that was not measured for the same reason."""
    reasons: dict[str, list[str]] = {}
    for figure in figures:
        if figure.value is None:
            reasons.setdefault(figure.why, []).append(figure.name)
    for why, names in reasons.items():
        whose = "" if len(names) == len(figures) else f"{', '.join(names)}: "
        yield one_line(f"  not measured: {whose}{why}")
