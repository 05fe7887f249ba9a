"""The limits of what a page holds of changes."""

from __future__ import annotations

from pytest_hiddenlayer.report.changes.changed_cells import MAX_OUTPUT, OutputLimit


def test_long_outputs_are_cut() -> None:
    """An output is cut at its limit, and all outputs together at theirs; no output is None, not empty."""
    limit = OutputLimit(MAX_OUTPUT + 10)
    assert limit.cut("short") == "short"
    assert limit.cut("x" * (MAX_OUTPUT + 1)) == "x" * MAX_OUTPUT + "…"
    assert limit.cut(None) is None
    assert limit.cut("y" * 4) == "yyyy"
    assert limit.cut("z") is None
