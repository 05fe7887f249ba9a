"""`hiddenlayer compare --markdown`: a comment that shows hostile text literally and fits its limit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.comparisons import URL, compared, hostile_markdown, sample, side
from support.markdown import Parsed, github, markdown_it, parse
from support.markdown_payloads import PAYLOADS
from support.records import CONFIG, record

from pytest_hiddenlayer.report.markdown.comparison import MARKER, comparison_markdown
from pytest_hiddenlayer.report.markdown.run import run_markdown
from pytest_hiddenlayer.report.markdown.text import code, folded, link, table_head, table_row
from pytest_hiddenlayer.results.metrics.cells import compute_metrics
from pytest_hiddenlayer.results.regression.compare_runs import RunComparison

RENDERERS = [github, markdown_it]


@cache
def hostile_page(render: Callable[[str], str], text: str) -> Parsed:
    """The same as a renderer shows it."""
    return parse(render(hostile_markdown(text)))


def shown(text: str, limit: int = 120) -> str:
    """What a reader must see of a text: control and direction characters as escapes, on one line, cut."""
    escaped = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return escaped if len(escaped) <= limit else escaped[: limit - 1] + "…"


def test_there_are_enough_payloads():
    """At least 200 different texts are tried in every field."""
    assert len(PAYLOADS) >= 200


@pytest.mark.parametrize("render", RENDERERS)
def test_no_text_leaves_its_code_element(render):
    """Whatever the names and answers are, elements, links, comments and texts outside code stay as they are."""
    plain = hostile_page(render, "w").outside
    for payload in PAYLOADS:
        page = hostile_page(render, payload)
        if payload.strip():
            assert page.outside == plain, payload
        else:
            assert page.outside.count("empty") == 18, payload  # answers without a visible character
        assert all(address.startswith(URL) for address in page.links), payload


@pytest.mark.parametrize("render", RENDERERS)
def test_texts_are_shown_literally(render):
    """Every text is shown character for character, up to its limit."""
    for payload in PAYLOADS:
        codes = hostile_page(render, payload).codes
        assert shown(payload) in codes
        payload = payload.replace("\ud800", "\ufffd")
        fields = [
            f"{payload}:{payload}",
            f"+{payload}",
            f"0{payload}",
            f"{payload}1",
            "/".join([f"{payload}2", *[payload] * 3]),
        ]
        assert {shown(text) for text in fields} <= set(codes), payload
        fault = f"scored by {payload!r} and by {f'{payload}/2'!r}: not comparable"
        assert shown(fault, 500) in codes, payload


def test_no_line_steers_a_ci_job_or_a_bot():
    """No line is a command of GitHub, Azure, TeamCity or GitLab, and no character controls a terminal."""
    for payload in PAYLOADS:
        markdown = hostile_markdown(payload)
        assert "::" not in markdown, payload
        assert "##[" not in markdown, payload
        assert "##vso" not in markdown, payload
        assert "@" not in markdown, payload
        assert not [line for line in markdown.splitlines() if line.lstrip().startswith("/")], payload
        assert all(character.isprintable() or character == "\n" for character in markdown), payload
        assert markdown.count("<!--") == 1, payload


CONTEXTS = {
    "paragraph": lambda text: f"a {text} b\n",
    "list": lambda text: f"- {text}: b\n",
    "table": lambda text: f"{table_head(('a', 'b'))}{table_row((text, 'b'))}\n",
    "summary": lambda text: "x\n".join(folded(f"🔴 {text}")),
    "link": lambda text: f"a {link(text, URL)} b\n",
}


@pytest.mark.parametrize("context", CONTEXTS)
@given(text=st.text(st.sampled_from("@#:/w.<>`|\\[]()!*_~$&;\n -=+x1é\u202e") | st.characters(), max_size=100))
@settings(deadline=None, max_examples=100)
def test_any_text_is_literal_in_every_place(context, text):
    """A text stays in its code element within a paragraph, a list, a table, a summary and a link."""
    for render in RENDERERS:
        page = parse(render(CONTEXTS[context](code(text))))
        assert page.codes == [shown(text)]
        assert page.outside == parse(render(CONTEXTS[context](code("x")))).outside


def regressed(n_cells: int = 1, n: int = 20) -> RunComparison:
    """`n_cells` cells of which the last one regressed: half of its samples turned wrong."""
    right = {f"s{at}": sample(1.0, answer="seven") for at in range(n)}
    wrong = {name: sample(float(at >= n // 2), answer="eight") for at, name in enumerate(right)}
    keys = [(f"task-{at}", "single", "mlx", "nano-2") for at in range(n_cells)]
    old = [side(right, key, run_id=None) for key in keys]
    return compared(old, [side(wrong if key == keys[-1] else right, key) for key in keys])


def test_a_comment_says_what_changed():
    """Verdict, both scores, interval, both answers and costs are in the comment, and the marker is its first line."""
    markdown = comparison_markdown(regressed())
    page = " ".join(parse(github(markdown)).outside)
    assert markdown.startswith(f"{MARKER}\n### Evals: 🔴 1 regressed\n")
    assert "🔴 regressed" in page
    assert "1.000\xa0→\xa00.500" in page
    assert re.search(r"-0\.500\xa0\[-0\.\d{3},\xa0-0\.\d{3}\]", page)
    assert "10\xa0wrong" in page
    rows = [line for line in markdown.splitlines() if line.startswith("| newly&nbsp;wrong | <code>s0</code>")]
    assert rows == [
        "| newly&nbsp;wrong | <code>s0</code> | <code>seven</code> | <code>eight</code> | 1&nbsp;→&nbsp;0 |"
    ]
    assert "<summary>Cost 0.5000 → 0.5000 USD, tokens ? → ?</summary>" in markdown


def test_samples_link_to_the_report():
    """With the address of the report, each changed sample of the new run links to its record there."""
    page = parse(github(comparison_markdown(regressed(), report_url=f"{URL}?x=1&y=2#old")))
    first = next(address for address in page.links if "sample" in address)
    parts = urlsplit(first)
    assert (parts.path, parts.query) == ("/runs/7/report.html", "x=1&y=2")
    view = {"tab": ["samples"], "sample": ["run-1\ttask-0\tsingle\tmlx\tnano-2\ts0\t1"]}
    assert parse_qs(parts.fragment) == view
    long_name = {"s" * 3000: sample(1.0)}, {"s" * 3000: sample(0.0)}
    long = compared(*([side(samples)] for samples in long_name))
    assert parse(github(comparison_markdown(long, report_url=URL))).links == [URL]


def test_a_comparison_without_a_run_has_no_links():
    """Without an address there is no link at all; with one, samples of a snapshot have none."""
    assert parse(github(comparison_markdown(regressed()))).links == []
    comparison = compared([side({"s": sample(1.0)})], [side({"s": sample(0.0)}, run_id=None)])
    assert parse(github(comparison_markdown(comparison, report_url=URL))).links == [URL]


@pytest.mark.parametrize("max_bytes", [8_000, 20_000, 65_536])
@pytest.mark.parametrize("text", ["plain", "@😀<" * 40])
def test_a_large_comparison_fits(max_bytes, text):
    """Within every limit the Markdown is whole, has the regressed cell, and counts the samples left out."""
    n, cells = 1500, 300
    right = {f"s{at}{text}": sample(1.0, answer=text) for at in range(n)}
    wrong = {name: sample(float(at >= n - 10), answer=text) for at, name in enumerate(right)}
    few = dict(list(right.items())[:3])
    keys = [(f"task-{at}{text}", text, "mlx", "nano-2") for at in range(cells)]
    old = [side(right if key == keys[-1] else few, key) for key in keys]
    new = [side(wrong if key == keys[-1] else few, key) for key in keys]
    markdown = comparison_markdown(compared(old, new, (text, text)), max_bytes=max_bytes, report_url=URL)
    assert len(markdown.encode()) <= max_bytes
    assert len(markdown.encode()) > max_bytes - 3_000
    page = parse(github(markdown))
    assert "🔴 regressed" in page.outside
    if text == "plain" and max_bytes > 8_000:
        assert any(part.startswith("Cost 150.0000") for part in page.outside)
    left_out = re.search(r"bytes: .*?([\d,]+) newly wrong samples", markdown)
    assert left_out is not None
    kept = page.outside.count("newly\xa0wrong")
    assert kept > 0 or max_bytes == 8_000
    assert kept + int(left_out[1].replace(",", "")) == n - 10


def test_what_was_left_out_is_not_said_if_nothing_was():
    """A comparison that fits has no such sentence."""
    assert "Left out" not in comparison_markdown(regressed())


def test_failing_cells_come_first():
    """The first row of the table is the regressed cell, though it is the last by name."""
    rows = [line for line in comparison_markdown(regressed(5)).splitlines() if line.startswith("| 🔴")]
    assert "task-4" in rows[0]


def test_many_unchanged_cells_are_folded():
    """Cells that neither failed nor improved are folded if they are many, below the cells that did."""
    markdown = comparison_markdown(regressed(30))
    assert (
        markdown.index("task-29")
        < markdown.index("<summary>🟡 29 underpowered</summary>")
        < markdown.index("task-28")
    )


def test_lost_answers_are_shown_with_their_outcome():
    """A sample that lost its score is a row that says why it has none."""
    old = side({f"s{at}": sample(1.0) for at in range(4)})
    new = side(
        {"s0": sample(None, answer=None, outcome="truncated", lost=1), **{f"s{at}": sample(1.0) for at in (1, 2, 3)}}
    )
    markdown = comparison_markdown(compared([old], [new]))
    assert "| no&nbsp;score:&nbsp;truncated | <code>s0</code> | <code>a</code> | none | 1&nbsp;→&nbsp;? |" in markdown
    assert "not measured: scored 3 of 4 answers" in markdown


def hostile_run(text: str) -> str:
    """The Markdown of a run without a baseline, whose every text is `text`."""
    names = {"task": text, "label": text, "provider": text, "slug": text}
    wrong = record(text, 0.0, answer=text, target=text, **names)
    failed = record(f"+{text}", None, answer=None, error=text, **names)
    config = replace(CONFIG, **names, selected=(text, f"+{text}"), total=2)
    metrics = compute_metrics(config, [wrong, failed])
    return run_markdown(text, [metrics], [wrong, failed], report_url=URL, max_bytes=10**6)


@pytest.mark.parametrize("render", RENDERERS)
def test_a_run_without_a_baseline_is_as_safe(render):
    """`show --markdown` shows every text literally too, and has one row per answer that is not right."""
    plain = parse(render(hostile_run("w")))
    assert plain.outside.count("incorrect") == 1
    assert any("0.000" in text for text in plain.outside)
    for payload in PAYLOADS:
        page = parse(render(hostile_run(payload)))
        assert shown(payload) in page.codes, payload
        assert not payload.strip() or page.outside == plain.outside, payload
        assert all(address.startswith(URL) for address in page.links), payload
