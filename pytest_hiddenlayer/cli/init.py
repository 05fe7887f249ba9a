"""`hiddenlayer init`: starter evals, a pytest.ini and a .gitignore."""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

from ..errors import UsageError
from ..project import find_project

HELP = "create evals/ with starter task files, pytest.ini and .gitignore in a folder"
EPILOG = """examples:
  hiddenlayer init              in the current folder
  hiddenlayer init my-evals     in a new folder
"""
PYTEST_INI = """[pytest]
# Task files are collected below these folders.
eval_paths = evals
# Options of pytest-hiddenlayer have the ini keys hl_NAME, for example:
# hl_provider = mlx
# hl_budget = 5
"""
GITIGNORE = """# pytest-hiddenlayer: runs stay on this machine; commit evals/ and snapshots/
/reports/
__pycache__/
.pytest_cache/
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder."""
    parser.add_argument(
        "folder", nargs="?", metavar="FOLDER", default=".", help="folder to set up (default: the current one)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Copy the starter evals, write pytest.ini and .gitignore unless they exist, and print the next steps."""
    folder = Path(arguments.folder)
    evals = folder / "evals"
    if evals.exists():
        raise UsageError(f"init: {evals} exists already; name another folder: hiddenlayer init FOLDER")
    shutil.copytree(starters(), evals, ignore=shutil.ignore_patterns("__pycache__", "README.md", ".*"))
    files = sorted(path.name for path in evals.iterdir() if path.suffix in (".yaml", ".py"))
    print(f"{evals}: {len(files)} files: {', '.join(files)}")
    print(_write_ini(folder))
    print(_write_new(folder / ".gitignore", GITIGNORE))
    _print_next_steps(folder)
    return 0


def _write_ini(folder: Path) -> str:
    """Write pytest.ini, unless pytest is configured for the folder already: it would replace that configuration."""
    ini_file = find_project(folder.resolve()).ini_file
    if ini_file is not None:
        return f"{ini_file}: configures pytest already, so no pytest.ini is written"
    return _write_new(folder / "pytest.ini", PYTEST_INI)


def _write_new(path: Path, text: str) -> str:
    """Write a file unless it exists; says which."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return f"{path}: exists already, left as it is"
    return f"{path}: written"


def _print_next_steps(folder: Path) -> None:
    here = os.path.samefile(folder, ".")
    steps = (
        ("debates of the bundled model, in a minute", "pytest evals -k debate --provider mlx"),
        ("commit what it scores, as a baseline", "pytest evals --snapshot-update"),
        ("compare from then on", "pytest evals"),
        ("which providers work here", "hiddenlayer doctor"),
    )
    print("Next:" if here else f"Next, after `cd {folder}`:")
    for what, command in steps:
        print(f"  {command:<40} # {what}")


def starters() -> Path:
    """The starter evals: in the wheel inside the package, in a checkout at its top. Raises UsageError."""
    package = Path(__file__).parents[1]
    for folder in (package / "starters", package.parent / "evals"):
        if folder.is_dir():
            return folder
    raise UsageError("init: this installation holds no starter evals; install the wheel again")
