"""Sections of a page: JSON, deflated and base64-encoded, so that a browser inflates them on demand."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any

LEVEL = 3  # of zlib: 4 takes half as long again and saves 3 %, 6 three times as long and 8 %
THREADS = 2
MAX_PENDING = 6  # sections that are compressed or wait for it: they bound the memory


def section(name: str, value: Any) -> str:
    """The element with the id `hl-NAME` that holds a JSON value."""
    return encoded_section(name, json_bytes(value))


def encoded_section(name: str, content: bytes | Iterable[bytes | bytearray]) -> str:
    """The element with the id `hl-NAME` that holds UTF-8 encoded JSON, given whole or in parts."""
    compressor = zlib.compressobj(LEVEL)
    parts = (content,) if isinstance(content, bytes) else content
    data = b"".join([*(compressor.compress(part) for part in parts), compressor.flush()])
    return f'<script type="text/plain" id="hl-{name}">{base64.b64encode(data).decode("ascii")}</script>\n'


def json_bytes(value: Any) -> bytes:
    """A JSON value as a browser reads it: NaN and infinity become null, a lone surrogate its escape."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    return list(map(_finite, value)) if isinstance(value, list | tuple) else value


class SectionFile:
    """Writes sections to a file in the order in which they are added, and compresses several at the same time."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="hiddenlayer-report")
        self._pending: deque[Future[str]] = deque()

    def close(self) -> None:
        """Drop what is pending, and end the threads."""
        self._threads.shutdown(cancel_futures=True)

    def finish(self) -> None:
        """Write what is pending. Raises OSError."""
        while self._pending:
            self._write_first()

    def add(self, name: str, content: bytes) -> None:
        """Add UTF-8 encoded JSON. Raises OSError."""
        self._pending.append(self._threads.submit(encoded_section, name, content))
        if len(self._pending) > MAX_PENDING:
            self._write_first()

    def _write_first(self) -> None:
        self._file.write(self._pending.popleft().result().encode("ascii"))
