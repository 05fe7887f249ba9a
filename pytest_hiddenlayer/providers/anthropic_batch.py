"""Anthropic's message batches: the requests go up in one body, the results come down as lines in any order.

Limits, statuses and results: https://platform.claude.com/docs/en/build-with-claude/batch-processing,
read in November 2026, and the types of the client (`anthropic.types.messages`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..batch_api import BatchState
from ..errors import ProviderError, TransientError
from ..types import Completion, Request
from .http.client import Client
from .http.errors import error_from_status, reading
from .http.server import Server

_PATH = "/v1/messages/batches"
_PAGE = 1000
_SKEW_S = 600.0  # that the server's clock may be behind ours
_STATUS = {  # what the documented types of errors would be by themselves
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}

Body = Callable[[Request], Mapping[str, Any]]
Read = Callable[[Mapping[str, Any], Request, float], Completion]


class AnthropicBatches:
    """Batches of one model; fulfils the BatchApi protocol. The API has no metadata to find a batch by."""

    most_requests = 100_000
    most_bytes = 256_000_000

    def __init__(
        self, server: Server, client: Client, version: Callable[[Request], str], body: Body, read: Read
    ) -> None:
        self._server, self._client = server, client
        self._version, self._body, self._read = version, body, read

    def kind(self, request: Request) -> str:
        """The version of the API: it is a header of the whole batch."""
        return self._version(request)

    def line(self, key: str, request: Request) -> bytes:
        """One of the requests."""
        return json.dumps({"custom_id": key, "params": self._body(request)}, separators=(",", ":")).encode()

    async def submit(self, kind: str, tag: str, lines: Sequence[bytes]) -> BatchState:
        """A new batch; it does not bear its tag."""
        requests = [json.loads(line) for line in lines]
        return self._state(await self._client.post(_PATH, {"requests": requests}, version_headers(kind)))

    async def find(self, tag: str, since_s: float, n: int) -> list[BatchState]:
        """The batches of n requests that were made since then; whose they are, their results tell."""
        page = await self._client.get(_PATH, {"limit": str(_PAGE)})
        with reading(self._server, "list of batches", page):
            states = [self._state(one) for one in page["data"]]
        young = [one for one in states if one.created_s is None or one.created_s >= since_s - _SKEW_S]
        return [one for one in reversed(young) if one.n == n]

    async def state(self, batch_id: str) -> BatchState:
        """How far a batch is."""
        return self._state(await self._client.get(f"{_PATH}/{batch_id}"))

    async def results(self, state: BatchState) -> AsyncIterator[bytes]:
        """The lines of its results, in any order."""
        for path in state.parts:
            async for line in self._client.lines(path):
                yield line.replace(self._server.key.encode(), b"[key]") if self._server.key else line

    def key(self, line: Mapping[str, Any]) -> str:
        """Its custom_id."""
        return str(line.get("custom_id") or "")

    def read(self, line: Mapping[str, Any], request: Request) -> Completion:
        """The completion of a line, read as any other answer. Raises as a call by itself would."""
        result = line.get("result")
        result = result if isinstance(result, dict) else {}
        kind = result.get("type")
        if kind == "succeeded" and isinstance(result.get("message"), dict):
            return self._read(result["message"], request, 0.0)
        if kind == "canceled":
            raise ProviderError(f"{self._server.subject}: its batch was cancelled before it was answered; run again")
        if kind != "errored":
            raise TransientError(f"{self._server.subject}: not answered in its batch: {kind or 'no result'}")
        told = result.get("error")
        error = told.get("error") if isinstance(told, dict) else None
        status = _STATUS.get(str(error.get("type")), 500) if isinstance(error, dict) else 500
        body = json.dumps(told)
        raise error_from_status(self._server, status, {}, body.encode(), self._client.hint(status, body))

    def _state(self, found: Mapping[str, Any]) -> BatchState:
        with reading(self._server, "batch", found):
            name = "" + found["id"]
            return BatchState(
                id=name,
                ended=found["processing_status"] == "ended",
                n=sum(found["request_counts"].values()),
                cancelled=found.get("cancel_initiated_at") is not None,
                # The path is built, not taken from `results_url`: the key goes to no other server.
                parts=(f"{_PATH}/{name}/results",),
                created_s=_unix(found.get("created_at")),
                ended_s=_unix(found.get("ended_at")),
                expires_s=_unix(found.get("expires_at")),
            )


def version_headers(version: str) -> dict[str, str] | None:
    """The header that asks for a version of the API; None for the client's own."""
    return {"anthropic-version": version} if version else None


def _unix(text: str | None) -> float | None:
    """Unix time of RFC 3339."""
    return None if text is None else datetime.fromisoformat(text).timestamp()
