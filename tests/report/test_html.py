"""The HTML of records and cells."""

from __future__ import annotations

import html
from dataclasses import replace

import pytest
from support.cells import FOOTNOTE, debated, gated, judge, repeated, row
from support.records import CONFIG, base, cell, record, some

from pytest_hiddenlayer.report.html import cells_html, record_html
from pytest_hiddenlayer.report.table import HEADERS
from pytest_hiddenlayer.results.metrics.cells import compute_metrics
from pytest_hiddenlayer.types import Record

EVIL = "<script>alert('1')</script>\"&"
CALL = {
    "role": "agent-1",
    "round": 1,
    "messages": [{"role": "system", "content": "Be careful."}, {"role": "user", "content": "What is 1+1?"}],
    "completion": "It is 2.",
    "finish_reason": "stop",
    "usage": {"input_tokens": 7, "output_tokens": 3},
    "latency_s": 0.125,
    "model": "nano-1",
    "seed": 42,
}


def page(**changes: object) -> str:
    """The page of a record with one call."""
    return record_html(replace(record("a", 1.0), transcript=[CALL], **changes).to_json())


def test_the_page_has_every_interval():
    """The page shows score, repeats for every k, calibration and bins with their 95 % intervals."""
    metrics = repeated()
    text = html.unescape(cells_html([metrics], {}))
    low, high = metrics.estimate.ci95
    assert f"{low:.3f} to {high:.3f}, {metrics.estimate.method}" in text
    told = (*metrics.passes.values(), metrics.calibration.brier, *(b.accuracy for b in metrics.calibration.bins))
    known = [one for one in told if one.ci95 is not None]
    assert len(known) > 8
    for one in known:
        error = f" ± {one.stderr:.3f}" if one.stderr else ""
        assert f"{one.mean:.3f}{error} [{one.ci95[0]:.3f}, {one.ci95[1]:.3f}]" in text


def test_the_page_says_of_how_many_groups():
    """A clustered score names its groups."""
    records = [record(f"s{at}", float(at // 3 % 2), group=f"g{at // 3}") for at in range(12)]
    text = html.unescape(cells_html([compute_metrics(replace(CONFIG, total=12), records)], {}))
    assert "Korn–Graubard, 4 groups" in text


def test_a_page_without_an_interval_says_why():
    """A single cluster has no interval, and the page says why."""
    records = [record(f"s{at}", 1.0, group="g") for at in range(3)]
    assert "?, no interval: a single cluster" in cells_html([compute_metrics(replace(CONFIG, total=3), records)], {})


def test_names_of_flaky_samples_never_become_markup():
    """Ids of samples are escaped in the page."""
    records = [record(EVIL, float(epoch), epoch=epoch + 1) for epoch in (0, 1)]
    assert "<script" not in cells_html([compute_metrics(replace(CONFIG, total=1, epochs=2), records)], {})


def test_the_transcript_shows_each_call():
    """Role, round, model, seed, finish reason, tokens, every message and the completion can be read."""
    text = page()
    for part in ("agent-1", "round 1", "nano-1", "seed 42", "stop", "7 in", "3 out", "Be careful.", "It is 2."):
        assert part in text


def test_the_transcript_is_folded():
    """The calls are folded under a line with their number."""
    assert "<details><summary>Transcript: 1 call(s)</summary>" in page()


def test_the_verdict_stands_on_top():
    """Outcome, score, expected and got come before the fold."""
    top = page(target="42", answer="41").split("<details>")[0]
    assert "<b>correct</b>, score 1.0" in top
    assert "expected <code>42</code>, got <code>41</code>" in top


def test_unknown_tokens_of_a_call_are_question_marks():
    """Unknown usage is `?`, never None or 0."""
    call = {**CALL, "usage": {"input_tokens": None, "output_tokens": None}}
    text = record_html(replace(record("a", 1.0), transcript=[call]).to_json())
    assert "? in" in text
    assert "? out" in text
    assert "None" not in text


def test_an_error_is_told():
    """A failed call shows its outcome and reason, and no score."""
    text = record_html(record("a", None, error="the server is gone", transcript=[]).to_json())
    assert "<b>error</b>" in text
    assert "the server is gone" in text
    assert "score" not in text


def test_an_unscored_scorer_says_so():
    """A scorer that gave no value is `unscored` with its reason."""
    scores = {"exact": {"value": None, "answer": None, "explanation": "no target"}}
    assert "exact: unscored (no target)" in page(scores=scores, outcome="unscored")


def evil() -> Record:
    """A record with markup in every text."""
    call = {
        **CALL,
        **dict.fromkeys(("role", "completion", "finish_reason", "model"), EVIL),
        "messages": [{"role": EVIL, "content": EVIL}],
    }
    return record(
        "a",
        1.0,
        **dict.fromkeys(("target", "answer", "error", "output", "input", "model"), EVIL),
        scores={EVIL: {"value": 0.5, "answer": EVIL, "explanation": EVIL}},
        answer_metadata={EVIL: EVIL},
        transcript=[call],
    )


def test_no_text_of_a_record_becomes_markup():
    """Role, messages, completion, finish reason, model, target, answer, error, scorer and notes are escaped."""
    text = record_html(evil().to_json())
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 12


def test_texts_can_be_read_as_they_were():
    """Unescaped, the page contains the original text."""
    assert EVIL in html.unescape(record_html(evil().to_json()))


def test_no_text_of_a_cell_becomes_markup():
    """Names of task, label and model, and the gate's message, are escaped."""
    metrics = cell({EVIL: 0.0}, task=EVIL, label=EVIL, slug=EVIL, params=EVIL)
    gate = judge(metrics, base({EVIL: 1.0}, name=EVIL))
    text = cells_html([metrics], {metrics.config.key: gate})
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 6


def test_the_page_has_the_table_of_the_terminal():
    """The page contains every header and value of the terminal's table."""
    metrics = cell(some(5, 10))
    text = html.unescape(cells_html([metrics], gated(metrics)))
    for value in (*HEADERS, *row(metrics, gated(metrics)[metrics.config.key]).values()):
        assert f">{value}</t" in text


def test_gates_are_counted_and_folded():
    """Gates are counted by verdict, and each gate's whole message is folded below."""
    metrics = cell(some(5, 10))
    text = cells_html([metrics], gated(metrics))
    assert "<summary>Gates: 1 regressed</summary>" in text
    assert "newly wrong: s5, s6, s7, s8, s9" in text


def test_no_gate_is_none():
    """Without gates the fold says so."""
    assert "Gates: none" in cells_html([cell({"a": 1.0})], {})


@pytest.mark.parametrize(("metrics", "describe_pending"), [(debated(), True), (debated(self_judged=False), False)])
def test_the_page_has_the_footnote(metrics, describe_pending):
    """A cell judged by the candidate itself is marked in the page as in the terminal."""
    assert (FOOTNOTE in cells_html([metrics], {})) is describe_pending
