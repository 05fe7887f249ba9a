"""The plugin prints nothing if no eval runs."""

from __future__ import annotations

OURS = {"yaml", "jinja2", "pydantic", "scipy", "numpy", "mlx", "rich"}

TELLS = """
import pathlib, sys


def pytest_unconfigure(config):
    pathlib.Path("modules.txt").write_text("\\n".join(sorted(sys.modules)))
"""


def test_prints_and_creates_nothing(folder):
    """In a session without evals the plugin prints nothing and creates nothing."""
    folder.write("test_plain.py", "def test_plain(): pass\n")
    result = folder.plain()
    result.assert_outcomes(passed=1)
    told = [line for line in result.outlines if not line.startswith("plugins:")]
    assert "hiddenlayer" not in "\n".join(told)
    assert "eval" not in "\n".join(told)
    assert folder.files() == ["test_plain.py"]


def test_task_files_that_are_not_selected_are_ignored(sums):
    """A run of one test module collects no task files of evals/, and creates nothing."""
    sums.write("test_plain.py", "def test_plain(): pass\n")
    before = sums.files()
    result = sums.plain("test_plain.py")
    result.assert_outcomes(passed=1)
    assert sums.files() == before


def test_imports_nothing_heavy(folder):
    """Without task files, `pytest --co -q` imports no YAML, template, model or numeric library."""
    folder.write("test_plain.py", "def test_plain(): pass\n")
    folder.write("conftest.py", TELLS)
    with_us = _imported(folder)
    assert "pytest_hiddenlayer" in with_us
    heavy = with_us & OURS
    assert not heavy or heavy <= _imported(folder, "-p", "no:hiddenlayer")


def _imported(folder, *options):
    folder.plain("--co", "-q", *options, fresh=True)
    return {name.split(".")[0] for name in (folder.path / "modules.txt").read_text().splitlines()}
