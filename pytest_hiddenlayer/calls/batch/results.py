"""The results of a collected batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...io.json_text import decode_json
from ...io.regular_files import open_regular


class BatchResults:
    """The lines of a collected batch by key; they stay on disk."""

    def __init__(self, path: Path, key: Callable[[Mapping[str, Any]], str]) -> None:
        """`key` returns the key of the request that a line answers. Raises UsageError for another line."""
        self._file = open_regular(path)
        self._offsets: dict[str, int] = {}
        offset = 0
        try:
            for number, line in enumerate(self._file, 1):
                self._offsets[_key_of(line, key, f"{path}:{number}")] = offset
                offset += len(line)
        except UsageError:
            self._file.close()
            raise

    def get(self, key: str) -> dict[str, Any] | None:
        """The line that answers a request; None if there is none."""
        if key not in self._offsets:
            return None
        self._file.seek(self._offsets[key])
        values: dict[str, Any] = decode_json(self._file.readline())
        return values

    def __contains__(self, key: str) -> bool:
        """Whether a line answers this request."""
        return key in self._offsets

    def __len__(self) -> int:
        """The number of requests that were answered."""
        return len(self._offsets)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _key_of(line: bytes, key: Callable[[Mapping[str, Any]], str], place: str) -> str:
    """The key of the request that a line answers. Raises UsageError if the line holds no object."""
    try:
        return key(decode_json(line))
    except (ValueError, AttributeError, TypeError) as error:
        raise UsageError(
            f"{place}: not a result of a batch: {error}; remove the file and the .json next to it, and download the "
            "results from the vendor's console"
        ) from error
