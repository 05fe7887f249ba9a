"""The numbers of a cell as text, the same in Markdown and LaTeX; an unknown value is `?`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def score_text(score: float | None) -> str:
    """`0.944`."""
    return "?" if score is None else f"{score:.3f}"


def interval_text(interval: Sequence[float] | None) -> str:
    """`[0.727, 0.999]`."""
    return "?" if not interval else f"[{interval[0]:.3f}, {interval[1]:.3f}]"


def count_text(cell: Mapping[str, Any]) -> str:
    """`18`, or `17/18` if not every selected answer has a score."""
    n, selected = cell.get("n"), cell.get("n_selected")
    return f"{n}" if selected in (None, n) else f"{n}/{selected}"


def cost_text(cost: float | None) -> str:
    """US dollars: `$0.0123`, `$0` if free, `?` if unknown."""
    return "?" if cost is None else f"${cost:.4f}" if cost else "$0"
