"""Cached, retried and warned calls appear in the summary, the table and both reports, also from compact records."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.records import CONFIG, record

from pytest_hiddenlayer.report.details import call_lines
from pytest_hiddenlayer.report.html import cells_html
from pytest_hiddenlayer.report.table import cell_table
from pytest_hiddenlayer.results.log.lean_records import without_texts
from pytest_hiddenlayer.results.metrics.cells import compute_metrics

OTHER = "asked big, the server says that small answered"
CALLS = [{}, {"cached": True}, {"attempts": 3}, {"attempts": 2, "warnings": [OTHER]}, {"warnings": [OTHER]}]
RECORDS = [record(f"s{i}", 1.0, transcript=[call], input="a long prompt") for i, call in enumerate(CALLS)]


@pytest.mark.parametrize("kept", [lambda one: one, without_texts], ids=["whole", "lean"])
def test_unusual_calls_are_counted(kept):
    """Cached and retried calls and calls with warnings are counted, from full and from compact records."""
    found = compute_metrics(CONFIG, [kept(one) for one in RECORDS])
    assert found.calls == {"calls": 5, "cached": 1, "repeated": 2, "warnings": {OTHER: 2}}
    assert found.to_json()["calls"] == found.calls
    assert call_lines([found]) == [
        "t single scripted:m: of 5 calls 1 were answered from the cache, 2 took more than one attempt",
        f"t single scripted:m: 2 x {OTHER}",
    ]
    assert OTHER in cell_table([found], {}, width=100, colour=False)
    assert OTHER in cells_html([found], {})


def test_usual_calls_are_not_talked_about():
    """No line if no call was cached, retried or had a warning."""
    found = compute_metrics(CONFIG, RECORDS[:1])
    assert found.calls == {}
    assert call_lines([found]) == []


def test_lean_records_have_no_texts():
    """Metrics are the same from compact records, which hold no long text."""
    whole = [
        replace(one, output="o" * 999, transcript=[{"mean_logprob": -0.5, "completion": "x"}]) for one in RECORDS
    ]
    kept = [without_texts(one) for one in whole]
    assert compute_metrics(CONFIG, kept) == compute_metrics(CONFIG, whole)
    assert all((one.input, one.target, one.output) == ("", None, None) for one in kept)
    assert all(list(call) == ["mean_logprob"] for one in kept for call in one.transcript)
