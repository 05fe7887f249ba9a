"""The project's root and ini file are found as pytest finds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.project import find_project


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder three levels down, with nothing that marks a root."""
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    return folder


def test_without_any_mark_the_current_folder_is_the_root(here):
    """Nothing above the temporary folder is taken for a project."""
    assert find_project(here).root == here


@pytest.mark.parametrize("marker", ["snapshots", ".git", "pyproject.toml"])
def test_the_nearest_marked_folder_is_the_root(here, marker):
    """A folder with snapshots/, .git or pyproject.toml is found from below."""
    (here.parent / marker).mkdir()
    (here.parent.parent / "snapshots").mkdir()
    assert find_project(here).root == here.parent


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\nhl_epochs = 3\n"),
        (".pytest.ini", "[pytest]\nhl_epochs = 3\n"),
        ("pytest.toml", "[pytest]\nhl_epochs = '3'\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\nhl_epochs = '3'\n"),
        ("pyproject.toml", "[tool.pytest]\nhl_epochs = '3'\n"),
        ("tox.ini", "[pytest]\nhl_epochs = 3\n"),
        ("setup.cfg", "[tool:pytest]\nhl_epochs = 3\n"),
    ],
)
def test_the_folder_of_the_ini_file_is_the_root(here, name, text):
    """Every file that pytest reads is read, and wins over a nearer marked folder."""
    (here.parent.parent / name).write_text(text)
    (here.parent / "snapshots").mkdir()
    project = find_project(here)
    assert (project.root, project.ini["hl_epochs"]) == (here.parent.parent, "3")
    assert project.ini_trusted


@pytest.mark.parametrize(("name", "text"), [("tox.ini", "[tox]\n"), ("setup.cfg", "[metadata]\n")])
def test_a_file_without_a_section_for_pytest_is_no_ini_file(here, name, text):
    """Files of other tools do not make a root."""
    (here.parent / name).write_text(text)
    assert find_project(here).root == here


def test_an_ini_file_below_the_current_folder_is_not_trusted(here):
    """`hiddenlayer run evals` takes evals/pytest.ini, as pytest does, but does not trust it."""
    (here / "evals").mkdir()
    (here / "evals" / "pytest.ini").write_text("[pytest]\n")
    project = find_project(here, [Path("evals")])
    assert (project.root, project.ini_trusted) == (here / "evals", False)


def test_a_broken_ini_file_is_a_usage_error(here):
    """The error for a malformed ini file names the file and says what to do."""
    (here / "pytest.ini").write_text("hl_epochs = 3\n")
    with pytest.raises(UsageError, match=r"pytest\.ini: cannot read .*correct the file"):
        find_project(here)
