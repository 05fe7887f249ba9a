"""Questions to a person in a terminal, or to a pipe that answers a line at a time."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..errors import UsageError


def read_line(prompt: str) -> str | None:
    """One line without its end and outer spaces; None at the end of input. Raises UsageError for what is no text."""
    try:
        said = input(prompt)
    except EOFError:
        print()
        return None
    except KeyboardInterrupt:
        print()
        raise
    except UnicodeDecodeError as error:
        raise UsageError(f"the input is no {error.encoding} text (byte {error.object[error.start]:#x})") from error
    if not sys.stdin.isatty():
        print()  # nobody typed the end of the line
    return said.strip()


def complete_by_tab(words: Sequence[str]) -> None:
    """Have Tab complete these words, where the terminal can."""
    if not sys.stdin.isatty():
        return
    try:
        import readline
    except ImportError:
        return
    readline.set_completer_delims("")
    readline.set_completer(lambda start, at: [*(w for w in words if w.startswith(start)), None][at])
    readline.parse_and_bind("tab: complete")


def rater_name(named: str | None, option: str) -> str:
    """The person's name: what they wrote, else their login name. Raises UsageError where there is neither."""
    try:
        name = (getpass.getuser() if named is None else named).strip()
    except (KeyError, ImportError, OSError):
        name = ""
    if not name:
        raise UsageError(f"{option}: a name is needed, to tell your answers from others'")
    return name


def relative_to_cwd(path: Path) -> Path:
    """The path as seen from here, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def utc_now() -> str:
    """The time in ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
