"""The part "Inside the model" of the sample pane, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.browser import CHROMIUM, Browser
from support.records import record
from support.report_pages import open_page, run_folder, wait_until
from support.requirements import NEEDS_CHROMIUM
from support.sample_pane import show, text_of

from pytest_hiddenlayer.probes.capture import Capture
from pytest_hiddenlayer.probes.capture_files import save_capture
from pytest_hiddenlayer.probes.run_files import probe_path
from pytest_hiddenlayer.report.page.run_page import write_run_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)
HOSTILE = "<img src=x onerror=alert(1)>"
TOKENS = ("Say", HOSTILE, " fo", "ur")


def capture(name: str) -> Capture:
    """Layer 0 guesses the second token of the answer for both; layer 1 has both right."""
    weights = np.zeros((2, 2, 4, 4), np.float32)
    weights[:, :, :, 0] = 1
    weights[1, 1, 2] = (0.04, 0.64, 0.32, 0)
    top = np.array([[[1], [1], [1], [1]], [[3], [3], [3], [3]], [[1], [2], [3], [3]]], np.int32)
    return Capture(
        token_ids=(0, 1, 2, 3),
        token_texts=TOKENS,
        n_prompt=2,
        arrays={
            "token_logprobs": np.log([np.nan, 0.9, 0.95, 0.25]).astype(np.float32),
            "lens_token_logprobs": np.log(np.full((3, 4), 0.125)).astype(np.float32),
            "lens_top_ids": top,
            "lens_top_logprobs": np.log(np.full((3, 4, 1), 0.5)).astype(np.float32),
            "attention_weights": weights,
            "attention_layers": np.array([0, 1], np.int32),
        },
        metadata={
            "key": name,
            "call": 0,
            "notes": [f"mlp is missing: {HOSTILE}"],
            "lens_texts": {str(i): token for i, token in enumerate(TOKENS)},
        },
    )


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A page with the sample `probed`, and `plain` without a capture."""
    folder = run_folder(tmp_path_factory.mktemp("runs"), [record("probed", 1), record("plain", 1)])
    path: Path = probe_path(folder, record("probed", 1))
    path.parent.mkdir()
    save_capture(capture("probed"), path)
    with Browser(1400, 1000) as one:
        open_page(one, write_run_page(folder))
        yield one


@pytest.fixture
def opened(browser: Browser) -> Browser:
    """The pane of the probed sample, with this part and its details open."""
    show(browser, "probed")
    browser.evaluate(
        "[...document.querySelectorAll('.contents button')].find(b => b.innerText === 'Inside the model').click()"
    )
    wait_until(browser, "!!document.querySelector('.probe .lens')")
    browser.evaluate("document.querySelectorAll('.probe details').forEach(d => { d.open = true })")
    return browser


def cells(browser: Browser, selector: str) -> list[list[str]]:
    """The texts of a table's rows."""
    found: list[list[str]] = browser.evaluate(
        f"[...document.querySelectorAll('{selector} tbody tr')].map(r => [...r.cells].map(c => c.innerText.trim()))"
    )
    return found


def test_a_record_without_a_capture_has_no_such_part(browser):
    """Nothing is shown of a sample that was not probed."""
    assert "Inside the model" not in show(browser, "plain")


def test_the_lens_is_a_table_with_the_last_layer_first(opened):
    """Each cell is the likeliest token after a layer; the tokens that came are marked."""
    assert cells(opened, ".lens") == [
        ["layer 1", "␣fo", "ur"],
        ["layer 0", "ur", "ur"],
        ["embeddings", HOSTILE.replace(" ", "␣"), HOSTILE.replace(" ", "␣")],
    ]
    marked = opened.evaluate("[...document.querySelectorAll('.lens td.came')].map(c => c.innerText.trim())")
    assert marked == ["␣fo", "ur", "ur"]


def test_a_chosen_token_is_explained(opened):
    """The sentence below says from which layer on the token is the likeliest."""
    opened.evaluate("document.querySelectorAll('.lens button')[1].click()")
    wait_until(
        opened, "document.querySelector('.probe').innerText.includes('Token 2, “ur”: the likeliest from layer 0 on.')"
    )
    opened.evaluate("document.querySelectorAll('.lens button')[0].click()")
    wait_until(
        opened,
        "document.querySelector('.probe').innerText.includes('Token 1, “ fo”: the likeliest from layer 1 on.')",
    )


def test_attention_of_a_head_names_the_tokens_it_saw(opened):
    """Layer, head and token are chosen; the strongest tokens are named with their weights."""
    opened.evaluate("document.querySelectorAll('.lens button')[1].click()")
    opened.evaluate(
        "(([layer, head]) => { head.value = '1'; head.dispatchEvent(new Event('change', {bubbles: true})) })"
        "(document.querySelectorAll('.probe-choices select'))"
    )
    wait_until(opened, "[...document.querySelectorAll('.probe .token-line')].some(p => p.innerText.includes('64.'))")
    text = text_of(opened, ".probe")
    assert f"Most on “{HOSTILE}” (2) 64.0%, “ fo” (3) 31.9%" in text


def test_hostile_tokens_are_text(opened):
    """Tokens and notes are shown as text, and nothing runs."""
    assert HOSTILE in text_of(opened, ".probe")
    assert opened.evaluate("document.querySelectorAll('.probe img').length") == 0
    assert opened.errors() == []
    assert opened.complaints() == []
