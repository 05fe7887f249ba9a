"""`make docs`: the site builds without a warning, loads nothing from other servers, and its reference is complete."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_hiddenlayer
from pytest_hiddenlayer.registry import providers, scorers, strategies

ROOT = Path(__file__).parents[1]
NEEDS_MKDOCS = "needs MkDocs: pip install 'pytest-hiddenlayer[docs]'"
RESOURCE = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\bsrc=[\"']?(https?:)?//|<object\b", re.I
)
STYLE = re.compile(r"<link\b(?![^>]*rel=[\"']?canonical)[^>]*href=[\"']?(?:https?:)?//", re.IGNORECASE)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; proxies that do not exist make any request fail."""
    pytest.importorskip("material", reason=NEEDS_MKDOCS)
    pytest.importorskip("mkdocstrings", reason=NEEDS_MKDOCS)
    folder = tmp_path_factory.mktemp("site")
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    environment = {**os.environ, **nowhere, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def text_of(page: Path) -> str:
    """A page's text, without tags."""
    return html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))


def test_no_page_loads_anything_from_another_server(site):
    """Pages and styles of the site name no script, style, font or picture of another server."""
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        if page.name == "report.html" and "repository" in page.parts:
            continue  # a sample report, whose own tests check this
        content = page.read_text(encoding="utf-8")
        assert not RESOURCE.search(content), page
        assert not STYLE.search(content), page
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:)?//|@import", style.read_text(encoding="utf-8")), style


def test_every_link_between_pages_leads_to_a_file_of_the_site(site):
    """Links that lead to files outside of docs/ in the repository lead to their copies on the site."""
    for page in site.rglob("*.html"):
        if "repository/reports" in page.as_posix() or page.name == "404.html":
            continue
        for link in re.findall(r"<a [^>]*?href=\"?([^\s\">]+)", page.read_text(encoding="utf-8")):
            path = html.unescape(link).partition("#")[0]
            if path and not re.match(r"[a-z]+:", path):
                assert (page.parent / path).exists(), f"{page.relative_to(site)}: {link}"


def test_the_reference_lists_every_public_name(site):
    """Each name of `__all__` has a heading in the reference, and its docstring where it has one."""
    page = (site / "reference" / "python.html").read_text(encoding="utf-8")
    names = set(pytest_hiddenlayer.__all__) - {"__version__"}
    assert {name for name in names if f'id="pytest_hiddenlayer.{name}"' not in page} == set()
    assert "Return a strategy's answer to one question." in text_of(site / "reference" / "python.html")


@pytest.mark.parametrize("registry", [strategies, scorers, providers], ids=["strategies", "scorers", "providers"])
def test_the_reference_lists_every_built_in(site, registry):
    """Each built-in strategy, scorer and provider has a heading."""
    page = (site / "reference" / f"{registry.group.partition('.')[2]}.html").read_text(encoding="utf-8")
    for name in registry.names():
        if registry.get(name).__module__.startswith("pytest_hiddenlayer."):
            assert f'<h2 id="{name}">' in page, name


def test_the_reference_shows_parameters_with_their_defaults(site):
    """The parameters of `debate` are in its table, with range and default."""
    text = re.sub(r"\s+", " ", text_of(site / "reference" / "strategies.html"))
    assert "n_agents Annotated[int, Range(2, 1000)] 3" in text
    assert "Returns the judge's completion" in text
