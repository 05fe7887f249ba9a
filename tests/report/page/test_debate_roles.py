"""The grid of debates whose agents have names of their own, and the calls of other roles, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.browser import CHROMIUM, Browser
from support.report_pages import open_page, run_folder
from support.requirements import NEEDS_CHROMIUM
from support.sample_pane import show, text_of
from support.sample_records import call, made

from pytest_hiddenlayer.report.page.run_page import write_run_page
from pytest_hiddenlayer.types import Record

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)


def opposed() -> Record:
    """Two sides and a moderator that decides after the second round."""
    transcript = [
        call("affirmative", "It is 15754."),
        call("negative", "No, 53803.", sent="Another debater answered: It is 15754. You disagree."),
        call("moderator", "Answer: none", sent="Affirmative: It is 15754. Negative: No, 53803."),
        call("affirmative", "Yes, 53803.", 1, "The other debater replied: No, 53803. Do you agree?"),
        call("negative", "53803 indeed.", 1, "The other debater replied: Yes, 53803. Do you agree?"),
        call("moderator", "Answer: 53803", 1, "Affirmative: Yes, 53803. Negative: 53803 indeed."),
    ]
    answers = [["15754", "53803"], ["53803", "53803"]]
    roles = {"agents": ["affirmative", "negative"], "sequential": True, "decided_by": "moderator"}
    return replace(made("sum", 1.0, "mad", transcript, answers=answers, **roles), output="53803 indeed.")


def summarized() -> Record:
    """Two agents that read summaries, and a vote."""
    transcript = [
        call("agent-1", "It is 53803."),
        call("agent-2", "It is 9."),
        call("summarizer-1", "They say 9.", 1, "It is 9."),
        call("summarizer-2", "They say 53803.", 1, "It is 53803."),
        call("agent-1", "Still 53803.", 1, "They say 9."),
        call("agent-2", "Then 53803.", 1, "They say 53803."),
    ]
    answers = [["53803", "9"], ["53803", "53803"]]
    return replace(made("sum", 1.0, "debate", transcript, answers=answers), output="Still 53803.")


def not_needed() -> Record:
    """One confident answer, after which there is no debate."""
    values = {"answers": [["53803"]], "debated": False, "why": ""}
    return made("sum", 1.0, "debate_when_needed", [call("agent-1", "It is 53803.")], **values)


def needed() -> Record:
    """Two agents that disagree, and then do not."""
    transcript = [call(f"agent-{i}", f"It is {answer}.") for i, answer in ((1, "9"), (2, "53803"))]
    transcript += [call(f"agent-{i}", "It is 53803.", 1) for i in (1, 2)]
    values = {"answers": [["9", "53803"], ["53803"] * 2], "debated": True, "why": "the first answers differ"}
    return made("sum", 1.0, "debate_when_needed.trigger=disagreement", transcript, **values)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests of the module, with the page of the debates open."""
    records = [opposed(), summarized(), not_needed(), needed()]
    page: Path = write_run_page(run_folder(tmp_path_factory.mktemp("runs"), records))
    with Browser(1400, 1000) as one:
        open_page(one, page)
        yield one


def verdicts(browser: Browser) -> list[str]:
    """The texts of the list below the grid."""
    texts: list[str] = browser.evaluate(
        "[...document.querySelectorAll('.verdicts li')].map(item => {"
        " const copy = item.cloneNode(true); copy.querySelectorAll('.off-screen').forEach(e => e.remove());"
        " return copy.textContent.replace(/\\s+/g, ' ').trim(); })"
    )
    return texts


def test_the_agents_that_the_metadata_name_are_the_columns(browser: Browser):
    """Both sides have a column in the order of the metadata, with their answers by round."""
    show(browser, "sum", "mad")
    heads = browser.evaluate("[...document.querySelectorAll('.debate-grid thead th')].map(e => e.textContent)")
    assert heads == ["round", "affirmative", "negative", "most frequent"]
    cells = browser.evaluate("[...document.querySelectorAll('.debate-grid .turn-answer')].map(e => e.textContent)")
    assert cells[:6] == ["15754", "53803", "15754", "53803", "53803", "53803"]


def test_a_moderator_is_shown_as_such(browser: Browser):
    """Its calls are below the grid with their rounds, and words say that it decided."""
    show(browser, "sum", "mad")
    said = verdicts(browser)
    assert said[:2] == ["moderator, round 0", "moderator, round 1"]
    assert said[2].startswith("Decided by moderator 53803")
    assert len(said) == 3


def test_one_after_the_other_means_that_the_same_round_was_read(browser: Browser):
    """The negative side read the affirmative one of its round; the moderator read both."""
    show(browser, "sum", "mad", "&call=1")
    assert "read affirmative of round 0" in text_of(browser, ".selected-call")
    show(browser, "sum", "mad", "&call=5")
    assert "read affirmative and negative of round 1" in text_of(browser, ".selected-call")


def test_a_vote_is_said_also_if_others_were_asked(browser: Browser):
    """Summarizers are shown as such, and the vote of the agents is the verdict."""
    show(browser, "sum", "debate")
    said = verdicts(browser)
    assert said[:2] == ["summarizer-1", "summarizer-2"]
    assert said[2].startswith("Vote 53803 2 of 2 votes")


def test_whether_a_debate_was_needed_is_said(browser: Browser):
    """Above the grid it is said that there was no debate, or why there was one."""
    show(browser, "sum", "debate_when_needed")
    assert "No debate was held." in text_of(browser, ".debate-summary")
    show(browser, "sum", "debate_when_needed.trigger=disagreement")
    assert "A debate was held: the first answers differ." in text_of(browser, ".debate-summary")
    show(browser, "sum", "debate")
    assert "debate was held" not in text_of(browser, ".debate-summary")
