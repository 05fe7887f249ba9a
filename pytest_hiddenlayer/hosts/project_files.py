"""The files of a project that a host needs: what git tracks or would track, else all outside of hidden folders."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ..project import INI_FILES

NO_TEST_DATA = (".md", ".rst", ".html", ".png", ".svg", ".pdf", ".pyc")
LEFT_OUT = {"__pycache__", "node_modules", "venv", "build", "dist"}


def project_files(root: Path, paths: Sequence[Path] = (), *, leave_out: Path) -> list[str]:
    """Returns the files below `paths` (without any: all), relative to the root and sorted.

    conftest.py and ini files above `paths` count too. Documents, pictures, snapshots and what lies in `leave_out`
    (the folder of runs) change no answer and are left out.
    """
    listed = _tracked(root)
    names = listed if listed is not None else _walked(root)
    excluded = [os.path.relpath(leave_out, root), "snapshots"]
    wanted = [os.path.relpath(path, root) for path in paths]
    return sorted(
        name
        for name in set(names)
        if not any(is_below(name, folder) for folder in excluded)
        and not name.lower().endswith(NO_TEST_DATA)
        and (not wanted or any(is_below(name, path) for path in wanted) or _configures(name, wanted))
        and (root / name).is_file()
    )


def is_below(name: str, folder: str) -> bool:
    """Whether a relative path is this folder or file, or lies in it."""
    return folder in (".", name) or name.startswith(folder + os.sep)


def _configures(name: str, wanted: Sequence[str]) -> bool:
    folder, base = os.path.split(name)
    above = any(is_below(path, folder or ".") for path in wanted)
    return above and (base == "conftest.py" or (not folder and base in INI_FILES))


def _tracked(root: Path) -> list[str] | None:
    """What git tracks, or would track, below the root; None: this is no git checkout."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        found = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    names = os.fsdecode(found.stdout).split("\0")
    return [name for name in names if name] if found.returncode == 0 else None


def _walked(root: Path) -> list[str]:
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in LEFT_OUT and not name.startswith(".")]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return found
