"""Notes which lines of the mutated modules a test runs, also in runs of pytest or the command that it forks."""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Lines = dict[str, set[int]]


class Tracer:
    """Traces every thread of this process and, since forks inherit it, of its children, once started."""

    def __init__(self, paths: Iterable[str], folder: Path) -> None:
        self._lines: Lines = {path: set() for path in paths}
        self._folder = folder
        """Where children leave what they ran."""

    def start(self) -> None:
        """Trace from now on."""
        exit_process = os._exit

        def leave(status: int) -> None:
            self._save()
            exit_process(status)

        os._exit = leave  # type: ignore[assignment]
        threading.settrace(self._entered)
        sys.settrace(self._entered)

    def take(self) -> Lines:
        """What ran since the last call, in this process and in children that have ended."""
        found = {path: set(lines) for path, lines in self._lines.items() if lines}
        self.clear()
        for file in self._folder.glob("*.lines"):
            for path, lines in pickle.loads(file.read_bytes()).items():
                found.setdefault(path, set()).update(lines)
            file.unlink()
        return found

    def clear(self) -> None:
        """Forget what this process ran."""
        for lines in self._lines.values():
            lines.clear()

    def _save(self) -> None:
        ran = {path: lines for path, lines in self._lines.items() if lines}
        partial = self._folder / f"{os.getpid()}.partial"
        partial.write_bytes(pickle.dumps(ran))
        partial.rename(partial.with_suffix(".lines"))

    def _entered(self, frame: Any, event: str, arg: Any) -> Callable[..., Any] | None:
        lines = self._lines.get(frame.f_code.co_filename)
        if lines is None:
            return None
        lines.add(frame.f_lineno)

        def next_line(frame: Any, event: str, arg: Any) -> Callable[..., Any]:
            lines.add(frame.f_lineno)
            return next_line

        return next_line
