"""Runs the code of a document in one folder, block by block, and compares what it prints with what the page shows.

- A block whose first line is `# PATH` or `{# PATH #}` is written to that file, without this line.
- A `console` block runs its `$` lines. The lines below a command must occur in its output in this order; `...` and
  empty lines are skipped. Numbers that differ from run to run (times, run ids) and widths of columns do not matter.
  `# exits with N` behind a command states its exit status, which is 0 otherwise.
- Any other `python` block runs as a script.
- A block without a language is output, and is not run.
- A block below the line `<!-- not run in the tests: REASON -->` is shown only.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from .folder import Folder

LANGUAGES = ("", "console", "python", "yaml", "json", "toml", "jinja")
_BLOCK = re.compile(
    r"(?:^<!-- not run in the tests: (\S[^\n]*) -->\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
_FILE = re.compile(r"(?:# |\{# )([\w./-]+\.(?:py|yaml|jsonl|json|txt))")
_STATUS = re.compile(r"\s+# (?:exits with (\d)|.*)$")
_VARIES = (
    (r"\d{8}T\d{6}Z-[0-9a-f]{8}", "RUN"),
    (r"\$0 +\d+\.\d", "$0 SECONDS"),  # the columns cost and seconds of a table
    (r"\b\d+\.\d+ ?s\b", "SECONDS"),
    (r"[=─_-]{4,}", ""),
    (r"\s+", " "),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block."""

    not_run: str  # why the block cannot run in the tests; empty if it runs
    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The file that the block is written to."""
        match = _FILE.match(self.text.partition("\n")[0])
        return match[1] if match else None


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in its order."""
    return [Block(*found) for found in _BLOCK.findall(page.read_text(encoding="utf-8"))]


def run_page(page: Path, folder: Folder) -> int:
    """Run the blocks of a page in a folder; returns how many ran."""
    ran = 0
    for block in blocks(page):
        if block.not_run or not block.language:
            continue
        if block.file is not None:
            folder.write(block.file, block.text.partition("\n")[2])
        elif block.language == "console":
            _run_console(block.text, folder)
        elif block.language == "python":
            printed = folder.script(block.text)
            assert printed.ret == 0, printed.errlines
        else:
            pytest.fail(f"{page.name}: a {block.language} block without a file name:\n{block.text}")
        ran += 1
    return ran


def _run_console(text: str, folder: Folder) -> None:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        comment = _STATUS.search(command)
        words = shlex.split(command[: comment.start()] if comment else command)
        printed = _run(words, folder)
        assert printed.ret == int((comment and comment[1]) or 0), command
        _compare(command, shown, [*printed.outlines, *printed.errlines])


def _run(words: list[str], folder: Folder) -> pytest.RunResult:
    front_ends = {"pytest": folder.plain, "hiddenlayer": folder.command}
    if words[0] not in front_ends:
        pytest.fail(
            f"the tests cannot run {words[0]}; put the line `<!-- not run in the tests: REASON -->` above the block"
        )
    return front_ends[words[0]](*words[1:])


def _compare(command: str, shown: list[str], printed: list[str]) -> None:
    """Every shown line begins or equals a printed one, in the same order."""
    left = [_normal(line) for line in printed]
    for line in shown:
        wanted = _normal(line)
        if wanted in ("", "..."):
            continue
        at = next((i for i, found in enumerate(left) if found.startswith(wanted)), None)
        assert at is not None, f"{command}\nshows: {wanted}\nprints: " + "\n        ".join(left)
        left = left[at + 1 :]


def _normal(line: str) -> str:
    for pattern, replacement in _VARIES:
        line = re.sub(pattern, replacement, line)
    return line.strip()
