"""The pane of one sample, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from support.browser import CHROMIUM, Browser
from support.report_pages import open_page, run_folder, wait_until
from support.requirements import NEEDS_CHROMIUM
from support.sample_pane import click, go, key_of, show, text_of, title_is
from support.sample_records import all_records

from pytest_hiddenlayer.report.page.run_page import write_run_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with one record of each kind."""
    return write_run_page(run_folder(tmp_path_factory.mktemp("runs"), all_records()))


@pytest.fixture(scope="module")
def browser(page: Path) -> Iterator[Browser]:
    """One browser for all tests of the module, with the page open."""
    with Browser(1400, 1000) as one:
        open_page(one, page)
        yield one


def test_the_head_says_which_sample_it_is_and_how_it_went(browser: Browser):
    """Task, strategy, model, epoch, outcome and score are in the head, and the outcome is a word."""
    text = show(browser, "sum", "debate")
    head = text[: text.index("user")]
    for part in ("sum", "t", "debate", "scripted:m", "epoch 1", "correct", "score 1.000", "1 of 14"):
        assert part in head
    assert browser.complaints() == []


def test_the_prompt_is_shown_as_rendered(browser: Browser):
    """System and user message are shown with their roles, and group and must_pass with the metadata."""
    text = show(browser, "sum")
    messages = browser.evaluate("[...document.querySelectorAll('.message:not(.output)')].map(e => e.innerText)")
    assert [re.sub(r"\s+", " ", message) for message in messages] == [
        "system You are careful.",
        "user What is 11525+42278?",
    ]
    assert "group" in text
    assert "must_pass" in text


def test_choices_mark_the_target_and_the_picked_one(browser: Browser):
    """The target's choice and the picked one are named in words."""
    show(browser, "choice")
    choices = browser.evaluate(
        "[...document.querySelectorAll('.choices li')].map(e => e.innerText.replace(/\\s+/g, ' '))"
    )
    assert choices == ["A 694 target", "B 684 picked"]


def test_the_extracted_answer_is_marked_in_the_output(browser: Browser):
    """The last occurrence of the extracted answer is marked."""
    show(browser, "sum")
    assert text_of(browser, ".output mark") == "53803"
    assert "marked in the output" in text_of(browser, ".comparison")


def test_every_scorer_explains_its_score(browser: Browser):
    """All scorers show value and explanation; an unscored one is `?`."""
    show(browser, "sum")
    scores = text_of(browser, ".scores")
    assert "got 53803, as expected" in scores
    assert "llm_judge" in scores
    assert "no verdict" in scores
    assert "?" in scores
    click(browser, ".scores details summary")
    wait_until(browser, "document.querySelector('.scores details').innerText.includes('no-yes')")


def test_an_error_is_shown_with_its_traceback(browser: Browser):
    """The error's text keeps its lines, the traceback unfolds, and words say that there is no score."""
    text = show(browser, "failed")
    assert "ZeroDivisionError: division\nby zero" in text
    assert "An error is never a score." in text
    click(browser, ".traceback summary")
    wait_until(browser, "document.querySelector('.traceback').innerText.includes(\"File 'x.py'\")")


def test_a_truncated_answer_is_explained(browser: Browser):
    """Words say why a truncated answer has no score, and its score is `?`."""
    text = show(browser, "cut")
    assert "it was cut off at a token limit" in text
    assert "score ?" in text


def test_a_call_shows_what_it_took(browser: Browser):
    """Tokens, cost, latency, attempts, seed, finish reason, confidence and warnings of a call are shown."""
    show(browser, "sum")
    body = text_of(browser, ".call-body")
    for part in (
        "14 tokens in, 25 out",
        "$0.00200",
        "500 ms",
        "3 attempts",
        "seed 7",
        "finish reason stop",
        "no seed",
    ):
        assert part in body
    assert "mean log-probability -0.100" in body


def test_reasoning_is_folded(browser: Browser):
    """The reasoning of an answer is folded until it is opened."""
    assert "12+4" not in show(browser, "sum")
    click(browser, ".reasoning summary")
    wait_until(browser, "document.querySelector('.reasoning').innerText.includes('12+4')")


def test_scorers_calls_are_apart(browser: Browser):
    """The calls of judge models are not among the strategy's calls."""
    text = show(browser, "sum")
    assert "Calls (1)" in text
    assert "Scoring (1 call)" in text


def test_a_debate_is_a_grid_of_rounds_and_agents(browser: Browser):
    """Each cell has the agent's answer, right or wrong as a word, and the move since the round before."""
    show(browser, "sum", "debate")
    cells = browser.evaluate(
        "[...document.querySelectorAll('.debate-grid tbody tr')].map(row => [...row.querySelectorAll('.turn')]"
        ".map(cell => cell.innerText.replace(/\\s+/g, ' ')))"
    )
    assert cells == [
        ["✗ wrong 15754", "✓ right 53803", "✗ wrong 9"],
        ["✓ right 53803 wrong → right", "✓ right 53803 same", "? unknown no answer: length"],
    ]
    assert "1 × wrong → right" in text_of(browser, ".debate-summary")
    assert "2 of 2" in text_of(browser, ".debate-grid tbody tr:last-child .majority")
    assert "✓ right 53803" in text_of(browser, ".verdicts").replace("\n", " ")


def test_a_selected_answer_shows_its_call_and_whom_it_read(browser: Browser):
    """A selected cell shows what was sent beyond the prompt, and marks what it read; the address keeps it."""
    show(browser, "sum", "debate")
    click(browser, "[data-turn='3']")
    wait_until(browser, "!!document.querySelector('.selected-call')")
    assert "Other agents said: 53803, 9." in text_of(browser, ".selected-call")
    assert "read agent-2 and agent-3 of round 0" in text_of(browser, ".selected-call")
    marked = browser.evaluate("[...document.querySelectorAll('.is-read')].map(cell => cell.dataset.turn)")
    assert marked == ["1", "2"]
    assert browser.evaluate("document.querySelectorAll('.reading-arrows > path').length") == 2
    assert "call=3" in browser.evaluate("location.hash")
    name = browser.evaluate("document.querySelector(\"[data-turn='3']\").getAttribute('aria-label')")
    assert name.endswith("wrong to right; read agent-2 and agent-3 of round 0")


def test_a_revision_shows_what_changed(browser: Browser):
    """A later answer of an agent shows how its text differs from the one of its round before."""
    show(browser, "sum", "debate", "&call=3")
    click(browser, ".revision summary")
    wait_until(browser, "document.querySelector('.revision .difference-text del')?.textContent.includes('15754.')")
    assert "53803" in browser.evaluate("document.querySelector('.revision .difference-text ins').textContent")


def test_the_judge_read_equal_answers_of_all_agents(browser: Browser):
    """An answer that two agents gave and that occurs twice was read from both."""
    show(browser, "sum", "debate", "&call=6")
    assert "read agent-1, agent-2 and agent-3 of round 1" in text_of(browser, ".selected-call")


def test_a_vote_shows_bars_and_samples(browser: Browser):
    """Each answer has its votes and the samples that gave it, and words say who did not vote."""
    show(browser, "sum", "self_consistency")
    rows = browser.evaluate(
        "[...document.querySelectorAll('.votes tbody tr')].map(e => e.innerText.replace(/\\s+/g, ' '))"
    )
    assert rows == ["53803 taken target 2 of 4 sample-1sample-2", "12 1 of 4 sample-3"]
    assert "1 did not vote" in text_of(browser, ".sample-pane")
    click(browser, ".votes .chip")
    wait_until(browser, "document.querySelector('.selected-call')?.innerText.includes('12 no, 53803')")


def test_a_plan_shows_subtasks_and_results(browser: Browser):
    """Each sub-task is shown with its worker and result, then the combination."""
    show(browser, "sum", "manager_worker")
    items = browser.evaluate("[...document.querySelectorAll('.plan li')].map(e => e.innerText.replace(/\\s+/g, ' '))")
    assert items == ["Plan 2 sub-tasks", "worker-1 Add → 53793", "worker-2 Carry → 10", "Combination → 53803"]


def test_the_same_sample_elsewhere_can_be_compared(browser: Browser):
    """Other strategies' records of the sample are linked, and the difference of the outputs is shown by words."""
    show(browser, "sum")
    rows = browser.evaluate("[...document.querySelectorAll('.elsewhere tbody tr')].map(e => e.cells[0].innerText)")
    assert rows == ["single", "debate", "self_consistency", "manager_worker"]
    click(browser, ".elsewhere tbody tr:nth-child(4) button")
    wait_until(browser, "!!document.querySelector('.difference-text')")
    assert browser.evaluate("[...document.querySelectorAll('.difference-text ins')].map(e => e.textContent)") == [
        "Answer: "
    ]
    click(browser, ".elsewhere tbody tr:nth-child(2) a")
    wait_until(browser, "document.querySelector('.sample-cell').innerText.includes('debate')")


def test_keys_step_and_close(browser: Browser):
    """j and k step through the samples, Escape closes; none of them does so while a field is typed in."""
    show(browser, "failed")
    browser.press("j")
    title_is(browser, "cut")
    browser.press("ArrowLeft")
    title_is(browser, "failed")
    browser.evaluate("document.querySelector('main').append(document.createElement('input'))")
    browser.evaluate("document.querySelector('main input').focus()")
    browser.press("j")
    browser.press("Escape")
    title_is(browser, "failed")
    browser.evaluate("document.querySelector('main input').remove()")
    browser.press("Escape")
    wait_until(browser, "!document.querySelector('.sample-pane')")
    assert "sample=" not in browser.evaluate("location.hash")


def test_an_unknown_sample_is_said(browser: Browser):
    """An address of another run's sample says so, and can be closed."""
    go(browser, "#tab=samples&sample=other")
    wait_until(browser, "document.querySelector('.sample-pane')?.innerText.includes('holds no such sample')")
    click(browser, ".sample-pane .close")
    wait_until(browser, "!document.querySelector('.sample-pane')")


def test_the_pane_fills_a_phone(browser: Browser):
    """At the width of a phone the pane has the whole screen, and nothing sticks out sideways."""
    browser.call("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=False)
    try:
        show(browser, "sum", "debate")
        box = browser.evaluate(
            "(b => [b.left, b.width])(document.querySelector('.sample-pane').getBoundingClientRect())"
        )
        assert box == [0, browser.evaluate("document.documentElement.clientWidth")]
        assert browser.evaluate("document.documentElement.scrollWidth") <= 390
        assert browser.evaluate("(p => p.scrollWidth - p.clientWidth)(document.querySelector('.sample-pane'))") == 0
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")


def test_arrow_keys_go_through_the_grid(browser: Browser):
    """In the grid of a debate arrow keys go from answer to answer, and do not open another sample."""
    show(browser, "sum", "debate")
    browser.evaluate("document.querySelector(\"[data-turn='0']\").focus()")
    browser.press("ArrowRight")
    browser.press("ArrowDown")
    assert browser.evaluate("document.activeElement.dataset.turn") == "4"
    title_is(browser, "sum")
    wait_until(browser, "document.querySelectorAll('.is-read').length === 2")


def test_an_address_opens_a_comparison(browser: Browser):
    """An address that names a compared record shows the difference at once."""
    show(browser, "sum", "single", f"&compared={quote(key_of('sum', 'manager_worker'))}")
    wait_until(browser, "document.querySelector('.difference-text ins')?.textContent === 'Answer: '")


def test_the_parts_of_the_pane_are_listed(browser: Browser):
    """A button per part opens it and goes there."""
    show(browser, "sum", "debate")
    buttons = "[...document.querySelectorAll('.contents button')]"
    names = browser.evaluate(f"{buttons}.map(e => e.innerText)")
    assert names == ["Prompt", "Debate", "Answer", "Scores", "Calls (7)", "Elsewhere", "Facts"]
    browser.evaluate(f"{buttons}[4].click()")
    wait_until(browser, "document.querySelectorAll('.call').length === 7")
    assert browser.evaluate("document.activeElement.innerText") == "Calls (7)"


def test_two_outputs_can_be_read_side_by_side(browser: Browser):
    """The compared outputs are also shown whole, one beside the other."""
    show(browser, "sum")
    click(browser, ".elsewhere tbody tr:nth-child(4) button")
    wait_until(browser, "!!document.querySelector('.difference input')")
    click(browser, ".difference input")
    wait_until(browser, "document.querySelectorAll('.beside .message').length === 2")
    assert "It is 53803" in text_of(browser, ".beside .message:first-child")
    assert "Answer: 53803" in text_of(browser, ".beside .message:last-child")


def test_the_edge_of_the_pane_moves_by_keys(browser: Browser):
    """The pane's width is a separator that arrow keys move."""
    show(browser, "sum")
    edge = "document.querySelector('.resizer')"
    before = int(browser.evaluate(f"{edge}.getAttribute('aria-valuenow')"))
    browser.evaluate(f"{edge}.focus()")
    browser.press("ArrowLeft")
    wait_until(browser, f"{edge}.getAttribute('aria-valuenow') === '{before + 3}'")
    browser.press("ArrowRight")
    wait_until(browser, f"{edge}.getAttribute('aria-valuenow') === '{before}'")
    title_is(browser, "sum")


def test_focus_goes_to_the_pane_and_back(browser: Browser):
    """Focus is on the pane's title after it opens, and on the link that opened it after it closes."""
    go(browser, "#tab=samples")
    wait_until(browser, "!document.querySelector('.sample-pane')")
    browser.evaluate("document.querySelector('nav a[aria-current]').focus()")
    go(browser, "#tab=samples&sample=other")
    wait_until(browser, "document.activeElement.matches('.pane-bar h2')")
    browser.press("Escape")
    wait_until(browser, "document.activeElement.matches('nav a[aria-current]')")


def test_a_record_that_is_missing_is_said(browser: Browser, page: Path):
    """A page that lacks its records says so in the pane; the rest works."""
    cut = page.with_name("cut.html")
    cut.write_text(page.read_text(encoding="utf-8").replace('id="hl-records-0"', 'id="hl-lost"'), encoding="utf-8")
    open_page(browser, cut)
    go(browser, f"#tab=samples&sample={quote(key_of('sum', 'single'))}")
    wait_until(browser, "document.querySelector('.sample-pane [role=alert]')?.innerText.includes('cannot be read')")
    open_page(browser, page)
