"""Output of the command on a terminal, in a pipe or in a CI log.

What is printed may contain text of models, servers and untrusted files: it is escaped here.
A character that the output's encoding lacks is written in ASCII.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO

from ..terminal_escape import coloured, visible

_CI = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "TEAMCITY_VERSION", "JENKINS_URL", "BUILDKITE")
"""Variables by which CI servers say that they run a job."""
_ASCII = {
    "→": "->",
    "←": "<-",
    "±": "+/-",
    "█": "#",
    "│": "|",
    "…": "...",
    "–": "-",
    "—": "-",
    "−": "-",
    "≤": "<=",
    "≥": ">=",
    "×": "x",
    "·": ".",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
}


class SafeOutput:
    """A text stream that escapes what would steer a terminal, and that never fails for its encoding."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write the text, escaped; colours are kept on a terminal. Returns the length of the given text."""
        safe = coloured(text) if self.stream.isatty() else visible(text)
        self.stream.write(encodable(safe, self.stream.encoding))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def safe_output() -> Iterator[None]:
    """Write everything that is printed in this block through `SafeOutput`."""
    with redirect_stdout(SafeOutput(sys.stdout)), redirect_stderr(SafeOutput(sys.stderr)):
        yield


def print_file(text: str) -> None:
    """Print the content of a file, such as CSV: into a pipe or a file it is written as it is.

    A pipe of a CI job is its log, which people read and the CI server obeys: there it is escaped.
    """
    out = sys.stdout
    if isinstance(out, SafeOutput) and not out.isatty() and not _is_log(out.stream):
        out.stream.write(encodable(text, out.stream.encoding))
    else:
        out.write(text)


def _is_log(stream: TextIO) -> bool:
    """Whether what is written may be the log of a CI job: anything but a file."""
    if not any(os.environ.get(name) for name in _CI):
        return False
    try:
        return not stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):  # in memory
        return False


def encodable(text: str, encoding: str | None) -> str:
    """The text with ASCII in place of the characters that the encoding lacks: `->` for an arrow, else an escape."""
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return "".join(_in_encoding(character, encoding or "utf-8") for character in text)
    except LookupError:
        return text.encode("ascii", "backslashreplace").decode("ascii")
    return text


def _in_encoding(character: str, encoding: str) -> str:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return _ASCII.get(character) or character.encode("ascii", "backslashreplace").decode("ascii")
    return character
