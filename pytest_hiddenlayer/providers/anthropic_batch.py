"""Anthropic's message batches: one body of requests, and results as JSON lines in any order.

Limits, statuses and results: https://platform.claude.com/docs/en/build-with-claude/batch-processing,
read in November 2026, and the types of the SDK (`anthropic.types.messages`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..batch_api import BatchState
from ..errors import ProviderError, TransientError
from ..io.json_text import decode_json
from ..types import Completion, Request
from .http.base_batches import CLOCK_SKEW_S, BaseBatches, BatchedProvider
from .http.client import Client
from .http.errors import error_in_response, require_format
from .http.server import Server

_PATH = "/v1/messages/batches"
_PAGE_SIZE = 1000


class AnthropicBatches(BaseBatches):
    """Batches of one model; implements the BatchApi protocol. The API has no metadata to find a batch by."""

    max_requests = 100_000
    max_bytes = 256_000_000

    def __init__(
        self, server: Server, client: Client, version: Callable[[Mapping[str, Any]], str], provider: BatchedProvider
    ) -> None:
        """`version` returns the version of the API that a body needs."""
        super().__init__(server, client, provider)
        self._version = version

    def kind(self, request: Request) -> str:
        """Return the version of the API, which is a header of the whole batch."""
        return self._version(self._provider.body_in_batch(request))

    def line(self, key: str, request: Request) -> bytes:
        """Return the entry of the request."""
        return json.dumps(
            {"custom_id": key, "params": self._provider.body_in_batch(request)}, separators=(",", ":")
        ).encode()

    async def submit(self, kind: str, tag: str, lines: Sequence[bytes]) -> BatchState:
        """Create a batch; the API does not store `tag`."""
        requests = [decode_json(line) for line in lines]
        return self._state(await self._client.post(_PATH, {"requests": requests}, version_headers(kind)))

    async def find(self, tag: str, since_s: float, n: int) -> list[BatchState]:
        """Return the batches of n requests created since then, oldest first; their results identify them."""
        page = await self._client.get(_PATH, {"limit": str(_PAGE_SIZE)})
        with require_format(self._server, "list of batches", page):
            states = [self._state(batch) for batch in page["data"]]
        recent = [state for state in states if state.created_s is None or state.created_s >= since_s - CLOCK_SKEW_S]
        return [state for state in reversed(recent) if state.n == n]

    async def state(self, batch_id: str) -> BatchState:
        """Return the state of a batch."""
        return self._state(await self._client.get(f"{_PATH}/{batch_id}"))

    def read(self, line: Mapping[str, Any], request: Request) -> Completion:
        """Return the completion in a result line. Raises the same errors as a single call."""
        result = line.get("result")
        result = result if isinstance(result, dict) else {}
        kind = result.get("type")
        if kind == "succeeded" and isinstance(result.get("message"), dict):
            return self._provider.read_in_batch(result["message"], request)
        if kind == "canceled":
            raise ProviderError(
                f"{self._server.subject}: its batch was cancelled before the request was processed; run again"
            )
        if kind != "errored":
            raise TransientError(f"{self._server.subject}: not answered in its batch: {kind or 'no result'}")
        response = result.get("error")
        error = response.get("error") if isinstance(response, dict) else None
        fields = error if isinstance(error, dict) else {}
        raise self._provider.error_in_batch(error_in_response(self._server, fields, self._client.hint), request)

    def _state(self, batch: Mapping[str, Any]) -> BatchState:
        with require_format(self._server, "batch", batch):
            batch_id = "" + batch["id"]
            return BatchState(
                id=batch_id,
                ended=batch["processing_status"] == "ended",
                n=sum(batch["request_counts"].values()),
                cancelled=batch.get("cancel_initiated_at") is not None,
                # Not `results_url` of the response: the key must not go to another server.
                parts=(f"{_PATH}/{batch_id}/results",),
                created_s=_unix(batch.get("created_at")),
                ended_s=_unix(batch.get("ended_at")),
                expires_s=_unix(batch.get("expires_at")),
            )


def version_headers(version: str) -> dict[str, str] | None:
    """Return the header for a version of the API; None for the default of the SDK."""
    return {"anthropic-version": version} if version else None


def _unix(text: str | None) -> float | None:
    """Return the Unix time of an RFC 3339 timestamp."""
    return None if text is None else datetime.fromisoformat(text).timestamp()
