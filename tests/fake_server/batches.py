"""The batch endpoints of OpenAI and Anthropic: batches end after `batch_s`, their results are in another order.

A request fails as a single request does (`FAULT=400`, `FAULT=500*1`), or in one of three ways of batches:

    FAULT=expired*1     the batch expires before the request is processed
    FAULT=missing*1     the results do not mention it
    FAULT=cancelled*1   the batch is cancelled before the request is processed
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .faults import draw, fault
from .replies import Reply, answer, last_text

_ERRORS = {"400": "invalid_request_error", "401": "authentication_error", "429": "rate_limit_error"}
PATHS = ("/files", "/batches", "/messages/batches")
_STEP = 7919  # steps through all results in another order, if their number is no multiple of it


@dataclass
class Batch:
    """A batch and its results."""

    id: str
    requests: list[tuple[str, str, dict[str, Any]]]  # custom_id, path, body
    created_s: float
    metadata: Mapping[str, str] = field(default_factory=dict)
    results: list[tuple[str, str | None, Reply]] | None = None  # custom_id, fault, the reply to it alone


class Batches:
    """The files and batches of a server."""

    def __init__(self, config: Any, stats: Any) -> None:
        self.config, self.stats = config, stats
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Batch] = {}
        self.waits_s: float = config.batch_s

    def answer(self, method: str, path: str, headers: Mapping[str, str], raw: bytes) -> Reply:
        """Return the reply to a request whose path is below one of `PATHS`."""
        path = path.partition("?")[0].removeprefix("/v1")
        self.stats.batch_calls[f"{method} {path.split('_')[0]}"] += 1
        if not self.config.batches:
            return _json({"error": {"message": f"no such path: {path}"}}, 404)
        if self.config.batch_faults and method == "GET":
            kind = draw(path, self.stats.batch_calls["faulty"], self.config.batch_faults)
            self.stats.batch_calls["faulty"] += 1
            if kind is not None:
                return fault(kind, self.config.retry_after, "", path)
        to_anthropic = path.startswith("/messages/batches")
        return (self._anthropic if to_anthropic else self._openai)(method, path, headers, raw)

    def _openai(self, method: str, path: str, headers: Mapping[str, str], raw: bytes) -> Reply:
        match method, path.strip("/").split("/"):
            case "POST", ["files"]:
                name = f"file-in_{len(self.files)}"
                self.files[name] = _content(headers["content-type"], raw)
                return _json({"id": name, "object": "file", "purpose": "batch"})
            case "POST", ["batches"]:
                request = json.loads(raw)
                lines = [json.loads(line) for line in self.files[request["input_file_id"]].splitlines()]
                assert all(line["url"] == request["endpoint"] and line["method"] == "POST" for line in lines)
                requests = [(line["custom_id"], line["url"], line["body"]) for line in lines]
                return self._create(requests, request.get("metadata") or {}, self._openai_batch)
            case "GET", ["batches"]:
                return _json({"data": [*map(self._openai_batch, reversed(self.batches.values()))], "has_more": False})
            case "GET", ["batches", name]:
                if name not in self.batches:
                    return _json({"error": {"message": f"No batch found with id '{name}'."}}, 404)
                return _json(self._openai_batch(self.batches[name]))
            case "GET", ["files", name, "content"]:
                return Reply(self.files[name])
        return _json({"error": {"message": f"no such path: {path}"}}, 404)

    def _openai_batch(self, batch: Batch) -> dict[str, Any]:
        done = self._done(batch)
        state: dict[str, Any] = {
            "id": batch.id,
            "object": "batch",
            "status": "in_progress",
            "created_at": int(batch.created_s),
            "expires_at": int(batch.created_s) + 86400,
            "metadata": batch.metadata,
            "request_counts": {"total": len(batch.requests), "completed": 0, "failed": 0},
        }
        if not done:
            return state
        if self.config.batch_refused:
            errors = {"data": [{"code": "invalid_json_line", "line": 1, "message": self.config.batch_refused}]}
            return state | {"status": "failed", "errors": errors, "failed_at": int(batch.created_s)}
        status = "expired" if any(kind == "expired" for _, kind, _ in batch.results or ()) else "completed"
        self._write_openai_files(batch)
        return state | {
            "status": status,
            f"{status}_at": int(batch.created_s) + 720,
            "output_file_id": f"file-out_{batch.id}",
            "error_file_id": f"file-err_{batch.id}",
        }

    def _write_openai_files(self, batch: Batch) -> None:
        outputs, errors = [], []
        for custom_id, kind, reply in batch.results or ():
            line: dict[str, Any] = {"id": f"batch_req_{custom_id[:6]}", "custom_id": custom_id, "error": None}
            if kind == "cancelled":
                line |= {"response": None, "error": {"code": "batch_cancelled", "message": "This was cancelled."}}
            elif kind == "expired":
                line["response"] = None
                line["error"] = {"code": "batch_expired", "message": "This request could not be executed in time."}
            else:
                body = json.loads(reply.body)
                line["response"] = {"status_code": reply.status, "request_id": "r", "body": body}
            (outputs if kind is None else errors).append(json.dumps(line, ensure_ascii=False))
        self.files[f"file-out_{batch.id}"] = "\n".join(outputs).encode()
        self.files[f"file-err_{batch.id}"] = ("\n".join(errors) + "\n").encode()

    def _anthropic(self, method: str, path: str, headers: Mapping[str, str], raw: bytes) -> Reply:
        match method, path.strip("/").split("/")[2:]:
            case "POST", []:
                if self.config.batch_refused:
                    error = {"type": "invalid_request_error", "message": self.config.batch_refused}
                    return _json({"type": "error", "error": error}, 400)
                entries = json.loads(raw)["requests"]
                requests = [(entry["custom_id"], "/messages", entry["params"]) for entry in entries]
                return self._create(requests, {}, self._anthropic_batch)
            case "GET", []:
                listed = [self._anthropic_batch(batch) for batch in reversed(self.batches.values())]
                return _json({"data": listed, "has_more": False})
            case "GET", [name]:
                return _json(self._anthropic_batch(self.batches[name]))
            case "GET", [name, "results"]:
                return Reply(self._anthropic_results(self.batches[name]))
        return _json({"type": "error", "error": {"type": "not_found_error", "message": path}}, 404)

    def _anthropic_batch(self, batch: Batch) -> dict[str, Any]:
        done, n = self._done(batch), len(batch.requests)
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if done else "in_progress",
            "request_counts": counts | {"succeeded" if done else "processing": n},
            "created_at": _rfc(batch.created_s),
            "ended_at": _rfc(batch.created_s + 720) if done else None,
            "expires_at": _rfc(batch.created_s + 86400),
            "results_url": "http://elsewhere.example/steals/the/key" if done else None,
        }

    def _anthropic_results(self, batch: Batch) -> bytes:
        lines = []
        for custom_id, kind, reply in batch.results or ():
            result: dict[str, Any] = {"type": "expired"}
            if kind is None and reply.status != 200:
                result = {"type": "errored", "error": json.loads(reply.body)}
            elif kind is None:
                result = {"type": "succeeded", "message": json.loads(reply.body)}
            elif kind == "cancelled":
                result = {"type": "canceled"}
            elif kind != "expired":
                error = {
                    "type": _ERRORS.get(kind, "api_error"),
                    "message": json.loads(reply.body)["error"]["message"],
                }
                result = {"type": "errored", "error": {"type": "error", "error": error}}
            lines.append(json.dumps({"custom_id": custom_id, "result": result}, ensure_ascii=False))
        return "\n".join(lines).encode()

    def _create(
        self, requests: list[tuple[str, str, dict[str, Any]]], metadata: Mapping[str, str], render: Any
    ) -> Reply:
        ids = [custom_id for custom_id, _, _ in requests]
        assert len(set(ids)) == len(ids)
        batch = Batch(f"batch_{len(self.batches)}", requests, time.time(), metadata)
        self.batches[batch.id] = batch
        self.stats.batches.append(len(requests))
        if len(self.batches) <= self.config.lose_batches:
            return Reply(b"", drop=True)
        return _json(render(batch))

    def _done(self, batch: Batch) -> bool:
        if time.time() < batch.created_s + self.waits_s:
            return False
        if batch.results is None:
            results = [(name, *self._single_reply(path, body)) for name, path, body in batch.requests]
            n = len(results)
            results = [results[i * _STEP % n] for i in range(n)] if n % _STEP else results
            batch.results = [result for result in results if result[1] != "missing"]
        return True

    def _single_reply(self, path: str, body: dict[str, Any]) -> tuple[str | None, Reply]:
        """Return (kind of fault, the reply to the request alone)."""
        prompt = last_text(body)
        self.stats.attempts[prompt] += 1
        kind = draw(prompt, self.stats.attempts[prompt], {})
        if kind in (None, "expired", "missing", "cancelled"):
            return kind, answer(path, body, self.config, prompt)
        return kind, fault(kind, None, self.config.key or "", path)


def _content(kind: str, raw: bytes) -> bytes:
    """Return the content of the file in a form."""
    boundary = kind.partition("boundary=")[2].encode()
    parts = [part for part in raw.split(b"--" + boundary) if b'name="file"' in part]
    return parts[0].partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")


def _rfc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _json(body: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(body).encode(), status=status)
