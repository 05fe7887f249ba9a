"""Records the calls of a run into a folder of cassettes."""

from __future__ import annotations

import secrets
from collections import defaultdict, deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import UsageError
from ...io.jsonl import write_whole
from ...io.locks import lock, locked_folder, unlock
from ...io.regular_files import open_regular
from ...io.writable import reason
from ...types import Completion
from .format import RecordedCall, format_line, read_cassette, write_cassette

PART = ".recording-"
"""Prefix of the names of files that are not merged yet."""


class Recorder:
    """Writes calls into a folder. Several processes may record into the same folder.

    Each appends to its own file, which is merged into the cassettes on close. The file of a killed
    process is merged when the next recorder opens or closes there. Raises UsageError if the folder
    cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lost, self._why = 0, ""  # calls that could not be written, and why
        try:
            folder.mkdir(parents=True, exist_ok=True)
            merge(folder)
            _check(folder)
            with locked_folder(folder):  # no merge may take the file for that of a killed process
                self._part: BinaryIO | None = (folder / f"{PART}{secrets.token_hex(4)}").open("xb", buffering=0)
                lock(self._part.fileno())
        except OSError as error:
            raise UsageError(
                f"--record {folder}: cannot write there ({reason(error)}); name another folder"
            ) from error

    def add(self, key_fields: Mapping[str, Any], completion: Completion) -> None:
        """Record one call; when this returns, the death of this process cannot lose it.

        A call that the disk refuses is named when the recorder is closed: its answer is worth more than its record.
        """
        if self._part is None:
            raise UsageError(f"--record {self.folder}: this recorder is closed; open another one")
        try:
            write_whole(self._part.fileno(), format_line(key_fields, completion))
        except OSError as error:
            self._lost += 1
            self._why = self._why or reason(error)

    def close(self) -> None:
        """Merge the recorded calls into the cassettes.

        Raises UsageError for a malformed cassette, and OSError if the cassettes cannot be written; the recorded calls
        then stay in their file. Raises UsageError if calls could not be recorded.
        """
        if self._part is None:
            return
        unlock(self._part.fileno())
        self._part.close()
        self._part = None
        others = ""
        try:
            merge(self.folder)
        except OSError:
            if not self._lost:
                raise
            others = "; the others stay in its files .recording-*, and the next run with --record merges them"
        if self._lost:
            calls = "1 call is" if self._lost == 1 else f"{self._lost:,} calls are"
            raise UsageError(
                f"--record {self.folder}: {calls} not recorded: {self._why}{others}; free space or name another "
                "folder, and record again"
            )


def merge(folder: Path) -> None:
    """Merge the files of closed and killed recorders into the cassettes; a call recorded again replaces its line.

    Raises UsageError for a malformed cassette; nothing is deleted then.
    """
    with locked_folder(folder):
        finished = [part for part in parts(folder) if not _is_growing(part)]
        recorded: dict[str, dict[str, RecordedCall]] = defaultdict(dict)
        for part in finished:
            for call in read_cassette(part, growing=True):
                recorded[call.file][call.key] = call
        for name, calls in recorded.items():
            path = folder / name
            existing = {call.key: call for call in read_cassette(path)} if path.is_file() else {}
            write_cassette(path, existing | calls)
        for part in finished:
            part.unlink()


def cassettes(folder: Path) -> list[Path]:
    """The files with merged calls. Raises UsageError for a link: its calls would be others on another machine."""
    return [_own(path) for path in sorted(folder.glob("*.jsonl")) if not path.name.startswith(".")]


def _check(folder: Path) -> None:
    """Raise UsageError for a malformed cassette, into which nothing could be merged after the calls were paid."""
    for path in cassettes(folder):
        deque(read_cassette(path), maxlen=0)


def parts(folder: Path) -> list[Path]:
    """The files that are not merged yet, the newest last. Raises UsageError for a link: no recorder makes one."""
    return sorted(map(_own, folder.glob(f"{PART}*")), key=lambda path: path.stat().st_mtime)


def _own(path: Path) -> Path:
    if path.is_symlink() or not path.is_file():
        raise UsageError(f"{path}: not a file of recorded calls but a link, a folder, a pipe or a device; remove it")
    return path


def _is_growing(part: Path) -> bool:
    """Whether its recorder is still open."""
    with open_regular(part) as file:
        return not lock(file.fileno(), wait=False)
