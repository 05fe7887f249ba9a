"""Paths that lead out of a project by a symbolic link."""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError


def check_inside(path: Path, root: Path, *, instead: str = "") -> None:
    """Raise UsageError if a path below `root`, to be written, leads out of it by a symbolic link.

    A path that does not begin with `root` is the user's choice. `instead` is what to do besides removing the link.
    """
    if leads_outside(path, root):
        raise UsageError(
            f"{path}: a symbolic link leads out of the project {root}, to {_target(path)}. "
            f"Nothing was written; remove the link{instead}"
        )


def leads_outside(path: Path, root: Path) -> bool:
    """Whether a path below `root` leads out of it by a symbolic link; a path elsewhere is the user's choice."""
    return path.absolute().is_relative_to(root.absolute()) and not is_inside(path, root)


def is_inside(path: Path, root: Path) -> bool:
    """Whether a path, which need not exist, is `root` or below it once all links are followed."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (RuntimeError, OSError):  # a loop of links, before Python 3.13
        return False


def _target(path: Path) -> str:
    try:
        return str(path.resolve())
    except (RuntimeError, OSError):
        return "itself"
