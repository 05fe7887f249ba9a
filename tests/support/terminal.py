"""A program run on a terminal, and what a person sees on its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

WIDTH = 120
_SEQUENCE = re.compile(r"\x1b\[(\d*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)|(.)", re.DOTALL)


def on_terminal(
    arguments: Sequence[str], cwd: Path, environment: Mapping[str, str] | None = None, *, typed: bytes = b""
) -> tuple[int, str]:
    """Run `python ARGUMENTS` on a terminal of 120 columns. Returns (exit status, everything that it wrote).

    `typed` waits in the terminal from the start, for a program that reads it.
    """
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(cwd)
        env = {**os.environ, "TERM": "xterm", **(environment or {})}
        env.pop("COLUMNS", None)
        os.execve(sys.executable, [sys.executable, *arguments], env)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 200, WIDTH, 0, 0))
    os.write(terminal, typed)
    written = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the program has ended
            break
        if not part:
            break
        written += part
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), written.decode()


def screen(written: str) -> list[str]:
    """The lines of the screen at the end, without colours."""
    lines: list[list[str]] = [[]]
    row = column = 0
    for count, command, move, text, _ in _SEQUENCE.findall(written):
        if move == "\r":
            column = 0
        elif move == "\n":
            row += 1
            lines += [[] for _ in range(row + 1 - len(lines))]
        elif command == "A":
            row -= int(count or 1)
        elif command == "C":
            column += int(count or 1)
        elif command == "K":
            del lines[row][column:]
        elif text:
            line = lines[row]
            line += " " * (column - len(line))
            line[column : column + len(text)] = text
            column += len(text)
    return ["".join(line).rstrip() for line in lines]
