"""Addresses, huge texts, questions, notebooks and pictures: what pages take and show is text, and nothing runs."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from support.browser import CHROMIUM, Browser
from support.hostile_runs import hostile_run
from support.inert_pages import InertPage, use
from support.labelling import pair, session
from support.page_payloads import PAYLOADS
from support.records import record
from support.report_pages import open_page, run_folder
from support.requirements import NEEDS_CHROMIUM, NEEDS_MATPLOTLIB
from support.trust_runs import rich_run
from support.trust_scale import times

import pytest_hiddenlayer
from pytest_hiddenlayer import compare_runs, load_run, plot_scores
from pytest_hiddenlayer.analysis.annotation.label_page import question_page
from pytest_hiddenlayer.interface.outcomes import StrategyResult
from pytest_hiddenlayer.report.page.bundle import load_bundle
from pytest_hiddenlayer.report.page.page_writer import content_security_policy
from pytest_hiddenlayer.report.page.run_page import write_run_page

pytestmark = [
    pytest.mark.usefixtures("quiet"),
    pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM),
    pytest.mark.skipif(load_bundle() is None, reason="the page's program is not built: `make web`"),
]
ADDRESSES = (
    "tab={}", "tab=samples&sample={}", "tab=samples&q={}", "tab=samples&f=is%20{}%0A{}", "tab=samples&f={}",
    "tab=samples&sort={}", "tab=samples&columns={}", "o.cell={}", "o.{}={}", "tab=run&compared={}&call={}", "{}",
    "tab=samples&sample={}&compared={}&call=-1e9", "tab=changes&o.cells={}", "{}={}",
)  # fmt: skip
"""Hashes of the page of a run, with places for a payload."""


@pytest.mark.slow
def test_no_address_of_a_page_runs(browser: Browser, tmp_path: Path):
    """Whatever the hash of the address holds, encoded or not, the page shows it as text or ignores it."""
    open_page(browser, write_run_page(rich_run(tmp_path)))
    page = InertPage(browser)
    for number, payload in enumerate(PAYLOADS[:: times(20, 1)]):
        payload = payload[:2000].encode("utf-8", "replace").decode()
        for place in ADDRESSES[number % 5 :: 5]:
            page.go("#" + place.replace("{}", quote(payload, safe="")))
        page.look()
        page.go("#" + re.sub(r"\s", "", payload))
        page.look()
    page.go("#tab=overview")
    assert browser.evaluate("document.querySelectorAll('main').length") == 1


@pytest.mark.slow
def test_no_address_breaks_a_page_that_opens_with_it(browser: Browser, tmp_path: Path):
    """A page that is opened with a hostile address is the page of the run."""
    path = write_run_page(rich_run(tmp_path))
    for payload in ("<img src=x onerror=ran=1>", "__proto__", "%", "%zz", "\u202e", "x" * 50_000):
        open_page(
            browser, path, f"#tab=samples&sample={quote(payload)}&f=is%20{quote(payload)}%0Ax&o.{quote(payload)}=1"
        )
        InertPage(browser).look()
        open_page(browser, path, f"#{payload}")
        InertPage(browser).look()


def test_the_policy_allows_the_program_only():
    """Scripts and styles are allowed by their hashes only, requests, frames, forms and a base by nothing."""
    bundle = load_bundle()
    assert bundle is not None
    parts = [part.split() for part in content_security_policy(bundle, "b{}").split(";")]
    policy = {name: values for name, *values in parts}
    assert policy["default-src"] == policy["connect-src"] == policy["object-src"] == policy["frame-src"] == ["'none'"]
    assert policy["base-uri"] == policy["form-action"] == ["'none'"]
    assert policy["img-src"] == ["data:"]
    assert all(
        re.fullmatch("'sha256-[A-Za-z0-9+/]{43}='", value) for value in policy["script-src"] + policy["style-src"]
    )
    assert len(policy["script-src"]) == 1


def test_the_policy_stands_before_everything_else(tmp_path: Path):
    """No text of a run comes before the policy in its page."""
    folder, _ = hostile_run(tmp_path)
    head = write_run_page(folder).read_bytes()[:2000].decode("utf-8", "replace")
    before = head[: head.index("Content-Security-Policy")]
    assert len(before) < 300
    assert "ran=1" not in before


@pytest.mark.slow
def test_a_text_of_ten_megabytes_is_shown(browser: Browser, tmp_path: Path):
    """Prompts and answers of 10 MB of markup do not break the page, and are no markup in it."""
    unit = "<img src=x onerror=ran=1></script><!--\u202e&lt;"
    long = unit * (10_000_000 // len(unit))
    records = [record("long", 1.0, output=long), record("short", 0.0, output="no", input=long, target=long)]
    open_page(browser, write_run_page(run_folder(tmp_path, records)))
    use(InertPage(browser), 2, menus=False, buttons=False)


def check_markup(browser: Browser, path: Path, html: str) -> InertPage:
    """Open a page of these parts, and look at it."""
    path.write_bytes(f"<!doctype html><meta charset=utf-8>{html}".encode("utf-8", "backslashreplace"))
    browser.open(path.as_uri())
    page = InertPage(browser)
    page.unfold()
    page.look()
    return page


def test_nothing_runs_in_a_question(browser: Browser, tmp_path: Path):
    """With a payload as question, answers, rater and note, the page of `hiddenlayer label` shows texts."""
    for number, payload in enumerate(PAYLOADS[:: times(40, 1)]):
        asked = pair(outputs=(payload, f"{payload}2"))
        asked = replace(asked, a=replace(asked.a, record=replace(asked.a.record, input=payload)))
        html = question_page(session(tmp_path / f"{number}.jsonl", asked), "0123")
        body = re.sub("<script nonce.*?</script>|<style nonce.*?</style>", "", html, flags=re.DOTALL)
        assert len(body) < len(html)
        body = re.sub("</?form.*?>|<meta .*?>", "", body)  # its own; the page has a policy for those of others
        page = check_markup(browser, tmp_path / "question.html", body)
        assert not page.missing([payload]) or not payload.strip()


def test_nothing_runs_in_notebooks(browser: Browser, tmp_path: Path):
    """What notebooks show of runs, comparisons, answers and registries holds texts only."""
    for start in range(0, len(PAYLOADS), times(100, 13)):
        folders = [hostile_run(tmp_path / f"{start}-{side}", start)[0] for side in (0, 1)]
        runs = [load_run(folder) for folder in folders]
        whole = next(
            one for one in runs[0].records if one.transcript and all("role" in call for call in one.transcript)
        )
        result = StrategyResult(record=replace(whole, output=PAYLOADS[start], error=PAYLOADS[start - 1]))
        registry = pytest_hiddenlayer.SCORERS
        shown = [*runs, compare_runs(*folders), result, registry]
        page = check_markup(browser, tmp_path / "notebook.html", "".join(one._repr_html_() for one in shown))
        assert len(page.texts[0]) > 1000


def test_every_html_of_a_notebook_is_made_by_an_escaping_template():
    """Each `_repr_html_` renders a template with autoescape, and no template marks a value as safe."""
    package = Path(pytest_hiddenlayer.__file__).parent
    for path in package.rglob("*.jinja"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe|autoescape|=\{\{", text), path
    trusted = {"report/page/page_writer.py", "report/live/live_page.py"}  # the program, and sections in ASCII
    marked = [path.relative_to(package).as_posix() for path in package.rglob("*.py") if "Markup(" in path.read_text()]
    assert set(marked) <= trusted
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "def _repr_html_" in text:
            assert "load_template" in text, path


@pytest.mark.filterwarnings("ignore::UserWarning")  # of matplotlib: no room for the name, no glyph
def test_pictures_of_runs_hold_texts_only():
    """An SVG of a hostile run has shapes and texts: no script, link, handler, style of others or address."""
    pytest.importorskip("matplotlib", reason=NEEDS_MATPLOTLIB)
    cell = {
        "task": "t",
        "label": "l",
        "strategy": "s",
        "provider": "p",
        "model": "m",
        "slug": "m",
        "n": 3,
        "score": 0.5,
    }
    for payload in PAYLOADS[:: times(40, 3)]:
        named = dict.fromkeys(("task", "label", "provider", "model", "slug"), payload[:500])
        run = SimpleNamespace(
            run_id=payload[:100], name=None, records=[], cells=[{**cell, **named, "ci95": [0.2, 0.8]}]
        )
        picture = BytesIO()
        plot_scores(run).savefig(picture, format="svg")
        root = ElementTree.fromstring(picture.getvalue())
        tags = {element.tag.partition("}")[2] for element in root.iter()}
        assert not tags & {"script", "a", "image", "foreignObject", "set", "animate", "iframe"}, payload
        names = {name.rpartition("}")[2] for element in root.iter() for name in element.attrib}
        assert not any(name.startswith("on") for name in names), payload
        links = {value for element in root.iter() for name, value in element.attrib.items() if name.endswith("href")}
        assert all(link.startswith("#") for link in links), payload
