"""The first page of a report, the frame around it and the facts of the run, in a real browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.browser import CHROMIUM, Browser
from support.records import base, cell, record, repeated, some
from support.report_pages import open_page, open_run, run_folder, wait_until
from support.requirements import NEEDS_CHROMIUM

from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.report.page import run_files
from pytest_hiddenlayer.results.log.summary import summary
from pytest_hiddenlayer.results.metrics.cells import CellMetrics
from pytest_hiddenlayer.results.regression.gate import Policy, decide_gates
from pytest_hiddenlayer.results.regression.references import BaselineLookup
from pytest_hiddenlayer.types import Record

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)

HOSTILE = "<img src=x onerror=\"document.title='ran'\">"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this module."""
    with Browser() as opened:
        yield opened


def answers(values: dict[str, float | None], **changes: Any) -> list[Record]:
    """Records of one cell, each of one call."""
    usage = {"input_tokens": 20, "output_tokens": 10}
    call = {"role": "answer", "round": 0, "usage": usage, "latency_s": 0.5, "cost_usd": 0.01}
    return [replace(record(name, value), transcript=[call], **changes) for name, value in values.items()]


def gated(now: CellMetrics, before: dict[str, float | None] | None = None) -> dict[str, Any]:
    """The object of `summary.json` of a cell whose baseline has these scores."""
    lookup = BaselineLookup(baseline=None if before is None else base(before), missing="there is no snapshot")
    (gate,) = decide_gates([(now, lookup)], Policy())
    return summary([now], {now.config.key: gate})[0]


def regressed() -> tuple[list[Record], dict[str, Any]]:
    """Records and summary of a cell that was right 40 of 40 times and is now right 20 of 40 times."""
    return answers(some(20, 40)), gated(cell(some(20, 40)), some(40, 40))


def folder_of(root: Path, records: list[Record], cells: list[dict[str, Any]], name: str = "run") -> Path:
    """A run's folder with these records and this summary."""
    folder = run_folder(root, records, name=name)
    (folder / "summary.json").write_text(json.dumps(cells), encoding="utf-8")
    manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (folder / "run.json").write_text(json.dumps({**manifest, "records": len(records)}), encoding="utf-8")
    return folder


def texts(browser: Browser, selector: str) -> list[str]:
    """The visible texts of the elements that a selector finds."""
    return list(
        browser.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.innerText.trim())")
    )


def test_the_first_sentence_says_what_changed(browser: Browser, tmp_path: Path):
    """The first sentence counts regressed cells and answers without a score, with links; the badge repeats it."""
    records, summary_cell = regressed()
    lost = answers({"x": None, "y": 1.0}, task="other")
    other = gated(cell({"x": None, "y": 1.0}, task="other"))
    open_run(browser, folder_of(tmp_path, [*records, *lost], [summary_cell, other]))
    (headline,) = texts(browser, ".headline")
    assert headline == "1 gate failed, 1 cell regressed; 1 of 42 answers was not scored."
    assert texts(browser, ".page-badge") == ["✕ 1 failed, 1 regressed"]
    assert browser.evaluate("document.title") == "Overview · Evals run"
    browser.evaluate("document.querySelector('.headline a.bad:last-of-type').click()")
    wait_until(browser, "location.hash.includes('outcome') && location.hash.includes('tab=samples')")


def test_the_message_of_a_red_gate_is_shown_first(browser: Browser, tmp_path: Path):
    """A failed gate stands above the matrix with its reason; its dialog has the whole message."""
    records, summary_cell = regressed()
    assert summary_cell["gate_message"].startswith("gate of t[single-scripted]: regressed")
    open_run(browser, folder_of(tmp_path, records, [summary_cell]))
    (red,) = texts(browser, ".red-gates li")
    assert "regressed" in red
    assert "t · single · scripted:m" in red
    browser.evaluate("document.querySelector('.red-gates a').click()")
    wait_until(browser, "!!document.querySelector('dialog[open] pre.message')")
    assert (
        browser.evaluate("document.querySelector('dialog pre.message').textContent") == summary_cell["gate_message"]
    )
    assert "cell=" in browser.evaluate("location.hash")
    browser.evaluate("document.querySelector('dialog[open] button[aria-label=Close]').click()")
    wait_until(browser, "!document.querySelector('.cell-dialog').open")


def test_the_list_shows_the_figures_of_the_summary(browser: Browser, tmp_path: Path):
    """Score, interval, answers scored and change of a cell are those of `summary.json`."""
    records, value = regressed()
    open_run(browser, folder_of(tmp_path, records, [value]), "#o.cells=list")
    row = " ".join(texts(browser, "table.list tbody tr td"))
    assert f"{value['score']:.3f}" in row
    assert "{:.3f} to {:.3f}".format(*value["ci95"]) in row
    assert "40 of 40" in row
    assert f"−{abs(value['comparison']['difference']):.3f}" in row
    assert "$0.0100" in row
    assert "500 ms" in row


def test_figures_are_rounded_as_in_the_terminal(browser: Browser, tmp_path: Path):
    """5 of 16 right answers, 0.3125, are 0.312 in the page, as in the table that a run prints."""
    value = gated(cell(some(5, 16)))
    open_run(browser, folder_of(tmp_path, answers(some(5, 16)), [value]), "#o.cells=list")
    assert f"{value['score']:.3f}" == "0.312"
    assert "0.312" in texts(browser, "table.list .score-cell")[0]


def test_the_matrix_has_a_row_per_task_and_a_column_per_configuration(browser: Browser, tmp_path: Path):
    """A cell of the matrix links to its samples; a column of two models names the model."""
    records = [
        one
        for task in ("a", "b")
        for model in ("small", "large")
        for one in answers({"s": 1.0, "r": 0.0}, task=task, slug=model, model=model)
    ]
    open_run(browser, run_folder(tmp_path, records))
    assert texts(browser, "table.matrix thead th") == ["Task", "single · scripted:small", "single · scripted:large"]
    assert texts(browser, "table.matrix tbody th") == ["a", "b"]
    browser.evaluate("document.querySelector('table.matrix .n').click()")
    wait_until(browser, "location.hash.includes('tab=samples')")
    assert browser.evaluate("decodeURIComponent(location.hash)").count("small") == 1


def test_the_list_is_sorted_and_unknown_values_come_last(browser: Browser, tmp_path: Path):
    """A click on a heading sorts by it, a second click the other way round; the address keeps it."""
    records = [
        *answers({"a": 1.0}, task="right"),
        *answers({"a": 0.0}, task="wrong"),
        *answers({"a": None}, task="lost"),
    ]
    open_run(browser, run_folder(tmp_path, records), "#o.cells=list")
    click = (
        "[...document.querySelectorAll('table.list thead button')].find(b => b.innerText.startsWith('Score')).click()"
    )
    browser.evaluate(click)
    wait_until(browser, "!!document.querySelector('th[aria-sort=descending]')")
    assert texts(browser, "table.list tbody th") == ["right", "wrong", "lost"]
    browser.evaluate(click)
    wait_until(browser, "!!document.querySelector('th[aria-sort=ascending]')")
    assert texts(browser, "table.list tbody th") == ["wrong", "right", "lost"]
    assert "o.sort=score" in browser.evaluate("location.hash")


def test_the_pareto_front_is_that_of_the_scores_and_costs(browser: Browser, tmp_path: Path):
    """A configuration that is dearer and no better is dominated; the table below the chart says by which."""
    right, wrong = {"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 0.0}
    dear = [{"role": "answer", "round": 0, "usage": {}, "cost_usd": 1.0}]
    records = [*answers(right, label="cheap"), *[replace(r, transcript=dear) for r in answers(wrong, label="dear")]]
    open_run(browser, run_folder(tmp_path, records))
    script = "[...document.querySelectorAll('.chart details tbody tr')].slice(0, 2).map(r => r.textContent)"
    cheap, dear_row = browser.evaluate(script)
    assert cheap.startswith("cheap1.000")
    assert cheap.endswith("0.01yes")
    assert dear_row.startswith("dear0.500")
    assert dear_row.endswith("1no: cheap dominates it")
    wait_until(browser, "!!document.querySelector('.chart svg[role=img]')")


def test_a_configuration_with_an_unknown_cost_is_left_out_and_named(browser: Browser, tmp_path: Path):
    """An unknown cost is not 0: the chart leaves the configuration out and says so; calls can be chosen instead."""
    unpriced = [{"role": "answer", "round": 0, "usage": {"input_tokens": 1, "output_tokens": 1}, "cost_usd": None}]
    values = {"a": 1.0, "b": 0.0}
    records = [
        *answers(values, label="known"),
        *[replace(r, transcript=unpriced) for r in answers(values, label="secret")],
    ]
    folder = run_folder(tmp_path, records)
    open_run(browser, folder, "#o.x=cost_usd")
    chart = "document.querySelector('.chart').innerText"
    assert "the score or the cost is unknown: secret." in browser.evaluate(chart)
    browser.evaluate(
        "(s => { s.value = 'calls'; s.dispatchEvent(new Event('change', {bubbles: true})) })"
        "(document.querySelector('.choice select'))"
    )
    wait_until(browser, "location.hash.includes('o.x=calls')")
    assert "Left out" not in browser.evaluate(chart)


def test_equal_reasons_of_red_gates_are_shown_once(browser: Browser, tmp_path: Path):
    """Three gates that failed for the same reason are one entry that names the three cells."""
    lost = {"x": None, "y": 1.0}
    records = [one for task in "abc" for one in answers(lost, task=task)]
    open_run(browser, folder_of(tmp_path, records, [gated(cell(lost, task=task)) for task in "abc"]))
    (reason, *_) = texts(browser, ".red-gates > li")
    assert len(texts(browser, ".red-gates > li")) == 1
    assert "3 cells" in reason
    assert texts(browser, ".red-gates .cells a") == [f"{task} · single · scripted:m" for task in "abc"]


def test_a_comparison_shows_both_scores(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """In the page of a comparison a cell has the old and the new score; cells of one side are named so."""
    monkeypatch.chdir(tmp_path)
    before = [*answers(some(38, 40)), *answers({"a": 1.0}, task="dropped")]
    now = [*answers(some(18, 40)), *answers({"a": 0.0}, task="added")]
    old, new = (run_folder(tmp_path, records, name=name) for name, records in (("old", before), ("new", now)))
    page = tmp_path / "compared.html"
    main(["compare", str(old), str(new), "--html", str(page)])
    open_page(browser, page, "#o.cells=list")
    assert "1 cell regressed" in texts(browser, ".headline")[0]
    assert "0.950 → 0.450" in browser.text
    rows = texts(browser, "table.list tbody tr")
    assert [row.split()[0] for row in rows if "only in the new run" in row] == ["added"]
    assert not any("only in the old run" in row for row in rows)
    browser.evaluate("document.querySelector('.filter-line a').click()")
    wait_until(browser, "document.querySelector('table.list tbody tr').innerText.includes('only in the old run')")
    assert [row.split()[0] for row in texts(browser, "table.list tbody tr")] == ["dropped"]


def test_scores_of_a_comparison_are_those_of_its_pairs(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """If one side has more samples, overview and changes show the same scores, which fit the change."""
    monkeypatch.chdir(tmp_path)
    old = run_folder(tmp_path, answers({**some(10, 10), "more": 0.0}), name="old")
    new = run_folder(tmp_path, answers(some(5, 10)), name="new")
    page = tmp_path / "compared.html"
    main(["compare", str(old), str(new), "--html", str(page)])
    open_page(browser, page, "#o.cells=matrix")
    assert "1.000 → 0.500" in texts(browser, "table.matrix td")[0]
    assert "−0.500" in texts(browser, "table.matrix td")[0]
    open_page(browser, page, "#tab=changes")
    assert "1.000 → 0.500" in texts(browser, "table.cells tbody tr")[0]


def test_a_red_gate_leads_to_what_changed(browser: Browser, tmp_path: Path):
    """The reason of a cell that regressed has its scores before and now, and a link to its changed samples."""
    records, summary_cell = regressed()
    open_run(browser, folder_of(tmp_path, records, [summary_cell]))
    assert "1.000 before, 0.500 now: −0.500" in texts(browser, ".red-gates li")[0]
    assert "tab=changes" in browser.evaluate("document.querySelector('.red-gates .to-changes a').href")


def test_a_part_of_a_task_is_named(browser: Browser, tmp_path: Path):
    """A cell of which only some samples were selected says how many of how many."""
    value = {**gated(cell(some(5, 10))), "n_total": 40}
    open_run(browser, folder_of(tmp_path, answers(some(5, 10)), [value]))
    assert "t · single (10 of 40 answers)" in texts(browser, ".notes")[0]


def test_the_figures_of_a_cell_form_two_columns(browser: Browser, tmp_path: Path):
    """In the dialog of a cell, names are left of their values, each pair in a row of its own."""
    records, summary_cell = regressed()
    open_run(browser, folder_of(tmp_path, records, [summary_cell]))
    browser.evaluate("document.querySelector('.matrix-cell .score, table.list th a').click()")
    wait_until(browser, "!!document.querySelector('dialog[open] dl')")
    lefts = "new Set([...document.querySelectorAll('dialog dl {}')].map(e => e.getBoundingClientRect().left)).size"
    assert [browser.evaluate(lefts.format(name)) for name in ("dt", "dd")] == [1, 1]


def test_models_with_long_names_are_paired(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A cell whose model has a shorter name in files is compared with its old cell, which is not listed alone."""
    monkeypatch.chdir(tmp_path)
    both = [answers(some(n, 40), model="org/name", slug="org-name") for n in (38, 18)]
    old, new = (run_folder(tmp_path, records, name=name) for name, records in zip(("old", "new"), both, strict=True))
    page = tmp_path / "compared.html"
    main(["compare", str(old), str(new), "--html", str(page)])
    open_page(browser, page, "#o.cells=list")
    assert "0.950 → 0.450" in browser.text
    assert "only in the old run" not in browser.text


def test_every_text_is_shown_as_text(browser: Browser, tmp_path: Path):
    """Names of tasks, strategies, models, scorers, samples, roles and errors run no script anywhere in the page."""
    names = {
        "task": HOSTILE,
        "label": HOSTILE + "2",
        "slug": HOSTILE + "3",
        "provider": HOSTILE + "4",
        "strategy": "debate",
    }
    call = {
        "role": HOSTILE + "-1",
        "round": 0,
        "usage": {"input_tokens": 1, "output_tokens": 1},
        "latency_s": 1.0,
        "cost_usd": 0.1,
    }
    rounds = {
        f"agent-{n}": {str(r): {"score": 1.0, "right": True, "answer": HOSTILE} for r in (0, 1)} for n in (1, 2)
    }
    metadata = {"confidence": 0.5, "round_scores": rounds}
    hostile = [
        replace(
            record(f"{HOSTILE}{n}", float(n % 2)), epoch=epoch, transcript=[call], answer_metadata=metadata, **names,
            scores={HOSTILE: {"value": float((n + epoch) % 2), "answer": HOSTILE, "explanation": HOSTILE},
                    HOSTILE + "b": {"value": 1.0, "answer": None, "explanation": ""}},
        )
        for n in range(12) for epoch in (1, 2)
    ]  # fmt: skip
    failed = replace(record("e", None), error=HOSTILE, **names)
    plain = [replace(one, label="single") for one in hostile]
    folder = run_folder(tmp_path, [*hostile, failed, *plain], name="run")
    manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    manifest |= {
        "command": ["pytest", HOSTILE],
        "models": [HOSTILE],
        "versions": {HOSTILE: HOSTILE},
        HOSTILE: HOSTILE,
    }
    (folder / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    before, asked = len(browser.complaints()), len(browser.requests())
    key = f"{HOSTILE}\t{HOSTILE}2\t{HOSTILE}4\t{HOSTILE}3"
    open_run(browser, folder, "#" + "o.cell=" + browser.evaluate(f"encodeURIComponent({json.dumps(key)})"))
    wait_until(browser, "document.querySelectorAll('.chart svg[role=img]').length >= 3")
    wait_until(browser, "!!document.querySelector('dialog[open]')")
    assert HOSTILE in browser.text
    browser.evaluate("location.hash = '#tab=run'")
    wait_until(browser, "!!document.querySelector('.run-tab')")
    assert HOSTILE in browser.text
    assert browser.evaluate("document.querySelectorAll('img').length") == 0
    assert browser.evaluate("document.title").startswith("Run")
    assert browser.complaints()[before:] == []
    assert [address for address in browser.requests()[asked:] if not address.startswith(("about:", "file:"))] == []


def test_debates_show_who_changed(browser: Browser, tmp_path: Path):
    """A debate in which one of two agents turns right has one change from wrong to right."""

    def rounds(*rights: bool) -> dict[str, Any]:
        return {str(n): {"score": float(r), "right": r, "answer": "a" if r else "b"} for n, r in enumerate(rights)}

    scores = {"agent-1": rounds(True, True), "agent-2": rounds(False, True)}
    records = answers({"a": 1.0}, label="debate", answer_metadata={"round_scores": scores})
    open_run(browser, run_folder(tmp_path, records))
    table = browser.evaluate(
        "[...document.querySelectorAll('[aria-labelledby=debates-title] tbody')].at(-1).innerText"
    )
    assert table.split() == ["t", "·", "debate", "agents", "0", "→", "1", "▲", "1", "0", "+0.500", "2"]


def test_calibration_shows_bins_and_metrics_of_the_summary(browser: Browser, tmp_path: Path):
    """The reliability table has each bin with its count; ECE and Brier score are those of the summary."""
    records = [
        one
        for n in range(20)
        for one in answers({f"s{n}": float(n % 2)}, answer_metadata={"confidence": 0.25 if n < 10 else 0.85})
    ]
    folder = run_folder(tmp_path, records)
    calibration = json.loads((folder / "summary.json").read_text(encoding="utf-8"))[0]["calibration"]
    open_run(browser, folder)
    section = browser.evaluate("document.querySelector('[aria-labelledby=calibration-title]').textContent")
    assert "0.2 to 0.3100.2500.500" in section
    assert f"{calibration['ece']['mean']:.3f}" in section
    assert f"{calibration['brier']['mean']:.3f}" in section
    assert "expected calibration error over 10 bins" in section


def test_calibration_of_a_chosen_measure(browser: Browser, tmp_path: Path):
    """Each measure of confidence can be chosen; one that is not in [0, 1] says why it has no reliability diagram."""
    records = [
        one
        for n in range(20)
        for one in answers({f"s{n}": float(n % 2)}, confidence={"entropy": 0.1 * n, "margin": 0.04 * n})
    ]
    open_run(browser, run_folder(tmp_path, records))
    section = "document.querySelector('[aria-labelledby=calibration-title]')"
    assert "entropy is not a probability" in browser.evaluate(f"{section}.textContent")
    options = browser.evaluate(f"[...{section}.querySelectorAll('option')].map(e => e.textContent)")
    assert options[-2:] == ["entropy", "margin"]
    other = run_folder(tmp_path / "other", [replace(one, confidence={"margin": 0.5}) for one in records])
    open_run(browser, other)
    assert "Reliability of" in browser.evaluate(f"{section}.textContent")


def test_equal_errors_are_counted_once(browser: Browser, tmp_path: Path):
    """Two answers with the same error are one line with the count 2, which links to both."""
    failed = [replace(one, error="server is down") for one in answers({"a": None, "b": None})]
    open_run(browser, run_folder(tmp_path, [*failed, *answers({"c": 1.0})]))
    assert [text.split("\n") for text in texts(browser, ".errors li")] == [["2 answers", "server is down"]]
    assert texts(browser, "[aria-labelledby=outcomes-title] .outcome-counts b") == ["1", "2"]


def test_replayed_answers_are_marked(browser: Browser, tmp_path: Path):
    """Answers from a cassette are counted, and their latency is unknown and not 0."""
    replayed = [
        replace(one, cached=True, transcript=[{**one.transcript[0], "latency_s": 0.0}])
        for one in answers({"a": 1.0, "b": 0.0})
    ]
    open_run(browser, run_folder(tmp_path, replayed), "#o.cells=list")
    assert "2 of 2 answers come from a cassette or the cache" in browser.text
    assert "Latency, median" not in browser.text


def test_flaky_samples_are_named(browser: Browser, tmp_path: Path):
    """A sample that is right in one of two epochs is flaky; pass@2 and pass^2 are those of the summary."""
    values = {"steady": [1.0, 1.0], "shaky": [1.0, 0.0]}
    records = [
        replace(one, epoch=n + 1)
        for n in (0, 1)
        for one in answers({name: scores[n] for name, scores in values.items()})
    ]
    open_run(browser, folder_of(tmp_path, records, summary([repeated(values)], {})))
    section = browser.evaluate("document.querySelector('[aria-labelledby=outcomes-title]').innerText")
    assert "pass@2" in section
    assert "1: shaky" in section


def test_a_part_that_fails_leaves_the_others_working(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """If a section cannot be drawn, a sentence says so; the other sections and parts are still shown."""
    monkeypatch.setattr(run_files, "checked", lambda value, kind: (value, []))  # which would leave it out
    damaged = summary([cell({"a": 1.0})], {})[0] | {"scorers": {"exact": {}, "other": None}}
    open_run(browser, folder_of(tmp_path, answers({"a": 1.0}), [damaged]))
    wait_until(browser, "!!document.querySelector('[role=alert]')")
    assert "The section on answers could not be shown: TypeError" in browser.text
    assert texts(browser, "table.list span.score") == ["1.000"]
    browser.evaluate("location.hash = '#tab=run'")
    wait_until(browser, "!!document.querySelector('.run-tab')")


def test_a_run_in_which_everything_failed_is_shown(browser: Browser, tmp_path: Path):
    """Without any score there is no point to draw; scores are unknown and not 0, and nothing breaks."""
    lost = {"a": None, "b": None}
    records = [*answers(lost, label="debate"), *answers(lost, label="single")]
    open_run(browser, run_folder(tmp_path, records), "#o.cells=list")
    assert "4 of 4 answers were not scored" in browser.text
    assert set(texts(browser, "table.list .score-cell")) == {"?"}
    assert "every value is unknown" in browser.text
    assert texts(browser, "[role=alert]") == []


def test_a_run_without_records_says_so(browser: Browser, tmp_path: Path):
    """A run that measured nothing is one sentence and not an empty page."""
    open_run(browser, run_folder(tmp_path, []))
    assert "The run has no cells: nothing was measured." in browser.text


def test_the_run_tab_tells_how_to_run_it_again(browser: Browser, tmp_path: Path):
    """Command and versions are those of `run.json`; a part with a space is quoted for a shell."""
    folder = run_folder(tmp_path, answers({"a": 1.0}))
    manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    manifest |= {
        "command": ["pytest", "evals", "-k", "a or b's"],
        "git": {"commit": "abc123", "dirty": True},
        "seed": 7,
    }
    (folder / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    open_run(browser, folder, "#tab=run")
    assert "pytest evals -k 'a or b'\\''s'" in browser.text
    assert "git checkout abc123" in browser.text
    assert "not committed" in browser.text
    assert manifest["versions"]["python"] in browser.text


def test_the_page_has_no_tab_for_changes_without_changes(browser: Browser, tmp_path: Path):
    """A run that is compared with nothing has the parts overview, samples and run."""
    open_run(browser, run_folder(tmp_path, answers({"a": 1.0})))
    assert texts(browser, "nav a") == ["Overview", "Samples (1)", "Run"]


def test_the_colours_can_be_chosen(browser: Browser, tmp_path: Path):
    """The button goes from the system's colours to light and dark, and the background follows."""
    open_run(browser, run_folder(tmp_path, answers({"a": 1.0})))
    background = "getComputedStyle(document.body).backgroundColor"
    press = "document.querySelector('.theme button').click()"
    browser.evaluate(press)
    wait_until(
        browser, f"document.documentElement.dataset.theme === 'light' && {background} === 'rgb(255, 255, 255)'"
    )
    browser.evaluate(press)
    wait_until(browser, f"document.documentElement.dataset.theme === 'dark' && {background} !== 'rgb(255, 255, 255)'")
    browser.evaluate(press)
    wait_until(browser, "!document.documentElement.dataset.theme")


def test_keys_open_the_parts_and_the_list_of_keys(browser: Browser, tmp_path: Path):
    """`2` opens the samples, `?` the list of keys; the first Tab reaches the link to the content."""
    open_run(browser, run_folder(tmp_path, answers({"a": 1.0})))
    browser.press("Tab")
    assert browser.evaluate("document.activeElement.innerText") == "Skip to the content"
    browser.press("?")
    wait_until(browser, "document.querySelector('.keys-dialog').open")
    browser.evaluate("document.querySelector('.keys-dialog').close()")
    browser.press("2")
    wait_until(browser, "location.hash.includes('tab=samples')")


def test_the_page_fits_a_phone_and_paper(browser: Browser, tmp_path: Path):
    """At 390 pixels nothing is wider than the window, and the page prints."""
    records, value = regressed()
    debates = [replace(one, label="debate") for one in records]
    open_run(browser, folder_of(tmp_path, [*records, *debates], [value, {**value, "label": "debate"}]))
    browser.call("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=False)
    try:
        wait_until(browser, "innerWidth === 390")
        assert browser.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")
    assert base64.b64decode(browser.call("Page.printToPDF")["data"]).startswith(b"%PDF")
