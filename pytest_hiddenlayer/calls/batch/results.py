"""The results of a collected batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...io.places import open_regular


class BatchResults:
    """The lines of a collected batch by key; they stay on disk."""

    def __init__(self, path: Path, key: Callable[[Mapping[str, Any]], str]) -> None:
        """`key` returns the key of the request that a line answers."""
        self._file = open_regular(path)
        self._offsets: dict[str, int] = {}
        offset = 0
        for line in self._file:
            self._offsets[key(json.loads(line))] = offset
            offset += len(line)

    def get(self, key: str) -> dict[str, Any] | None:
        """The line that answers a request; None if there is none."""
        if key not in self._offsets:
            return None
        self._file.seek(self._offsets[key])
        values: dict[str, Any] = json.loads(self._file.readline())
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
