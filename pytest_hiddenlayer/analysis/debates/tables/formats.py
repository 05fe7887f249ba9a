"""How numbers of debates are written, and what a section is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ....stats.estimate.mean_interval import Estimate
from ..question_means import Difference


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One table with a title above and notes below it; a section may have notes only."""

    title: str
    headers: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()
    notes: Sequence[str] = ()
    n_names: int = 1  # leading columns that are words: aligned left
    data: tuple[str, ...] = ()  # headers of columns with names of users and models, which Markdown must not read


def with_interval(estimate: Estimate) -> str:
    """Returns `0.81 [0.72, 0.88]`: a mean with its 95 % interval; `?` if there is none."""
    if estimate.mean is None:
        return "?"
    bounds = estimate.ci95
    return f"{estimate.mean:.2f}" + ("" if bounds is None else f" [{bounds[0]:.2f}, {bounds[1]:.2f}]")


def difference_text(difference: Difference) -> str:
    """Returns `+0.123 [+0.010, +0.240]`; `?` if there is none."""
    if difference.mean is None:
        return "?"
    bounds = difference.ci95
    return f"{difference.mean:+.3f}" + ("" if bounds is None else f" [{bounds[0]:+.3f}, {bounds[1]:+.3f}]")


def number(value: float | None) -> str:
    """Returns `0.123`; `?` if unknown."""
    return "?" if value is None else f"{value:.3f}"


def p_value(value: float | None) -> str:
    """Returns three digits of a p-value; `?` if unknown."""
    return "?" if value is None else f"{value:.3g}" if value >= 0.0001 else "< 0.0001"


def count(n: int, noun: str) -> str:
    """Returns `1 round`, `2 rounds`."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")
