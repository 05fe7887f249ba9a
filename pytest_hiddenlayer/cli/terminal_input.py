"""Reads a person's answers from a terminal, or from a pipe with one answer per line."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..errors import UsageError
from ..terminal_escape import visible


def read_line(prompt: str) -> str | None:
    """One line, stripped; None at the end of input. Raises UsageError if the input cannot be decoded."""
    try:
        line = input(visible(prompt))
    except EOFError:
        print()
        return None
    except KeyboardInterrupt:
        print()
        raise
    except UnicodeDecodeError as error:
        byte = f"{error.object[error.start]:#x}"
        raise UsageError(f"cannot decode the input as {error.encoding}: byte {byte}. Type or pipe text") from error
    if not sys.stdin.isatty():
        print()  # a pipe does not echo the line end that a person would have typed
    return line.strip()


def complete_by_tab(words: Sequence[str]) -> None:
    """Complete these words on Tab, if the terminal supports it."""
    if not sys.stdin.isatty():
        return
    try:
        import readline
    except ImportError:
        return
    readline.set_completer_delims("")
    readline.set_completer(lambda prefix, index: [*(word for word in words if word.startswith(prefix)), None][index])
    readline.parse_and_bind("tab: complete")


def rater_name(name: str | None, option: str) -> str:
    """The given name, or else the login name. Raises UsageError, naming `option`, if there is neither."""
    try:
        rater = (getpass.getuser() if name is None else name).strip()
    except (KeyError, ImportError, OSError):
        rater = ""
    if not rater:
        raise UsageError(f"{option}: a name is needed, to keep your answers apart from others'")
    return rater


def relative_to_cwd(path: Path) -> Path:
    """The path relative to the current folder if it lies below it, else the path itself."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def utc_now() -> str:
    """The current time in ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
