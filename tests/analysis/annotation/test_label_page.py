"""The page of blind questions in a real browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.browser import CHROMIUM, Browser
from support.labelling import RUN, answer, pair, session
from support.records import record
from support.requirements import NEEDS_CHROMIUM

from pytest_hiddenlayer.analysis.annotation.label_page import question_page
from pytest_hiddenlayer.analysis.annotation.labels import read_labels
from pytest_hiddenlayer.analysis.annotation.questions import Question
from pytest_hiddenlayer.results.log.run_log import RunLog

EVIL = "<script>document.title='broken'</script><img src='http://127.0.0.1:9/x' onerror=\"document.title='broken'\">"
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the module."""
    with Browser() as opened:
        yield opened


@needs_browser
def test_questions_are_answered_by_keyboard(serve, browser, path):
    """The keys 1, 2, t, s and b press their buttons; the last page says that it is the last."""
    browser.open(serve(*map(pair, range(4))).address)
    assert browser.evaluate("document.title") == "Which answer is better?"
    assert "0 of 4 answered" in browser.text
    for key in "12ts":
        with browser.loading():
            browser.press(key)
    assert "That was the last question" in browser.text
    assert "3 of 4 answered" in browser.text
    with browser.loading():
        browser.press("b")
    assert "question 3" in browser.text
    assert [label.winner for label in read_labels(path)] == ["a", "b", "tie"]


@needs_browser
def test_back_shows_what_was_said(serve, browser, path):
    """After b the earlier answer is marked, and a new one replaces it."""
    browser.open(serve(pair(0), pair(1)).address)
    for key in "1b":
        with browser.loading():
            browser.press(key)
    assert browser.evaluate("document.querySelector('[aria-pressed=true]').value") == "1"
    with browser.loading():
        browser.press("2")
    (saved,) = read_labels(path)
    assert saved.winner == "b"


@needs_browser
def test_a_note_is_written_without_answering(serve, browser, path):
    """Keys typed in the note, Enter included, are text; the note is saved with the answer."""
    browser.open(serve(pair(0), pair(1)).address)
    browser.evaluate("document.querySelector('textarea').focus()")
    for key in ("1", "t", "Enter", "2"):
        browser.press(key)
    assert not path.exists()
    with browser.loading():
        browser.evaluate("document.querySelector('button[value=tie]').click()")
    (saved,) = read_labels(path)
    assert saved.note == "1t\n2"


@needs_browser
def test_the_buttons_are_reached_by_tab(serve, browser, path):
    """A button can be reached with Tab and pressed with Enter."""
    browser.open(serve(pair(0), pair(1)).address)
    reached = []
    for _ in range(6):
        browser.press("Tab")
        reached.append(browser.evaluate("document.activeElement.value || document.activeElement.innerText"))
    assert reached[:5] == ["Done", "1", "2", "tie", "skip"]
    browser.evaluate("document.querySelector('button[value=\"2\"]').focus()")
    with browser.loading():
        browser.press("Enter")
    assert [label.winner for label in read_labels(path)] == ["b"]


@needs_browser
def test_ratings_have_keys(serve, browser, path):
    """A digit rates on a short scale."""
    browser.open(serve(Question(kind="rating", a=answer("single", "text"), scale=(1, 5))).address)
    assert "How good is this answer, from 1 (worst) to 5 (best)?" in browser.text
    with browser.loading():
        browser.press("4")
    assert [label.rating for label in read_labels(path)] == [4]


@needs_browser
def test_a_long_scale_is_a_list(serve, browser, path):
    """With more than eleven steps a list is shown; saving without a choice skips the question."""
    asked = [Question(kind="rating", a=answer("single", "text", at), scale=(0, 100)) for at in range(2)]
    browser.open(serve(*asked).address)
    with browser.loading():
        browser.evaluate("document.querySelector('.choice button').click()")
    assert not path.exists()
    with browser.loading():
        browser.evaluate(
            "document.querySelector('select').value = '73'; document.querySelector('.choice button').click()"
        )
    assert [label.rating for label in read_labels(path)] == [73]


@needs_browser
def test_hostile_text_stays_text(serve, browser):
    """Markup in the prompt and the answers is shown, not run, and the page sends no request to another host."""
    evil = pair(outputs=(EVIL, f"</pre></textarea>{EVIL}"))
    evil = replace(evil, a=replace(evil.a, record=replace(evil.a.record, input=EVIL)))
    server = serve(evil)
    before = len(browser.requests())
    browser.open(server.address)
    assert browser.evaluate("document.title") == "Which answer is better?"
    assert browser.text.count("<script>document.title='broken'</script>") == 3
    assert browser.evaluate("document.querySelectorAll('img').length") == 0
    asked = {address.split("/")[2] for address in browser.requests()[before:]}
    assert asked == {f"127.0.0.1:{server.server_port}"}


@needs_browser
def test_the_policy_refuses_no_part_of_our_page(serve, browser):
    """The browser reports no violation of the Content-Security-Policy."""
    before = len(browser.complaints())
    browser.open(serve(pair()).address)
    assert browser.evaluate("getComputedStyle(document.querySelector('pre')).whiteSpaceCollapse") == "preserve"
    assert not [text for text in browser.complaints()[before:] if "Content Security Policy" in text]


@needs_browser
def test_done_ends_the_command(tmp_path, browser):
    """`hiddenlayer label --page` prints an address; Done says what was saved and ends it with status 0."""
    for name in ("single", "debate"):
        RunLog(tmp_path, RUN).append(record("s0", 1.0, label=name, output=name * 2, key=name, run_id=RUN))
    command = [sys.executable, "-m", "pytest_hiddenlayer.cli", "label", "--page", "--rater", "ann"]
    started = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        address = next(line.split()[1] for line in started.stdout if line.startswith("open http://127.0.0.1:"))
        browser.open(address)
        for press in (
            lambda: browser.press("1"),
            lambda: browser.evaluate("document.querySelector('button').click()"),
        ):
            with browser.loading():
                press()
        assert "1 answers were saved now, 0 questions are open" in browser.text
        rest, _ = started.communicate(timeout=300)
        assert "1 answered now, 0 left" in rest
        assert started.returncode == 0
    finally:
        started.kill()
    assert len(read_labels(tmp_path / "reports" / "labels.jsonl")) == 1


def test_no_player_is_told(path):
    """Nothing on the page names a strategy, model, run, task, sample or record."""
    page = question_page(session(path, pair()), "nonce")
    assert "short" in page
    for name in ("single", "debate", "scripted", RUN, "s0", "@"):
        assert name not in page.replace("@media", "")
