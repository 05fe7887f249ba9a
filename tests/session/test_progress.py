"""The line of progress counts answers, right ones, cost, tokens per second and the time left."""

from __future__ import annotations

from dataclasses import replace

from support.records import record

from pytest_hiddenlayer.session.progress import Progress


def _progress(records, total=10, seconds=4.0):
    times = iter([0.0])
    progress = Progress(clock=lambda: next(times, seconds))
    progress.start(total)
    progress.add(records)
    return progress


def test_the_line_says_what_is_known():
    """Two answers of ten in 4 s, one right, of known cost and 20 output tokens: 16 s are left."""
    usage = {**record("a", 1.0).usage, "output_tokens": 10}
    records = [record("a", 1.0, usage=usage, cost_usd=0.25), record("b", 0.0, usage=usage, cost_usd=0.25)]
    line = _progress(records).line(200)
    assert line == "2/10 answered, 1 of 2 right, $0.5000, 5 tokens/s, about 16 s left"


def test_an_error_is_no_wrong_answer():
    """What has no answer is counted apart, and an unknown cost is not 0."""
    failed = replace(record("b", 0.0), outcome="error", scores={}, cost_usd=None)
    line = _progress([record("a", 1.0, cost_usd=None), failed]).line(200)
    assert line.startswith("2/10 answered, 1 of 1 right, 1 without an answer, $0.0000 and unknown costs")


def test_a_narrow_terminal_gets_whole_parts():
    """Parts that do not fit are left out, from the end."""
    assert _progress([record("a", 1.0)]).line(30) == "1/10 answered, 1 of 1 right"
    assert _progress([]).line(14) == "0/10 answered"


def test_long_times_are_readable():
    """Minutes and hours are written as such."""
    assert _progress([], seconds=3 * 3600 + 61).line(200).endswith("first answer, 3 h 1 min")
    assert _progress([], seconds=125).line(200).endswith("first answer, 2 min 5 s")
