"""The documents hold: links resolve, Python blocks import public names only, and the README's code runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import pytest_hiddenlayer

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md")])
GUIDES = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]


def blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), flags=re.M | re.S)


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


def test_the_code_of_the_readme_runs(folder):
    """The first task, the conftest with a strategy, a scorer and a provider, the test module and the script."""
    (task,) = blocks(ROOT / "README.md", "yaml")
    conftest, own_provider, module, script = blocks(ROOT / "README.md", "python")
    folder.write("evals/capitals.yaml", task)
    folder.write("conftest.py", conftest + own_provider)
    folder.task("echo", samples=[{"id": "a", "input": "Say Polly.", "target": "Polly"}], scorers=["keyword"])
    folder.task("arithmetic")
    folder.replies()
    folder.write("evals/test_twice.py", f"import pytest\n\n\n{module}")
    twice = folder.run("evals/test_twice.py")
    twice.assert_outcomes(passed=2)
    own = folder.run("evals/arithmetic.yaml", "--strategy", "ask_twice:hint=Sure?", "--hl-gate=off")
    own.assert_outcomes(passed=3)
    echo = folder.run("evals/echo.yaml", "--hl-gate=off", provider="parrot:green")
    echo.assert_outcomes(passed=1)
    echo.stdout.fnmatch_lines(["echo*single*parrot:green*1/1*"])
    printed = folder.script(script)
    assert printed.ret == 0, printed.errlines
    assert printed.outlines[-1].startswith(("0 [('capitals', ", "1 [('capitals', "))
