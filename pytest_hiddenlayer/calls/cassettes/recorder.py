"""Record the calls of a run into a folder of cassettes."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import UsageError
from ...io.locks import lock, locked_folder, unlock
from ...types import Completion
from .format import RecordedCall, format_line, read_cassette, write_cassette

PART = ".recording-"
"""How the names of files begin that are not yet merged."""


class Recorder:
    """Writes calls into a folder; any number of processes may record into the same one.

    Each appends to a file of its own, which is merged into the cassettes on close. What a killed
    process left is merged by the next that opens or closes a recorder there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            merge(folder)
            with locked_folder(folder):  # no merge may take the file for an abandoned one
                self._part: BinaryIO | None = (folder / f"{PART}{secrets.token_hex(4)}").open("xb", buffering=0)
                lock(self._part.fileno())
        except OSError as error:
            raise UsageError(
                f"--record {folder}: cannot write there ({error.strerror}); name another folder"
            ) from error

    def add(self, identity: Mapping[str, Any], completion: Completion) -> None:
        """Record one call; when this returns, the death of this process cannot lose it."""
        if self._part is None:
            raise UsageError(f"--record {self.folder}: this recorder is closed; open another one")
        self._part.write(format_line(identity, completion))

    def close(self) -> None:
        """Merge what was recorded into the cassettes.

        Raises UsageError for a cassette that is malformed; what was recorded waits beside it.
        """
        if self._part is None:
            return
        unlock(self._part.fileno())
        self._part.close()
        self._part = None
        merge(self.folder)


def merge(folder: Path) -> None:
    """Put what finished or killed recorders left into the cassettes: a call recorded anew replaces its line.

    Raises UsageError for a malformed cassette; what was to be merged then stays where it is.
    """
    with locked_folder(folder):
        done = [part for part in parts(folder) if not _growing(part)]
        fresh: dict[str, dict[str, RecordedCall]] = defaultdict(dict)
        for part in done:
            for call in read_cassette(part, growing=True):
                fresh[call.file][call.key] = call
        for name, calls in fresh.items():
            path = folder / name
            known = {call.key: call for call in read_cassette(path)} if path.is_file() else {}
            write_cassette(path, known | calls)
        for part in done:
            part.unlink()


def parts(folder: Path) -> list[Path]:
    """What recorders have not merged yet, the newest last."""
    return sorted(folder.glob(f"{PART}*"), key=lambda path: path.stat().st_mtime)


def _growing(part: Path) -> bool:
    """Whether its recorder lives."""
    with part.open("r+b") as file:
        return not lock(file.fileno(), wait=False)
