"""What `pytest --html` writes, in a real browser."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.browser import CHROMIUM, Browser
from support.folder import Folder
from support.requirements import NEEDS_CHROMIUM

EVIL = "<script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">"


@pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)
def test_hostile_text_stays_text(tmp_path: Path):
    """Markup in ids, prompts, answers and errors is shown, not run; the transcript is there."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "evals").mkdir()
    samples = [{"id": f"a {EVIL}".replace("'", ""), "input": f"question {EVIL}", "target": "right"}]
    task = {"task": "hostile", "samples": samples, "scorers": ["exact"]}
    (tmp_path / "evals" / "hostile.json").write_text(json.dumps(task))
    (tmp_path / "replies.json").write_text(json.dumps({"default": f"wrong {EVIL}"}))
    arguments = ["evals", "--provider", "scripted:replies.json", "--html", "r.html", "--self-contained-html"]
    subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=tmp_path, check=True, capture_output=True)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
    address = (tmp_path / "r.html").as_uri()
    page = subprocess.run([CHROMIUM, *flags, address], capture_output=True, text=True, timeout=120).stdout
    assert "broken</title>" not in page
    assert "<img src=" not in page.split('<div class="extraHTML">', 1)[-1].split("media-container", 1)[0]
    assert "Transcript: 1 call(s)" in page
    assert "wrong &lt;script&gt;" in page


@pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)
def test_results_come_first_and_no_row_scrolls_by_itself(tmp_path: Path):
    """The environment is below the items, and an unfolded row is as high as what it shows."""
    folder = Folder(tmp_path)
    folder.task(n=3)
    folder.replies(wrong=[0, 1], q0={"reply": "line\n" * 200})
    folder.run("--strict", "--html=r.html", "--self-contained-html")
    top = "document.querySelector('{}').getBoundingClientRect().top"
    inner = "[...document.querySelectorAll('.logwrapper')].map(box => box.scrollHeight - box.clientHeight)"
    with Browser() as browser:
        browser.open((tmp_path / "r.html").as_uri())
        assert browser.evaluate(f"{top.format('#results-table')} < {top.format('#environment-header')}")
        hidden = browser.evaluate(inner)
    assert len(hidden) >= 2
    assert max(hidden) <= 1
