"""Where task files are looked for without pytest: the given paths, `eval_paths` of the ini file, or `evals`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from ..errors import UsageError
from ..project import Project
from ..taskfile import is_collected, is_nearly_task_file
from ..taskfile.detect import SUFFIXES

NOT_SEARCHED = ("build", "dist", "node_modules", "venv", "__pycache__", "CVS", "_darcs")
"""Folders that are not searched for task files, like those whose name starts with a dot."""


def eval_paths(project: Project, paths: Sequence[Path]) -> list[Path]:
    """Absolute paths: those given, else `eval_paths` of the ini file, else `evals` in the root.

    Raises UsageError for a path that does not exist.
    """
    if paths:
        chosen = [project.cwd / path for path in paths]
    else:
        written = project.ini.get("eval_paths") or "evals"
        names = written if isinstance(written, list) else str(written).split()
        chosen = [project.root / name for name in names]
    for path in chosen:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder; name a task file or a folder of task files")
    return chosen


def find_task_files(paths: Sequence[Path]) -> list[Path]:
    """The task files among and below `paths`, each once, sorted below each path.

    Raises UsageError for a named file that is neither a task file nor nearly one.
    """
    files = chain.from_iterable([path] if _is_named(path) else sorted(_files(path)) for path in paths)
    return list(dict.fromkeys(path for path in files if path in paths or is_collected(path)))


def hints(paths: Sequence[Path]) -> list[str]:
    """A sentence for each file below the folders among `paths` that is nearly a task file."""
    folders = [path for path in paths if path.is_dir()]
    files = chain.from_iterable(sorted(_files(folder)) for folder in folders)
    return [ignored_message(path) for path in dict.fromkeys(files) if is_nearly_task_file(path)]


def ignored_message(path: Path) -> str:
    """Why a file that is nearly a task file is ignored."""
    return f"{path.name} is ignored: it has no top-level key `task:`, which every task file has"


def _is_named(path: Path) -> bool:
    if path.is_file() and not (is_collected(path) or path.suffix.lower() in SUFFIXES):
        raise UsageError(
            f"{path}: is not a task file; name a YAML or JSON file with a top-level key `task:`, or a folder"
        )
    return path.is_file()


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_file():
            yield path
        elif path.is_dir() and not (path.name.startswith(".") or path.name in NOT_SEARCHED):
            yield from _files(path)
