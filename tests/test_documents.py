"""The documents hold: links resolve, Python imports public names only, and code runs and prints what they show."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest
from support.document_pages import LANGUAGES, run_page
from support.document_pages import blocks as page_blocks

import pytest_hiddenlayer
from pytest_hiddenlayer.cli import command_parser
from pytest_hiddenlayer.option_table import OPTIONS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")])
DOCS = ROOT / "docs"
RUN = [ROOT / "README.md", DOCS / "setup.md", DOCS / "quickstart.md", *sorted((DOCS / "guides").glob("*.md"))]
FAST = {"README.md", "provider.md", "scorer.md", "tool.md"}  # the others run the bundled model many times
GUIDES = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]


def blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), flags=re.M | re.S)


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.*)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def hiddenlayer_commands(path: Path) -> list[list[str]]:
    """The words of every command line of the console blocks, without placeholders in brackets."""
    lines = [line for block in page_blocks(path) if block.language == "console" for line in block.text.splitlines()]
    commands = [re.sub(r"\s+(#|>|\| |&).*$", "", line[2:]) for line in lines if line.startswith("$ hiddenlayer ")]
    return [shlex.split(command)[1:] for command in commands if "..." not in command]


def public_imports(code: str) -> set[str]:
    """Names that a block takes from the package, by import or as attributes of its alias; raises for a submodule."""
    names: set[str] = set()
    aliases: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pytest_hiddenlayer"):
            assert node.module == "pytest_hiddenlayer", f"{node.module} is private"
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                assert not alias.name.startswith("pytest_hiddenlayer."), f"{alias.name} is private"
                if alias.name == "pytest_hiddenlayer":
                    aliases.add(alias.asname or alias.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            names.add(node.attr)
    return names


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_resolve(path):
    """Every relative link of a document names a file or folder of the repository."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    relative = [link for link in links if link and "://" not in link and not link.startswith("mailto:")]
    assert not [link for link in relative if not (path.parent / link).exists()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_anchors_resolve(path):
    """Every `#anchor` of a link to a document is one of its headings, as GitHub names them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target, _, anchor in (link.partition("#") for link in re.findall(r"\]\(([^)\s]+#[^)\s]+)\)", text)):
        if "://" not in target and (not target or target.endswith(".md")):
            assert anchor in anchors(path.parent / target if target else path), f"{target}#{anchor}"


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_import_public_names_only(path):
    """What a document imports is in `__all__`."""
    for code in blocks(path, "python"):
        assert public_imports(code) <= set(pytest_hiddenlayer.__all__)


def test_public_names_are_listed_and_importable():
    """`dir(pytest_hiddenlayer)` lists every public name, and each can be imported."""
    assert set(pytest_hiddenlayer.__all__) <= set(dir(pytest_hiddenlayer))
    assert all(getattr(pytest_hiddenlayer, name) is not None for name in pytest_hiddenlayer.__all__)


PYTHON_BLOCKS = [
    pytest.param(code, id=f"{name}-{number}")
    for name in ("python", "export")
    for number, code in enumerate(blocks(ROOT / "docs" / f"{name}.md", "python"))
]


@pytest.mark.parametrize("code", PYTHON_BLOCKS)
def test_the_code_of_the_python_pages_runs(folder, code):
    """Each block runs by itself, with the bundled model, in a project with the task that it names."""
    samples = [{"id": str(i), "input": f"Calculate {i}+2.", "target": str(i + 2)} for i in range(6)]
    folder.task("sums", samples=samples, scorers=["numeric"])
    printed = folder.script(code)
    assert printed.ret == 0, printed.errlines


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=() if page.name in FAST else pytest.mark.slow) for page in RUN],
    ids=[str(page.relative_to(ROOT)) for page in RUN],
)
def test_the_code_of_a_page_runs_and_prints_what_it_shows(page, folder):
    """The blocks of a page run one after another in an empty project and print what the page shows."""
    folder.write("pytest.ini", "[pytest]\n")
    assert run_page(page, folder) > 0


@pytest.mark.parametrize("page", [*RUN, ROOT / "docs" / "python.md"], ids=lambda page: str(page.relative_to(ROOT)))
def test_a_block_that_does_not_run_says_why(page):
    """Each block has a language that the tests know, and one that is not run names what it needs."""
    for block in page_blocks(page):
        assert block.language in LANGUAGES, block.text
        if "not run" in block.text.partition("\n")[0]:
            assert block.not_run, block.text


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_have_the_options_that_documents_write(path):
    """Every `hiddenlayer` command of a document parses, and every `--hl-NAME` is an option."""
    for words in hiddenlayer_commands(path):
        try:
            _, unknown = command_parser().parse_known_args(words)
        except SystemExit:
            pytest.fail(f"{path.name}: hiddenlayer {shlex.join(words)}")
        assert not unknown, words
    known = {f"--hl-{option.name}" for option in OPTIONS}
    assert set(re.findall(r"--hl-[a-z]+(?:-[a-z]+)*", path.read_text(encoding="utf-8"))) <= known


def test_every_first_question_has_a_short_answer_with_a_link():
    """docs/questions.md has at least twenty questions, each with an answer of one line and a link."""
    text = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"][
        2:
    ]
    assert len(rows) >= 20
    for question, answer, more in rows:
        assert question.endswith("?")
        assert 0 < len(answer) <= 120, answer
        assert re.fullmatch(r"\[[^]]+\]\([^)]+\)(, \[[^]]+\]\([^)]+\))*", more), more


def test_every_page_that_a_document_links_to_is_in_the_site_s_navigation():
    """`make docs` refuses a page that its navigation lacks, such as the README of another folder."""
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    links = {
        (page.parent / link).resolve()
        for page in pages
        for link in re.findall(r"\]\(([^)#\s:]+\.md)", page.read_text())
    }
    outside = {link for link in links if not link.is_relative_to(ROOT / "docs")} - {ROOT / "README.md"}
    missing = [path for link in outside if (path := link.relative_to(ROOT).as_posix()) not in navigation]
    assert missing == []
