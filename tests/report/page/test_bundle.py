"""The bundle as the page gets it, or the reason why there is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.browser import CHROMIUM, Browser
from support.records import record
from support.report_pages import open_run, run_folder
from support.requirements import NEEDS_CHROMIUM

from pytest_hiddenlayer.report.page import bundle


def test_a_bundle_has_no_fault():
    """Where the bundle is, nothing is wrong."""
    assert bundle.load_bundle() is not None
    assert bundle.bundle_fault() == ""


def test_the_reason_of_the_build_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """If the bundle was not built, the fault holds the reason, and what remains of a bundle is not used."""
    monkeypatch.setattr(bundle, "FOLDER", tmp_path)
    for name in ("app.js", "app.css", "licenses.txt"):
        (tmp_path / name).write_text("old")
    (tmp_path / "unavailable.txt").write_text("npm ci failed: the npm registry could not be reached\n")
    assert bundle.load_bundle() is None
    fault = bundle.bundle_fault()
    assert "is not installed: npm ci failed: the npm registry could not be reached. Install" in fault


def test_missing_files_are_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A package without the bundle and without a reason says that the files are missing."""
    monkeypatch.setattr(bundle, "FOLDER", tmp_path / "nowhere")
    assert bundle.load_bundle() is None
    assert "its files are missing from the installed package" in bundle.bundle_fault()


@pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)
def test_the_page_holds_the_licences(tmp_path: Path):
    """The page carries the licences of what it contains, readable without a network."""
    folder = run_folder(tmp_path, [record("a", 1.0)])
    with Browser() as browser:
        open_run(browser, folder)
        inflated = browser.call(
            "Runtime.evaluate",
            expression="""(async () => {
                const data = Uint8Array.from(atob(document.getElementById("hl-licenses").textContent),
                    (character) => character.charCodeAt(0));
                const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
                return JSON.parse(await new Response(stream).text());
            })()""",
            awaitPromise=True,
            returnByValue=True,
        )["result"]["value"]
    assert re.search(r"^preact \d", inflated, flags=re.M)
    assert inflated == bundle.load_bundle().licenses
