"""`hiddenlayer init`: starter evals for those who installed from a wheel."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from ..errors import UsageError

HELP = "copy starter evals into a folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder."""
    parser.add_argument("folder", nargs="?", default=".", help="where evals/ is made (default: here)")


def run(arguments: argparse.Namespace) -> int:
    """Copy the starter evals; refuse to touch a folder that is there."""
    target = Path(arguments.folder) / "evals"
    if target.exists():
        raise UsageError(f"init: {target} is there already; name another folder: hiddenlayer init FOLDER")
    source = starters()
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "README.md", ".*"))
    files = sorted(p.name for p in target.iterdir() if p.suffix in (".yaml", ".py"))
    print(f"{target}: {len(files)} files: {', '.join(files)}")
    where = "" if arguments.folder == "." else f"cd {arguments.folder} && "
    print(f"Now run: {where}pytest evals -k debate --provider mlx")
    return 0


def starters() -> Path:
    """The starter evals: in the wheel beside the package's code, in a checkout at its top."""
    package = Path(__file__).parents[1]
    for folder in (package / "starters", package.parent / "evals"):
        if folder.is_dir():
            return folder
    raise UsageError("init: this installation holds no starter evals; install the wheel anew")
