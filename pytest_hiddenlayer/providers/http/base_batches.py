"""The base class of the batch APIs, whose results are files of JSON lines with a `custom_id`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeAlias

from ...batch_api import BatchState
from ...types import Completion, Request
from .client import Client
from .server import Server

Body: TypeAlias = Callable[[Request], Mapping[str, Any]]
Read: TypeAlias = Callable[[Mapping[str, Any], Request, float], Completion]
CLOCK_SKEW_S = 600.0
"""By how much the server's clock may be behind, when a batch is searched by its time."""


class BaseBatches:
    """Batches of one model on one server."""

    def __init__(self, server: Server, client: Client, body: Body, read: Read) -> None:
        """`body` makes the body of a single call, and `read` reads its response."""
        self._server, self._client = server, client
        self._body, self._read = body, read

    async def results(self, state: BatchState) -> AsyncIterator[bytes]:
        """Yield the lines of the batch's result files in any order, without the key."""
        for path in state.parts:
            async for line in self._client.lines(path):
                yield line.replace(self._server.key.encode(), b"[key]") if self._server.key else line

    def key(self, line: Mapping[str, Any]) -> str:
        """Return the `custom_id` of a result line; empty if it has none."""
        return str(line.get("custom_id") or "")
