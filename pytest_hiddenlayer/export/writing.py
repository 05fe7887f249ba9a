"""Where an export goes: a file or a folder, never over one that exists unless that is forced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import UsageError
from ..io.atomic import replacing
from ..io.writable import reason


def write_file(path: Path, content: str | bytes, *, force: bool) -> Path:
    """Write one file, creating its folder, and return its path. A lone surrogate becomes its escape.

    Raises UsageError if it exists and `force` is not set, or if it cannot be written.
    """
    check_target(path, force=force)
    data = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")

    def write() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(data)

    attempt(path, write)
    return path


def check_target(path: Path, *, force: bool) -> None:
    """Raise UsageError if a file is to be written where a folder is, or one that exists, without `force`."""
    if path.is_dir():
        raise UsageError(f"--output {path}: is a folder; write the name of a file in it")
    if path.exists() and not force:
        raise UsageError(f"--output {path}: exists already; choose another name, or replace it with --force")


def attempt(path: Path, write: Callable[[], None]) -> None:
    """Run `write`. Raises UsageError if the system refuses it."""
    try:
        write()
    except OSError as error:
        raise UsageError(
            f"--output {path}: cannot be written: {reason(error)}; choose another place or free space"
        ) from error
