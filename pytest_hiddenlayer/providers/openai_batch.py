"""OpenAI's batches: a file of requests goes up, a batch is made of it, files of answers and errors come down.

Limits, statuses and the form of the lines: https://developers.openai.com/api/docs/guides/batch,
read in November 2026, and the types of the client (`openai.types.Batch`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from ..batch_api import BatchState
from ..errors import ProviderError, TransientError
from ..types import Completion, Request
from .http.client import Client
from .http.errors import clean, error_from_status, reading
from .http.parsing import count
from .http.server import Server

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
TAG = "hiddenlayer"  # in a batch's metadata: what finds it again
_PAGE = 100
_MOST_PAGES = 20
_SKEW_S = 600.0  # that the server's clock may be behind ours

Body = Callable[[Request], Mapping[str, Any]]
Read = Callable[[Mapping[str, Any], Request, float], Completion]


class OpenAIBatches:
    """Batches of one model at one endpoint; fulfils the BatchApi protocol."""

    most_requests = 50_000
    most_bytes = 200_000_000

    def __init__(self, server: Server, client: Client, path: str, body: Body, read: Read) -> None:
        self._server, self._client, self._path = server, client, path
        self._body, self._read = body, read

    def kind(self, request: Request) -> str:
        """One endpoint, one kind."""
        return self._path

    def line(self, key: str, request: Request) -> bytes:
        """One line of the file of requests."""
        line = {"custom_id": key, "method": "POST", "url": self._path, "body": self._body(request)}
        return json.dumps(line, separators=(",", ":")).encode()

    async def submit(self, kind: str, tag: str, lines: Sequence[bytes]) -> BatchState:
        """A new batch; `tag` stands in its metadata."""
        content = b"\n".join(lines) + b"\n"
        file = await self._client.upload("/files", {"purpose": "batch"}, f"hiddenlayer-{tag}.jsonl", content)
        with reading(self._server, "file id", file):
            asked = {
                "input_file_id": "" + file["id"],
                "endpoint": kind,
                "completion_window": "24h",
                "metadata": {TAG: tag},
            }
        return self._state(await self._client.post("/batches", asked))

    async def find(self, tag: str, since_s: float, n: int) -> list[BatchState]:
        """The batch with this tag, if there is one."""
        query = {"limit": str(_PAGE)}
        for _ in range(_MOST_PAGES):
            page = await self._client.get("/batches", query)
            with reading(self._server, "list of batches", page):
                batches = page["data"]
                found = [one for one in batches if (one.get("metadata") or {}).get(TAG) == tag]
                if found or not batches or not page.get("has_more") or batches[-1]["created_at"] < since_s - _SKEW_S:
                    return [self._state(one) for one in found]
                query["after"] = "" + batches[-1]["id"]
        return []

    async def state(self, batch_id: str) -> BatchState:
        """How far a batch is."""
        return self._state(await self._client.get(f"/batches/{batch_id}"))

    async def results(self, state: BatchState) -> AsyncIterator[bytes]:
        """The lines of the file of answers, then those of the file of errors."""
        for path in state.parts:
            async for line in self._client.lines(path):
                yield line.replace(self._server.key.encode(), b"[key]") if self._server.key else line

    def key(self, line: Mapping[str, Any]) -> str:
        """Its custom_id."""
        return str(line.get("custom_id") or "")

    def read(self, line: Mapping[str, Any], request: Request) -> Completion:
        """The completion of a line, read as any other answer. Raises as a call by itself would."""
        answer = line.get("response")
        if not isinstance(answer, dict):
            error = line.get("error")
            why = error if isinstance(error, dict) else {}
            words = clean(str(why.get("message") or why.get("code") or "no reason given"), self._server.key)
            kind = ProviderError if why.get("code") == "batch_cancelled" else TransientError
            raise kind(f"{self._server.subject}: not answered in its batch: {words}")
        status, body = count(answer, "status_code"), answer.get("body")
        if status is None or not isinstance(body, dict):
            raise TransientError(f"{self._server.subject}: a line of its batch holds no answer")
        if status != 200:
            told = json.dumps(body)
            raise error_from_status(self._server, status, {}, told.encode(), self._client.hint(status, told))
        return self._read(body, request, 0.0)

    def _state(self, found: Mapping[str, Any]) -> BatchState:
        with reading(self._server, "batch", found):
            word = found["status"]
            files = (found.get("output_file_id"), found.get("error_file_id"))
            return BatchState(
                id="" + found["id"],
                ended=word in ENDED,
                n=count(found, "request_counts", "total") or None,
                parts=tuple(f"/files/{file}/content" for file in files if file),
                cancelled=word == "cancelled",
                failed=self._refused(found) if word == "failed" else None,
                created_s=count(found, "created_at"),
                ended_s=next((at for name in ENDED if (at := count(found, f"{name}_at")) is not None), None),
                expires_s=count(found, "expires_at"),
            )

    def _refused(self, found: Mapping[str, Any]) -> str:
        """Why a whole batch failed: mostly its validation, which names a line of the file."""
        errors = (found.get("errors") or {}).get("data") or []
        words = [f"line {one['line']}: {one['message']}" if one.get("line") else one["message"] for one in errors]
        return clean("; ".join(map(str, words)) or "no reason given", self._server.key)
