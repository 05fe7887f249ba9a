"""The pane of one sample, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from support.browser import CHROMIUM, Browser
from support.report_pages import open_page, run_folder, wait_until
from support.requirements import NEEDS_CHROMIUM
from support.sample_records import HOSTILE, all_records

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


def show(browser: Browser, name: str, label: str = "single", view: str = "") -> str:
    """Open a sample's pane by its address; returns the pane's text."""
    key = "\t".join(["run", "t", label, "scripted", "m", name, "1"])
    go(browser, "#tab=samples")
    wait_until(browser, "!document.querySelector('.sample-pane')")
    go(browser, f"#tab=samples&sample={quote(key)}{view}")
    wait_until(browser, "!!document.querySelector('.sample-result')")
    return text_of(browser, ".sample-pane")


def go(browser: Browser, address: str) -> None:
    """Change the hash of the page's address."""
    browser.evaluate(f"location.hash = {json.dumps(address)}")


def text_of(browser: Browser, selector: str) -> str:
    """The visible text of the first such element."""
    return str(browser.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))


def click(browser: Browser, selector: str) -> None:
    """Click the first such element."""
    browser.evaluate(f"document.querySelector({json.dumps(selector)}).click()")


def title_is(browser: Browser, name: str) -> None:
    """Wait until the pane shows this sample."""
    wait_until(browser, f"document.querySelector('.pane-bar h2')?.textContent === {json.dumps(name)}")


def test_the_head_says_which_sample_it_is_and_how_it_went(browser: Browser):
    """Task, strategy, model, epoch, outcome and score are in the head, and the outcome is a word."""
    text = show(browser, "sum", "debate")
    head = text[: text.index("Prompt")]
    for part in ("sum", "t", "debate", "scripted:m", "epoch 1", "correct", "score 1.000", "1 of 9"):
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


def test_tokens_are_shaded_by_probability(browser: Browser):
    """Shading has a legend and a toggle; arrow keys go from token to token, and the line says the probability."""
    show(browser, "sum")
    assert browser.evaluate("document.querySelector('.token-text')") is None
    click(browser, ".output .shade input")
    wait_until(browser, "document.querySelectorAll('.token-text .token').length === 3")
    levels = browser.evaluate("[...document.querySelectorAll('.token-text .token')].map(e => e.className)")
    assert levels == ["token level-0", "token level-3", "token level-unknown"]
    assert "10 to 50%" in text_of(browser, ".legend")
    browser.evaluate("document.querySelector('.token-text .token').focus()")
    browser.press("ArrowRight")
    wait_until(browser, "document.querySelector('.token-line').innerText.includes('“538” probability 5.0%')")
    browser.press("ArrowRight")
    wait_until(browser, "document.querySelector('.token-line').innerText.includes('“03” probability ?')")


def test_the_same_sample_elsewhere_can_be_compared(browser: Browser):
    """Other strategies' records of the sample are linked, and the difference of the outputs is shown by words."""
    show(browser, "sum")
    rows = browser.evaluate("[...document.querySelectorAll('.elsewhere tbody tr')].map(e => e.cells[0].innerText)")
    assert rows == ["single", "debate", "self_consistency", "manager_worker"]
    click(browser, ".elsewhere tbody tr:nth-child(4) button")
    wait_until(browser, "!!document.querySelector('.difference-text')")
    assert browser.evaluate("[...document.querySelectorAll('.difference-text ins')].map(e => e.textContent)") == [
        "Answer:"
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


def test_a_long_text_is_folded_with_its_end_and_unfolds(browser: Browser):
    """200 kB show their start and end; one click shows all of it."""
    text = show(browser, "long")
    assert "line 0 of a long text" in text
    assert "line 5000 of" not in text
    assert text_of(browser, ".output mark") == "53803"
    click(browser, ".output .fold button")
    wait_until(browser, "document.querySelector('.output .long-text').textContent.includes('line 5000 of')")


def test_hostile_text_is_text(browser: Browser):
    """Markup of a model, a task or a name is shown as text, and characters that hide or reorder text by name."""
    text = show(browser, "hostile", HOSTILE)
    assert HOSTILE in text
    for name in ("U+202E", "␛", "U+200B"):
        assert name in text
    assert browser.evaluate("document.title") != "ran"
    assert browser.evaluate("document.querySelectorAll('.sample-pane img, .sample-pane script').length") == 0
    assert browser.complaints() == []


def test_a_sample_can_be_pasted_into_a_task_file(browser: Browser):
    """The YAML that is copied has the sample's fields."""
    show(browser, "sum")
    browser.evaluate(
        "navigator.clipboard.writeText = text => { globalThis.copied = text; return Promise.resolve(); }"
    )
    click(browser, "[aria-label*='YAML']")
    copied = wait_until(browser, "globalThis.copied")
    (sample,) = yaml.safe_load(copied)
    assert sample == {"id": "sum", "input": "11525+42278", "target": "53803", "group": "sums", "must_pass": True}


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
        assert box == [0, 390]
        assert browser.evaluate("document.documentElement.scrollWidth") <= 390
        assert browser.evaluate("(p => p.scrollWidth - p.clientWidth)(document.querySelector('.sample-pane'))") == 0
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")
