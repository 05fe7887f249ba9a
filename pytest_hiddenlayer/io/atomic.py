"""Replaces a file in one step: a reader, even after a crash, sees the old file or the new one."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def replacing(path: Path, *, sync: bool = False, verify: Callable[[Path], None] | None = None) -> Iterator[BinaryIO]:
    """A temporary file in the same folder that replaces `path` when the block ends without an error.

    `verify` is called with the complete temporary file; if it raises, nothing is replaced.

    With `sync`, the new data is on disk before it replaces `path`: after a power failure, the old or
    the new file exists. The temporary file is named `.NAME.<8 hex digits>.tmp`.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(os.open(temporary, _FLAGS, 0o666), "wb") as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        if verify is not None:
            verify(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make renamed and removed files of a folder durable, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_text(path: Path, text: str, *, sync: bool = False) -> None:
    """Replace a file by text in UTF-8, creating its folder. A lone surrogate becomes its JSON escape."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, sync=sync) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


def write_json(path: Path, value: Any) -> None:
    """Replace a file by indented JSON, creating its folder. Raises ValueError for NaN and infinity."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
