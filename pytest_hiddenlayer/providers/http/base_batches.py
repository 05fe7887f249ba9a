"""The base class of the batch APIs, whose results are files of JSON lines with a `custom_id`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from ...batch_api import BatchState
from ...errors import ProviderError
from ...types import Completion, Request
from .client import Client
from .server import Server

CLOCK_SKEW_S = 600.0
"""By how much the server's clock may be behind, when a batch is searched by its time."""


class BatchedProvider(Protocol):
    """What a batch API needs of the provider of single calls: see `BaseHTTPProvider`."""

    def body_in_batch(self, request: Request) -> dict[str, Any]:
        """Return the body of a request."""
        ...

    def read_in_batch(self, response: Mapping[str, Any], request: Request) -> Completion:
        """Return the completion in a response."""
        ...

    def error_in_batch(self, error: ProviderError, request: Request) -> ProviderError:
        """Return the exception for an error, transient if the request may be accepted in another form."""
        ...


class BaseBatches:
    """Batches of one model on one server."""

    def __init__(self, server: Server, client: Client, provider: BatchedProvider) -> None:
        self._server, self._client, self._provider = server, client, provider

    async def results(self, state: BatchState) -> AsyncIterator[bytes]:
        """Yield the lines of the batch's result files in any order, without the key."""
        for path in state.parts:
            async for line in self._client.lines(path):
                yield line.replace(self._server.key.encode(), b"[key]") if self._server.key else line

    def key(self, line: Mapping[str, Any]) -> str:
        """Return the `custom_id` of a result line; empty if it has none."""
        return str(line.get("custom_id") or "")
