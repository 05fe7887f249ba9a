"""The compute-matched comparison of a run: its findings, and the section that the terminal shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..results.budget_match.compare import BudgetMatchedComparison, compare_budget_matched
from ..results.budget_match.pareto import ParetoFront, fronts
from ..results.budget_match.round_transitions import RoundTransition, round_transitions
from ..terminal_escape import one_line
from ..types import Record
from .budget_match_rows import (
    COMPARISON_HEADERS,
    INTRODUCTION,
    POINT_HEADERS,
    TRANSITION_HEADERS,
    comparison_rows,
    comparison_warnings,
    front_warnings,
    point_rows,
    transition_rows,
)
from .text_table import grid


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """Each strategy against its budget-matched baselines, changes per round, and the Pareto front of each task."""

    compared: Sequence[BudgetMatchedComparison]
    transitions: Sequence[RoundTransition]
    fronts: Sequence[ParetoFront]

    def to_json(self) -> dict[str, Any]:
        """The content of `equal_budget.json`."""
        return {
            "schema": 1,
            "compared": [comparison.to_json() for comparison in self.compared],
            "flips": [transition.to_json() for transition in self.transitions],
            "fronts": [front.to_json() for front in self.fronts],
        }


def find(records: Iterable[Record]) -> Findings:
    """The findings of a run. Takes all of its records, in any order."""
    all_records = list(records)
    compared = compare_budget_matched(all_records)
    return Findings(
        compared=compared, transitions=round_transitions(all_records), fronts=fronts(all_records, compared)
    )


def text(findings: Findings, *, width: int, colour: bool) -> str:
    """The section for a terminal. The terminal wraps a table wider than `width`."""
    parts = [
        INTRODUCTION,
        grid(COMPARISON_HEADERS, comparison_rows(findings.compared), width=width, colour=colour),
        *map(one_line, warnings(findings)),
    ]
    if rows := transition_rows(findings.transitions):
        parts += ["", "changes per round", grid(TRANSITION_HEADERS, rows, width=width, colour=colour)]
    if rows := point_rows(findings.fronts):
        parts += ["", "score and cost", grid(POINT_HEADERS, rows, width=width, colour=colour)]
        parts += map(one_line, front_warnings(findings.fronts))
    return "\n".join(part.rstrip("\n") for part in parts) + "\n"


def warnings(findings: Findings) -> list[str]:
    """What limits the comparisons, one line each; the last line explains the columns."""
    return comparison_warnings(findings.compared)
