"""`--hl-equal-budget`: draws travel with their item's record, and what they say stands below the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from .state import State

if TYPE_CHECKING:
    from ..types import Record

CONTROLS = pytest.StashKey[list["Record"]]()
"""On an item: the draws that were made for its record."""


def keep_controls(item: pytest.Item) -> Callable[[Record], None]:
    """Where the engine puts the draws for an item's record."""
    return item.stash.setdefault(CONTROLS, []).append


def controls_of(item: pytest.Item) -> Sequence[Record]:
    """The draws for an item's record."""
    return item.stash.get(CONTROLS, [])


def conclude(state: State) -> None:
    """Add the cells of the draws to the figures, and write `equal_budget.json`; the controller's part."""
    if not (state.options.equal_budget and state.records):
        return
    from ..io.atomic import write_json
    from ..report.budget_match import find
    from ..results.budget_match.control_cells import control_figures

    state.metrics += control_figures([found.plan for found in state.metrics], state.records)
    state.findings = find(state.records)
    write_json(state.runlog.folder / "equal_budget.json", state.findings.to_json())


def lines(state: State, *, width: int, colour: bool) -> Iterator[str]:
    """The section below the table of cells; nothing where it was not asked for."""
    if state.findings is not None:
        from ..report.budget_match import text

        yield from text(state.findings, width=width, colour=colour).splitlines()


def summary_html(state: State) -> str:
    """The same for the HTML report."""
    from ..report.budget_match_html import html

    return "" if state.findings is None else html(state.findings)
