"""The table at the end of a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .adaptive import savings
from .equal_budget import lines
from .state import STATE, State

REASONS = 3
"""Reasons for skipped items that are told."""


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One row a cell: n scored of n, score, tokens, cost, seconds, gate; then where the run lies."""
    state = terminalreporter.config.stash.get(STATE, None)
    if state is None or state.worker:
        return
    state.notices.show()
    for line in state.pending_batches():
        terminalreporter.write_line(line, yellow=True)
    if not (state.metrics or state.seen):
        return
    from ..report.table import cell_table
    from ..results.log.resume import taken_over

    out = terminalreporter
    out.section("evals")
    if state.metrics:
        width = out._tw.fullwidth
        for line in cell_table(state.metrics, state.gates, width=width, colour=out.hasmarkup).splitlines():
            out.write_line(line)
    for line in lines(state, width=out._tw.fullwidth, colour=out.hasmarkup):
        out.write_line(line)
    if (savings_message := savings(state)) is not None:
        out.write_line(savings_message)
    for line in _skipped(state):
        out.write_line(line, yellow=True)
    if (taken := taken_over(state.records)) is not None:
        out.write_line(taken)
    if (budget := state.budget) is not None:
        out.write_line(budget.summary())
    if state.seen and set(state.seen.values()) == {"skipped"}:
        out.write_line("every eval item was skipped: nothing was measured", red=True)
    if state.records:
        out.write_line(f"run {state.run_id}: {state.runlog.folder.relative_to(state.root)}")


def _skipped(state: State) -> Iterator[str]:
    """Why items were skipped, the most frequent reasons first: pytest tells it only under -rs."""
    reasons = state.skips.most_common()
    for reason, count in reasons[:REASONS]:
        yield f"{count:,} skipped: {reason}"
    if len(reasons) > REASONS:
        rest = sum(count for _, count in reasons[REASONS:])
        yield f"{rest:,} skipped for {len(reasons) - REASONS:,} more reasons; -rs shows them"
