"""The files of a project that a host needs: what git would track, or what a folder without git holds.

A run sends all of them; a check compares those of a host's own copy that change answers.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ..errors import UsageError
from ..project import INI_FILES

MAX_BYTES = 200 * 2**20
"""Of all files together."""
MAX_FILES = 50_000
IGNORED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "env", "node_modules", "__pycache__", ".tox", ".nox", "dist", "build"}
    | {".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints", ".idea", ".vscode"}
)
"""Folders that are left out of a project without git."""
NO_TEST_DATA = (".md", ".rst", ".html", ".png", ".svg", ".pdf")
"""Files that are sent and not compared: documents and pictures change no answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectFile:
    """A file to send, or a link to something else in the project."""

    path: str  # from the root, with slashes
    source: Path
    size: int  # bytes; 0 for a link
    link: str | None = None  # what the link says, from its own folder

    @property
    def executable(self) -> bool:
        """Whether its owner may run it."""
        return os.access(self.source, os.X_OK)


def project_files(root: Path, *, reports: Path, extra: Iterable[Path] = ()) -> list[ProjectFile]:
    """The files below `root` that hosts need, and the `extra` ones, sorted.

    Runs in `reports`, files of secrets (`.env`) and what git ignores are left out. Raises UsageError if a link
    leads out of the project, or if the files are too many or too large.
    """
    root = root.resolve()
    found: dict[str, ProjectFile] = {}
    size = 0
    names, of_git = listed(root, reports)
    for name in chain(names, (path.resolve().relative_to(root).as_posix() for path in extra)):
        if name in found:
            continue
        if (file := _project_file(root, name)) is None:
            continue
        found[name] = file
        size += file.size
        if size > MAX_BYTES or len(found) > MAX_FILES:
            raise UsageError(_too_large(root, found.values(), ignored_by_git=of_git))
    return [found[name] for name in sorted(found)]


def compared_files(root: Path, paths: Sequence[Path] = (), *, reports: Path) -> list[str]:
    """Returns the files that hosts need and that change answers, sorted: those below `paths`, without any all.

    conftest.py and ini files above `paths` count too. Snapshots, documents and pictures do not.
    """
    wanted = [Path(os.path.relpath(path, root)).as_posix() for path in paths]
    return sorted(
        name
        for name in set(listed(root, reports)[0])
        if not (is_below(name, "snapshots") or name.lower().endswith(NO_TEST_DATA))
        and (not wanted or any(is_below(name, path) for path in wanted) or _configures(name, wanted))
        and (root / name).is_file()
    )


def listed(root: Path, reports: Path) -> tuple[Iterable[str], bool]:
    """Returns the names below the root that hosts may see, with slashes, and whether git named them.

    Runs in `reports`, files of secrets (`.env`) and what git ignores are left out.
    """
    of_git = _of_git(root)
    runs = Path(os.path.relpath(reports.resolve(), root.resolve())).as_posix()
    names = _walked(root) if of_git is None else of_git
    return (name for name in names if not (_is_secret(name) or is_below(name, runs))), of_git is not None


def is_below(name: str, folder: str) -> bool:
    """Whether a relative path is this folder or file, or lies in it."""
    return folder in (".", name) or name.startswith(folder + "/")


def _configures(name: str, wanted: Sequence[str]) -> bool:
    folder, _, base = name.rpartition("/")
    above = any(is_below(path, folder or ".") for path in wanted)
    return above and (base == "conftest.py" or (not folder and base in INI_FILES))


def _of_git(root: Path) -> list[str] | None:
    """Tracked files and those that git does not ignore; None without git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]


def _walked(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name for name in folders if name not in IGNORED_FOLDERS and not name.endswith(".egg-info")
        )
        here = Path(folder)
        linked = [name for name in folders if (here / name).is_symlink()]
        for name in (*files, *linked):
            if not name.endswith(".pyc"):
                yield (here / name).relative_to(root).as_posix()


def _is_secret(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last == ".env" or last.startswith(".env.")


def _project_file(root: Path, name: str) -> ProjectFile | None:
    """The file; None if it is no regular file, or was deleted. Raises UsageError for a link out of `root`."""
    path = root / name
    if path.is_symlink():
        target = path.resolve()
        if not target.is_relative_to(root):
            raise UsageError(
                f"{path} is a link to {target}, which is outside of the project's root {root}: hosts receive only "
                "the project; put a copy in its place, or add the link to .gitignore"
            )
        return ProjectFile(path=name, source=path, size=0, link=os.path.relpath(target, path.parent.resolve()))
    if not path.is_file():
        return None
    return ProjectFile(path=name, source=path, size=path.stat().st_size)


def _too_large(root: Path, files: Iterable[ProjectFile], *, ignored_by_git: bool) -> str:
    sizes: dict[str, int] = {}
    for file in files:
        top = file.path.partition("/")[0]
        sizes[top] = sizes.get(top, 0) + file.size
    largest = sorted(sizes, key=lambda top: -sizes[top])[:3]
    parts = ", ".join(f"{top} {sizes[top] / 2**20:,.0f} MB" for top in largest)
    how = "add what hosts do not need to .gitignore" if ignored_by_git else "make the project's folder a git checkout"
    return (
        f"hosts receive the project's files, and those below {root} exceed {MAX_BYTES >> 20} MB or {MAX_FILES:,} "
        f"files ({parts}, and more): {how}, or give each host a copy and name it with chdir=PATH in --tx"
    )
