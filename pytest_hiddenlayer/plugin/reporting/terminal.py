"""The table at the end of a pytest session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ...terminal_escape import coloured, visible
from ..state import STATE, State

MAX_REASONS = 3
"""Reasons for skipped items that are listed."""


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One row per cell: n scored of n, score, tokens, cost, seconds, gate; then where run and report are."""
    state = terminalreporter.config.stash.get(STATE, None)
    if state is None or state.session.worker:
        return
    out, session = terminalreporter, state.session
    state.messages.show()
    for line in session.pending_batches():
        out.write_line(visible(line), yellow=True)
    if not (session.metrics or state.seen or state.only_skips):
        return
    from ...session.text import place_lines, session_lines, stopped_line

    out.section("evals")
    for line in session_lines(session, width=out._tw.fullwidth, colour=out.hasmarkup):
        out.write_line(coloured(line) if out.hasmarkup else visible(line))
    for line in _skip_reasons(state):
        out.write_line(visible(line), yellow=True)
    if state.only_skips:
        out.write_line("every eval item was skipped: nothing was measured", red=True)
    if state.stopped:
        out.write_line(stopped_line(session), yellow=True)
    for line in session.write_faults.lines():
        out.write_line(visible(line), red=True)
    if session.records:
        for line in place_lines(session, terminalreporter.config.invocation_params.dir):
            out.write_line(visible(line))


def _skip_reasons(state: State) -> Iterator[str]:
    """Why items were skipped, the most frequent reasons first: pytest prints them under -rs only."""
    reasons = state.skips.most_common()
    for reason, count in reasons[:MAX_REASONS]:
        yield f"{count:,} skipped: {reason}"
    if len(reasons) > MAX_REASONS:
        remaining = sum(count for _, count in reasons[MAX_REASONS:])
        yield f"{remaining:,} skipped for {len(reasons) - MAX_REASONS:,} more reasons; -rs shows them"
