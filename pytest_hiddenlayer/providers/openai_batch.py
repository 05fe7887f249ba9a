"""OpenAI's batch API: upload a file of requests, create a batch of it, download files of responses and errors.

Limits, statuses and the format of the lines: https://developers.openai.com/api/docs/guides/batch,
read in November 2026, and the types of the SDK (`openai.types.Batch`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..batch_api import BatchState
from ..errors import ProviderError, TransientError
from ..types import Completion, Request
from .http.base_batches import CLOCK_SKEW_S, BaseBatches, BatchedProvider
from .http.client import Client
from .http.errors import clean, error_from_status, require_format
from .http.parsing import count
from .http.server import Server

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
TAG = "hiddenlayer"  # key in the metadata of a batch, to find it again
_PAGE_SIZE = 100
_MAX_PAGES = 20


class OpenAIBatches(BaseBatches):
    """Batches of one model at one endpoint; implements the BatchApi protocol."""

    max_requests = 50_000
    max_bytes = 200_000_000

    def __init__(self, server: Server, client: Client, path: str, provider: BatchedProvider) -> None:
        super().__init__(server, client, provider)
        self._path = path

    def kind(self, request: Request) -> str:
        """Return the endpoint, which is the same for all requests."""
        return self._path

    def line(self, key: str, request: Request) -> bytes:
        """Return the line of the request in the uploaded file."""
        line = {"custom_id": key, "method": "POST", "url": self._path, "body": self._provider.body_in_batch(request)}
        return json.dumps(line, separators=(",", ":")).encode()

    async def submit(self, kind: str, tag: str, lines: Sequence[bytes]) -> BatchState:
        """Upload the lines and create a batch with `tag` in its metadata."""
        content = b"\n".join(lines) + b"\n"
        file = await self._client.upload("/files", {"purpose": "batch"}, f"hiddenlayer-{tag}.jsonl", content)
        with require_format(self._server, "file id", file):
            body = {
                "input_file_id": "" + file["id"],
                "endpoint": kind,
                "completion_window": "24h",
                "metadata": {TAG: tag},
            }
        return self._state(await self._client.post("/batches", body))

    async def find(self, tag: str, since_s: float, n: int) -> list[BatchState]:
        """Return the batch with this tag, if it exists."""
        query = {"limit": str(_PAGE_SIZE)}
        oldest_s = since_s - CLOCK_SKEW_S
        for _ in range(_MAX_PAGES):
            page = await self._client.get("/batches", query)
            with require_format(self._server, "list of batches", page):
                batches = page["data"]
                tagged = [batch for batch in batches if (batch.get("metadata") or {}).get(TAG) == tag]
                if tagged or not batches or not page.get("has_more") or batches[-1]["created_at"] < oldest_s:
                    return [self._state(batch) for batch in tagged]
                query["after"] = "" + batches[-1]["id"]
        return []

    async def state(self, batch_id: str) -> BatchState:
        """Return the state of a batch."""
        return self._state(await self._client.get(f"/batches/{batch_id}"))

    def read(self, line: Mapping[str, Any], request: Request) -> Completion:
        """Return the completion in a result line. Raises the same errors as a single call."""
        response = line.get("response")
        if not isinstance(response, dict):
            raise self._unprocessed_error(line.get("error"))
        status, body = count(response, "status_code"), response.get("body")
        if status is None or not isinstance(body, dict):
            raise TransientError(f"{self._server.subject}: its result line in the batch has no response")
        if status != 200:
            text = json.dumps(body)
            error = error_from_status(self._server, status, {}, text.encode(), self._client.hint(status, text))
            raise self._provider.error_in_batch(error, request)
        return self._provider.read_in_batch(body, request)

    def _unprocessed_error(self, error: object) -> ProviderError:
        """Return the exception for a request that the batch did not process."""
        fields = error if isinstance(error, dict) else {}
        reason = clean(str(fields.get("message") or fields.get("code") or "no reason given"), self._server.key)
        kind = ProviderError if fields.get("code") == "batch_cancelled" else TransientError
        return kind(f"{self._server.subject}: not answered in its batch: {reason}")

    def _state(self, batch: Mapping[str, Any]) -> BatchState:
        with require_format(self._server, "batch", batch):
            status = batch["status"]
            files = (batch.get("output_file_id"), batch.get("error_file_id"))
            return BatchState(
                id="" + batch["id"],
                ended=status in ENDED,
                n=count(batch, "request_counts", "total") or None,
                parts=tuple(f"/files/{file}/content" for file in files if file),
                cancelled=status == "cancelled",
                failed=self._rejection(batch) if status == "failed" else None,
                created_s=count(batch, "created_at"),
                ended_s=next((time_s for name in ENDED if (time_s := count(batch, f"{name}_at")) is not None), None),
                expires_s=count(batch, "expires_at"),
            )

    def _rejection(self, batch: Mapping[str, Any]) -> str:
        """Return why the whole batch failed: usually a validation error, with a line number of the file."""
        errors = (batch.get("errors") or {}).get("data") or []
        messages = [f"line {e['line']}: {e['message']}" if e.get("line") else e["message"] for e in errors]
        return clean("; ".join(map(str, messages)) or "no reason given", self._server.key)
